/* gemm on an NVIDIA GPU: row-major C[m,n] = A[m,k] * B[k,n], dense, any size.
 *
 * ridge_gemm_f32_simt: tiles of 128x128x8 in shared memory, two of them in turn, 8x8 results a thread
 * (Volkov and Demmel, "Benchmarking GPUs to tune dense linear algebra", SC 2008; Nath, Tomov, Dongarra,
 * "An improved MAGMA GEMM for Fermi GPUs", IJHPCA 24(4), 2010).
 * ridge_gemm_{f16,bf16}_wmma: tiles of 128x128x32, 8 warps of 32x64 results, products of 16x16x16 on the tensor
 * cores (CUDA C++ programming guide, "Warp matrix functions"), sums in f32, rounded once at the end.
 * Elements outside A and B are read as zero, elements outside C are not written. 256 threads a block;
 * blockIdx.x counts tiles of rows, blockIdx.y tiles of columns. Loaded by the driver API, see runners/cuda.
 */
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <mma.h>
#include <stdint.h>

namespace {

constexpr int n_threads = 256, tile_m = 128, tile_n = 128;

/* ---- f32 on the ordinary cores */
constexpr int simt_k = 8;

/* Four neighbours of a row, zero where they lie outside. */
__device__ void read4(float to[4], const float *from, int64_t row, int64_t n_rows, int64_t column, int64_t n_columns)
{
    const float *at = from + row * n_columns + column;
    const bool is_inside = row < n_rows && column + 4 <= n_columns;
    if (is_inside && (n_columns & 3) == 0) {
        const float4 v = *reinterpret_cast<const float4 *>(at);
        to[0] = v.x, to[1] = v.y, to[2] = v.z, to[3] = v.w;
        return;
    }
    for (int i = 0; i < 4; i++)
        to[i] = row < n_rows && column + i < n_columns ? at[i] : 0.0f;
}

struct simt_tiles {
    float a[2][simt_k][tile_m + 4]; /* transposed; 4 more keep the stores off one bank */
    float b[2][simt_k][tile_n];
};

__device__ void simt_store(simt_tiles &t, int turn, int thread, const float a[4], const float b[4])
{
    for (int i = 0; i < 4; i++) {
        t.a[turn][(thread & 1) * 4 + i][thread >> 1] = a[i];
        t.b[turn][thread >> 5][(thread & 31) * 4 + i] = b[i];
    }
}

/* Rows y*4..+3 and 64+y*4..+3 of the tile, columns likewise: neighbours read neighbouring banks. */
__device__ void simt_multiply(float sum[8][8], const simt_tiles &t, int turn, int y, int x)
{
#pragma unroll
    for (int q = 0; q < simt_k; q++) {
        float a[8], b[8];
        for (int i = 0; i < 4; i++) {
            a[i] = t.a[turn][q][y * 4 + i];
            a[4 + i] = t.a[turn][q][64 + y * 4 + i];
            b[i] = t.b[turn][q][x * 4 + i];
            b[4 + i] = t.b[turn][q][64 + x * 4 + i];
        }
#pragma unroll
        for (int i = 0; i < 8; i++)
#pragma unroll
            for (int j = 0; j < 8; j++)
                sum[i][j] += a[i] * b[j];
    }
}

/* ---- f16 and bf16 on the tensor cores */
constexpr int wmma_k = 32, warp_m = 32, warp_n = 64, n_fragments_m = warp_m / 16, n_fragments_n = warp_n / 16;

template <typename T> struct wmma_tiles {
    T a[2][tile_m][wmma_k + 8]; /* 8 more keep the rows off one bank, and 16-byte aligned */
    T b[2][wmma_k][tile_n + 8];
    float stage[n_threads / 32][16][20];
};

/* Eight neighbours of a row as 16 bytes, zero where they lie outside. */
template <typename T>
__device__ uint4 read8(const T *from, int64_t row, int64_t n_rows, int64_t column, int64_t n_columns)
{
    const T *at = from + row * n_columns + column;
    if (row < n_rows && column + 8 <= n_columns && (n_columns & 7) == 0)
        return *reinterpret_cast<const uint4 *>(at);
    union {
        uint4 all;
        uint16_t each[8];
    } v;
    for (int i = 0; i < 8; i++)
        v.each[i] = row < n_rows && column + i < n_columns ? reinterpret_cast<const uint16_t *>(at)[i] : 0;
    return v.all;
}

/* Two chunks of 8 elements of A and of B for each thread. */
template <typename T> struct wmma_chunks {
    uint4 a[2], b[2];
    __device__ void read(const T *ga, const T *gb, int64_t m, int64_t n, int64_t k, int64_t i0, int64_t j0, int64_t p0,
                         int thread)
    {
        for (int i = 0; i < 2; i++) {
            const int c = thread + i * n_threads;
            a[i] = read8(ga, i0 + c / 4, m, p0 + c % 4 * 8, k);
            b[i] = read8(gb, p0 + c / 16, k, j0 + c % 16 * 8, n);
        }
    }
    __device__ void store(wmma_tiles<T> &t, int turn, int thread) const
    {
        for (int i = 0; i < 2; i++) {
            const int c = thread + i * n_threads;
            *reinterpret_cast<uint4 *>(&t.a[turn][c / 4][c % 4 * 8]) = a[i];
            *reinterpret_cast<uint4 *>(&t.b[turn][c / 16][c % 16 * 8]) = b[i];
        }
    }
};

__device__ void round_to(__half &to, float x)
{
    to = __float2half_rn(x);
}
__device__ void round_to(__nv_bfloat16 &to, float x)
{
    to = __float2bfloat16_rn(x);
}

using accumulator = nvcuda::wmma::fragment<nvcuda::wmma::accumulator, 16, 16, 16, float>;

template <typename T>
__device__ void wmma_multiply(accumulator sum[n_fragments_m][n_fragments_n], const wmma_tiles<T> &t, int turn, int row,
                              int column)
{
    using namespace nvcuda;
#pragma unroll
    for (int q = 0; q < wmma_k; q += 16) {
        wmma::fragment<wmma::matrix_a, 16, 16, 16, T, wmma::row_major> a[n_fragments_m];
        wmma::fragment<wmma::matrix_b, 16, 16, 16, T, wmma::row_major> b;
        for (int i = 0; i < n_fragments_m; i++)
            wmma::load_matrix_sync(a[i], &t.a[turn][row + i * 16][q], wmma_k + 8);
#pragma unroll
        for (int j = 0; j < n_fragments_n; j++) {
            wmma::load_matrix_sync(b, &t.b[turn][q][column + j * 16], tile_n + 8);
#pragma unroll
            for (int i = 0; i < n_fragments_m; i++)
                wmma::mma_sync(sum[i][j], a[i], b, sum[i][j]);
        }
    }
}

/* One fragment to C through the warp's stage: two lanes a row. */
template <typename T>
__device__ void wmma_write(const accumulator &sum, float stage[16][20], T *c, int64_t m, int64_t n, int64_t i0,
                           int64_t j0, int lane)
{
    nvcuda::wmma::store_matrix_sync(&stage[0][0], sum, 20, nvcuda::wmma::mem_row_major);
    __syncwarp();
    const int64_t i = i0 + lane / 2, j = j0 + lane % 2 * 8;
    for (int q = 0; q < 8; q++)
        if (i < m && j + q < n)
            round_to(c[i * n + j + q], stage[lane / 2][lane % 2 * 8 + q]);
    __syncwarp();
}

template <typename T>
__device__ void wmma_gemm(wmma_tiles<T> &t, const T *a, const T *b, T *c, int64_t m, int64_t n, int64_t k)
{
    const int thread = static_cast<int>(threadIdx.x), warp = thread / 32, row = warp / 2 * warp_m,
              column = warp % 2 * warp_n;
    const int64_t i0 = static_cast<int64_t>(blockIdx.x) * tile_m, j0 = static_cast<int64_t>(blockIdx.y) * tile_n;
    accumulator sum[n_fragments_m][n_fragments_n];
    for (int i = 0; i < n_fragments_m; i++)
        for (int j = 0; j < n_fragments_n; j++)
            nvcuda::wmma::fill_fragment(sum[i][j], 0.0f);
    wmma_chunks<T> next;
    next.read(a, b, m, n, k, i0, j0, 0, thread);
    next.store(t, 0, thread);
    __syncthreads();
    int turn = 0;
    for (int64_t p = 0; p < k; p += wmma_k, turn ^= 1) {
        const bool is_last = p + wmma_k >= k;
        if (!is_last)
            next.read(a, b, m, n, k, i0, j0, p + wmma_k, thread);
        wmma_multiply(sum, t, turn, row, column);
        if (!is_last)
            next.store(t, turn ^ 1, thread);
        __syncthreads();
    }
    for (int i = 0; i < n_fragments_m; i++)
        for (int j = 0; j < n_fragments_n; j++)
            wmma_write(sum[i][j], t.stage[warp], c, m, n, i0 + row + i * 16, j0 + column + j * 16, thread % 32);
}

} // namespace

extern "C" __global__ void __launch_bounds__(n_threads)
    ridge_gemm_f32_simt(const float *a, const float *b, float *c, int64_t m, int64_t n, int64_t k)
{
    __shared__ simt_tiles t;
    const int thread = static_cast<int>(threadIdx.x), y = thread / 16, x = thread % 16;
    const int64_t i0 = static_cast<int64_t>(blockIdx.x) * tile_m, j0 = static_cast<int64_t>(blockIdx.y) * tile_n;
    float sum[8][8] = {}, next_a[4], next_b[4];
    read4(next_a, a, i0 + thread / 2, m, thread % 2 * 4, k);
    read4(next_b, b, thread / 32, k, j0 + thread % 32 * 4, n);
    simt_store(t, 0, thread, next_a, next_b);
    __syncthreads();
    int turn = 0;
    for (int64_t p = 0; p < k; p += simt_k, turn ^= 1) {
        const bool is_last = p + simt_k >= k;
        if (!is_last) {
            read4(next_a, a, i0 + thread / 2, m, p + simt_k + thread % 2 * 4, k);
            read4(next_b, b, p + simt_k + thread / 32, k, j0 + thread % 32 * 4, n);
        }
        simt_multiply(sum, t, turn, y, x);
        if (!is_last)
            simt_store(t, turn ^ 1, thread, next_a, next_b);
        __syncthreads();
    }
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 8; j++) {
            const int64_t row = i0 + i / 4 * 64 + y * 4 + i % 4, column = j0 + j / 4 * 64 + x * 4 + j % 4;
            if (row < m && column < n)
                c[row * n + column] = sum[i][j];
        }
}

extern "C" __global__ void __launch_bounds__(n_threads)
    ridge_gemm_f16_wmma(const __half *a, const __half *b, __half *c, int64_t m, int64_t n, int64_t k)
{
    __shared__ __align__(128) unsigned char tiles[sizeof(wmma_tiles<__half>)];
    wmma_gemm(*reinterpret_cast<wmma_tiles<__half> *>(tiles), a, b, c, m, n, k);
}

extern "C" __global__ void __launch_bounds__(n_threads)
    ridge_gemm_bf16_wmma(const __nv_bfloat16 *a, const __nv_bfloat16 *b, __nv_bfloat16 *c, int64_t m, int64_t n,
                         int64_t k)
{
    __shared__ __align__(128) unsigned char tiles[sizeof(wmma_tiles<__nv_bfloat16>)];
    wmma_gemm(*reinterpret_cast<wmma_tiles<__nv_bfloat16> *>(tiles), a, b, c, m, n, k);
}

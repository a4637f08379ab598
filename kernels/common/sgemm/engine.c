/* What sgemm.h promises, over the driver or plain C; batches. Baseline code. */
#include "common/sgemm/engine.h"
#include "common/size.h"
#include <string.h>

enum { SCRATCH_ALIGN = 64 };

static const struct ridge_sgemm_engine engines[] = {
    {"ref", NULL},
#ifdef RIDGE_KERNELS_X86
    {"avx2", &ridge_sgemm_micro_set_avx2},
    {"avx512", &ridge_sgemm_micro_set_avx512},
#endif
};

const struct ridge_sgemm_engine *ridge_sgemm_engine(const char *isa)
{
    for (size_t i = 0; i < sizeof engines / sizeof engines[0]; i++)
        if (strcmp(engines[i].isa, isa) == 0)
            return &engines[i];
    return NULL;
}

size_t ridge_sgemm_packed_b_bytes(const struct ridge_sgemm_engine *engine, int64_t n, int64_t k)
{
    const size_t vector = engine->set == NULL ? 1 : (size_t)engine->set->vector;
    if (ridge_sgemm_pair_vectors(engine->set, n) > 0)
        return sizeof(float) * ridge_kernels_size_round_up((size_t)n, vector / 2) *
               ridge_kernels_size_round_up((size_t)k, 2);
    return sizeof(float) * ridge_kernels_size_round_up((size_t)n, vector) * (size_t)k;
}

/* Few columns: one panel of pairs. Else panels of 2 vectors, the last may have 1; element (p, j) of a panel at
 * p * width + j. */
void ridge_sgemm_pack_b(const struct ridge_sgemm_engine *engine, int64_t n, int64_t k, const float *b,
                        int64_t ldb, bool is_b_transposed, void *packed)
{
    const int vector = engine->set == NULL ? 0 : engine->set->vector;
    const int n_pair_vectors = ridge_sgemm_pair_vectors(engine->set, n);
    const int64_t panel = n_pair_vectors > 0 ? n_pair_vectors * (vector / 2) : vector == 0 ? n : 2 * vector;
    for (int64_t j0 = 0; j0 < n; j0 += panel) {
        const int64_t n_columns = n - j0 < panel ? n - j0 : panel;
        const int64_t width = vector == 0 || n_pair_vectors > 0
                                  ? panel
                                  : (int64_t)vector << ridge_sgemm_panel_width(n_columns, vector);
        ridge_sgemm_pack_panel(engine->set, b + (is_b_transposed ? j0 * ldb : j0), ldb, is_b_transposed,
                               n_pair_vectors > 0, k, n_columns, width, (float *)packed + j0 * k);
    }
}

static bool is_empty(const struct ridge_sgemm *p)
{
    return p->m == 0 || p->n == 0;
}

size_t ridge_sgemm_scratch_bytes(const struct ridge_sgemm_engine *engine, const struct ridge_sgemm *p,
                                 int n_threads)
{
    struct ridge_sgemm_plan plan;
    if (is_empty(p) || p->k == 0)
        return 0;
    if (engine->set == NULL)
        return ridge_sgemm_ref_scratch_bytes(p, n_threads);
    ridge_sgemm_plan_make(p, engine->set, n_threads, &plan);
    return (size_t)plan.n_tasks * plan.task_bytes + SCRATCH_ALIGN;
}

void ridge_sgemm_run(const struct ridge_sgemm_engine *engine, const struct ridge_sgemm *p,
                     const struct ridge_host *host, void *scratch)
{
    if (is_empty(p))
        return;
    if (engine->set == NULL || p->k == 0)
        ridge_sgemm_ref_run(p, host, scratch);
    else
        ridge_sgemm_driver_run(engine->set, p, host, scratch);
}

struct batch_job {
    const struct ridge_sgemm_engine *engine;
    const struct ridge_sgemm *first;
    const struct ridge_sgemm_batch *batch;
    char *scratch;
    size_t n_chunks, chunk_bytes;
};

static struct ridge_sgemm product_of(const struct batch_job *job, int64_t i)
{
    const struct ridge_sgemm_batch *batch = job->batch;
    struct ridge_sgemm p = *job->first;
    p.a = p.a == NULL ? NULL : p.a + i * batch->stride_a;
    p.b = p.b == NULL ? NULL : p.b + i * batch->stride_b;
    p.c += i * batch->stride_c;
    p.c0 = p.c0 == NULL ? NULL : p.c0 + i * batch->stride_c0;
    if (p.epilogue.residual != NULL)
        p.epilogue.residual += i * batch->stride_residual;
    if (p.packed_b != NULL && batch->stride_b != 0)
        p.packed_b = (const char *)p.packed_b +
                     (size_t)i * ridge_sgemm_packed_b_bytes(job->engine, p.n, p.k);
    return p;
}

static void run_chunk(void *ctx, size_t i_chunk, int i_thread)
{
    const struct batch_job *job = ctx;
    (void)i_thread;
    for (int64_t i = (int64_t)i_chunk; i < job->batch->n; i += (int64_t)job->n_chunks) {
        const struct ridge_sgemm p = product_of(job, i);
        ridge_sgemm_run(job->engine, &p, NULL,
                        job->scratch == NULL ? NULL : job->scratch + i_chunk * job->chunk_bytes);
    }
}

/* Products that share B and follow each other row by row are one product. */
static bool fold(const struct ridge_sgemm *first, const struct ridge_sgemm_batch *batch,
                 struct ridge_sgemm *one)
{
    const struct ridge_epilogue *e = &first->epilogue;
    const int64_t m = first->m;
    const bool is_row_by_row =
        batch->stride_b == 0 && !first->is_a_transposed && first->gather == NULL &&
        batch->stride_a == m * first->lda && batch->stride_c == m * first->ldc &&
        (e->bias == NULL || !e->is_bias_per_row) &&
        (e->residual == NULL || batch->stride_residual == m * e->residual_ld) &&
        (first->c0 == NULL || batch->stride_c0 == m * first->ldc0);
    *one = *first;
    if (is_row_by_row || batch->n == 1)
        one->m = m * batch->n;
    return is_row_by_row || batch->n == 1;
}

static bool is_by_product(const struct ridge_sgemm_batch *batch, int n_threads)
{
    return n_threads > 1 && batch->n >= n_threads;
}

static size_t chunk_bytes_of(const struct ridge_sgemm_engine *engine, const struct ridge_sgemm *first)
{
    return ridge_kernels_size_round_up(ridge_sgemm_scratch_bytes(engine, first, 1), SCRATCH_ALIGN);
}

size_t ridge_sgemm_batch_scratch_bytes(const struct ridge_sgemm_engine *engine,
                                       const struct ridge_sgemm *first,
                                       const struct ridge_sgemm_batch *batch, int n_threads)
{
    struct ridge_sgemm one;
    if (batch->n == 0)
        return 0;
    if (!fold(first, batch, &one) && is_by_product(batch, n_threads))
        return (size_t)n_threads * chunk_bytes_of(engine, first);
    return ridge_sgemm_scratch_bytes(engine, &one, n_threads);
}

void ridge_sgemm_batch_run(const struct ridge_sgemm_engine *engine, const struct ridge_sgemm *first,
                           const struct ridge_sgemm_batch *batch, const struct ridge_host *host,
                           void *scratch)
{
    struct ridge_sgemm one;
    if (batch->n == 0)
        return;
    if (fold(first, batch, &one)) {
        ridge_sgemm_run(engine, &one, host, scratch);
        return;
    }
    struct batch_job job = {.engine = engine, .first = first, .batch = batch, .scratch = scratch, .n_chunks = 1};
    const bool has_pool = host != NULL && host->parallel_for != NULL;
    if (has_pool && is_by_product(batch, host->n_threads)) {
        job.n_chunks = (size_t)host->n_threads;
        job.chunk_bytes = chunk_bytes_of(engine, first);
        host->parallel_for(host->self, job.n_chunks, run_chunk, &job);
        return;
    }
    for (int64_t i = 0; i < batch->n; i++) {
        const struct ridge_sgemm p = product_of(&job, i);
        ridge_sgemm_run(engine, &p, host, scratch);
    }
}

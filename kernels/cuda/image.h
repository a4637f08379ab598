/* The GPU code of gemm.cu as it was built in, for cuModuleLoadData. */
#ifndef RIDGE_KERNELS_CUDA_IMAGE_H
#define RIDGE_KERNELS_CUDA_IMAGE_H

/* A fatbinary, or NULL where this build had no nvcc. */
const void *ridge_cuda_image(void);

#endif

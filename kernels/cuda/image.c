#include "cuda/image.h"
#include <stddef.h>

#ifdef RIDGE_CUDA_FATBIN
/* The assembler puts the file in place; `bin2c` would make 5 bytes of source of each. */
__asm__(".section .rodata\n"
        ".balign 64\n"
        ".hidden ridge_cuda_fatbin\n"
        ".globl ridge_cuda_fatbin\n"
        "ridge_cuda_fatbin:\n"
        ".incbin \"" RIDGE_CUDA_FATBIN "\"\n"
        ".byte 0\n"
        ".text\n");
extern const unsigned char ridge_cuda_fatbin[] __attribute__((visibility("hidden")));

const void *ridge_cuda_image(void)
{
    return ridge_cuda_fatbin;
}
#else
const void *ridge_cuda_image(void)
{
    return NULL;
}
#endif

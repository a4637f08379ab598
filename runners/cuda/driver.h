/* NVIDIA's driver API as far as Ridge uses it: libcuda.so.1 opened at run time, own minimal prototypes.
 *
 * One device (0), its primary context, one stream. The handle belongs to the runner; every call from the
 * thread that runs the case. Source of the signatures: CUDA driver API reference 13.0; all exist since 11.
 */
#ifndef RIDGE_RUNNERS_CUDA_DRIVER_H
#define RIDGE_RUNNERS_CUDA_DRIVER_H

#include "abi/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cuda_object *cuda_handle; /* context, stream, event, module, function */
typedef unsigned long long cuda_address; /* of device memory */

enum { CUDA_NOT_READY = 600 };
enum { CUDA_ATTRIBUTE_CLOCK_KHZ = 13, CUDA_ATTRIBUTE_N_SM = 16, CUDA_ATTRIBUTE_MEMORY_CLOCK_KHZ = 36,
       CUDA_ATTRIBUTE_MAJOR = 75, CUDA_ATTRIBUTE_MINOR = 76 };

struct cuda_driver {
    void *dl;
    int device;
    cuda_handle context, stream;
    char name[256]; /* "NVIDIA H100 PCIe, 9.0, driver 13.0, 1755 MHz, memory 1593 MHz" */
    char path[512];
    int capability; /* 10 * major + minor */
    int (*init)(unsigned flags);
    int (*driver_version)(int *version);
    int (*device_count)(int *n);
    int (*device_get)(int *device, int ordinal);
    int (*device_name)(char *name, int n_name, int device);
    int (*device_attribute)(int *value, int attribute, int device);
    int (*context_retain)(cuda_handle *context, int device);
    int (*context_release)(int device);
    int (*context_set)(cuda_handle context);
    int (*alloc)(cuda_address *address, size_t n_bytes);
    int (*free_)(cuda_address address);
    int (*copy_in)(cuda_address to, const void *from, size_t n_bytes);
    int (*copy_out)(void *to, cuda_address from, size_t n_bytes);
    int (*stream_create)(cuda_handle *stream, unsigned flags);
    int (*stream_destroy)(cuda_handle stream);
    int (*stream_wait)(cuda_handle stream);
    int (*event_create)(cuda_handle *event, unsigned flags);
    int (*event_destroy)(cuda_handle event);
    int (*event_record)(cuda_handle event, cuda_handle stream);
    int (*event_query)(cuda_handle event);
    int (*event_elapsed)(float *ms, cuda_handle begin, cuda_handle end);
    int (*module_load)(cuda_handle *module, const void *image);
    int (*module_unload)(cuda_handle module);
    int (*module_function)(cuda_handle *function, cuda_handle module, const char *name);
    int (*launch)(cuda_handle function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                  unsigned shared_bytes, cuda_handle stream, void **args, void **extra);
    int (*error_string)(int error, const char **text);
};

/* Opens `path`, or the driver's usual name for "". On failure nothing is left open, and the words say what is
 * missing and how to get it. close() takes what open() filled, and zeroes. */
enum ridge_status ridge_cuda_open(struct cuda_driver *driver, const char *path, struct ridge_error *err) RIDGE_MUST_USE;
void ridge_cuda_close(struct cuda_driver *driver);
/* What the driver says of a result code; never NULL. */
const char *ridge_cuda_text(const struct cuda_driver *driver, int code);

#endif

#include "cuda/driver.h"
#include "common/dynlib.h"

#include <string.h>

const char *ridge_cuda_text(const struct cuda_driver *d, int code)
{
    const char *text = NULL;
    if (d->error_string != NULL && d->error_string(code, &text) == 0 && text != NULL)
        return text;
    return "an error that the driver has no words for";
}

static enum ridge_status find_symbols(struct cuda_driver *d, struct ridge_error *err)
{
    const struct ridge_dynlib_symbol rows[] = {
        {"cuInit", &d->init},
        {"cuDriverGetVersion", &d->driver_version},
        {"cuDeviceGetCount", &d->device_count},
        {"cuDeviceGet", &d->device_get},
        {"cuDeviceGetName", &d->device_name},
        {"cuDeviceGetAttribute", &d->device_attribute},
        {"cuDevicePrimaryCtxRetain", &d->context_retain},
        {"cuDevicePrimaryCtxRelease_v2", &d->context_release},
        {"cuCtxSetCurrent", &d->context_set},
        {"cuMemAlloc_v2", &d->alloc},
        {"cuMemFree_v2", &d->free_},
        {"cuMemcpyHtoD_v2", &d->copy_in},
        {"cuMemcpyDtoH_v2", &d->copy_out},
        {"cuStreamCreate", &d->stream_create},
        {"cuStreamDestroy_v2", &d->stream_destroy},
        {"cuStreamSynchronize", &d->stream_wait},
        {"cuEventCreate", &d->event_create},
        {"cuEventDestroy_v2", &d->event_destroy},
        {"cuEventRecord", &d->event_record},
        {"cuEventQuery", &d->event_query},
        {"cuEventElapsedTime", &d->event_elapsed},
        {"cuModuleLoadData", &d->module_load},
        {"cuModuleUnload", &d->module_unload},
        {"cuModuleGetFunction", &d->module_function},
        {"cuLaunchKernel", &d->launch},
        {"cuGetErrorString", &d->error_string},
    };
    return ridge_dynlib_symbols(d->dl, rows, sizeof rows / sizeof rows[0], err);
}

static void describe_device(struct cuda_driver *d)
{
    char name[128] = "unknown GPU";
    int major = 0, minor = 0, khz = 0, memory_khz = 0, version = 0;
    (void)d->device_name(name, sizeof name, d->device);
    (void)d->device_attribute(&major, CUDA_ATTRIBUTE_MAJOR, d->device);
    (void)d->device_attribute(&minor, CUDA_ATTRIBUTE_MINOR, d->device);
    (void)d->device_attribute(&khz, CUDA_ATTRIBUTE_CLOCK_KHZ, d->device);
    (void)d->device_attribute(&memory_khz, CUDA_ATTRIBUTE_MEMORY_CLOCK_KHZ, d->device);
    (void)d->driver_version(&version);
    d->capability = 10 * major + minor;
    (void)snprintf(d->name, sizeof d->name, "%s, %d.%d, driver %d.%d, up to %d MHz, memory %d MHz", name, major, minor,
                   version / 1000, version % 1000 / 10, khz / 1000, memory_khz / 1000);
}

static enum ridge_status open_library(struct cuda_driver *d, const char *path, struct ridge_error *err)
{
    static const char *const names[] = {"libcuda.so.1", NULL};
    struct ridge_error why = {0};
    if (ridge_dynlib_open(path, names, "", &d->dl, &why) != RIDGE_OK)
        return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "cuda", "no %s: no NVIDIA driver on this machine; a GPU of "
                          "compute capability 8.0 or later and its driver are needed",
                          path[0] != '\0' ? path : names[0]);
    enum ridge_status rc = find_symbols(d, err);
    if (rc == RIDGE_OK)
        ridge_dynlib_file(*(void **)(void *)&d->init, d->path, sizeof d->path);
    return rc;
}

static enum ridge_status open_device(struct cuda_driver *d, struct ridge_error *err)
{
    int n = 0, rc = d->init(0);
    if (rc == 0)
        rc = d->device_count(&n);
    if (rc != 0 || n == 0)
        return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "cuda", "the NVIDIA driver finds no GPU: %s",
                          rc != 0 ? ridge_cuda_text(d, rc) : "it counts 0 devices");
    rc = d->device_get(&d->device, 0);
    if (rc == 0)
        describe_device(d);
    if (rc == 0 && d->capability < 80)
        return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "cuda", "%s: compute capability 8.0 or later is needed", d->name);
    if (rc == 0)
        rc = d->context_retain(&d->context, d->device);
    if (rc == 0)
        rc = d->context_set(d->context);
    if (rc == 0)
        rc = d->stream_create(&d->stream, 1); /* does not wait for the default stream */
    return rc == 0 ? RIDGE_OK : ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "cuda", "the GPU could not be opened: %s",
                                           ridge_cuda_text(d, rc));
}

enum ridge_status ridge_cuda_open(struct cuda_driver *d, const char *path, struct ridge_error *err)
{
    memset(d, 0, sizeof *d);
    enum ridge_status rc = open_library(d, path, err);
    if (rc == RIDGE_OK)
        rc = open_device(d, err);
    if (rc != RIDGE_OK)
        ridge_cuda_close(d);
    return rc;
}

void ridge_cuda_close(struct cuda_driver *d)
{
    if (d->stream != NULL)
        (void)d->stream_destroy(d->stream);
    if (d->context != NULL)
        (void)d->context_release(d->device);
    ridge_dynlib_close(d->dl);
    memset(d, 0, sizeof *d);
}

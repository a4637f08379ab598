#include "common/dynlib.h"

#include <dlfcn.h>
#include <string.h>

/* DEEPBIND keeps two versions of one library apart; the sanitizers' runtime refuses it. */
#if defined(__SANITIZE_ADDRESS__)
#define DYNLIB_FLAGS (RTLD_NOW | RTLD_LOCAL)
#else
#define DYNLIB_FLAGS (RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND)
#endif

enum ridge_status ridge_dynlib_open(const char *path, const char *const *names, const char *hint, void **handle,
                                    struct ridge_error *err)
{
    const char *const given[] = {path, NULL};
    const char *const *list = path[0] != '\0' ? given : names;
    const char *why = "";
    for (size_t i = 0; list[i] != NULL; i++) {
        *handle = dlopen(list[i], DYNLIB_FLAGS);
        if (*handle != NULL)
            return RIDGE_OK;
        why = dlerror();
    }
    return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, list[0], "cannot open %s (%s); %s", list[0],
                      why != NULL ? why : "no reason given", hint);
}

enum ridge_status ridge_dynlib_symbols(void *handle, const struct ridge_dynlib_symbol *symbols, size_t n,
                                       struct ridge_error *err)
{
    for (size_t i = 0; i < n; i++) {
        void *p = dlsym(handle, symbols[i].name);
        if (p == NULL)
            return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, symbols[i].name,
                              "the library has no symbol %s; another version is needed", symbols[i].name);
        memcpy(symbols[i].place, &p, sizeof p); /* the POSIX way from object to function pointer */
    }
    return RIDGE_OK;
}

void ridge_dynlib_file(const void *function, char *file, size_t n_file)
{
    Dl_info info;
    file[0] = '\0';
    if (dladdr(function, &info) != 0 && info.dli_fname != NULL)
        (void)snprintf(file, n_file, "%s", info.dli_fname);
}

void ridge_dynlib_close(void *handle)
{
    if (handle != NULL)
        (void)dlclose(handle);
}

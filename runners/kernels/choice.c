#include "kernels/choice.h"
#include "common/cpu.h"
#include "common/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The build: path, size and time of this plug-in's file. */
static void put_build(char *out, size_t n)
{
    Dl_info info;
    struct stat st;
    out[0] = '\0';
    if (dladdr(&ridge_kernel_library, &info) != 0 && info.dli_fname != NULL && stat(info.dli_fname, &st) == 0)
        (void)snprintf(out, n, "%s %lld %lld.%09ld", info.dli_fname, (long long)st.st_size,
                       (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

void ridge_choice_key(const struct ridge_problem *problem, const char *variant, int n_threads,
                      char key[RIDGE_CHOICE_KEY])
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *shape = problem->shape;
    char cpu[128], build[1024];
    ridge_kernels_cpu_name(cpu, sizeof cpu);
    put_build(build, sizeof build);
    int n = snprintf(key, RIDGE_CHOICE_KEY, "%s|%s|%s|%d|%s|", cpu, build, variant, n_threads, problem->op->name);
    size_t at = n > 0 ? (size_t)n : 0;
    for (size_t i = 0; i < problem->op->shape_size && at + 3 < RIDGE_CHOICE_KEY; i++) {
        key[at++] = digits[shape[i] >> 4];
        key[at++] = digits[shape[i] & 15];
    }
    key[at < RIDGE_CHOICE_KEY ? at : RIDGE_CHOICE_KEY - 1] = '\0';
}

/* FNV-1a names the file; the key inside it decides. */
static uint64_t hash_of(const char *key)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (; *key != '\0'; key++)
        h = (h ^ (unsigned char)*key) * UINT64_C(1099511628211);
    return h;
}

static bool make_folder(char *path)
{
    for (char *p = path + 1; *p != '\0'; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        const bool is_there = mkdir(path, 0700) == 0 || errno == EEXIST;
        *p = '/';
        if (!is_there)
            return false;
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

static bool file_of(const char *key, bool is_making, char *path, size_t n)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    const bool has_cache = cache != NULL && cache[0] == '/';
    if (!has_cache && (home == NULL || home[0] != '/'))
        return false;
    int used = snprintf(path, n, "%s%s/ridge/choices", has_cache ? cache : home, has_cache ? "" : "/.cache");
    if (used < 0 || (size_t)used + 32 > n || (is_making && !make_folder(path)))
        return false;
    (void)snprintf(path + used, n - (size_t)used, "/%016" PRIx64, hash_of(key));
    return true;
}

static bool read_line(FILE *f, char *out, size_t n)
{
    if (fgets(out, (int)n, f) == NULL)
        return false;
    const size_t end = strcspn(out, "\n");
    const bool is_whole = out[end] == '\n';
    out[end] = '\0';
    return is_whole;
}

bool ridge_choice_recall(const char *key, struct ridge_choice *out)
{
    char path[1024], found[RIDGE_CHOICE_KEY + 1];
    FILE *f = file_of(key, false, path, sizeof path) ? fopen(path, "re") : NULL;
    if (f == NULL)
        return false;
    const bool ok = read_line(f, found, sizeof found) && strcmp(found, key) == 0 &&
                    read_line(f, out->kernel, sizeof out->kernel) && read_line(f, out->text, sizeof out->text);
    (void)fclose(f);
    return ok;
}

void ridge_choice_keep(const char *key, const struct ridge_choice *choice)
{
    char path[1024], part[1060];
    if (!file_of(key, true, path, sizeof path))
        return;
    (void)snprintf(part, sizeof part, "%s.%ld", path, (long)getpid());
    FILE *f = fopen(part, "we");
    if (f == NULL)
        return;
    bool ok = fprintf(f, "%s\n%s\n%s\n", key, choice->kernel, choice->text) > 0;
    ok = fclose(f) == 0 && ok;
    if (!ok || rename(part, path) != 0)
        (void)unlink(part);
}

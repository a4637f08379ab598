#include "base/os.h"

#include "base/arena.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum ridge_status ridge_os_read_file(const char *path, size_t max_bytes, struct ridge_buf *out,
                                     struct ridge_error *err)
{
    enum ridge_status status = RIDGE_OK;
    char piece[65536];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return ridge_fail(err, RIDGE_ERR_IO, path, "cannot open: %s", strerror(errno));
    ridge_buf_puts(out, ""); /* an empty file gives "", not NULL */
    size_t n_total = 0;
    for (;;) {
        ssize_t n = read(fd, piece, sizeof piece);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            status = ridge_fail(err, RIDGE_ERR_IO, path, "cannot read: %s", strerror(errno));
            goto out;
        }
        if (n == 0)
            goto out;
        n_total += (size_t)n;
        if (n_total > max_bytes) {
            status = ridge_fail(err, RIDGE_ERR_CONFIG, path,
                                "is larger than the %zu bytes that are allowed", max_bytes);
            goto out;
        }
        ridge_buf_put(out, piece, (size_t)n);
    }
out:
    close(fd);
    return status;
}

static int write_all(int fd, const char *data, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, data, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return -1;
        data += done;
        n -= (size_t)done;
    }
    return 0;
}

/* Pipes and devices cannot be renamed over: written straight. */
static enum ridge_status write_through(const char *path, const char *data, size_t n,
                                       struct ridge_error *err)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return ridge_fail(err, RIDGE_ERR_IO, path, "cannot open: %s", strerror(errno));
    int rc = write_all(fd, data, n), saved_errno = errno;
    close(fd);
    return rc == 0 ? RIDGE_OK
                   : ridge_fail(err, RIDGE_ERR_IO, path, "cannot write: %s", strerror(saved_errno));
}

static void sync_folder_of(const char *path)
{
    char folder[PATH_MAX];
    (void)snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash != NULL)
        slash[slash == folder ? 1 : 0] = '\0';
    int fd = open(slash != NULL ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fsync(fd);
    close(fd);
}

static enum ridge_status replace_file(const char *path, mode_t mode, bool keep_mode,
                                      const char *data, size_t n, struct ridge_error *err)
{
    enum ridge_status status = RIDGE_OK;
    struct ridge_arena a = {0};
    char *tmp = ridge_arena_printf(&a, "%s.%ld.tmp", path, (long)getpid());
    int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0) {
        status = ridge_fail(err, RIDGE_ERR_IO, path, "cannot create: %s", strerror(errno));
        goto out;
    }
    bool ok =
        write_all(fd, data, n) == 0 && (!keep_mode || fchmod(fd, mode) == 0) && fsync(fd) == 0;
    int saved_errno = errno;
    if (close(fd) != 0 && ok) {
        ok = false;
        saved_errno = errno;
    }
    if (ok && rename(tmp, path) != 0) {
        ok = false;
        saved_errno = errno;
    }
    if (!ok) {
        (void)unlink(tmp);
        status = ridge_fail(err, RIDGE_ERR_IO, path, "cannot write: %s", strerror(saved_errno));
        goto out;
    }
    sync_folder_of(path);
out:
    ridge_arena_deinit(&a);
    return status;
}

enum ridge_status ridge_os_write_file(const char *path, const char *data, size_t n,
                                      struct ridge_error *err)
{
    struct stat st;
    bool exists = stat(path, &st) == 0;
    if (exists && S_ISDIR(st.st_mode))
        return ridge_fail(err, RIDGE_ERR_IO, path, "is a folder; a file name is needed");
    if (exists && !S_ISREG(st.st_mode))
        return write_through(path, data, n, err);
    char *real = exists ? realpath(path, NULL) : NULL; /* a link stays a link */
    enum ridge_status status = replace_file(real != NULL ? real : path,
                                            exists ? st.st_mode & 07777 : 0, exists, data, n, err);
    free(real);
    return status;
}

bool ridge_os_read_small(const char *path, char *out, size_t n)
{
    if (n == 0)
        return false;
    out[0] = '\0';
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t got = read(fd, out, n - 1);
    close(fd);
    out[got > 0 ? got : 0] = '\0';
    if (got <= 0)
        return false;
    out[strcspn(out, "\n")] = '\0';
    size_t len = strlen(out);
    while (len > 0 && (out[len - 1] == ' ' || out[len - 1] == '\t' || out[len - 1] == '\r'))
        out[--len] = '\0';
    size_t lead = strspn(out, " \t");
    memmove(out, out + lead, len - (lead < len ? lead : len) + 1);
    return true;
}

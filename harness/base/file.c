#include "base/os.h"

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

static enum ridge_status output_fail(const struct ridge_os_output *o, const char *what, struct ridge_error *err)
{
    return ridge_fail(err, RIDGE_ERR_IO, o->path, "%s: %s", what, strerror(errno));
}

/* A regular file is written beside its place and renamed over it; pipes and devices are written straight. */
enum ridge_status ridge_os_output_open(struct ridge_os_output *o, const char *path, struct ridge_error *err)
{
    struct stat st;
    struct ridge_buf tmp = {0};
    bool exists = stat(path, &st) == 0;
    *o = (struct ridge_os_output){.fd = -1, .mode = -1};
    if (exists && S_ISDIR(st.st_mode))
        return ridge_fail(err, RIDGE_ERR_IO, path, "is a folder; a file name is needed");
    ridge_buf_puts(&tmp, path);
    o->path = tmp.data;
    if (exists && !S_ISREG(st.st_mode)) {
        o->fd = open(path, O_WRONLY | O_CLOEXEC);
        return o->fd >= 0 ? RIDGE_OK : output_fail(o, "cannot open", err);
    }
    if (exists) {
        char *real = realpath(path, NULL); /* a link stays a link */
        o->mode = (int)(st.st_mode & 07777);
        if (real != NULL) {
            free(o->path);
            o->path = real;
        }
    }
    tmp = (struct ridge_buf){0};
    ridge_buf_printf(&tmp, "%s.%ld.tmp", o->path, (long)getpid());
    o->tmp = tmp.data;
    o->fd = open(o->tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    return o->fd >= 0 ? RIDGE_OK : output_fail(o, "cannot create", err);
}

enum ridge_status ridge_os_output_put(struct ridge_os_output *o, const char *data, size_t n, struct ridge_error *err)
{
    return write_all(o->fd, data, n) == 0 ? RIDGE_OK : output_fail(o, "cannot write", err);
}

static enum ridge_status finish(struct ridge_os_output *o, struct ridge_error *err)
{
    bool is_synced = o->tmp == NULL || ((o->mode < 0 || fchmod(o->fd, (mode_t)o->mode) == 0) && fsync(o->fd) == 0);
    if (!is_synced) {
        enum ridge_status status = output_fail(o, "cannot write", err);
        close(o->fd);
        return status;
    }
    if (close(o->fd) != 0 || (o->tmp != NULL && rename(o->tmp, o->path) != 0))
        return output_fail(o, "cannot write", err);
    if (o->tmp != NULL)
        sync_folder_of(o->path);
    return RIDGE_OK;
}

enum ridge_status ridge_os_output_close(struct ridge_os_output *o, bool keep, struct ridge_error *err)
{
    enum ridge_status status = RIDGE_OK;
    if (o->fd >= 0) {
        if (keep)
            status = finish(o, err);
        else
            close(o->fd);
        if (o->tmp != NULL && (!keep || status != RIDGE_OK))
            (void)unlink(o->tmp);
    }
    free(o->tmp);
    free(o->path);
    *o = (struct ridge_os_output){.fd = -1};
    return status;
}

enum ridge_status ridge_os_write_file(const char *path, const char *data, size_t n,
                                      struct ridge_error *err)
{
    struct ridge_os_output o;
    enum ridge_status status = ridge_os_output_open(&o, path, err);
    if (status == RIDGE_OK)
        status = ridge_os_output_put(&o, data, n, err);
    enum ridge_status closed = ridge_os_output_close(&o, status == RIDGE_OK, err);
    return status != RIDGE_OK ? status : closed;
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

#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opened without O_CREAT first: in a sticky folder the kernel refuses O_CREAT on another user's
 * file (fs.protected_regular), while flock needs no more than a descriptor. */
static int open_lock(const char *path)
{
    for (int i = 0; i < 3; i++) {
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (fd >= 0 || errno != ENOENT)
            return fd;
        fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (fd >= 0) {
            (void)fchmod(fd, 0666); /* whatever our umask: other users share the machine */
            return fd;
        }
        if (errno != EEXIST)
            return -1;
    }
    return -1;
}

static int open_first(const char **path)
{
    const char *own =
        getenv("RIDGE_LOCK_FILE"); /* containers of one host can share a mounted file */
    if (own != NULL && *own != '\0') {
        *path = own;
        return open_lock(own);
    }
    static const char *const paths[] = {"/run/lock/ridge.lock", "/tmp/ridge.lock"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        *path = paths[i];
        int fd = open_lock(paths[i]);
        if (fd >= 0)
            return fd;
    }
    return -1;
}

enum ridge_status ridge_host_lock(int *fd, void (*waiting)(void *), void *ctx,
                                  struct ridge_error *err)
{
    const char *path;
    *fd = -1;
    int lock = open_first(&path);
    if (lock < 0)
        return ridge_fail(err, RIDGE_ERR_IO, path,
                          "cannot open the machine-wide lock: %s; name another file in "
                          "RIDGE_LOCK_FILE",
                          strerror(errno));
    int rc = flock(lock, LOCK_EX | LOCK_NB);
    if (rc != 0 && errno == EWOULDBLOCK) {
        if (waiting != NULL)
            waiting(ctx);
        rc = flock(lock, LOCK_EX);
    }
    if (rc == 0) {
        *fd = lock;
        return RIDGE_OK;
    }
    int saved_errno = errno;
    close(lock);
    if (saved_errno == EINTR)
        return ridge_fail(err, RIDGE_ERR_INTERRUPTED, path,
                          "interrupted while waiting for another run");
    return ridge_fail(err, RIDGE_ERR_IO, path, "cannot lock: %s", strerror(saved_errno));
}

void ridge_host_unlock(int fd)
{
    if (fd >= 0)
        close(fd); /* the lock goes with its last descriptor */
}

#include "base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <string.h>
#include <unistd.h>

static void to_hex(const uint8_t digest[SHA256_DIGEST_SIZE], char hex[65])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < SHA256_DIGEST_SIZE; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[64] = '\0';
}

void ridge_os_sha256(const void *data, size_t n, char hex[65])
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct sha256_ctx ctx;
    sha256_init(&ctx);
    sha256_update(&ctx, n, data);
    sha256_digest(&ctx, sizeof digest, digest);
    to_hex(digest, hex);
}

enum ridge_status ridge_os_sha256_file(const char *path, char hex[65], struct ridge_error *err)
{
    uint8_t digest[SHA256_DIGEST_SIZE], piece[65536];
    struct sha256_ctx ctx;
    hex[0] = '\0';
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return ridge_fail(err, RIDGE_ERR_IO, path, "cannot open: %s", strerror(errno));
    sha256_init(&ctx);
    ssize_t n;
    while ((n = read(fd, piece, sizeof piece)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        sha256_update(&ctx, (size_t)n, piece);
    }
    int saved_errno = errno;
    close(fd);
    if (n < 0)
        return ridge_fail(err, RIDGE_ERR_IO, path, "cannot read: %s", strerror(saved_errno));
    sha256_digest(&ctx, sizeof digest, digest);
    to_hex(digest, hex);
    return RIDGE_OK;
}

uint64_t ridge_os_hash64(const char *s)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a, 64 bit */
    for (; *s != '\0'; s++)
        h = (h ^ (unsigned char)*s) * UINT64_C(0x100000001b3);
    return h;
}

/* Any bytes as a chunk's blob: an error or a chunk, never a crash. The checksum is made right first, so
 * that the decoder behind it is reached. */
#include "store/blob.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct ridge_chunk c = {0};
    unsigned char *copy = malloc(n + 1);
    uint32_t h = 2166136261u;
    if (copy == NULL)
        return 0;
    memcpy(copy, data, n);
    for (size_t i = 0; i + 4 < n; i++)
        h = (h ^ copy[i]) * 16777619u;
    for (size_t i = 0; n >= 4 && i < 4; i++)
        copy[n - 4 + i] = (unsigned char)(h >> (8 * i));
    if (ridge_blob_decode(copy, n, &c, NULL) == RIDGE_OK) { /* what decodes must encode to something that decodes */
        struct ridge_buf b = {0};
        struct ridge_chunk d = {0};
        ridge_blob_encode(&c, &b);
        if (ridge_blob_decode(b.data, b.n, &d, NULL) != RIDGE_OK || d.n != c.n)
            abort();
        ridge_chunk_deinit(&d);
        ridge_buf_deinit(&b);
    }
    ridge_chunk_deinit(&c);
    free(copy);
    return 0;
}

/* The blob of a chunk: named typed columns. Pure; every read is bounds-checked.
 *
 *   "RC" 1 | varint n | n_columns u8 | column ... | FNV-1a 32 of all before, little-endian
 *   column: name length u8, name | type u8 | encoding u8 | varint n_bytes | bytes
 *   encoding 0 (i64): zigzag varint of the difference to the value before (first: to 0)
 *   encoding 1 (u8):  runs of (value u8, varint count), counts add up to n
 */
#ifndef RIDGE_STORE_BLOB_H
#define RIDGE_STORE_BLOB_H
#include "base/text.h"
#include "data/result.h"

#define RIDGE_BLOB_MAX_SAMPLES ((size_t)1 << 26)

void ridge_blob_encode(const struct ridge_chunk *c, struct ridge_buf *out);
/* Fills n, n_columns and columns of *out (heap; free with ridge_chunk_deinit, also after a failure). */
enum ridge_status ridge_blob_decode(const void *blob, size_t n_bytes, struct ridge_chunk *out,
                                    struct ridge_error *err) RIDGE_MUST_USE;
#endif

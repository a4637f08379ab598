#include "store/blob.h"
#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

enum { ENCODING_DELTA = 0, ENCODING_RUNS = 1, N_SUM_BYTES = 4 };
static const char magic[3] = {'R', 'C', 1};

static uint32_t checksum(const unsigned char *p, size_t n)
{
    uint32_t h = 2166136261u; /* FNV-1a, 32 bits */
    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * 16777619u;
    return h;
}

static size_t varint(uint64_t v, unsigned char out[10])
{
    size_t n = 0;
    for (; v >= 0x80; v >>= 7)
        out[n++] = (unsigned char)(v | 0x80);
    out[n++] = (unsigned char)v;
    return n;
}
static void put_varint(struct ridge_buf *b, uint64_t v)
{
    unsigned char bytes[10];
    ridge_buf_put(b, (const char *)bytes, varint(v, bytes));
}
static void put_byte(struct ridge_buf *b, size_t v)
{
    char byte = (char)(unsigned char)v;
    ridge_buf_put(b, &byte, 1);
}

static void put_delta(struct ridge_buf *b, const int64_t *v, size_t n)
{
    uint64_t before = 0; /* unsigned: differences may wrap */
    for (size_t i = 0; i < n; i++) {
        uint64_t d = (uint64_t)v[i] - before;
        before = (uint64_t)v[i];
        put_varint(b, (d << 1) ^ (d >> 63 != 0 ? UINT64_MAX : 0));
    }
}
static void put_runs(struct ridge_buf *b, const uint8_t *v, size_t n)
{
    for (size_t i = 0, k; i < n; i += k) {
        for (k = 1; i + k < n && v[i + k] == v[i]; k++)
            ;
        put_byte(b, v[i]);
        put_varint(b, k);
    }
}

static void put_column(struct ridge_buf *b, const struct ridge_column *c, size_t n)
{
    struct ridge_buf data = {0};
    size_t n_name = strnlen(c->name, sizeof c->name - 1);
    bool is_i64 = c->type == RIDGE_COL_I64;
    if (is_i64)
        put_delta(&data, c->data, n);
    else
        put_runs(&data, c->data, n);
    put_byte(b, n_name);
    ridge_buf_put(b, c->name, n_name);
    put_byte(b, (size_t)c->type);
    put_byte(b, is_i64 ? ENCODING_DELTA : ENCODING_RUNS);
    put_varint(b, data.n);
    if (data.n > 0)
        ridge_buf_put(b, data.data, data.n);
    ridge_buf_deinit(&data);
}

void ridge_blob_encode(const struct ridge_chunk *c, struct ridge_buf *out)
{
    size_t first = out->n;
    ridge_buf_put(out, magic, sizeof magic);
    put_varint(out, c->n);
    put_byte(out, c->n_columns);
    for (size_t i = 0; i < c->n_columns; i++)
        put_column(out, &c->columns[i], c->n);
    uint32_t sum = checksum((const unsigned char *)out->data + first, out->n - first);
    for (int i = 0; i < N_SUM_BYTES; i++)
        put_byte(out, (sum >> (8 * i)) & 0xff);
}

struct cursor {
    const unsigned char *p, *end;
};
static bool get_byte(struct cursor *c, unsigned *out)
{
    if (c->p == c->end)
        return false;
    *out = *c->p++;
    return true;
}
static bool get_varint(struct cursor *c, uint64_t *out)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64 && c->p < c->end; shift += 7) {
        uint64_t byte = *c->p++;
        if (shift == 63 && byte > 1)
            return false;
        v |= (byte & 0x7f) << shift;
        if (byte < 0x80) {
            *out = v;
            return true;
        }
    }
    return false;
}

static bool get_delta(struct cursor *c, int64_t *out, size_t n)
{
    uint64_t value = 0, z;
    for (size_t i = 0; i < n; i++) {
        if (!get_varint(c, &z))
            return false;
        value += (z >> 1) ^ ((z & 1) != 0 ? UINT64_MAX : 0);
        memcpy(&out[i], &value, sizeof value);
    }
    return c->p == c->end;
}
static bool get_runs(struct cursor *c, uint8_t *out, size_t n)
{
    unsigned value;
    uint64_t count;
    for (size_t i = 0; i < n; i += (size_t)count) {
        if (!get_byte(c, &value) || !get_varint(c, &count) || count == 0 || count > n - i)
            return false;
        memset(out + i, (int)value, (size_t)count);
    }
    return c->p == c->end;
}

static bool get_column(struct cursor *c, struct ridge_column *col, size_t n)
{
    unsigned n_name, type, encoding;
    uint64_t n_bytes;
    if (!get_byte(c, &n_name) || n_name >= sizeof col->name || (size_t)(c->end - c->p) < n_name)
        return false;
    memcpy(col->name, c->p, n_name);
    col->name[n_name] = '\0';
    c->p += n_name;
    if (!get_byte(c, &type) || !get_byte(c, &encoding) || !get_varint(c, &n_bytes) ||
        n_bytes > (size_t)(c->end - c->p))
        return false;
    struct cursor data = {c->p, c->p + n_bytes};
    c->p = data.end;
    col->type = (enum ridge_column_type)type;
    if (type == RIDGE_COL_I64 && encoding == ENCODING_DELTA) {
        if (n > n_bytes) /* a value takes a byte at least: nothing large is allocated for a small lie */
            return false;
        col->data = ridge_xrealloc_array(NULL, n + 1, sizeof(int64_t));
        return get_delta(&data, col->data, n);
    }
    if (type == RIDGE_COL_U8 && encoding == ENCODING_RUNS) {
        col->data = ridge_xrealloc_array(NULL, n + 1, 1);
        return get_runs(&data, col->data, n);
    }
    return false;
}

static bool get_columns(struct cursor *c, struct ridge_chunk *out)
{
    uint64_t n;
    unsigned n_columns;
    if (!get_varint(c, &n) || n > RIDGE_BLOB_MAX_SAMPLES || !get_byte(c, &n_columns) ||
        n_columns > RIDGE_MAX_COLUMNS)
        return false;
    out->n = (size_t)n;
    for (unsigned i = 0; i < n_columns; i++) {
        out->columns[i].data = NULL;
        out->n_columns = i + 1; /* so that deinit frees what is there */
        if (!get_column(c, &out->columns[i], out->n))
            return false;
    }
    return c->p == c->end;
}

enum ridge_status ridge_blob_decode(const void *blob, size_t n_bytes, struct ridge_chunk *out,
                                    struct ridge_error *err)
{
    const unsigned char *p = blob;
    out->n = out->n_columns = 0;
    if (p == NULL || n_bytes < sizeof magic + N_SUM_BYTES || memcmp(p, magic, sizeof magic) != 0)
        return ridge_fail(err, RIDGE_ERR_DB, "", "the samples do not start as samples do");
    size_t n_body = n_bytes - N_SUM_BYTES;
    uint32_t sum = 0;
    for (int i = 0; i < N_SUM_BYTES; i++)
        sum |= (uint32_t)p[n_body + (size_t)i] << (8 * i);
    if (sum != checksum(p, n_body))
        return ridge_fail(err, RIDGE_ERR_DB, "", "the samples are damaged: their checksum is wrong");
    struct cursor c = {p + sizeof magic, p + n_body};
    if (!get_columns(&c, out))
        return ridge_fail(err, RIDGE_ERR_DB, "", "the samples are damaged: a column is cut or malformed");
    return RIDGE_OK;
}

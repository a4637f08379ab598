/* Is the file whole? SQLite's own checks, then every chunk is decoded and counted. */
#include "store/blob.h"
#include "store/db.h"

#include <inttypes.h>
#include <string.h>

static enum ridge_status check_sqlite(struct ridge_store *s, const char *pragma, struct ridge_buf *report,
                                      size_t *n_bad, struct ridge_error *err)
{
    sqlite3_stmt *q;
    bool is_row = true;
    enum ridge_status st = ridge_db_prepare(s, pragma, &q, err);
    while (st == RIDGE_OK && (st = ridge_db_step(s, q, &is_row, err)) == RIDGE_OK && is_row) {
        if (strcmp(ridge_db_text(q, 0), "ok") == 0)
            continue;
        ++*n_bad;
        ridge_buf_printf(report, "%s: ", pragma + strlen("PRAGMA "));
        ridge_text_terminal(report, ridge_db_text(q, 0)); /* names of a foreign hand */
        ridge_buf_puts(report, "\n");
    }
    sqlite3_finalize(q);
    return st;
}

static size_t check_chunk(sqlite3_stmt *q, struct ridge_buf *report)
{
    struct ridge_chunk c = {0};
    struct ridge_error why = {0};
    int64_t id = sqlite3_column_int64(q, 0), n = sqlite3_column_int64(q, 1);
    enum ridge_status st =
        ridge_blob_decode(sqlite3_column_blob(q, 2), (size_t)sqlite3_column_bytes(q, 2), &c, &why);
    if (st == RIDGE_OK && (int64_t)c.n != n)
        st = ridge_fail(&why, RIDGE_ERR_DB, "", "its row says %" PRId64 " samples, its blob holds %zu", n, c.n);
    ridge_chunk_deinit(&c);
    if (st != RIDGE_OK) {
        ridge_buf_printf(report, "chunk %" PRId64 ": ", id);
        ridge_text_terminal(report, why.text);
        ridge_buf_puts(report, "\n");
    }
    return st != RIDGE_OK;
}

static enum ridge_status check_chunks(struct ridge_store *s, struct ridge_buf *report, size_t *n_chunks,
                                      size_t *n_bad, struct ridge_error *err)
{
    sqlite3_stmt *q;
    bool is_row = true;
    enum ridge_status st = ridge_db_prepare(s,
        "SELECT c.id, c.n, b.columns FROM chunk c LEFT JOIN chunk_blob b ON b.chunk_id = c.id", &q, err);
    while (st == RIDGE_OK && (st = ridge_db_step(s, q, &is_row, err)) == RIDGE_OK && is_row) {
        ++*n_chunks;
        *n_bad += check_chunk(q, report);
    }
    sqlite3_finalize(q);
    return st;
}

enum ridge_status ridge_store_verify(struct ridge_store *s, struct ridge_buf *report, struct ridge_error *err)
{
    size_t n_chunks = 0, n_bad = 0;
    struct ridge_error why = {0};
    enum ridge_status st = check_sqlite(s, "PRAGMA integrity_check", report, &n_bad, &why);
    if (st == RIDGE_OK)
        st = check_sqlite(s, "PRAGMA foreign_key_check", report, &n_bad, &why);
    if (st == RIDGE_OK)
        st = check_chunks(s, report, &n_chunks, &n_bad, &why);
    if (st != RIDGE_OK) {
        ridge_text_terminal(report, why.text);
        ridge_buf_puts(report, "\n");
    } else {
        ridge_text_terminal(report, s->path);
        ridge_buf_printf(report, ": %zu chunks read, %zu faults\n", n_chunks, n_bad);
    }
    if (st == RIDGE_OK && n_bad == 0)
        return RIDGE_OK;
    return ridge_fail(err, RIDGE_ERR_DB, s->path, "%s: is damaged: %s", s->path,
                      st != RIDGE_OK ? why.text : "see the lines above");
}

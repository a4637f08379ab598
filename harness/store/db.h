/* Inside of the store: the handle, statements and transactions. Not for other folders. */
#ifndef RIDGE_STORE_DB_H
#define RIDGE_STORE_DB_H

#include "store/store.h"
#include <sqlite3.h>

#define RIDGE_STORE_APPLICATION_ID 0x52494447 /* "RIDG" */

struct ridge_store {
    sqlite3 *db;
    char *path;
    bool is_writable, is_network; /* network: no WAL, synchronous FULL */
};

/* RIDGE_ERR_DB with the file's name, what was tried and SQLite's words. */
enum ridge_status ridge_db_fail(struct ridge_store *s, struct ridge_error *err, const char *doing);
enum ridge_status ridge_db_exec(struct ridge_store *s, const char *sql, const char *doing,
                                struct ridge_error *err) RIDGE_MUST_USE;
enum ridge_status ridge_db_prepare(struct ridge_store *s, const char *sql, sqlite3_stmt **out,
                                   struct ridge_error *err) RIDGE_MUST_USE;
enum ridge_status ridge_db_begin(struct ridge_store *s, struct ridge_error *err) RIDGE_MUST_USE; /* IMMEDIATE */
/* Commits when st is RIDGE_OK, else rolls back; returns st or the commit's own failure. */
enum ridge_status ridge_db_end(struct ridge_store *s, enum ridge_status st, struct ridge_error *err) RIDGE_MUST_USE;

/* One char of `types` per value: i int64_t, d double (NAN and infinities: NULL), t text (NULL: ""), n text or NULL. */
void ridge_db_bind(sqlite3_stmt *q, const char *types, ...);
/* Runs a statement that gives no row, and resets it. */
enum ridge_status ridge_db_run(struct ridge_store *s, sqlite3_stmt *q, struct ridge_error *err) RIDGE_MUST_USE;
/* *is_row: a row is there. */
enum ridge_status ridge_db_step(struct ridge_store *s, sqlite3_stmt *q, bool *is_row,
                                struct ridge_error *err) RIDGE_MUST_USE;
double ridge_db_real(sqlite3_stmt *q, int i);      /* NULL: NAN */
double ridge_db_measured(sqlite3_stmt *q, int i);  /* NULL: -1, what could not be measured */
const char *ridge_db_text(sqlite3_stmt *q, int i); /* NULL: ""; until the next step */
/* First column of the first row, `otherwise` without one. */
enum ridge_status ridge_db_int(struct ridge_store *s, const char *sql, int64_t otherwise, int64_t *out,
                               struct ridge_error *err) RIDGE_MUST_USE;

/* migrate.c */
enum ridge_status ridge_db_identify(struct ridge_store *s, int64_t *version, bool *is_new,
                                    struct ridge_error *err) RIDGE_MUST_USE;
/* is_copy: of a file that keeps what it has, so that no backup is needed */
enum ridge_status ridge_db_migrate(struct ridge_store *s, bool is_copy, struct ridge_error *err) RIDGE_MUST_USE;
int64_t ridge_db_schema(void); /* the newest schema this build knows */

/* json.c: {"key":"value"} objects of strings */
void ridge_json_put_kvs(struct ridge_buf *b, const struct ridge_kvs *kvs);
bool ridge_json_get_kvs(struct ridge_arena *a, const char *text, struct ridge_kvs *out); /* false: not such an object */
void ridge_json_put_number(struct ridge_buf *b, bool is_first, const char *key, double value);

/* plan_rows.c: cases, members, groups and the metric dictionary of a run, inside a transaction */
enum ridge_status ridge_db_put_plan(struct ridge_store *s, int64_t run_id, const struct ridge_plan *plan,
                                    struct ridge_error *err) RIDGE_MUST_USE;

/* intern.c: equal strings share one copy in the arena */
struct ridge_intern {
    struct ridge_arena *arena;
    const char *slots[1024];
    size_t n;
};
const char *ridge_intern(struct ridge_intern *t, const char *s);
#endif

/* The results file (*.ridge, SQLite). The only folder that sees sqlite3.h. writer and reader share an
 * opaque handle; a handle belongs to one thread and is never carried across fork.
 * Every write is BEGIN IMMEDIATE; WAL; one commit per round. application_id 0x52494447 ("RIDG"). */
#ifndef RIDGE_STORE_STORE_H
#define RIDGE_STORE_STORE_H

#include "base/text.h"
#include "data/plan.h"
#include "data/result.h"

struct ridge_store;
/* Creates or opens for writing; migrates older files (a backup beside it first); refuses newer and foreign ones. */
enum ridge_status ridge_store_open(const char *path, bool writable, struct ridge_store **out,
                                   struct ridge_error *err) RIDGE_MUST_USE;
void ridge_store_close(struct ridge_store *s);
/* integrity_check + counts and blob lengths agree; text lines into `report`. */
enum ridge_status ridge_store_verify(struct ridge_store *s, struct ridge_buf *report, struct ridge_error *err);
#endif

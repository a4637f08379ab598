/* A tiny JSON writer over a buffer: commas are its business, strings go through ridge_text_json, so
 * invalid UTF-8 and </script> come out harmless. Numbers that are not finite become null. */
#ifndef RIDGE_REPORTS_JSON_OUT_H
#define RIDGE_REPORTS_JSON_OUT_H
#include "base/text.h"
#include "data/kvs.h"
#include "store/reader.h"
/* key NULL: an array element */
void ridge_json_open(struct ridge_buf *b, const char *key, char bracket);
void ridge_json_close(struct ridge_buf *b, char bracket);
void ridge_json_str(struct ridge_buf *b, const char *key, const char *value); /* NULL: null */
void ridge_json_int(struct ridge_buf *b, const char *key, int64_t value);
void ridge_json_real(struct ridge_buf *b, const char *key, double value);
void ridge_json_bool(struct ridge_buf *b, const char *key, bool value);
void ridge_json_kvs(struct ridge_buf *b, const char *key, const struct ridge_kvs *kvs);
/* "metrics": one object a metric; a refused one has its reason in place of the value. */
void ridge_json_metrics(struct ridge_buf *b, const struct ridge_rd_member *m);
#endif

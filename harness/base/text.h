/* Strings: growing buffer, strict number and unit parsing, formatting with units, escaping for every
 * place a hostile name may go, glob matching, nearest name. All pure but the buffer. */
#ifndef RIDGE_BASE_TEXT_H
#define RIDGE_BASE_TEXT_H

#include "abi/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ridge_buf { /* zero-initialise; data is NUL-terminated when n > 0 */
    char *data;
    size_t n, cap;
};
void ridge_buf_deinit(struct ridge_buf *b);
void ridge_buf_put(struct ridge_buf *b, const char *bytes, size_t n);
void ridge_buf_puts(struct ridge_buf *b, const char *s);
void ridge_buf_printf(struct ridge_buf *b, const char *fmt, ...) RIDGE_PRINTF(2, 3);

/* Strict parsing: the whole text must be the number. Errors name the text and what would be right. */
enum ridge_status ridge_text_int(const char *s, int64_t *out, struct ridge_error *err) RIDGE_MUST_USE;
enum ridge_status ridge_text_real(const char *s, double *out, struct ridge_error *err) RIDGE_MUST_USE;
enum ridge_status ridge_text_bool(const char *s, int32_t *out, struct ridge_error *err) RIDGE_MUST_USE;
/* "400 ms" "3s" "10us" "5 min" (a bare number is refused) */
enum ridge_status ridge_text_duration_ns(const char *s, int64_t *out, struct ridge_error *err) RIDGE_MUST_USE;
/* "64" "2 MiB" "1 GB" */
enum ridge_status ridge_text_bytes(const char *s, int64_t *out, struct ridge_error *err) RIDGE_MUST_USE;

/* Human formatting into caller's buffer; returns out. 2.40 ms, 64 MiB, 3.67 GHz, 268 MFLOP */
char *ridge_text_format_ns(double ns, char *out, size_t n);
char *ridge_text_format_bytes(double bytes, char *out, size_t n);
char *ridge_text_format_si(double v, const char *unit, char *out, size_t n);

bool ridge_text_glob(const char *pattern, const char *s); /* * ? ; case-sensitive */
/* Nearest name by edit distance, NULL when nothing is near. names is NULL-terminated. */
const char *ridge_text_nearest(const char *s, const char *const *names);

/* Escapers append to b. Invalid UTF-8 becomes U+FFFD in all of them. */
void ridge_text_html(struct ridge_buf *b, const char *s);     /* & < > " ' and control bytes */
void ridge_text_json(struct ridge_buf *b, const char *s);     /* with quotes; < > & U+2028/9 as \uXXXX */
void ridge_text_csv(struct ridge_buf *b, const char *s);      /* RFC 4180, leading = + - @ TAB CR defused by ' */
void ridge_text_markdown(struct ridge_buf *b, const char *s); /* | ` < [ and newlines */
void ridge_text_terminal(struct ridge_buf *b, const char *s); /* control bytes and escapes made visible */
void ridge_text_shell(struct ridge_buf *b, const char *s);    /* one safe shell word */

#endif

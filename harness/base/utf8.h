/* One step of UTF-8 decoding (Unicode 15, table 3-7: no overlong forms, no surrogates). Pure;
 * private to base. */
#ifndef RIDGE_BASE_UTF8_H
#define RIDGE_BASE_UTF8_H
#include <stdint.h>

#define RIDGE_UTF8_BAD UINT32_C(0xFFFFFFFF)

/* Reads one character at *s (not at the NUL) and moves on; RIDGE_UTF8_BAD for a bad byte (moves
 * one). */
uint32_t ridge_utf8_next(const char **s);
#endif

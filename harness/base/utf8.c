#include "base/utf8.h"

#include <stddef.h>

uint32_t ridge_utf8_next(const char **s)
{
    static const struct {
        unsigned char low, high; /* range of the first byte */
        unsigned char second_low, second_high;
        unsigned char n_more, mask;
    } rows[] = {{0x00, 0x7F, 0, 0, 0, 0x7F},       {0xC2, 0xDF, 0x80, 0xBF, 1, 0x1F},
                {0xE0, 0xE0, 0xA0, 0xBF, 2, 0x0F}, {0xE1, 0xEC, 0x80, 0xBF, 2, 0x0F},
                {0xED, 0xED, 0x80, 0x9F, 2, 0x0F}, {0xEE, 0xEF, 0x80, 0xBF, 2, 0x0F},
                {0xF0, 0xF0, 0x90, 0xBF, 3, 0x07}, {0xF1, 0xF3, 0x80, 0xBF, 3, 0x07},
                {0xF4, 0xF4, 0x80, 0x8F, 3, 0x07}};
    const unsigned char *p = (const unsigned char *)*s;
    *s += 1;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (p[0] < rows[i].low || p[0] > rows[i].high)
            continue;
        uint32_t c = p[0] & rows[i].mask;
        for (unsigned k = 1; k <= rows[i].n_more; k++) {
            unsigned char low = k == 1 ? rows[i].second_low : 0x80;
            unsigned char high = k == 1 ? rows[i].second_high : 0xBF;
            if (p[k] < low || p[k] > high)
                return RIDGE_UTF8_BAD;
            c = c << 6 | (p[k] & 0x3Fu);
        }
        *s += rows[i].n_more;
        return c;
    }
    return RIDGE_UTF8_BAD;
}

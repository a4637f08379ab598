/* Numbers for people: three significant digits and a unit. */
#include "base/text.h"

#include <math.h>

struct scale {
    double factor;
    const char *name;
};

/* 3 significant digits; v is 0 or at least 0.0005 in size. */
static int decimals_for(double v)
{
    double size = fabs(v);
    return size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 || size == 0 ? 2 : 3;
}

/* Picks the largest scale whose figure is not below 1 after rounding; scales are descending. */
static char *format_scaled(double v, const struct scale *scales, size_t n_scales, const char *unit,
                           bool whole_if_exact, char *out, size_t n)
{
    if (!isfinite(v)) {
        (void)snprintf(out, n, "-");
        return out;
    }
    size_t i = 0;
    while (i + 1 < n_scales && fabs(v) < 0.9995 * scales[i].factor)
        i++;
    double figure = v / scales[i].factor;
    int decimals = decimals_for(figure);
    if (figure == 0 || (whole_if_exact && figure == floor(figure) && fabs(figure) < 1e6))
        decimals = 0;
    const char *gap = scales[i].name[0] != '\0' || unit[0] != '\0' ? " " : "";
    (void)snprintf(out, n, "%.*f%s%s%s", decimals, figure, gap, scales[i].name, unit);
    return out;
}

char *ridge_text_format_ns(double ns, char *out, size_t n)
{
    static const struct scale scales[] = {{3600e9, "h"}, {60e9, "min"}, {1e9, "s"},
                                          {1e6, "ms"},   {1e3, "us"},   {1, "ns"}};
    /* up to two minutes people think in seconds */
    size_t skip = fabs(ns) < 120e9 ? 2 : 0;
    return format_scaled(ns, scales + skip, 6 - skip, "", false, out, n);
}

char *ridge_text_format_bytes(double bytes, char *out, size_t n)
{
    static const struct scale scales[] = {
        {1099511627776.0, "TiB"}, {1073741824, "GiB"}, {1048576, "MiB"}, {1024, "KiB"}, {1, "B"}};
    return format_scaled(bytes, scales, 5, "", true, out, n);
}

char *ridge_text_format_si(double v, const char *unit, char *out, size_t n)
{
    static const struct scale scales[] = {{1e15, "P"}, {1e12, "T"}, {1e9, "G"},
                                          {1e6, "M"},  {1e3, "k"},  {1, ""}};
    return format_scaled(v, scales, 6, unit, false, out, n);
}

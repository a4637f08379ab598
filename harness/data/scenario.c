#include "data/scenario.h"
#include "base/text.h"
#include <string.h>

/* The text between "name(" and ")"; false when `text` has another form. */
static bool inside(const char *text, const char *name, char *out, size_t n_out)
{
    const size_t n = strlen(text), n_name = strlen(name);
    if (n < n_name + 3 || n - n_name - 2 >= n_out || strncmp(text, name, n_name) != 0 || text[n_name] != '(' ||
        text[n - 1] != ')')
        return false;
    memcpy(out, text + n_name + 1, n - n_name - 2);
    out[n - n_name - 2] = '\0';
    return true;
}

static bool read_depth(const char *text, struct ridge_scenario *out)
{
    out->kind = RIDGE_SCENARIO_DEPTH;
    return ridge_text_int(text, &out->depth, NULL) == RIDGE_OK && out->depth >= 1 &&
           out->depth <= RIDGE_SCENARIO_MAX_DEPTH;
}

static bool read_open(char *text, struct ridge_scenario *out)
{
    char *kind = strchr(text, ',');
    if (kind != NULL)
        *kind++ = '\0';
    out->kind = RIDGE_SCENARIO_OPEN;
    out->is_poisson = kind == NULL || strcmp(kind, "poisson") == 0;
    return (out->is_poisson || strcmp(kind, "constant") == 0) &&
           ridge_text_real(text, &out->rate_per_s, NULL) == RIDGE_OK && out->rate_per_s > 0 &&
           out->rate_per_s <= 1e7;
}

enum ridge_status ridge_scenario_parse(const char *text, struct ridge_scenario *out, struct ridge_error *err)
{
    char inner[64];
    *out = (struct ridge_scenario){.kind = RIDGE_SCENARIO_SINGLE};
    if (strcmp(text, "single") == 0)
        return RIDGE_OK;
    if (strcmp(text, "offline") == 0) {
        out->kind = RIDGE_SCENARIO_OFFLINE;
        return RIDGE_OK;
    }
    if ((inside(text, "depth", inner, sizeof inner) && read_depth(inner, out)) ||
        (inside(text, "open", inner, sizeof inner) && read_open(inner, out)))
        return RIDGE_OK;
    return ridge_fail(err, RIDGE_ERR_CONFIG, "scenario",
                      "\"%.80s\" is no scenario; known are single, depth(N) with N from 1 to %d, "
                      "open(RATE,poisson), open(RATE,constant) with RATE in requests per second, offline",
                      text, RIDGE_SCENARIO_MAX_DEPTH);
}

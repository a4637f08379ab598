/* The suite's own settings: rows, defaults, application. */
#include "suite/state.h"
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#define AT(field) offsetof(struct ridge_plan_settings, field)
static const char *const statistics[] = {"p10", "median", NULL};

const struct ridge_option_row ridge_suite_setting_rows[] = {
    {"forks", RIDGE_KIND_INT, RIDGE_ROLE_CONDITION, AT(forks), NULL, "3", 1, 1000, NULL,
     "fresh processes per member; the spread between them is part of every interval"},
    {"rounds", RIDGE_KIND_INT, RIDGE_ROLE_CONDITION, AT(rounds), NULL, "7", 1, 100000, NULL,
     "least rounds per fork; in a round every member of a group has one block"},
    {"max_rounds", RIDGE_KIND_INT, RIDGE_ROLE_CONDITION, AT(max_rounds), NULL, "25", 1, 100000,
     NULL, "most rounds per fork while the interval is too wide"},
    {"duration", RIDGE_KIND_DURATION_NS, RIDGE_ROLE_CONDITION, AT(duration_ns), "ns", "0 s", 0,
     864e11, NULL,
     "timed time per member and fork to aim at; sets rounds (or the block, when rounds are given)"},
    {"block", RIDGE_KIND_DURATION_NS, RIDGE_ROLE_CONDITION, AT(block_ns), "ns", "20 ms", 1000,
     36e11, NULL, "length of one member's turn in a round"},
    {"request_block", RIDGE_KIND_DURATION_NS, RIDGE_ROLE_CONDITION, AT(request_block_ns), "ns", "2 s",
     1e6, 36e11, NULL, "length of one member's turn in scenarios depth, open and offline; has at least 100 requests"},
    {"request_rounds", RIDGE_KIND_INT, RIDGE_ROLE_CONDITION, AT(request_rounds), NULL, "3", 1, 100000, NULL,
     "rounds per fork in scenarios depth, open and offline"},
    {"warmup", RIDGE_KIND_DURATION_NS, RIDGE_ROLE_CONDITION, AT(warmup_ns), "ns", "500 ms", 0,
     36e11, NULL, "longest warm-up before the first round"},
    {"max_group_time", RIDGE_KIND_DURATION_NS, RIDGE_ROLE_CONDITION, AT(max_group_ns), "ns",
     "120 s", 1e6, 864e11, NULL, "a group ends after this time with the rounds it has"},
    {"load_timeout", RIDGE_KIND_DURATION_NS, RIDGE_ROLE_CONDITION, AT(load_timeout_ns), "ns",
     "120 s", 1e6, 864e11, NULL, "a worker that has not loaded by then is ended"},
    {"silence_timeout", RIDGE_KIND_DURATION_NS, RIDGE_ROLE_CONDITION, AT(silence_timeout_ns), "ns",
     "60 s", 1e6, 864e11, NULL, "a worker that says nothing for so long inside a block is ended"},
    {"max_memory", RIDGE_KIND_BYTES, RIDGE_ROLE_CONDITION, AT(max_memory_bytes), "bytes", "0", 0,
     0x1p50, NULL, "address space a worker may use, 0: no limit"},
    {"width", RIDGE_KIND_REAL, RIDGE_ROLE_CONDITION, AT(width_ratio), "ratio", "0.005", 1e-6, 1,
     NULL, "half width of the widest ratio's interval at which a group is done"},
    {"statistic", RIDGE_KIND_ENUM, RIDGE_ROLE_CONDITION, AT(statistic), NULL, "p10", 0, 0,
     statistics, "what a block is reduced to: p10 for kernels, median for models"},
    {"require_quiet", RIDGE_KIND_BOOL, RIDGE_ROLE_CONDITION, AT(require_quiet), NULL, "false", 0, 0,
     NULL, "exit 4 when the machine was not quiet enough to judge; what was measured is stored all the same"},
};
const size_t ridge_n_suite_setting_rows =
    sizeof ridge_suite_setting_rows / sizeof ridge_suite_setting_rows[0];

const struct ridge_option_row *ridge_suite_setting(const char *key)
{
    for (size_t i = 0; i < ridge_n_suite_setting_rows; i++)
        if (strcmp(ridge_suite_setting_rows[i].key, key) == 0)
            return &ridge_suite_setting_rows[i];
    return NULL;
}

enum ridge_status ridge_suite_settings_apply(struct ridge_arena *a,
                                             const struct ridge_option_row *row, const char *text,
                                             struct ridge_plan_settings *settings,
                                             struct ridge_error *err)
{
    const char *canonical;
    char *base = (char *)settings + row->offset;
    const enum ridge_status status = ridge_option_canonical(a, row, text, &canonical, err);
    if (status != RIDGE_OK)
        return status;
    switch (row->kind) {
    case RIDGE_KIND_REAL:
        return ridge_text_real(canonical, (double *)(void *)base, err);
    case RIDGE_KIND_BOOL:
        return ridge_text_bool(canonical, (int32_t *)(void *)base, err);
    case RIDGE_KIND_ENUM:
    case RIDGE_KIND_STRING:
        (void)snprintf(base, sizeof settings->statistic, "%s", canonical);
        return RIDGE_OK;
    case RIDGE_KIND_DURATION_NS:
        return ridge_text_duration_ns(canonical, (int64_t *)(void *)base, err);
    case RIDGE_KIND_INT:
    case RIDGE_KIND_BYTES:
        return ridge_text_int(canonical, (int64_t *)(void *)base, err);
    }
    return RIDGE_ERR_INTERNAL;
}

void ridge_suite_settings_defaults(struct ridge_plan_settings *settings)
{
    struct ridge_arena a = {0};
    for (size_t i = 0; i < ridge_n_suite_setting_rows; i++) {
        const struct ridge_option_row *row = &ridge_suite_setting_rows[i];
        (void)!ridge_suite_settings_apply(&a, row, row->def, settings, NULL);
    }
    ridge_arena_deinit(&a);
}

/* duration = rounds * block: what was not given follows from what was. */
void ridge_suite_settings_finish(struct ridge_plan_settings *v, bool has_rounds, bool has_block)
{
    const int64_t min_block_ns = 1000000;
    if (v->duration_ns > 0 && has_rounds && !has_block) {
        v->block_ns = v->duration_ns / v->rounds;
        v->block_ns = v->block_ns < min_block_ns ? min_block_ns : v->block_ns;
    } else if (v->duration_ns > 0 && !has_rounds) {
        v->rounds = v->duration_ns / v->block_ns;
        v->rounds = v->rounds < 3 ? 3 : v->rounds > 100000 ? 100000 : v->rounds;
    }
    if (v->max_rounds < v->rounds)
        v->max_rounds = v->rounds;
    if (v->duration_ns == 0)
        v->duration_ns = v->rounds * v->block_ns;
}

const char *ridge_suite_settings_text(struct ridge_arena *a, const struct ridge_option_row *row,
                                      const struct ridge_plan_settings *settings)
{
    const char *base = (const char *)settings + row->offset;
    switch (row->kind) {
    case RIDGE_KIND_REAL:
        return ridge_arena_printf(a, "%.9g", *(const double *)(const void *)base);
    case RIDGE_KIND_BOOL:
        return *(const int32_t *)(const void *)base != 0 ? "true" : "false";
    case RIDGE_KIND_ENUM:
    case RIDGE_KIND_STRING:
        return base;
    case RIDGE_KIND_DURATION_NS:
        return ridge_arena_printf(a, "%" PRId64 "ns", *(const int64_t *)(const void *)base);
    case RIDGE_KIND_INT:
    case RIDGE_KIND_BYTES:
        break;
    }
    return ridge_arena_printf(a, "%" PRId64, *(const int64_t *)(const void *)base);
}

/* Runs made up in memory for the gate's tests: ten of three members each, and what a gate says of the last one. */
#ifndef RIDGE_TEST_GATE_FIXTURE_H
#define RIDGE_TEST_GATE_FIXTURE_H
#include "gate/rows.h"
#include "ridge_test.h"
#include "store/writer.h"

#include <unistd.h>

enum { N_RUNS = 10, N_MEMBERS = 3 };
struct fixture {
    struct ridge_arena arena;
    struct ridge_store *store; /* empty: no samples */
    char path[64];
    struct ridge_gate_run runs[N_RUNS]; /* the last one is judged, the one before is the baseline */
    struct ridge_gate_rules rules;
    struct ridge_judgement j;
    bool is_compare;
};

__attribute__((unused)) static struct ridge_rd_member *member(struct fixture *f, size_t i_run, size_t i)
{
    return &f->runs[i_run].groups[0].members[i];
}

__attribute__((unused)) static void put(struct fixture *f, struct ridge_rd_member *m, const char *name, const char *source, double value,
                                        double half_width)
{
    (void)f;
    m->metrics[m->n_metrics++] = (struct ridge_metric){.name = name, .value = value, .source = source, .unit = "1", .rule = "",
                                                       .low = half_width > 0 ? value * (1 - half_width) : NAN,
                                                       .high = half_width > 0 ? value * (1 + half_width) : NAN};
}

/* Member 0 is Ridge's, 1 and 2 are libraries. day: what the host does to all three but not to the yardstick. */
__attribute__((unused)) static void make_run(struct fixture *f, size_t i_run, const double *day)
{
    static const char *const backends[N_MEMBERS] = {"ridge", "onednn", "openblas"}, *const ids[N_MEMBERS] = {"c0", "c1", "c2"};
    struct ridge_gate_run *r = &f->runs[i_run];
    struct ridge_rd_member *m = ridge_arena_array(&f->arena, N_MEMBERS, sizeof *m);
    r->store = f->store;
    r->run = (struct ridge_rd_run){.id = (int64_t)i_run + 1, .started_utc_ns = (int64_t)i_run, .host_class = "vm", .statistic = "p10",
                                   .fitness = "quiet", .why = "", .command = "", .seed = 1};
    r->groups = ridge_arena_array(&f->arena, 1, sizeof *r->groups);
    r->n_groups = 1;
    r->groups[0] = (struct ridge_rd_group){.title = "", .stop_reason = "", .members = m, .n_members = N_MEMBERS};
    for (size_t i = 0; i < N_MEMBERS; i++) {
        m[i] = (struct ridge_rd_member){.i_member = (int64_t)i, .case_id = ids[i], .subject = "gemm", .op = "gemm", .device = "cpu",
                                        .backend = backends[i], .target = "local", .arm = "main", .model = "", .layer = "",
                                        .verdict = "ok", .reason = "", .n_forks = 5, .n_samples = 500, .flop = 1e6};
        m[i].metrics = ridge_arena_array(&f->arena, 8, sizeof *m[i].metrics);
        put(f, &m[i], "peak_ratio", "derived", 0.9 * exp(day != NULL ? day[i_run] : 0.0005 * (double)(i_run % 3)), 0.001);
        if (i > 0)
            ridge_kvs_set(&f->arena, &m[i].conditions, "library_sha256", backends[i]);
    }
}

__attribute__((unused)) static void init(struct fixture *f, const double *day, const char *rules)
{
    struct ridge_error err = {0};
    struct ridge_buf errors = {0};
    memset(f, 0, sizeof *f);
    (void)snprintf(f->path, sizeof f->path, "/tmp/ridge-test-gate-%d.ridge", (int)getpid());
    CHECK(ridge_store_open(f->path, true, &f->store, &err) == RIDGE_OK);
    for (size_t i = 0; i < N_RUNS; i++)
        make_run(f, i, day);
    CHECK(ridge_gate_rules_load(&f->arena, "rules", rules, &f->rules, &errors, &err) == RIDGE_OK);
    CHECK_STR(err.text, "");
    ridge_buf_deinit(&errors);
}

__attribute__((unused)) static void deinit(struct fixture *f)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    ridge_store_close(f->store);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char side[80];
        (void)snprintf(side, sizeof side, "%s%s", f->path, ends[i]);
        (void)unlink(side);
    }
    ridge_arena_deinit(&f->arena);
}

__attribute__((unused)) static void slow_down(struct fixture *f, double factor)
{
    struct ridge_metric *x = &member(f, N_RUNS - 1, 0)->metrics[0];
    x->value /= factor;
    x->low /= factor;
    x->high /= factor;
}

__attribute__((unused)) static const struct ridge_judged *judge(struct fixture *f, size_t n_earlier, const char *case_id,
                                                                  const char *metric)
{
    struct ridge_error err = {0};
    f->j = (struct ridge_judgement){.base_run_id = -1};
    const struct ridge_gate_stored stored = {&f->runs[N_RUNS - 2], &f->runs[N_RUNS - 1 - n_earlier], 1, n_earlier, !f->is_compare,
                                               false};
    CHECK(ridge_gate_unpaired(&f->arena, &f->runs[N_RUNS - 1], &stored, &f->rules, &f->j, &err) == RIDGE_OK);
    CHECK_STR(err.text, "");
    for (size_t i = 0; i < f->j.n_rows; i++)
        if (strcmp(f->j.rows[i].case_id, case_id) == 0 && strcmp(f->j.rows[i].metric, metric) == 0)
            return &f->j.rows[i];
    CHECK(!"the case was judged");
    return &f->j.rows[0];
}

__attribute__((unused)) static bool says(const char *text, const char *what)
{
    if (strstr(text, what) == NULL)
        fprintf(stderr, "'%s' is not in: %s\n", what, text);
    return strstr(text, what) != NULL;
}
#endif

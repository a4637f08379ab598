#include "self/fixture.h"

#include "base/os.h"
#include "report.h"
#include "store/writer.h"
#include "suite/suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SAMPLES_PER_ROUND = 4096, MAX_HTML_BYTES_PER_CASE = 300 };

/* One operator with three sizes and one backend: the least that a suite needs. */
static void make_catalogue(struct ridge_catalogue *c)
{
    static struct ridge_option_row fields[] = {
        {.key = "m", .kind = RIDGE_KIND_INT, .role = RIDGE_ROLE_SUBJECT, .max = 1e9, .help = "rows"},
        {.key = "n", .kind = RIDGE_KIND_INT, .role = RIDGE_ROLE_SUBJECT, .max = 1e9, .help = "columns"},
        {.key = "k", .kind = RIDGE_KIND_INT, .role = RIDGE_ROLE_SUBJECT, .max = 1e9, .help = "depth"},
    };
    static const char *short_form[] = {"m", "n", "k", NULL};
    static const char *none[] = {NULL};
    static const char *operators[] = {"gemm", NULL};
    static struct ridge_cat_operator op = {.name = "gemm", .doc = "", .fields = fields, .n_fields = 3,
                                           .short_form = short_form, .yardsticks = none};
    static struct ridge_cat_backend backend = {.name = "ridge", .doc = "", .runner = "ridge", .variants = none,
                                               .operators = operators, .usable = true, .reason = "",
                                               .version = "", .library_path = "", .library_sha256 = "",
                                               .plugin_path = "", .plugin_sha256 = ""};
    memset(c, 0, sizeof *c);
    c->worker = "self";
    c->version = "0";
    c->digest = "0";
    c->operators = &op;
    c->n_operators = 1;
    c->backends = &backend;
    c->n_backends = 1;
}

static void make_suite(struct ridge_buf *b, int64_t n_cases)
{
    ridge_buf_puts(b, "{\"name\":\"self\",\"matrix\":{\"backend\":[\"ridge\"],\"subject\":[");
    for (int64_t i = 0; i < n_cases; i++)
        ridge_buf_printf(b, "%s\"gemm:%lldx64x64\"", i > 0 ? "," : "", (long long)i + 1);
    ridge_buf_puts(b, "]}}");
}

static enum ridge_status load_plan(struct self_fixture *f, struct ridge_plan *plan, struct ridge_error *err)
{
    struct ridge_suite_errors errors = {0};
    enum ridge_status rc = ridge_suite_load("self.json", f->suite.data, &f->catalogue, NULL, plan, &errors);
    if (rc != RIDGE_OK)
        rc = ridge_fail(err, rc, "self.json", "%s", errors.n > 0 ? errors.v[0].text : "the suite does not load");
    ridge_suite_errors_deinit(&errors);
    return rc;
}

enum ridge_status self_begin(struct self_fixture *f, struct ridge_store **store, int64_t *run_id, struct ridge_error *err)
{
    const struct ridge_kvs host = {0};
    const struct ridge_run_info info = {
        .name = "self", .suite_path = "self.json", .suite_text = "{}", .suite_sha256 = "0", .command = "",
        .version = "0", .catalogue_digest = "0", .started_utc_ns = 1, .host = &host, .host_class = "self",
        .topology = "", .boot_id = "self", .plan = &f->plan,
    };
    enum ridge_status rc = ridge_store_open(f->path, true, store, err);
    return rc == RIDGE_OK ? ridge_store_begin_run(*store, &info, run_id, err) : rc;
}

static enum ridge_status store_made_up_metrics(struct self_fixture *f, struct ridge_store *s, int64_t run_id,
                                               struct ridge_error *err)
{
    for (size_t g = 0; g < f->plan.n_groups; g++) {
        const struct ridge_metric row[] = {
            {.name = "time_ns", .value = 1e6 + (double)g, .low = 1e6, .high = 1.1e6 + (double)g, .n = 9,
             .unit = "ns", .source = "measured", .rule = "made up"},
            {.name = "p50_ns", .value = 1e6 + (double)g, .low = 1e6, .high = 1.1e6 + (double)g, .n = 400,
             .unit = "ns", .source = "measured", .rule = "made up"},
            {.name = "flop_per_s", .value = 1e11 - (double)g, .low = NAN, .high = NAN, .n = 9,
             .unit = "FLOP/s", .source = "derived", .rule = "made up"},
        };
        const struct ridge_metric *metrics[] = {row};
        const size_t n_metrics[] = {sizeof row / sizeof row[0]};
        const enum ridge_status rc = ridge_store_derived(s, run_id, g, f->plan.groups[g].members, metrics,
                                                         n_metrics, 1, NULL, 0, err);
        if (rc != RIDGE_OK)
            return rc;
    }
    return RIDGE_OK;
}

static enum ridge_status fill_results(struct self_fixture *f, struct ridge_error *err)
{
    struct ridge_store *s = NULL;
    int64_t run_id = 0;
    enum ridge_status rc = self_begin(f, &s, &run_id, err);
    if (rc == RIDGE_OK)
        rc = store_made_up_metrics(f, s, run_id, err);
    if (rc == RIDGE_OK)
        rc = ridge_store_end_run(s, run_id, "complete", "quiet", "made up", err);
    ridge_store_close(s);
    return rc;
}

enum ridge_status self_fixture_init(struct self_fixture *f, const struct self_shape *shape, struct ridge_error *err)
{
    self_fixture_deinit(f);
    f->shape = *shape;
    make_catalogue(&f->catalogue);
    make_suite(&f->suite, shape->task == SELF_STORE ? 1 : shape->n);
    if (shape->task == SELF_PLAN)
        return RIDGE_OK;
    const char *dir = getenv("TMPDIR");
    (void)snprintf(f->path, sizeof f->path, "%s/ridge-self-%ld.ridge", dir != NULL ? dir : "/tmp", (long)getpid());
    enum ridge_status rc = load_plan(f, &f->plan, err);
    if (rc == RIDGE_OK && shape->task == SELF_JUDGE)
        return self_fill_pairs(f, err);
    return rc == RIDGE_OK && shape->task == SELF_REPORT ? fill_results(f, err) : rc;
}

static void remove_results(const struct self_fixture *f)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; f->path[0] != '\0' && i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char path[300];
        (void)snprintf(path, sizeof path, "%s%s", f->path, suffixes[i]);
        (void)unlink(path);
    }
}

void self_fixture_deinit(struct self_fixture *f)
{
    remove_results(f);
    ridge_plan_deinit(&f->plan);
    ridge_buf_deinit(&f->suite);
    memset(f, 0, sizeof *f);
}

enum ridge_status self_run_plan(struct self_fixture *f, struct ridge_error *err)
{
    struct ridge_plan plan = {0};
    enum ridge_status rc = load_plan(f, &plan, err);
    if (rc == RIDGE_OK && plan.n_cases != (size_t)f->shape.n)
        rc = ridge_fail(err, RIDGE_ERR_WRONG, "plan", "%zu cases instead of %lld", plan.n_cases,
                        (long long)f->shape.n);
    ridge_plan_deinit(&plan);
    return rc;
}

static enum ridge_status store_round(struct ridge_store *s, int64_t run_id, int64_t round, int64_t n,
                                     struct ridge_error *err)
{
    static int64_t start_ns[SAMPLES_PER_ROUND], duration_ns[SAMPLES_PER_ROUND];
    for (int64_t i = 0; i < n; i++) {
        start_ns[i] = i * 1000;
        duration_ns[i] = 900 + (i * 7919) % 101; /* spread like real samples, same every time */
    }
    const struct ridge_chunk chunk = {
        .round = round, .n = (size_t)n, .inner_reps = 1, .n_columns = 2,
        .columns = {{.name = "start_ns", .data = start_ns}, {.name = "duration_ns", .data = duration_ns}},
        .canary_hz = 3e9, .steal_ns = -1, .foreign_ns = -1, .wait_ns = -1,
    };
    const size_t i_member = 0;
    return ridge_store_round(s, run_id, 0, 0, round, &i_member, &chunk, 1, err);
}

enum ridge_status self_run_store(struct self_fixture *f, struct ridge_error *err)
{
    struct ridge_store *s = NULL;
    int64_t run_id = 0;
    enum ridge_status rc = self_begin(f, &s, &run_id, err);
    const struct ridge_process p = {.verdict = RIDGE_VERDICT_OK, .inner_reps = 1};
    if (rc == RIDGE_OK)
        rc = ridge_store_process(s, run_id, &p, err);
    for (int64_t left = f->shape.n, round = 0; rc == RIDGE_OK && left > 0; round++) {
        const int64_t n = left < SAMPLES_PER_ROUND ? left : SAMPLES_PER_ROUND;
        rc = store_round(s, run_id, round, n, err);
        left -= n;
    }
    if (rc == RIDGE_OK)
        rc = ridge_store_end_run(s, run_id, "complete", "quiet", "made up", err);
    ridge_store_close(s);
    remove_results(f);
    return rc;
}

enum ridge_status self_run_report(struct self_fixture *f, struct ridge_error *err)
{
    struct ridge_arena arena = {0};
    struct ridge_buf html = {0};
    struct ridge_store *s = NULL;
    struct ridge_rd_run run;
    struct ridge_report_input in = {.run = &run, .file = "self.ridge"};
    struct ridge_rd_group *groups = NULL;
    enum ridge_status rc = ridge_store_open(f->path, false, &s, err);
    if (rc == RIDGE_OK)
        rc = ridge_read_run(s, &arena, "last", &run, err);
    if (rc == RIDGE_OK)
        rc = ridge_read_groups(s, &arena, run.id, &groups, &in.n_groups, err);
    in.store = s;
    in.groups = groups;
    if (rc == RIDGE_OK)
        rc = ridge_report_find("html")->write(&in, &html, err);
    if (rc == RIDGE_OK && html.n > (size_t)f->shape.n * MAX_HTML_BYTES_PER_CASE + (1u << 20))
        rc = ridge_fail(err, RIDGE_ERR_WRONG, "report", "%zu bytes for %lld cases", html.n, (long long)f->shape.n);
    ridge_buf_deinit(&html);
    ridge_arena_deinit(&arena);
    ridge_store_close(s);
    return rc;
}

/* Suites: scanner, golden plans, bad inputs, expansion rules, sizes. Set RIDGE_UPDATE_GOLDEN=1 to
 * write the golden files anew (and then read the diff). */
#include "base/os.h"
#include "ridge_test.h"
#include "suite/csv.h"
#include "suite/scan.h"
#include "suite/suite.h"
#include <dirent.h>
#include <time.h>

static const char *const
    dtypes[] = {"f32", "bf16", NULL},
    *const weights[] = {"given", "prepacked", NULL}, *const kinds[] = {"fma", "read", "copy", NULL},
    *const patterns[] = {"constant", "list", "two_modes", "drift", "spikes", NULL};
static struct ridge_option_row gemm_fields[] = {
    {"m", RIDGE_KIND_INT, RIDGE_ROLE_SUBJECT, 0, NULL, NULL, 0, 0x1p53, NULL, "rows of A and C"},
    {"n", RIDGE_KIND_INT, RIDGE_ROLE_SUBJECT, 0, NULL, NULL, 0, 0x1p53, NULL, "columns of B and C"},
    {"k", RIDGE_KIND_INT, RIDGE_ROLE_SUBJECT, 0, NULL, NULL, 0, 0x1p53, NULL,
     "columns of A, rows of B"},
    {"dtype", RIDGE_KIND_ENUM, RIDGE_ROLE_IDENTITY, 0, NULL, "f32", 0, 0, dtypes, "element type"},
    {"weights", RIDGE_KIND_ENUM, RIDGE_ROLE_IDENTITY, 0, NULL, "given", 0, 0, weights,
     "given or prepacked"}};
static struct ridge_option_row peak_fields[] = {
    {"kind", RIDGE_KIND_ENUM, RIDGE_ROLE_SUBJECT, 0, NULL, NULL, 0, 0, kinds, "what is measured"},
    {"bytes", RIDGE_KIND_BYTES, RIDGE_ROLE_SUBJECT, 0, "bytes", "64 MiB", 0, 0x1p46, NULL,
     "bytes of one run"}};
static struct ridge_option_row null_fields[] = {
    {"pattern", RIDGE_KIND_ENUM, RIDGE_ROLE_SUBJECT, 0, NULL, "constant", 0, 0, patterns,
     "shape of the latencies"},
    {"latency", RIDGE_KIND_DURATION_NS, RIDGE_ROLE_SUBJECT, 0, "ns", "1 ms", 0, 1e12, NULL,
     "scripted latency"}};
static struct ridge_option_row tile_option[] = {
    {"tile", RIDGE_KIND_INT, RIDGE_ROLE_IDENTITY, 0, NULL, "8", 1, 64, NULL, "rows of a tile"},
    {"spin", RIDGE_KIND_BOOL, RIDGE_ROLE_CONDITION, 0, NULL, "false", 0, 0, NULL,
     "spin while waiting"}};
static const char *gemm_short[] = {"m", "n", "k", NULL}, *peak_short[] = {"kind", NULL},
                  *gemm_aliases[] = {"square:n=m,k=m", NULL}, *no_names[] = {NULL}, *yardsticks[] = {"fma", "read", "copy", NULL},
                  *isas[] = {"ref", "avx2", "avx512", NULL}, *own_ops[] = {"gemm", "peak", NULL},
                  *gemm_ops[] = {"gemm", NULL}, *null_ops[] = {"null", NULL};
static struct ridge_cat_operator operators[] = {
    {"gemm", "C = A * B", gemm_fields, 5, gemm_short, yardsticks, gemm_aliases},
    {"peak", "machine peaks", peak_fields, 2, peak_short, no_names, no_names},
    {"null", "scripted latencies", null_fields, 2, no_names, no_names, no_names}};
static struct ridge_cat_variant isa_probes[] = {
    {"ref", true, ""}, {"avx2", true, ""}, {"avx512", false, "no AVX-512"}};
static struct ridge_cat_backend backends[] = {{.name = "ridge",
                                               .doc = "own kernels",
                                               .variants = isas,
                                               .operators = own_ops,
                                               .usable = true,
                                               .variant_probes = isa_probes,
                                               .n_variant_probes = 3},
                                              {.name = "openblas",
                                               .doc = "OpenBLAS",
                                               .variants = no_names,
                                               .operators = gemm_ops,
                                               .usable = true},
                                              {.name = "blis",
                                               .doc = "BLIS",
                                               .variants = no_names,
                                               .operators = gemm_ops,
                                               .usable = false,
                                               .reason = "absent"},
                                              {.name = "onednn",
                                               .doc = "oneDNN",
                                               .variants = no_names,
                                               .operators = gemm_ops,
                                               .options = tile_option,
                                               .n_options = 2,
                                               .usable = true},
                                              {.name = "null",
                                               .doc = "scripted",
                                               .variants = no_names,
                                               .operators = null_ops,
                                               .usable = true}};
static struct ridge_catalogue cat = {
    .operators = operators, .n_operators = 3, .backends = backends, .n_backends = 5};

static const struct ridge_catalogue *catalogue(void)
{
    cat.n_options = ridge_n_case_option_rows;
    cat.options = (struct ridge_option_row *)(uintptr_t)ridge_case_option_rows;
    return &cat;
}

struct loaded {
    struct ridge_plan plan;
    struct ridge_suite_errors errors;
    enum ridge_status status;
    struct ridge_buf text; /* plan or errors as lines */
};

static void put_plan(struct loaded *l)
{
    const struct ridge_plan *p = &l->plan;
    ridge_buf_printf(&l->text,
                     "suite %s: %zu cases, %zu members, %zu groups, seed %llu, forks %lld, rounds "
                     "%lld, block %lld\n",
                     p->name, p->n_cases, p->n_members, p->n_groups, (unsigned long long)p->seed,
                     (long long)p->settings.forks, (long long)p->settings.rounds,
                     (long long)p->settings.block_ns);
    for (size_t i = 0; i < p->n_groups; i++) {
        ridge_buf_printf(&l->text, "group %s %s\n", p->groups[i].id, p->groups[i].title);
        for (size_t j = 0; j < p->groups[i].n_members; j++) {
            const struct ridge_member *m = &p->members[p->groups[i].members[j]];
            ridge_buf_printf(&l->text, "  %s %s%s%s %s\n", p->cases[m->i_case].id,
                             p->arms[m->i_arm].name, m->yardstick != NULL ? " yardstick " : "",
                             m->yardstick != NULL ? m->yardstick : "",
                             p->cases[m->i_case].canonical);
        }
    }
}

static void load(struct loaded *l, const char *path, const char *text, const char *const *set,
                 const char *filter)
{
    const struct ridge_suite_overrides over = {.set = set, .filter = filter};
    *l = (struct loaded){0};
    l->status = ridge_suite_load(path, text, catalogue(), &over, &l->plan, &l->errors);
    ridge_buf_puts(&l->text, "");
    if (l->status == RIDGE_OK)
        put_plan(l);
    for (size_t i = 0; i < l->errors.n; i++) {
        const struct ridge_suite_error *e = &l->errors.v[i];
        const char *slash = strrchr(e->file, '/');
        ridge_buf_printf(&l->text, "%s:%d:%d: %s%s%s\n", slash != NULL ? slash + 1 : e->file,
                         e->line, e->column, e->path, e->path[0] != '\0' ? ": " : "", e->text);
    }
}

static void unload(struct loaded *l)
{
    ridge_plan_deinit(&l->plan);
    ridge_suite_errors_deinit(&l->errors);
    ridge_buf_deinit(&l->text);
}

static void check_golden(const char *path, const char *got)
{
    struct ridge_buf want = {0};
    struct ridge_error err = {0};
    if (getenv("RIDGE_UPDATE_GOLDEN") != NULL)
        CHECK(ridge_os_write_file(path, got, strlen(got), &err) == RIDGE_OK);
    CHECK(ridge_os_read_file(path, 1 << 24, &want, &err) == RIDGE_OK);
    CHECK_STR(got, want.n > 0 ? want.data : "");
    ridge_buf_deinit(&want);
}

/* tests/golden/suite/NAME.json -> NAME.plan */
static void golden_plans(void)
{
    DIR *dir = opendir(RIDGE_SOURCE_DIR "/tests/golden/suite");
    size_t n = 0;
    CHECK(dir != NULL);
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
        const char *dot = strrchr(e->d_name, '.');
        char path[600], want[600];
        struct loaded l;
        if (dot == NULL || strcmp(dot, ".json") != 0 || e->d_name[0] == '_')
            continue;
        (void)snprintf(path, sizeof path, RIDGE_SOURCE_DIR "/tests/golden/suite/%s", e->d_name);
        (void)snprintf(want, sizeof want, RIDGE_SOURCE_DIR "/tests/golden/suite/%.*s.plan",
                       (int)(dot - e->d_name), e->d_name);
        load(&l, path, NULL, NULL, NULL);
        check_golden(want, l.text.data);
        unload(&l);
        n++;
    }
    CHECK(n >= 5);
    if (dir != NULL)
        closedir(dir);
}

/* tests/golden/suite-bad/NAME/input.json -> error */
static void bad_inputs(void)
{
    DIR *dir = opendir(RIDGE_SOURCE_DIR "/tests/golden/suite-bad");
    size_t n = 0;
    CHECK(dir != NULL);
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
        char path[600], want[600];
        struct loaded l;
        if (e->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof path, RIDGE_SOURCE_DIR "/tests/golden/suite-bad/%s/input.json",
                       e->d_name);
        (void)snprintf(want, sizeof want, RIDGE_SOURCE_DIR "/tests/golden/suite-bad/%s/error",
                       e->d_name);
        load(&l, path, NULL, NULL, NULL);
        if (l.status == RIDGE_OK)
            fprintf(stderr, "%s was accepted\n", path);
        CHECK(l.status == RIDGE_ERR_CONFIG);
        CHECK(l.errors.n > 0);
        check_golden(want, l.text.data);
        unload(&l);
        n++;
    }
    CHECK(n >= 10);
    if (dir != NULL)
        closedir(dir);
}

static size_t n_cases(const char *text, const char *const *set, const char *filter)
{
    struct loaded l;
    load(&l, "t.json", text, set, filter);
    const size_t n = l.plan.n_cases;
    if (l.errors.n > 0)
        fprintf(stderr, "%s", l.text.data);
    unload(&l);
    return n;
}

static void overrides_change_axes_and_settings(void)
{
    static const char text[] =
        "{\"name\":\"t\",\"matrix\":{\"subject\":[\"gemm:8x8x8\",\"gemm:9x9x9\"],"
        "\"backend\":[\"ridge\",\"openblas\"],\"threads\":[1,2]}}";
    const char *threads[] = {"threads=4", NULL},
               *subject[] = {"subject=gemm:m=1,n=2,k=3,gemm:4x4x4", "forks=5", NULL},
               *bad[] = {"thread=1", NULL};
    struct loaded l;
    CHECK(n_cases(text, NULL, NULL) == 8);
    CHECK(n_cases(text, threads, NULL) == 4);
    CHECK(n_cases(text, subject, NULL) == 8);
    CHECK(n_cases(text, NULL, "backend=open*,threads=2") == 2);
    CHECK(n_cases(text, NULL, "m=9") == 4);
    CHECK(n_cases(text, NULL, "subject=gemm:9x9x9,op=gemm") == 4);
    load(&l, "t.json", text, subject, NULL);
    CHECK(l.plan.settings.forks == 5);
    unload(&l);
    load(&l, "t.json", text, bad, NULL);
    CHECK_STR(l.text.data,
              "--set:1:1: thread: unknown key \"thread\"; did you mean \"threads\"?\n");
    unload(&l);
}

static void every_usable_backend_when_none_is_named(void)
{
    CHECK(n_cases("{\"matrix\":{\"subject\":\"gemm:8x8x8\"}}", NULL, NULL) == 3);
    CHECK(n_cases("{\"matrix\":{\"subject\":\"gemm:8x8x8\",\"backend\":\"*\"}}", NULL, NULL) == 3);
    CHECK(n_cases("{\"matrix\":{\"subject\":\"gemm:8x8x8\",\"backend\":\"ridge:*\"}}", NULL,
                  NULL) == 2);
    CHECK(n_cases("{\"matrix\":{\"subject\":\"null\"}}", NULL, NULL) == 1);
    CHECK(n_cases("{\"matrix\":{\"subject\":\"gemm:8x8x8\",\"backend\":\"blis\"}}", NULL, NULL) ==
          1);
    CHECK(n_cases("{\"matrix\":{\"subject\":\"gemm:8x8x8\",\"exclude\":[\"backend=o*\"]}}", NULL,
                  NULL) == 1);
}

static void a_case_stands_under_every_heading_that_names_it(void)
{
    struct loaded l;
    load(&l, "t.json",
         "{\"matrix\":[{\"family\":\"all\",\"subject\":[\"gemm:8x8x8\",\"gemm:9x9x9\"],\"backend\":\"ridge\"},"
         "{\"family\":\"odd\",\"subject\":\"gemm:9x9x9\",\"backend\":\"ridge\"},"
         "{\"family\":\"odd\",\"subject\":\"gemm:9x9x9\",\"backend\":[\"ridge\",\"blis\"]},"
         "{\"subject\":\"gemm:7x7x7\",\"backend\":\"ridge\"}]}", NULL, NULL);
    CHECK(l.plan.n_cases == 4);
    const struct ridge_case *c = l.plan.cases;
    CHECK(c[0].n_families == 1 && strcmp(c[0].families[0], "all") == 0);
    CHECK(c[1].n_families == 2 && strcmp(c[1].families[1], "odd") == 0);
    CHECK(c[2].n_families == 1 && strcmp(c[2].backend, "blis") == 0);
    CHECK(c[3].n_families == 0);
    unload(&l);
    load(&l, "t.json", "{\"matrix\":{\"family\":3,\"subject\":\"gemm:8x8x8\"}}", NULL, NULL);
    CHECK_STR(l.text.data, "t.json:1:21: matrix.family: expected a string (a heading for its cases in reports), got a number\n");
    unload(&l);
}

static void hundred_thousand_cases(void)
{
    struct ridge_buf b = {0};
    struct loaded l = {0};
    ridge_buf_puts(&b, "{\"matrix\":{\"subject\":[");
    for (int i = 0; i < 12500; i++)
        ridge_buf_printf(&b, "%s\"gemm:%dx8x8\"", i > 0 ? "," : "", i + 1);
    ridge_buf_puts(&b, "],\"backend\":[\"ridge\",\"openblas\"],\"threads\":[1,2,3,4]}}");
    const uint64_t start_ns = ridge_os_now_ns();
    l.status = ridge_suite_load("big.json", b.data, catalogue(), NULL, &l.plan, &l.errors);
    printf("100,000 cases: %.2f s\n", (double)(ridge_os_now_ns() - start_ns) / 1e9);
    CHECK(l.status == RIDGE_OK);
    CHECK(l.plan.n_cases == 100000);
    CHECK(l.plan.n_groups == 50000);
    unload(&l);
    b.n -= 3;
    ridge_buf_puts(&b, ",5]}}");
    load(&l, "big.json", b.data, NULL, NULL);
    CHECK(l.status == RIDGE_ERR_CONFIG);
    CHECK(l.errors.n == 1 &&
          strstr(l.text.data, "125000 cases (subject 12500 x backend 2 x threads 5") != NULL);
    unload(&l);
    ridge_buf_deinit(&b);
}

static void bombs_are_errors(void)
{
    struct ridge_buf b = {0};
    struct loaded l;
    for (int i = 0; i < 100000; i++)
        ridge_buf_puts(&b, "[");
    load(&l, "deep.json", b.data, NULL, NULL);
    CHECK_STR(l.text.data, "deep.json:1:65: nested deeper than 64 levels\n");
    unload(&l);
    b.n = 0;
    while (b.n <= RIDGE_MAX_SUITE_BYTES)
        ridge_buf_puts(&b, "                                                                ");
    load(&l, "long.json", b.data, NULL, NULL);
    CHECK(l.errors.n == 1 && strstr(l.text.data, "4 MiB") != NULL);
    unload(&l);
    b.n = 0;
    ridge_buf_puts(&b, "{\"matrix\":{");
    for (int i = 0; i < 200; i++)
        ridge_buf_printf(&b, "%s\"x%d\":1", i > 0 ? "," : "", i);
    ridge_buf_puts(&b, "}}");
    load(&l, "many.json", b.data, NULL, NULL);
    CHECK(l.errors.n == 50);
    unload(&l);
    ridge_buf_deinit(&b);
}

static void subjects_are_canonical(void)
{
    struct ridge_arena a = {0};
    struct ridge_kvs shape;
    const char *op = NULL;
    struct ridge_error err = {0};
    CHECK(ridge_suite_subject(&a, "gemm:2x3x4", catalogue(), &op, &shape, &err) == RIDGE_OK);
    CHECK_STR(op, "gemm");
    CHECK_STR(ridge_kvs_text(&a, &shape), "k=4,m=2,n=3");
    CHECK(ridge_suite_subject(&a, "square:m=5,k=2", catalogue(), &op, &shape, &err) == RIDGE_OK);
    CHECK_STR(op, "gemm");
    CHECK_STR(ridge_kvs_text(&a, &shape), "k=2,m=5,n=5");
    CHECK(ridge_suite_subject(&a, "gem:2x3x4", catalogue(), &op, &shape, &err) == RIDGE_ERR_CONFIG);
    CHECK_STR(err.text, "unknown operator \"gem\"; did you mean \"gemm\"?");
    err = (struct ridge_error){0};
    CHECK(ridge_suite_subject(&a, "gemm:2x3", catalogue(), &op, &shape, &err) == RIDGE_ERR_CONFIG);
    CHECK_STR(err.text, "\"2x3\" has 2 numbers; the short form is gemm:mxnxk");
    CHECK(ridge_suite_subject(&a, "gemm:m=1,m=2", catalogue(), &op, &shape, NULL) ==
          RIDGE_ERR_CONFIG);
    CHECK(ridge_suite_subject(&a, "", catalogue(), &op, &shape, NULL) == RIDGE_ERR_CONFIG);
    CHECK(ridge_suite_subject(&a, "gemm:,", catalogue(), &op, &shape, NULL) == RIDGE_ERR_CONFIG);
    CHECK(ridge_suite_subject(&a, "null:latency=2 ms", catalogue(), &op, &shape, NULL) == RIDGE_OK);
    ridge_arena_deinit(&a);
}

static void yardsticks_follow_the_group(void)
{
    struct loaded l;
    load(&l, "t.json",
         "{\"matrix\":{\"subject\":\"gemm:8x8x8\",\"backend\":[\"ridge\",\"openblas\"],"
         "\"threads\":[1,2],\"cache\":\"cold\"}}",
         NULL, NULL);
    CHECK(l.plan.n_members == 4);
    for (size_t i = 0; i < l.plan.n_cases; i++)
        l.plan.cases[i].compulsory_bytes = 768;
    ridge_plan_add_yardsticks(&l.plan, catalogue());
    CHECK(l.plan.n_members == 10);
    CHECK(l.plan.groups[1].n_members == 5);
    const struct ridge_member *m = &l.plan.members[l.plan.groups[1].members[3]];
    CHECK_STR(m->yardstick, "read");
    CHECK_STR(l.plan.cases[m->i_case].canonical,
              "peak:bytes=768,kind=read|backend=ridge|cache=cold|device=cpu|scenario=single|target="
              "local|threads=2");
    CHECK(ridge_plan_expected_ns(&l.plan) > 0);
    l.plan.settings.block_ns = 5000000;
    CHECK_STR(ridge_plan_settings_words(&l.plan.arena, &l.plan.settings),
              " --set forks=3 --set rounds=7 --set block=5000000ns");
    unload(&l);
}

static void csv_errors_name_the_line(void)
{
    static const struct {
        const char *text, *error;
        int line;
    } rows[] = {
        {"", "the list is empty: expected a line of column names", 1},
        {"a,b\n1,2\n3\n", "1 cells, but the header names 2 columns", 3},
        {"a,a\n", "two columns are named \"a\"", 1},
        {"a,b\n1,\"x\n", "a quoted cell is not closed", 2},
        {"a,b\n1,x\"y\n", "a quote inside a bare cell: write the whole cell in quotes, \" as \"\"",
         2},
        {"a,b\n\n1,\"x\"y\n", "expected ',' or the end of the line after a closing quote", 3}};
    struct ridge_arena a = {0};
    struct ridge_csv csv = {0};
    int line;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ridge_error err = {0};
        CHECK(ridge_suite_csv_parse(&a, rows[i].text, strlen(rows[i].text), &csv, &line, &err) !=
              RIDGE_OK);
        CHECK_STR(err.text, rows[i].error);
        CHECK(line == rows[i].line);
    }
    static const char good[] = "a,\"b,c\"\r\n1,\"x \"\"y\"\"\nz\"\r\n\r\n2,";
    CHECK(ridge_suite_csv_parse(&a, good, sizeof good - 1, &csv, &line, NULL) == RIDGE_OK);
    CHECK(csv.n_rows == 2);
    CHECK_STR(ridge_suite_csv_cell(&csv, &csv.rows[0], "b,c"), "x \"y\"\nz");
    CHECK(csv.rows[1].line == 5);
    ridge_arena_deinit(&a);
}

static void installed_suites_expand(void)
{
    static const struct {
        const char *name;
        size_t n_cases;
    } rows[] = {{"quick", 40}, {"gemm", 440}, {"gemm-isa", 15}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char path[600];
        struct loaded l;
        size_t n_cold = 0;
        (void)snprintf(path, sizeof path, RIDGE_SOURCE_DIR "/configs/suites/%s.json", rows[i].name);
        load(&l, path, NULL, NULL, NULL);
        if (l.errors.n > 0 || l.plan.n_cases != rows[i].n_cases)
            fprintf(stderr, "%s", l.text.data);
        CHECK(l.plan.n_cases == rows[i].n_cases);
        for (size_t j = 0; j < l.plan.n_cases; j++)
            n_cold += strstr(l.plan.cases[j].canonical, "cache=cold") != NULL;
        CHECK(i != 1 || n_cold == 6 * 8);
        unload(&l);
    }
}

static void schema_is_json(void)
{
    struct ridge_buf b = {0};
    struct ridge_arena a = {0};
    struct ridge_scan_error err = {0};
    ridge_suite_schema(catalogue(), &b);
    const struct ridge_node *root = ridge_suite_scan(&a, "schema", b.data, b.n, &err);
    if (root == NULL)
        fprintf(stderr, "schema:%d:%d: %s\n", err.line, err.column, err.text);
    CHECK(root != NULL);
    CHECK(ridge_suite_child(ridge_suite_child(root, "$defs"), "matrix") != NULL);
    if (getenv("RIDGE_PRINT_SCHEMA") != NULL)
        puts(b.data);
    ridge_buf_deinit(&b);
    ridge_arena_deinit(&a);
}

/* Arms are told without a catalogue, from the merged tree, and mistakes are left to the load. */
static void a_look_before_the_load(void)
{
    struct ridge_suite_peek p;
    struct ridge_error err = {0};
    const char *base = RIDGE_BINARY_DIR "/peek_base.json", *file = RIDGE_BINARY_DIR "/peek.json";
    const char *inner = "{\"arms\": {\"new\": {\"program\": [\"w\", \"-x\"], \"env\": {\"A\": \"1\"}}}}";
    const char *outer = "{\"include\": [\"peek_base.json\"], \"arms\": {\"old\": {}}, \"matrix\": {\"backend\": [\"?\"]}}";
    CHECK(ridge_os_write_file(base, inner, strlen(inner), &err) == RIDGE_OK);
    CHECK(ridge_os_write_file(file, outer, strlen(outer), &err) == RIDGE_OK);
    ridge_suite_peek(file, NULL, &p);
    CHECK(p.n_arms == 2);
    CHECK_STR(p.text, outer);
    if (p.n_arms == 2) {
        CHECK_STR(p.arms[0].name, "new");
        CHECK_STR(p.arms[0].program[1], "-x");
        CHECK(p.arms[0].program[2] == NULL && p.arms[1].program == NULL);
        CHECK_STR(ridge_kvs_get(&p.arms[0].env, "A"), "1");
    }
    ridge_suite_peek_deinit(&p);
    static const char *const broken[] = {"", "{", "[]", "{\"arms\": 7}", "{\"arms\": {\"a\": 3, \"b\": {\"program\": [1]}}}",
                                         "{\"include\": [\"absent.json\"]}", "{\"libraries\": {\"x@y\": \"z\"}}"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        ridge_suite_peek("text", broken[i], &p);
        CHECK_STR(p.text, broken[i]);
        for (size_t j = 0; j < p.n_arms; j++)
            CHECK(p.arms[j].program == NULL);
        ridge_suite_peek_deinit(&p);
    }
    CHECK(ridge_os_write_file(file, "{\"name\": \"a\0b\"}", 15, &err) == RIDGE_OK);
    ridge_suite_peek(file, NULL, &p);
    CHECK(p.text == NULL && p.n_arms == 0); /* the load names the zero byte */
    ridge_suite_peek_deinit(&p);
    ridge_suite_peek("/nonexistent/suite.json", NULL, &p);
    CHECK(p.text == NULL && p.n_arms == 0);
    ridge_suite_peek_deinit(&p);
}

RIDGE_TEST_MAIN(TEST_ROW(golden_plans), TEST_ROW(bad_inputs),
                TEST_ROW(overrides_change_axes_and_settings),
                TEST_ROW(every_usable_backend_when_none_is_named), TEST_ROW(a_case_stands_under_every_heading_that_names_it), TEST_ROW(hundred_thousand_cases),
                TEST_ROW(bombs_are_errors), TEST_ROW(subjects_are_canonical),
                TEST_ROW(yardsticks_follow_the_group), TEST_ROW(csv_errors_name_the_line),
                TEST_ROW(installed_suites_expand), TEST_ROW(schema_is_json),
                TEST_ROW(a_look_before_the_load))

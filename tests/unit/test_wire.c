#include "ridge_test.h"
#include "wire/wire.h"

/* Encodes, checks that it is one line, decodes. */
static struct ridge_message round_trip(const struct ridge_message *m)
{
    struct ridge_buf line = {0};
    struct ridge_message out;
    struct ridge_error err = {0};
    ridge_wire_encode(&line, m);
    CHECK(line.n > 1 && line.data[line.n - 1] == '\n' &&
          strchr(line.data, '\n') == line.data + line.n - 1);
    CHECK(ridge_wire_decode(line.data, line.n - 1, &out, &err) == RIDGE_OK);
    CHECK_STR(err.text, "");
    CHECK(out.type == m->type);
    ridge_buf_deinit(&line);
    return out;
}
static void it_says_hello_both_ways(void)
{
    struct ridge_message m = {.type = RIDGE_MSG_HELLO};
    m.u.hello.min_wire = 1;
    m.u.hello.max_wire = 3;
    struct ridge_message out = round_trip(&m);
    CHECK(out.u.hello.min_wire == 1 && out.u.hello.max_wire == 3 && out.u.hello.wire == 0);
    ridge_message_deinit(&out);
    m.u.hello = (struct ridge_msg_hello){.wire = 1,
                                         .worker = "w",
                                         .version = "0.1",
                                         .boot_id = "b",
                                         .pid = 77,
                                         .host_class = "c",
                                         .topology = "line\nline\t\"quoted\" \x01 </script>"};
    ridge_kvs_set(&m.arena, &m.u.hello.host, "cpu.model", "Some CPU @ 2 GHz");
    ridge_kvs_set(&m.arena, &m.u.hello.host, "bad", "\xff\xfe");
    out = round_trip(&m);
    CHECK(out.u.hello.wire == 1 && out.u.hello.pid == 77 && out.u.hello.host.n == 2);
    CHECK_STR(out.u.hello.topology, m.u.hello.topology);
    CHECK_STR(ridge_kvs_get(&out.u.hello.host, "cpu.model"), "Some CPU @ 2 GHz");
    CHECK_STR(ridge_kvs_get(&out.u.hello.host, "bad"), "\xef\xbf\xbd\xef\xbf\xbd");
    ridge_message_deinit(&out);
    ridge_arena_deinit(&m.arena);
}
static void it_carries_the_plain_ones(void)
{
    static const enum ridge_wire_type plain[] = {RIDGE_MSG_DESCRIBE, RIDGE_MSG_CHECK,
                                                 RIDGE_MSG_BYE};
    for (size_t i = 0; i < 3; i++) {
        struct ridge_message m = {.type = plain[i]}, out = round_trip(&m);
        ridge_message_deinit(&out);
    }
    struct ridge_message m = {.type = RIDGE_MSG_GO}, out;
    m.u.go = (struct ridge_msg_go){1, 2, 3, INT64_MAX, 5, 6, 7, 2.5, 8};
    out = round_trip(&m);
    CHECK(memcmp(&out.u.go, &m.u.go, sizeof m.u.go) == 0);
    ridge_message_deinit(&out);
    static const enum ridge_wire_type texts[] = {RIDGE_MSG_ERROR, RIDGE_MSG_LOG};
    for (size_t i = 0; i < 2; i++) {
        m = (struct ridge_message){.type = texts[i]};
        m.u.error = (struct ridge_msg_error){.verdict = "oom", .text = "no \\ memory"};
        out = round_trip(&m);
        CHECK_STR(out.u.error.verdict, "oom");
        CHECK_STR(out.u.error.text, "no \\ memory");
        ridge_message_deinit(&out);
    }
}
static void it_carries_cost_and_costs(void)
{
    struct ridge_msg_cost_item items[2] = {{.op = "gemm", .flop = 3e8, .compulsory_bytes = 12},
                                           {.op = "conv", .reason = "no such operator"}};
    struct ridge_message m = {.type = RIDGE_MSG_COST}, out;
    ridge_kvs_set(&m.arena, &items[0].shape, "m", "512");
    m.u.cost.v = items;
    m.u.cost.n = 2;
    out = round_trip(&m);
    CHECK(out.u.cost.n == 2);
    CHECK_STR(out.u.cost.v[0].op, "gemm");
    CHECK_STR(ridge_kvs_get(&out.u.cost.v[0].shape, "m"), "512");
    ridge_message_deinit(&out);
    m.type = RIDGE_MSG_COSTS;
    out = round_trip(&m);
    CHECK_NEAR(out.u.cost.v[0].flop, 3e8, 0);
    CHECK(out.u.cost.v[0].reason == NULL);
    CHECK_STR(out.u.cost.v[1].reason, "no such operator");
    ridge_message_deinit(&out);
    ridge_arena_deinit(&m.arena);
}
static void it_carries_load(void)
{
    struct ridge_message m = {.type = RIDGE_MSG_LOAD}, out;
    m.u.load = (struct ridge_msg_load){.op = "gemm",
                                       .backend = "openblas",
                                       .variant = "",
                                       .label = "wheel",
                                       .library_path = "/x/lib.so",
                                       .device = "cpu",
                                       .seed = INT64_MAX,
                                       .heap_pad_bytes = 160,
                                       .buffer_offset_bytes = 64,
                                       .warmup_ns = 5,
                                       .block_ns = 6,
                                       .cpus = {3, 1},
                                       .n_cpus = 2};
    ridge_kvs_set(&m.arena, &m.u.load.shape, "k", "8");
    ridge_kvs_set(&m.arena, &m.u.load.options, "dtype", "f32");
    out = round_trip(&m);
    const struct ridge_msg_load *l = &out.u.load;
    CHECK(l->seed == INT64_MAX && l->heap_pad_bytes == 160 && l->buffer_offset_bytes == 64);
    CHECK(l->warmup_ns == 5 && l->block_ns == 6 && l->n_cpus == 2 && l->cpus[0] == 3 &&
          l->cpus[1] == 1);
    CHECK_STR(l->label, "wheel");
    CHECK_STR(l->library_path, "/x/lib.so");
    CHECK_STR(ridge_kvs_get(&l->options, "dtype"), "f32");
    ridge_message_deinit(&out);
    ridge_arena_deinit(&m.arena);
}
static void it_carries_loaded_and_checked(void)
{
    static const enum ridge_wire_type types[] = {RIDGE_MSG_LOADED, RIDGE_MSG_CHECKED};
    for (size_t i = 0; i < 2; i++) {
        struct ridge_message m = {.type = types[i]}, out;
        struct ridge_process *p = &m.u.loaded.process;
        m.u.loaded.verdict = RIDGE_VERDICT_WRONG;
        m.u.loaded.reason = "element 3";
        *p = (struct ridge_process){.warm = "not_steady",
                                    .clock_name = "rdtsc",
                                    .clock_cost_ns = 7.25,
                                    .clock_resolution_ns = 0.5,
                                    .inner_reps = 40,
                                    .n_phases = 2,
                                    .n_facts = 2,
                                    .phases = {{"open", 1}, {"load", 2}}};
        p->facts[0].name = "error_ratio";
        p->facts[0].value = 1e-9;
        p->facts[1].name = "absent";
        p->facts[1].value = NAN;
        ridge_kvs_set(&m.arena, &p->conditions, "threads.set", "1");
        out = round_trip(&m);
        const struct ridge_process *q = &out.u.loaded.process;
        CHECK(out.u.loaded.verdict == RIDGE_VERDICT_WRONG);
        CHECK_STR(out.u.loaded.reason, "element 3");
        CHECK_STR(q->warm, "not_steady");
        CHECK_STR(q->clock_name, "rdtsc");
        CHECK_NEAR(q->clock_cost_ns, 7.25, 0);
        CHECK(q->inner_reps == 40 && q->n_phases == 2 && q->phases[1].duration_ns == 2);
        CHECK(q->n_facts == 1); /* what is not a number was not measured */
        CHECK_NEAR(q->facts[0].value, 1e-9, 0);
        CHECK_STR(ridge_kvs_get(&q->conditions, "threads.set"), "1");
        ridge_message_deinit(&out);
        ridge_arena_deinit(&m.arena);
    }
}
static void it_carries_samples(void)
{
    int64_t duration_ns[] = {5, 6, INT64_C(1) << 61};
    uint8_t changed[] = {0, 1, 0};
    struct ridge_message m = {.type = RIDGE_MSG_SAMPLES}, out;
    m.u.samples = (struct ridge_chunk){.fork = 1,
                                       .round = 2,
                                       .order = 3,
                                       .n = 3,
                                       .n_lead_in = 1,
                                       .inner_reps = 9,
                                       .n_columns = 2,
                                       .canary_hz = NAN,
                                       .loads_per_step = 2.5,
                                       .steal_ns = -1,
                                       .foreign_ns = 4,
                                       .wait_ns = 5,
                                       .n_voluntary_switches = 6,
                                       .n_involuntary_switches = 7,
                                       .n_disturbed = 1,
                                       .columns = {{"duration_ns", RIDGE_COL_I64, duration_ns},
                                                   {"cpu_changed", RIDGE_COL_U8, changed}}};
    out = round_trip(&m);
    const struct ridge_chunk *c = &out.u.samples;
    CHECK(c->fork == 1 && c->round == 2 && c->order == 3 && c->n == 3 && c->n_lead_in == 1 &&
          c->inner_reps == 9);
    CHECK_NEAR(c->canary_hz, -1, 0);
    CHECK_NEAR(c->loads_per_step, 2.5, 0);
    CHECK(c->steal_ns == -1 && c->foreign_ns == 4 && c->wait_ns == 5 && c->n_disturbed == 1);
    CHECK(c->n_voluntary_switches == 6 && c->n_involuntary_switches == 7);
    const struct ridge_column *d = ridge_chunk_column(c, "duration_ns"),
                              *f = ridge_chunk_column(c, "cpu_changed");
    CHECK(d != NULL && memcmp(d->data, duration_ns, sizeof duration_ns) == 0);
    CHECK(f != NULL && f->type == RIDGE_COL_U8 && memcmp(f->data, changed, sizeof changed) == 0);
    ridge_message_deinit(&out);
}
static void it_carries_a_catalogue(void)
{
    static const char *names[] = {"f32", "f64", NULL}, *shorts[] = {"m", "n", "k", NULL},
                      *none[] = {NULL};
    struct ridge_option_row rows[2] = {{.key = "m",
                                        .kind = RIDGE_KIND_INT,
                                        .role = RIDGE_ROLE_SUBJECT,
                                        .min = 1,
                                        .max = 65536,
                                        .help = "rows"},
                                       {.key = "dtype",
                                        .kind = RIDGE_KIND_ENUM,
                                        .role = RIDGE_ROLE_IDENTITY,
                                        .def = "f32",
                                        .names = names}};
    struct ridge_cat_operator op = {.name = "gemm",
                                    .doc = "C = A B",
                                    .fields = rows,
                                    .n_fields = 2,
                                    .short_form = shorts,
                                    .yardsticks = none};
    struct ridge_cat_variant probe = {"avx512", false, "no AVX-512 here"};
    struct ridge_cat_backend backend = {.name = "ridge",
                                        .usable = true,
                                        .variants = none,
                                        .operators = shorts,
                                        .variant_probes = &probe,
                                        .n_variant_probes = 1,
                                        .runner = "kernels"};
    struct ridge_cat_kernel kernel = {.backend = "ridge", .op = "gemm", .name = "k", .isa = "avx2"};
    struct ridge_cat_profiler profiler = {.name = "papi", .usable = false, .reason = "no counters"};
    struct ridge_catalogue c = {.worker = "ridge-worker",
                                .version = "0.1",
                                .digest = "d",
                                .operators = &op,
                                .n_operators = 1,
                                .backends = &backend,
                                .n_backends = 1,
                                .kernels = &kernel,
                                .n_kernels = 1,
                                .profilers = &profiler,
                                .n_profilers = 1,
                                .options = rows + 1,
                                .n_options = 1};
    struct ridge_message m = {.type = RIDGE_MSG_CATALOGUE}, out;
    m.u.catalogue = &c;
    out = round_trip(&m);
    const struct ridge_catalogue *d = out.u.catalogue;
    CHECK(d->n_operators == 1 && d->n_backends == 1 && d->n_kernels == 1 && d->n_profilers == 1 &&
          d->n_options == 1);
    CHECK(d->operators[0].n_fields == 2 && d->operators[0].fields[0].kind == RIDGE_KIND_INT);
    CHECK(d->operators[0].fields[0].def == NULL && d->operators[0].fields[0].names == NULL);
    CHECK_NEAR(d->operators[0].fields[0].max, 65536, 0);
    CHECK_STR(d->operators[0].short_form[2], "k");
    CHECK(d->operators[0].short_form[3] == NULL && d->operators[0].yardsticks[0] == NULL);
    CHECK_STR(d->options[0].names[1], "f64");
    CHECK(d->options[0].role == RIDGE_ROLE_IDENTITY);
    CHECK_STR(d->backends[0].variant_probes[0].reason, "no AVX-512 here");
    CHECK(d->backends[0].usable && !d->backends[0].variant_probes[0].usable);
    CHECK_STR(d->kernels[0].isa, "avx2");
    CHECK_STR(d->profilers[0].reason, "no counters");
    ridge_message_deinit(&out);
}
static void it_ignores_what_is_new(void)
{
    static const char *const lines[] = {"{\"type\":\"bye\",\"new\":[{}]}",
                                        "{\"type\":\"from_the_future\",\"n\":-1}"};
    struct ridge_message m;
    CHECK(ridge_wire_decode(lines[0], strlen(lines[0]), &m, NULL) == RIDGE_OK &&
          m.type == RIDGE_MSG_BYE);
    ridge_message_deinit(&m);
    CHECK(ridge_wire_decode(lines[1], strlen(lines[1]), &m, NULL) == RIDGE_OK &&
          m.type == RIDGE_MSG_UNKNOWN);
    ridge_message_deinit(&m);
}
static void it_refuses_every_bad_line(void)
{
    static char text[4096];
    int n_lines = 0;
    FILE *f = fopen(RIDGE_SOURCE_DIR "/tests/wire/bad.txt", "r");
    CHECK(f != NULL);
    while (f != NULL && fgets(text, sizeof text, f) != NULL) {
        char *tab = strchr(text, '\t');
        if (text[0] == '#' || tab == NULL)
            continue;
        *tab = '\0';
        tab[1 + strcspn(tab + 1, "\n")] = '\0';
        struct ridge_message m;
        struct ridge_error err = {0};
        CHECK(ridge_wire_decode(tab + 1, strlen(tab + 1), &m, &err) == RIDGE_ERR_PROTOCOL);
        if (strstr(err.text, text) == NULL)
            CHECK_STR(err.text, text);
        n_lines++;
    }
    CHECK(n_lines > 40);
    if (f != NULL)
        (void)fclose(f);
}
RIDGE_TEST_MAIN(TEST_ROW(it_says_hello_both_ways), TEST_ROW(it_carries_the_plain_ones),
                TEST_ROW(it_carries_cost_and_costs), TEST_ROW(it_carries_load),
                TEST_ROW(it_carries_loaded_and_checked), TEST_ROW(it_carries_samples),
                TEST_ROW(it_carries_a_catalogue), TEST_ROW(it_ignores_what_is_new),
                TEST_ROW(it_refuses_every_bad_line))

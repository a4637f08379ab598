/* A run in memory for the report tests and the browser test: gemm subjects on five backends, yardsticks, a
 * level pair, a crash, an unsupported case, refused percentiles; or n bare groups; or hostile names. */
#ifndef RIDGE_REPORT_FIXTURE_H
#define RIDGE_REPORT_FIXTURE_H
#include "report.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
    struct ridge_arena arena;
    struct ridge_rd_run run;
    struct ridge_rd_group *groups;
    size_t n_groups;
    struct ridge_report_input in;
    struct ridge_judgement judgement; /* of fixture_judge */
};
static const char *const fixture_backends[] = {"onednn", "ridge:avx512", "openblas", "blis", "ridge:ref", "acl"};
static const double fixture_speed[] = {1.0, 0.994, 0.932, 0.905, 0.031, 0};

static double fixture_noise(uint64_t *state) /* 0..1, the same on every machine */
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 33) / 2147483648.0;
}

static void fixture_metric(struct ridge_arena *a, struct ridge_rd_member *m, const char *name, double value, double half_width,
                           const char *unit, const char *refused)
{
    if (m->metrics == NULL)
        m->metrics = ridge_arena_array(a, 24, sizeof *m->metrics);
    m->metrics[m->n_metrics++] = (struct ridge_metric){
        .name = name, .value = value, .low = half_width > 0 ? value * (1 - half_width) : NAN,
        .high = half_width > 0 ? value * (1 + half_width) : NAN, .n = m->n_samples, .unit = unit, .source = "measured",
        .rule = "nearest-rank v1", .refused = refused};
}

static void fixture_measured(struct ridge_arena *a, struct ridge_rd_member *m, double ns, double peak_flop_per_s)
{
    m->verdict = "ok";
    m->warm = "warm";
    m->n_forks = 3;
    m->n_rounds = 9;
    m->n_samples = 165;
    m->inner_reps = 1;
    fixture_metric(a, m, "time_ns", ns, 0.004, "ns", NULL);
    fixture_metric(a, m, "p50_ns", ns * 1.005, 0.004, "ns", NULL);
    fixture_metric(a, m, "p90_ns", ns * 1.02, 0.01, "ns", NULL);
    fixture_metric(a, m, "p99_ns", NAN, 0, "ns", "p99 needs 299 samples, there are 165");
    if (m->flop > 0) {
        fixture_metric(a, m, "flop_per_s", m->flop / ns * 1e9, 0.004, "FLOP/s", NULL);
        fixture_metric(a, m, "peak_ratio", m->flop / ns * 1e9 / peak_flop_per_s, 0.005, "1", NULL);
        fixture_metric(a, m, "intensity_flop_per_byte", m->flop / m->compulsory_bytes, 0, "FLOP/B", NULL);
    }
    fixture_metric(a, m, "disturbed_ratio", 0.0006, 0, "1", NULL);
    fixture_metric(a, m, "clock_hz", 3.67e9 * (1 + 0.001 * sin(ns)), 0.002, "Hz", NULL);
}

static void fixture_member(struct fixture *f, struct ridge_rd_member *m, int64_t i_member, const char *subject,
                           const char *threads, const char *backend)
{
    m->i_member = m->case_rowid = i_member;
    m->case_id = ridge_arena_printf(&f->arena, "%016llx", 0x9e3779b97f4a7c15ull * (unsigned long long)(i_member + 1));
    m->subject = subject;
    m->op = "gemm";
    m->backend = backend;
    m->device = "cpu";
    m->target = "local";
    m->arm = "main";
    m->model = m->layer = m->reason = m->stderr_tail = "";
    m->clock_name = "rdtsc";
    ridge_kvs_set(&f->arena, &m->options, "cache", "hot");
    ridge_kvs_set(&f->arena, &m->options, "dtype", "f32");
    ridge_kvs_set(&f->arena, &m->options, "threads", threads);
    ridge_kvs_set(&f->arena, &m->conditions, "library.version", "3.1.4");
    ridge_kvs_set(&f->arena, &m->conditions, "library.path", "/usr/lib/x86_64-linux-gnu/libexample.so.3");
    ridge_kvs_set(&f->arena, &m->conditions, "threading", "OMP_NUM_THREADS=1, pinned to CPU 2");
}

/* speeds: relative to the best, 0: no result. The second member is level with the first on odd groups. */
static void fixture_group(struct fixture *f, size_t i_group, size_t n_backends, bool yardsticks)
{
    static const int shapes[][3] = {{512, 512, 512}, {1, 4096, 4096}, {128, 768, 768}, {3136, 64, 576}, {49, 2048, 512},
                                    {1024, 1024, 1024}, {196, 256, 1024}, {128, 3072, 768}};
    const int *s = shapes[i_group % 8];
    struct ridge_rd_group *g = &f->groups[i_group];
    bool two = i_group / 8 % 2;
    double flop = 2.0 * s[0] * s[1] * s[2], bytes = 4.0 * (1.0 * s[0] * s[2] + 1.0 * s[2] * s[1] + 1.0 * s[0] * s[1]);
    double peak = two ? 235e9 : 117.6e9, share = s[0] == 1 ? 0.05 : 0.95 - 0.03 * (double)(i_group % 5);
    double best_ns = flop / (peak * share) * 1e9;
    const char *subject = ridge_arena_printf(&f->arena, "gemm:m=%d,n=%d,k=%d", s[0] + (int)(i_group / 16), s[1], s[2]);
    size_t n = n_backends + (yardsticks ? 3 : 0);
    g->i_group = (int64_t)i_group;
    g->title = subject;
    g->stop_reason = i_group % 5 == 4 ? "cap_rounds" : "width";
    g->width_ratio = 0.004 + 0.001 * (double)(i_group % 4);
    g->n_members = n;
    g->members = ridge_arena_array(&f->arena, n, sizeof *g->members);
    g->comparisons = ridge_arena_array(&f->arena, n, sizeof *g->comparisons);
    size_t best = i_group % 4 == 3 ? 1 : 0;
    for (size_t i = 0; i < n_backends; i++) {
        struct ridge_rd_member *m = &g->members[i];
        fixture_member(f, m, (int64_t)(i_group * 16 + i), subject, two ? "2" : "1", fixture_backends[i % 6]);
        m->flop = flop;
        m->compulsory_bytes = bytes;
        double speed = i == best ? 1.0 : i == 1 - best ? (i_group % 2 ? 0.97 : 0.998) : fixture_speed[i % 6] * (1 - 0.02 * (double)(i_group % 3));
        if (i % 6 == 5) {
            m->verdict = "unsupported";
            m->reason = "acl: this CPU is x86-64, the library is for aarch64";
            continue;
        }
        if (i % 6 == 3 && i_group % 8 == 4) {
            m->verdict = "crashed";
            m->reason = "crashed(SIGSEGV) in round 2 of fork 1";
            m->stderr_tail = "blis: bli_gemm_blk_var1.c (line 213): packed buffer is too small\n";
            continue;
        }
        fixture_measured(&f->arena, m, best_ns / speed, peak);
        if (i == best)
            continue;
        double half = speed < 0.1 ? 0.01 : 0.003;
        g->comparisons[g->n_comparisons++] = (struct ridge_comparison){
            .i_member_a = i, .i_member_b = best, .ratio = speed, .low = speed * (1 - half), .high = speed * (1 + half),
            .n_pairs = 27, .n_forks = 3, .paired = true, .estimator = "HL over forks of median paired log ratio v1", .note = "3 layouts seen"};
    }
    static const char *const yards[] = {"fma", "read", "copy"};
    for (size_t i = n_backends; i < n; i++) {
        struct ridge_rd_member *m = &g->members[i];
        fixture_member(f, m, (int64_t)(i_group * 16 + i), "peak:kind=fma", two ? "2" : "1", "ridge");
        m->op = "peak";
        m->yardstick = yards[i - n_backends];
        m->verdict = "ok";
        m->n_samples = 165;
        bool fma = i == n_backends;
        fixture_metric(&f->arena, m, "time_ns", fma ? 1.1e6 : bytes / (i == n - 1 ? 7.1 : 12.4), 0.01, "ns", NULL);
        if (fma)
            fixture_metric(&f->arena, m, "flop_per_s", peak, 0.002, "FLOP/s", NULL);
        else
            fixture_metric(&f->arena, m, "bytes_per_s", i == n - 1 ? 7.1e9 : 12.4e9, 0.01, "B/s", NULL);
    }
}

static char *fixture_rerun(struct ridge_arena *a, const struct ridge_rd_run *run, const struct ridge_rd_member *m)
{
    (void)run;
    return ridge_arena_printf(a, "ridge bench '%s' --backend '%s' --set threads=%s --seed 42", m->subject, m->backend,
                              ridge_kvs_get(&m->options, "threads"));
}

static enum ridge_status fixture_chunks(const struct ridge_report_input *in, const struct ridge_rd_member *m,
                                        struct ridge_chunk **out, size_t *n, struct ridge_error *err)
{
    (void)in, (void)err;
    uint64_t state = 88172645463325252u + (uint64_t)m->i_member;
    double ns = m->n_metrics ? m->metrics[0].value : 0;
    *n = m->n_metrics ? 3 : 0;
    *out = calloc(*n + 1, sizeof **out);
    for (size_t c = 0; c < *n; c++) {
        struct ridge_chunk *k = &(*out)[c];
        int64_t *v = calloc(58, sizeof *v);
        for (size_t i = 0; i < 58; i++) {
            double u = fixture_noise(&state);
            v[i] = (int64_t)(ns * (1 + 0.02 * u * u + (u > 0.97 ? 0.2 : 0) + (i < 3 ? 0.3 : 0)));
        }
        k->fork = (int64_t)c;
        k->n = 58;
        k->n_lead_in = 3;
        k->inner_reps = 1;
        k->n_columns = 1;
        memcpy(k->columns[0].name, "duration_ns", 12);
        k->columns[0].type = RIDGE_COL_I64;
        k->columns[0].data = v;
    }
    return RIDGE_OK;
}

static void fixture_init(struct fixture *f, size_t n_groups, size_t n_backends, bool yardsticks)
{
    memset(f, 0, sizeof *f);
    f->run = (struct ridge_rd_run){
        .id = 7, .started_utc_ns = 1789992000000000000, .ended_utc_ns = 1789992143000000000, .name = "quick",
        .suite_path = "configs/suites/quick.json", .suite_text = "{\"name\":\"quick\"}", .command = "ridge run configs/suites/quick.json",
        .version = "0.1.0", .status = "complete", .fitness = "quiet",
        .why = "steal 0.1 %, clock 3.67 GHz ± 0.2 %, 0 of 495 samples disturbed", .boot_id = "b", .seed = 18446744073709551615u,
        .host_class = "Xeon Platinum 8481C / 2 PUs / KVM / Linux 6.1", .forks = 3, .rounds = 9, .statistic = "p10",
        .topology = "Machine (7.8 GiB)\n  Package L#0\n    NUMANode L#0 (7.8 GiB)\n    L3 L#0 (105 MiB)\n      L2 L#0 (2048 KiB) + L1d (48 KiB) + Core L#0\n        PU L#0 (P#0)\n        PU L#1 (P#1)"};
    static const char *const host[][2] = {
        {"cpu.model", "Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz"}, {"cpu.microcode", "0xffffffff"}, {"isa", "avx2 fma avx512f avx512vl avx512_vnni amx_tile"},
        {"cache.l1d_bytes", "49152"}, {"cache.l2_bytes", "2097152"}, {"cache.l3_bytes", "110100480"}, {"topology.cores", "1"}, {"topology.pus", "2"},
        {"governor", "unknown: no cpufreq in this virtual machine"}, {"virtual", "kvm"}, {"kernel", "6.1.0-28-cloud-amd64"}, {"hostname", "bench-01"},
        {"cgroup.cpu_max", "max"}, {"thp", "madvise"}, {"compiler", "gcc 12.2.0"}, {"memory_bytes", "8343269376"}};
    for (size_t i = 0; i < sizeof host / sizeof host[0]; i++)
        ridge_kvs_set(&f->arena, &f->run.host, host[i][0], host[i][1]);
    static const char *const defaults[][2] = {{"cache", "hot"}, {"gemm.weights", "given"}, {"scenario", "single"}};
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++)
        ridge_kvs_set(&f->arena, &f->run.defaults, defaults[i][0], defaults[i][1]);
    f->n_groups = n_groups;
    f->groups = ridge_arena_array(&f->arena, n_groups + 1, sizeof *f->groups);
    for (size_t i = 0; i < n_groups; i++)
        fixture_group(f, i, n_backends, yardsticks);
    f->run.n_groups = (int64_t)n_groups;
    f->in = (struct ridge_report_input){.run = &f->run, .groups = f->groups, .n_groups = n_groups, .file = "results.ridge",
                                        .rerun = fixture_rerun, .read_chunks = fixture_chunks};
}

/* A judgement of the run: a row of every kind and verdict, in the order that gate gives them. */
static inline void fixture_judge(struct fixture *f)
{
    static const struct { const char *metric, *kind; enum ridge_change verdict; double ratio, half, margin; const char *why; } rows[] = {
        {"time_ns", "answer", RIDGE_CHANGE_FAILED, NAN, 0, NAN, "wrong: 3 of 262144 elements differ by more than the tolerance"},
        {"time_ns", "paired", RIDGE_CHANGE_REGRESSED, 2.31, 0.04, 0.03, "another kernel: gemm_f32_avx2 was gemm_f32_avx512"},
        {"p99_ns", "limit", RIDGE_CHANGE_REGRESSED, 1.27, 0.02, NAN, "budget: p99_ns 25.4 ms, most allowed is 20 ms"},
        {"time_ns", "paired", RIDGE_CHANGE_REGRESSED, 1.083, 0.011, 0.03, ""},
        {"time_ns", "paired", RIDGE_CHANGE_INCONCLUSIVE, 1.031, 0.02, 0.03, "needs 6 more forks, about 40 s"},
        {"time_ns", "paired", RIDGE_CHANGE_IMPROVED, 0.87, 0.012, 0.03, ""},
        {"time_ns", "paired", RIDGE_CHANGE_IMPROVED, 0.955, 0.012, 0.03, ""},
        {"peak_memory_bytes", "limit", RIDGE_CHANGE_OK, 0.1, 0, NAN, "peak_memory_bytes 205 MiB, most allowed is 2 GiB"}};
    enum { N_FIXED = sizeof rows / sizeof rows[0], N_OK = 12, N_AA = 5, N = N_FIXED + N_OK + N_AA };
    struct ridge_judged *v = ridge_arena_array(&f->arena, N, sizeof *v);
    for (size_t i = 0; i < N; i++) {
        const struct ridge_rd_member *m = &f->groups[i % f->n_groups].members[i % 2];
        bool is_fixed = i < N_FIXED, is_aa = i >= N_FIXED + N_OK;
        double ratio = is_fixed ? rows[i].ratio : 1 + 0.002 * (double)(i % 7) - 0.006, half = is_fixed ? rows[i].half : 0.009;
        bool has_time = !is_fixed || strcmp(rows[i].kind, "paired") == 0;
        v[i] = (struct ridge_judged){.i_member = m->i_member, .base_run_id = -1, .i_member_base = -1, .case_id = m->case_id,
            .subject = m->subject, .label = m->backend, .metric = is_fixed ? rows[i].metric : "time_ns",
            .kind = is_aa ? "aa" : is_fixed ? rows[i].kind : "paired", .verdict = is_fixed ? rows[i].verdict : RIDGE_CHANGE_OK,
            .ratio = ratio, .low = ratio * (1 - half), .high = ratio * (1 + half), .margin_ratio = is_fixed ? rows[i].margin : 0.03,
            .p = NAN, .detect_ratio = has_time ? 0.031 + 0.001 * (double)i : NAN, .n_forks = 10, .more_s = NAN,
            .why = is_fixed ? rows[i].why : "",
            .again = ridge_arena_printf(&f->arena, "ridge ab --a build-main --b build-new --output again.ridge --filter case=%s "
                                        "configs/suites/quick.json", m->case_id)};
    }
    f->judgement = (struct ridge_judgement){.mode = "ab", .baseline = "main: build-main/ridge-worker", .rules_name = "gate.json", .rules_text = "{}",
        .rules_sha256 = "", .command = "ridge ab --a build-main --b build-new configs/suites/quick.json",
        .banner = "REGRESSION: 3 of 20 regressed, 1 failed, 2 improved, 13 OK, 1 inconclusive", .why = "",
        .advice = "most of the spread lies between forks: more forks narrow the intervals most", .exit_code = 1, .n_aa = N_AA,
        .n_aa_allowed = 2, .n_aa_pooled = 40, .aa_upper = 0.072, .detect_ratio = 0.041, .alpha = 0.05, .n_looks = 1, .rows = v, .n_rows = N};
    f->in.judgement = &f->judgement;
}

static inline void fixture_poison_judgement(struct fixture *f, const char *name)
{
    struct ridge_judgement *j = &f->judgement;
    j->baseline = j->rules_name = j->command = j->banner = j->why = j->advice = name;
    for (size_t i = 0; i < j->n_rows; i++)
        j->rows[i].case_id = j->rows[i].subject = j->rows[i].label = j->rows[i].metric = j->rows[i].why = j->rows[i].again = name;
}

/* Every text that can come from outside is set to `name`. */
static inline void fixture_poison(struct fixture *f, const char *name)
{
    f->run.name = f->run.why = f->run.fitness = f->run.status = f->run.topology = f->run.host_class = f->run.command = f->run.version = name;
    f->run.suite_text = f->run.suite_path = name;
    f->in.file = name;
    f->in.rerun = fixture_rerun;
    ridge_kvs_set(&f->arena, &f->run.host, "hostname", name);
    ridge_kvs_set(&f->arena, &f->run.host, name, name);
    for (size_t i = 0; i < f->n_groups; i++) {
        f->groups[i].title = f->groups[i].stop_reason = name;
        for (size_t k = 0; k < f->groups[i].n_members; k++) {
            struct ridge_rd_member *m = &f->groups[i].members[k];
            m->subject = m->backend = m->model = m->layer = m->reason = m->stderr_tail = m->arm = name;
            m->device = m->target = m->case_id = name;
            ridge_kvs_set(&f->arena, &m->options, "threads", name);
            ridge_kvs_set(&f->arena, &m->options, name, name);
            ridge_kvs_set(&f->arena, &m->conditions, name, name);
            if (m->verdict && strcmp(m->verdict, "crashed") == 0)
                m->verdict = name;
            for (size_t x = 0; x < m->n_metrics; x++)
                if (m->metrics[x].refused)
                    m->metrics[x].refused = name;
        }
        for (size_t k = 0; k < f->groups[i].n_comparisons; k++)
            f->groups[i].comparisons[k].note = f->groups[i].comparisons[k].estimator = name;
    }
}
#endif

/* A small plan and chunks for the store's tests. */
#ifndef RIDGE_TEST_STORE_FIXTURE_H
#define RIDGE_TEST_STORE_FIXTURE_H
#include "ridge_test.h"
#include "store/reader.h"
#include "store/writer.h"

#include <inttypes.h>
#include <unistd.h>

#define HOSTILE "<script>\"'\\\n\t\x01\xff\xfe {}[]:, \xe2\x80\xa8 \xf0\x9f\x98\x80 '; DROP TABLE run; --"

enum { FX_MEMBERS = 2, FX_SAMPLES = 20 };
struct fixture {
    char path[128];
    struct ridge_arena arena;
    struct ridge_kv shape[1], host[1];
    struct ridge_kvs host_kvs;
    struct ridge_case cases[2];
    struct ridge_arm arms[1];
    struct ridge_member members[2];
    size_t in_group[2];
    struct ridge_group groups[1];
    struct ridge_plan plan;
    struct ridge_run_info info;
};
__attribute__((unused)) static void fx_init(struct fixture *f, const char *name)
{
    static const char *families[] = {"all", HOSTILE};
    memset(f, 0, sizeof *f);
    (void)snprintf(f->path, sizeof f->path, "/tmp/ridge-test-%d-%s.ridge", (int)getpid(), name);
    (void)unlink(f->path);
    f->shape[0] = (struct ridge_kv){"m", "512"};
    f->host[0] = (struct ridge_kv){"cpu", HOSTILE};
    f->host_kvs = (struct ridge_kvs){.v = f->host, .n = 1};
    for (int i = 0; i < 2; i++) {
        f->cases[i] = (struct ridge_case){.canonical = i ? "c1" : "c0", .subject = "gemm:m=512", .op = "gemm",
            .shape = {.v = f->shape, .n = 1}, .options = {.v = f->host, .n = 1}, .backend = i ? HOSTILE : "ridge", .device = "cpu",
            .target = "local", .model = "", .layer = "", .flop = 1e6, .compulsory_bytes = 2e6};
        (void)snprintf(f->cases[i].id, sizeof f->cases[i].id, "%016d", i);
        f->members[i] = (struct ridge_member){.i_case = (size_t)i, .yardstick = i ? "fma" : NULL};
        f->in_group[i] = (size_t)i;
    }
    f->cases[0].families = families;
    f->cases[0].n_families = 2;
    f->arms[0].name = "main";
    f->groups[0] = (struct ridge_group){.title = HOSTILE, .id = "g0", .members = f->in_group, .n_members = 2};
    f->plan = (struct ridge_plan){.name = "n", .cases = f->cases, .n_cases = 2, .arms = f->arms, .n_arms = 1,
        .members = f->members, .n_members = 2, .groups = f->groups, .n_groups = 1,
        .settings = {.forks = 3, .rounds = 7, .statistic = "p10"}};
    f->info = (struct ridge_run_info){.name = HOSTILE, .suite_path = "s.json", .suite_text = "{}",
        .suite_sha256 = "00", .command = "ridge run", .version = "0.1", .catalogue_digest = "d",
        .seed = UINT64_MAX - 4, .started_utc_ns = 5, .host = &f->host_kvs, .host_class = "vm", .topology = "1 core",
        .boot_id = "b", .plan = &f->plan};
}
__attribute__((unused)) static void fx_deinit(struct fixture *f)
{
    char side[160];
    static const char *const ends[] = {"", "-wal", "-shm", "-journal", ".schema1.bak"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        (void)snprintf(side, sizeof side, "%s%s", f->path, ends[i]);
        (void)unlink(side);
    }
    ridge_arena_deinit(&f->arena);
}
__attribute__((unused)) static enum ridge_status fx_round(struct ridge_store *s, int64_t run, int64_t fork,
                                                          int64_t round, struct ridge_error *err)
{
    static int64_t start[FX_SAMPLES], duration[FX_SAMPLES];
    static uint8_t flags[FX_SAMPLES];
    struct ridge_chunk c[FX_MEMBERS];
    static const size_t members[FX_MEMBERS] = {0, 1};
    for (int i = 0; i < FX_SAMPLES; i++) {
        start[i] = 1000000000LL * round + 2000 * i;
        duration[i] = i == 3 ? INT64_MAX : i == 4 ? INT64_MIN : 1000 + i % 7;
        flags[i] = i % 5 == 0;
    }
    for (int i = 0; i < FX_MEMBERS; i++)
        c[i] = (struct ridge_chunk){.fork = fork, .round = round, .order = i, .n = FX_SAMPLES, .n_lead_in = 3,
            .inner_reps = 4, .n_columns = 3, .canary_hz = 3.6e9, .steal_ns = -1, .n_disturbed = 4, .loads_per_step = 2.5, .n_repeats = 2,
            .columns = {{"start_ns", RIDGE_COL_I64, start}, {"duration_ns", RIDGE_COL_I64, duration},
                        {"flags", RIDGE_COL_U8, flags}}};
    return ridge_store_round(s, run, 0, fork, round, members, c, FX_MEMBERS, err);
}
#endif

/* The results file: round trip, writers at once, kill -9, foreign and damaged files, migration, full disk. */
#include "store_fixture.h"
#include "store/blob.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>

static struct ridge_store *open_rw(const struct fixture *f)
{
    struct ridge_store *s = NULL;
    struct ridge_error err = {0};
    CHECK(ridge_store_open(f->path, true, &s, &err) == RIDGE_OK);
    CHECK_STR(err.text, "");
    return s;
}
static bool verify(struct ridge_store *s)
{
    struct ridge_buf b = {0};
    bool ok = ridge_store_verify(s, &b, NULL) == RIDGE_OK;
    if (!ok)
        fprintf(stderr, "%s", b.data);
    ridge_buf_deinit(&b);
    return ok;
}
static void sql(const char *path, const char *text)
{
    sqlite3 *db = NULL;
    CHECK(sqlite3_open(path, &db) == SQLITE_OK);
    CHECK(sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(db);
}

static void write_one_run(struct fixture *f, struct ridge_store *s, int64_t *run)
{
    struct ridge_error err = {0};
    struct ridge_process p = {.i_member = 0, .verdict = RIDGE_VERDICT_OK, .warm = "warm", .inner_reps = 4,
        .clock_name = "tsc", .layout_seed = 9, .conditions = f->host_kvs, .n_phases = 1, .phases = {{"load", 7}},
        .n_facts = 1, .facts = {{"packed_bytes", NAN}}};
    struct ridge_metric m[] = {{"p99_ns", NAN, NAN, NAN, 17, 0, "ns", "measured", "r1", HOSTILE},
                               {"time_ns", 5, 4, NAN, 3, 2, "ns", "measured", "r", NULL},
                               {"odd_one", 1, NAN, NAN, 1, 0, "1", "declared", "", NULL}};
    const struct ridge_metric *lists[] = {m, NULL};
    struct ridge_comparison c = {0, 1, 1.5, 1.4, INFINITY, 7, 1, true, "HL", "1 layout seen"};
    CHECK(ridge_store_begin_run(s, &f->info, run, &err) == RIDGE_OK);
    CHECK(ridge_store_process(s, *run, &p, &err) == RIDGE_OK);
    p.i_member = 1;
    p.verdict = RIDGE_VERDICT_CRASHED;
    (void)snprintf(p.reason, sizeof p.reason, "%s", HOSTILE);
    CHECK(ridge_store_process(s, *run, &p, &err) == RIDGE_OK);
    for (int64_t r = 0; r < 3; r++)
        CHECK(fx_round(s, *run, 0, r, &err) == RIDGE_OK);
    CHECK(ridge_store_fork_end(s, *run, 0, 0, &err) == RIDGE_OK);
    CHECK(ridge_store_group_end(s, *run, 0, "width", INFINITY, &err) == RIDGE_OK);
    for (int i = 0; i < 2; i++) /* the second replaces the first */
        CHECK(ridge_store_derived(s, *run, 0, f->in_group, lists, (const size_t[]){3, 0}, 2, &c, 1, &err) == RIDGE_OK);
    CHECK(ridge_store_end_run(s, *run, "complete", "quiet", "steal 0 %", &err) == RIDGE_OK);
    CHECK_STR(err.text, "");
}

static void check_samples(struct ridge_store *s, int64_t run)
{
    struct ridge_chunk *chunks;
    size_t n;
    CHECK(ridge_read_chunks(s, run, 1, &chunks, &n, NULL) == RIDGE_OK && n == 3);
    for (size_t i = 0; i < n; i++) {
        const struct ridge_column *d = ridge_chunk_column(&chunks[i], "duration_ns");
        const struct ridge_column *u = ridge_chunk_column(&chunks[i], "flags");
        CHECK(chunks[i].n == FX_SAMPLES && chunks[i].n_lead_in == 3 && chunks[i].order == 1);
        CHECK(d && ((int64_t *)d->data)[3] == INT64_MAX && ((int64_t *)d->data)[4] == INT64_MIN);
        CHECK(u && ((uint8_t *)u->data)[5] == 1 && ((uint8_t *)u->data)[6] == 0);
        CHECK(chunks[i].round == (int64_t)i && chunks[i].steal_ns == -1 && chunks[i].inner_reps == 4);
        CHECK(chunks[i].loads_per_step > 2.4 && chunks[i].n_repeats == 2);
        ridge_chunk_deinit(&chunks[i]);
    }
    free(chunks);
}

/* The level of a run with `n_rounds` rounds more, of two members each; every 20th block is lucky. */
static int64_t write_level(struct fixture *f, struct ridge_store *s, int64_t n_rounds, double loads)
{
    char text[256];
    int64_t run;
    write_one_run(f, s, &run);
    for (int64_t r = 3; r < 3 + n_rounds; r++)
        CHECK(fx_round(s, run, 0, r, NULL) == RIDGE_OK);
    (void)snprintf(text, sizeof text, "UPDATE chunk SET loads_per_step = CASE WHEN place = 0 AND round %% 20 = 0 THEN 9 ELSE %g END "
                   "WHERE run_id = %" PRId64, loads, run);
    sql(f->path, text);
    return run;
}
static double usual_of(struct ridge_store *s, int64_t run)
{
    double own = -1, before = -1;
    CHECK(ridge_read_loads(s, run, &own, NULL) == RIDGE_OK && ridge_read_loads_before(s, run, &before, NULL) == RIDGE_OK);
    return fmax(own, before);
}
/* What was beside a neighbour is known by the level of this run and of those before it on hosts of its class. */
static void shared_blocks_are_known_by_all_that_is_stored(void)
{
    struct fixture f;
    struct ridge_store *s;
    bool marked[1] = {false};
    struct ridge_rd_block *blocks;
    size_t n;
    fx_init(&f, "shared");
    CHECK(ridge_store_open(f.path, true, &s, NULL) == RIDGE_OK);
    int64_t short_run = write_level(&f, s, 0, 2.7), first = write_level(&f, s, 60, 2.5);
    CHECK_NEAR(usual_of(s, first), 2.5, 1e-12); /* a run of 6 blocks tells nothing to others */
    CHECK(usual_of(s, short_run) > 2.6);
    (void)write_level(&f, s, 60, 2.8); /* one odd run rules nobody */
    (void)write_level(&f, s, 60, 2.5);
    int64_t beside = write_level(&f, s, 60, 1.9);
    CHECK_NEAR(usual_of(s, beside), 2.5, 1e-12);
    f.info.host_class = "another";
    CHECK_NEAR(usual_of(s, write_level(&f, s, 60, 1.9)), 1.9, 1e-12);
    CHECK(ridge_store_mark_shared(s, beside, 0.95 * 2.5, marked, 1, NULL) == RIDGE_OK && marked[0]);
    CHECK(ridge_read_blocks(s, &f.arena, beside, &blocks, &n, NULL) == RIDGE_OK && n == 126);
    size_t n_lucky = 0;
    for (size_t i = 0; i < n; i++)
        n_lucky += blocks[i].n_disturbed < blocks[i].n_samples;
    CHECK(n_lucky == 4);
    CHECK(ridge_read_blocks(s, &f.arena, first, &blocks, &n, NULL) == RIDGE_OK && n == 126);
    for (size_t i = 0; i < n; i++)
        CHECK(blocks[i].n_disturbed < blocks[i].n_samples); /* another run's blocks stay */
    marked[0] = false;
    CHECK(ridge_store_mark_shared(s, beside, 0.95 * 2.5, marked, 1, NULL) == RIDGE_OK && !marked[0]); /* they are already */
    ridge_store_close(s);
    fx_deinit(&f);
}

static void it_gives_back_what_was_written(void)
{
    struct fixture f;
    struct ridge_rd_run run;
    struct ridge_rd_group *g;
    size_t n;
    int64_t id;
    fx_init(&f, "trip");
    struct ridge_store *s = open_rw(&f);
    write_one_run(&f, s, &id);
    CHECK(verify(s));
    ridge_store_close(s);
    CHECK(ridge_store_open(f.path, false, &s, NULL) == RIDGE_OK);
    CHECK(ridge_read_run(s, &f.arena, "last", &run, NULL) == RIDGE_OK);
    CHECK_STR(run.name, HOSTILE);
    CHECK_STR(run.status, "complete");
    CHECK(run.seed == UINT64_MAX - 4 && run.forks == 3 && run.rounds == 7 && run.host.n == 1 && run.n_cases == 2);
    CHECK(ridge_read_run(s, &f.arena, HOSTILE, &run, NULL) == RIDGE_OK);
    CHECK(ridge_read_run(s, &f.arena, "1", &run, NULL) == RIDGE_OK && run.id == 1);
    struct ridge_error err = {0};
    CHECK(ridge_read_run(s, &f.arena, "last~1", &run, &err) == RIDGE_ERR_USAGE);
    CHECK(strstr(err.text, "there is no run 'last~1'") != NULL);
    CHECK(ridge_read_run(s, &f.arena, "last~x", &run, NULL) == RIDGE_ERR_USAGE);
    CHECK(ridge_read_groups(s, &f.arena, id, &g, &n, NULL) == RIDGE_OK && n == 1);
    CHECK(g->n_members == 2 && g->n_comparisons == 1 && isnan(g->width_ratio));
    CHECK_STR(g->title, HOSTILE);
    CHECK_STR(g->members[1].backend, HOSTILE);
    CHECK_STR(g->members[1].verdict, "crashed");
    CHECK_STR(g->members[1].reason, HOSTILE);
    CHECK_STR(g->members[1].yardstick, "fma");
    CHECK(g->members[0].yardstick == NULL && g->members[0].n_rounds == 3 && g->members[0].n_forks == 1);
    CHECK(g->members[0].n_samples == 3 * 17 && g->members[0].inner_reps == 4 && g->members[0].conditions.n == 1);
    CHECK(g->members[0].n_metrics == 3);
    CHECK(g->members[0].n_families == 2 && g->members[1].n_families == 0);
    CHECK_STR(g->members[0].families[1], HOSTILE);
    CHECK_STR(g->members[0].metrics[0].name, "time_ns");
    CHECK(g->members[0].metrics[0].n_forks == 2);
    CHECK_STR(g->members[0].metrics[2].name, "odd_one");
    const struct ridge_metric *m = ridge_rd_metric(&g->members[0], "p99_ns");
    CHECK(m != NULL && isnan(m->value) && m->n == 17);
    CHECK_STR(m->refused, HOSTILE);
    CHECK_NEAR(g->comparisons[0].ratio, 1.5, 0);
    CHECK(isnan(g->comparisons[0].high) && g->comparisons[0].i_member_b == 1 && g->comparisons[0].paired);
    check_samples(s, id);
    ridge_store_close(s);
    fx_deinit(&f);
}

static void it_resumes_at_the_fork(void)
{
    struct fixture f;
    int64_t id, again;
    struct ridge_chunk *chunks;
    size_t n;
    fx_init(&f, "resume");
    struct ridge_store *s = open_rw(&f);
    CHECK(ridge_store_resume_run(s, &f.info, &again, NULL) == RIDGE_OK && again == 0);
    CHECK(ridge_store_begin_run(s, &f.info, &id, NULL) == RIDGE_OK);
    CHECK(fx_round(s, id, 0, 0, NULL) == RIDGE_OK);
    CHECK(ridge_store_fork_end(s, id, 0, 0, NULL) == RIDGE_OK);
    for (int i = 0; i < 3; i++) { /* interrupted again and again in fork 1 */
        CHECK(fx_round(s, id, 1, 0, NULL) == RIDGE_OK);
        CHECK(ridge_store_resume_run(s, &f.info, &again, NULL) == RIDGE_OK && again == id);
        CHECK(ridge_store_fork_done(s, id, 0, 0) && !ridge_store_fork_done(s, id, 0, 1));
    }
    CHECK(ridge_read_chunks(s, id, 0, &chunks, &n, NULL) == RIDGE_OK && n == 1);
    ridge_chunk_deinit(&chunks[0]);
    free(chunks);
    f.info.boot_id = "other";
    CHECK(ridge_store_resume_run(s, &f.info, &again, NULL) == RIDGE_OK && again == 0);
    CHECK(verify(s));
    ridge_store_close(s);
    fx_deinit(&f);
}

static void it_refuses_foreign_newer_and_damaged_files(void)
{
    struct fixture f;
    struct ridge_store *s;
    static const struct { const char *make, *says; } rows[] = {
        {"CREATE TABLE t (a)", "another program"},
        {"PRAGMA application_id = 7; CREATE TABLE t (a)", "another program"},
        {"PRAGMA application_id = 0x52494447; PRAGMA user_version = 99; CREATE TABLE t (a)", "newer Ridge (schema 99"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int writable = 0; writable < 2; writable++) {
            struct ridge_error err = {0};
            fx_init(&f, "foreign");
            sql(f.path, rows[i].make);
            CHECK(ridge_store_open(f.path, writable != 0, &s, &err) == RIDGE_ERR_DB && s == NULL);
            CHECK(strstr(err.text, rows[i].says) != NULL && strstr(err.text, f.path) != NULL);
            fx_deinit(&f);
        }
    struct ridge_error err = {0};
    fx_init(&f, "text");
    CHECK(ridge_store_open(f.path, false, &s, &err) == RIDGE_ERR_DB && strstr(err.text, "no such file") != NULL);
    FILE *file = fopen(f.path, "w");
    for (int i = 0; i < 1000; i++)
        fputs("this is no database at all\n", file);
    fclose(file);
    err = (struct ridge_error){0};
    CHECK(ridge_store_open(f.path, true, &s, &err) == RIDGE_ERR_DB && strstr(err.text, "not a results file") != NULL);
    fx_deinit(&f);
}

static void it_names_a_damaged_chunk(void)
{
    struct fixture f;
    int64_t id;
    struct ridge_chunk *chunks;
    size_t n;
    struct ridge_error err = {0};
    struct ridge_buf report = {0};
    fx_init(&f, "damage");
    struct ridge_store *s = open_rw(&f);
    write_one_run(&f, s, &id);
    ridge_store_close(s);
    sql(f.path, "UPDATE chunk_blob SET columns = CAST(substr(columns, 1, 40) || x'00' || substr(columns, 42) AS BLOB) "
                "WHERE chunk_id = 1");
    CHECK(ridge_store_open(f.path, false, &s, NULL) == RIDGE_OK);
    CHECK(ridge_store_verify(s, &report, &err) == RIDGE_ERR_DB);
    CHECK(strstr(report.data, "chunk 1: ") != NULL);
    CHECK(ridge_read_chunks(s, id, 0, &chunks, &n, NULL) == RIDGE_ERR_DB && n == 0);
    ridge_buf_deinit(&report);
    ridge_store_close(s);
    fx_deinit(&f);
}

static void it_survives_any_blob(void)
{
    int64_t v[] = {1, 2, 3};
    struct ridge_chunk c = {.n = 3, .n_columns = 1, .columns = {{"duration_ns", RIDGE_COL_I64, v}}}, d;
    struct ridge_buf b = {0};
    ridge_blob_encode(&c, &b);
    for (size_t n = 0; n < b.n; n++) {
        CHECK(ridge_blob_decode(b.data, n, &d, NULL) != RIDGE_OK);
        ridge_chunk_deinit(&d);
    }
    for (size_t i = 0; i < b.n * 8; i++) {
        b.data[i / 8] = (char)(b.data[i / 8] ^ (1 << i % 8));
        CHECK(ridge_blob_decode(b.data, b.n, &d, NULL) != RIDGE_OK);
        ridge_chunk_deinit(&d);
        b.data[i / 8] = (char)(b.data[i / 8] ^ (1 << i % 8));
    }
    CHECK(ridge_blob_decode(b.data, b.n, &d, NULL) == RIDGE_OK && d.n == 3);
    ridge_chunk_deinit(&d);
    ridge_buf_deinit(&b);
}

/* edit: what else is odd about the file; NULL: nothing */
static void migrates(int schema, const char *run_name, const char *edit)
{
    struct fixture f;
    char backup[160], golden[256], cmd[4096];
    struct ridge_rd_run run;
    struct ridge_judgement *judgement = NULL;
    struct ridge_rd_group *groups = NULL;
    struct ridge_rd_block *blocks = NULL;
    size_t n_groups = 0, n_blocks = 0;
    fx_init(&f, "old");
    (void)snprintf(golden, sizeof golden, RIDGE_SOURCE_DIR "/tests/golden/schema%d.ridge", schema);
    FILE *in = fopen(golden, "rb"), *out = fopen(f.path, "wb");
    CHECK(in != NULL && out != NULL);
    for (size_t n; in != NULL && (n = fread(cmd, 1, sizeof cmd, in)) > 0;)
        CHECK(fwrite(cmd, 1, n, out) == n);
    if (in != NULL)
        fclose(in);
    fclose(out);
    if (edit != NULL)
        sql(f.path, edit);
    struct ridge_store *s;
    CHECK(ridge_store_open(f.path, false, &s, NULL) == RIDGE_OK); /* reading leaves the file as it is */
    CHECK(ridge_read_judgement(s, &f.arena, 1, &judgement, NULL) == RIDGE_OK && judgement == NULL);
    CHECK(ridge_read_run(s, &f.arena, run_name, &run, NULL) == RIDGE_OK);
    CHECK(ridge_read_groups(s, &f.arena, run.id, &groups, &n_groups, NULL) == RIDGE_OK);
    CHECK(ridge_read_blocks(s, &f.arena, run.id, &blocks, &n_blocks, NULL) == RIDGE_OK);
    ridge_store_close(s);
    s = open_rw(&f);
    CHECK(ridge_read_run(s, &f.arena, run_name, &run, NULL) == RIDGE_OK);
    int64_t id = 0;
    CHECK(ridge_store_begin_run(s, &f.info, &id, NULL) == RIDGE_OK && id == 2);
    CHECK(verify(s));
    ridge_store_close(s);
    (void)snprintf(backup, sizeof backup, "%s.schema%d.bak", f.path, schema);
    CHECK(access(backup, R_OK) == 0);
    CHECK(ridge_store_open(backup, false, &s, NULL) == RIDGE_OK);
    ridge_store_close(s);
    (void)unlink(backup);
    fx_deinit(&f);
}

static void it_migrates_with_a_backup(void)
{
    migrates(1, "old", NULL);
    migrates(2, "old2", NULL);
    migrates(4, "old4", NULL);
    migrates(6, "old6", NULL);
}

static void it_migrates_the_first_files_of_schema_4(void)
{
    migrates(4, "old4", "ALTER TABLE run DROP COLUMN defaults_json");
}

static void it_keeps_judgements_and_baselines(void)
{
    struct fixture f;
    struct ridge_judgement *back = NULL;
    struct ridge_rd_baseline *baselines = NULL;
    int64_t id = 0, out = -1, n_aa = -1;
    size_t n = 0;
    fx_init(&f, "judged");
    struct ridge_store *s = open_rw(&f);
    CHECK(ridge_store_begin_run(s, &f.info, &id, NULL) == RIDGE_OK);
    struct ridge_judged rows[] = {
        {.i_member = 0, .base_run_id = id, .i_member_base = 1, .case_id = "c", .subject = HOSTILE, .label = "l", .metric = "time_ns",
         .kind = "paired", .verdict = RIDGE_CHANGE_REGRESSED, .ratio = 1.1, .low = 1.09, .high = 1.11, .margin_ratio = 0.03,
         .p = 0.001, .detect_ratio = NAN, .n_forks = 10, .n_more_forks = 2, .more_s = 3, .why = HOSTILE, .again = "ridge"},
        {.i_member = -1, .base_run_id = -1, .i_member_base = -1, .case_id = "", .subject = "s", .label = "", .metric = "time_ns",
         .kind = "aa", .verdict = RIDGE_CHANGE_OK, .ratio = NAN, .low = NAN, .high = NAN, .margin_ratio = NAN, .p = NAN,
         .detect_ratio = NAN, .more_s = NAN, .why = "", .again = ""}};
    struct ridge_judgement j = {.run_id = id, .base_run_id = -1, .mode = "ab", .baseline = "main", .rules_name = "r",
                                .rules_text = "{}", .rules_sha256 = "00", .command = "ridge ab", .banner = "b", .why = "",
                                .exit_code = 1, .n_aa_out = 1, .n_aa = 20, .alpha = 0.05, .n_looks = 2, .aa_upper = 0.2,
                                .detect_ratio = NAN, .rows = rows, .n_rows = 2};
    CHECK(ridge_store_judgement(s, &j, NULL) == RIDGE_OK && j.id > 0);
    CHECK(ridge_read_judgement(s, &f.arena, id, &back, NULL) == RIDGE_OK && back != NULL && back->n_rows == 2);
    if (back != NULL && back->n_rows == 2) {
        CHECK_NEAR(back->rows[0].ratio, 1.1, 0);
        CHECK(back->rows[0].verdict == RIDGE_CHANGE_REGRESSED && back->rows[0].i_member_base == 1 && isnan(back->rows[0].detect_ratio));
        CHECK(back->rows[1].i_member == -1 && isnan(back->rows[1].ratio) && back->base_run_id == -1 && isnan(back->detect_ratio));
        CHECK_NEAR(back->aa_upper, 0.2, 0);
        CHECK(ridge_judgement_count(back, RIDGE_CHANGE_OK) == 0 && ridge_judgement_count(back, RIDGE_CHANGE_REGRESSED) == 1);
    }
    CHECK(ridge_read_aa(s, "vm", id + 1, &out, &n_aa, NULL) == RIDGE_OK && out == 1 && n_aa == 20);
    CHECK(ridge_read_aa(s, "vm", id, &out, &n_aa, NULL) == RIDGE_OK && out == 0 && n_aa == 0);
    CHECK(ridge_store_baseline(s, HOSTILE, &id, 1, 7, NULL) == RIDGE_OK);
    CHECK(ridge_read_baselines(s, &f.arena, &baselines, &n, NULL) == RIDGE_OK && n == 1 && baselines[0].run_id == id);
    CHECK(ridge_store_baseline(s, HOSTILE, NULL, 0, 8, NULL) == RIDGE_OK);
    CHECK(ridge_read_baselines(s, &f.arena, &baselines, &n, NULL) == RIDGE_OK && n == 0);
    int64_t none = 999;
    CHECK(ridge_store_baseline(s, "x", &none, 1, 7, NULL) == RIDGE_ERR_DB); /* a run that is not there */
    CHECK(verify(s));
    ridge_store_close(s);
    fx_deinit(&f);
}

static pid_t writer(const struct fixture *f, int64_t n_rounds, int ready_fd)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    struct ridge_store *s;
    int64_t id;
    struct ridge_error err = {0};
    bool ok = ridge_store_open(f->path, true, &s, &err) == RIDGE_OK &&
              ridge_store_begin_run(s, &f->info, &id, &err) == RIDGE_OK;
    for (int64_t r = 0; ok && r < n_rounds; r++) {
        ok = fx_round(s, id, 0, r, &err) == RIDGE_OK;
        if (ready_fd >= 0 && ok) /* acknowledged: must be there after a kill */
            ok = write(ready_fd, "x", 1) == 1;
    }
    if (!ok)
        fprintf(stderr, "writer: %s\n", err.text);
    ridge_store_close(ok ? s : NULL);
    _exit(ok ? 0 : 1);
}

static void it_takes_two_writers_at_once(void)
{
    struct fixture f;
    struct ridge_rd_run *runs;
    size_t n, n_chunks;
    int status;
    fx_init(&f, "two");
    pid_t a = writer(&f, 50, -1), b = writer(&f, 50, -1);
    CHECK(waitpid(a, &status, 0) == a && status == 0);
    CHECK(waitpid(b, &status, 0) == b && status == 0);
    struct ridge_store *s = open_rw(&f);
    CHECK(ridge_read_runs(s, &f.arena, &runs, &n, NULL) == RIDGE_OK && n == 2);
    for (size_t i = 0; i < n; i++) {
        struct ridge_chunk *chunks;
        CHECK(ridge_read_chunks(s, runs[i].id, 0, &chunks, &n_chunks, NULL) == RIDGE_OK && n_chunks == 50);
        for (size_t k = 0; k < n_chunks; k++)
            ridge_chunk_deinit(&chunks[k]);
        free(chunks);
    }
    CHECK(verify(s));
    ridge_store_close(s);
    fx_deinit(&f);
}

static void it_survives_kill_9(void)
{
    struct fixture f;
    int64_t n_acked = 0;
    fx_init(&f, "kill");
    for (int i = 0; i < 30; i++) {
        int fds[2], status;
        char c[64];
        CHECK(pipe(fds) == 0);
        pid_t pid = writer(&f, 100000, fds[1]);
        close(fds[1]);
        CHECK(read(fds[0], c, 1) == 1);
        n_acked++;
        usleep((useconds_t)(700 * (i % 13)));
        kill(pid, SIGKILL);
        (void)waitpid(pid, &status, 0);
        for (ssize_t k; (k = read(fds[0], c, sizeof c)) > 0;)
            n_acked += k;
        close(fds[0]);
    }
    struct ridge_store *s = open_rw(&f);
    CHECK(verify(s));
    struct ridge_rd_run *runs;
    size_t n;
    int64_t n_rounds = 0;
    CHECK(ridge_read_runs(s, &f.arena, &runs, &n, NULL) == RIDGE_OK && n == 30);
    for (size_t i = 0; i < n; i++) {
        struct ridge_rd_group *g;
        size_t n_groups;
        CHECK(ridge_read_groups(s, &f.arena, runs[i].id, &g, &n_groups, NULL) == RIDGE_OK);
        n_rounds += g->members[0].n_rounds;
    }
    CHECK(n_rounds >= n_acked); /* no acknowledged commit is lost */
    ridge_store_close(s);
    fx_deinit(&f);
}

static void it_says_that_the_disk_is_full(void)
{
    struct fixture f;
    int status;
    fx_init(&f, "full");
    pid_t pid = fork();
    if (pid == 0) {
        struct rlimit limit = {400000, 400000};
        struct ridge_error err = {0};
        struct ridge_store *s;
        int64_t id, r = 0;
        signal(SIGXFSZ, SIG_IGN);
        if (ridge_store_open(f.path, true, &s, &err) != RIDGE_OK || ridge_store_begin_run(s, &f.info, &id, &err) != RIDGE_OK)
            _exit(3);
        setrlimit(RLIMIT_FSIZE, &limit);
        while (r < 100000 && fx_round(s, id, 0, r, &err) == RIDGE_OK)
            r++;
        bool ok = r > 0 && r < 100000 && err.status == RIDGE_ERR_DB && strstr(err.text, f.path) != NULL;
        if (!ok)
            fprintf(stderr, "after %" PRId64 " rounds: %s\n", r, err.text);
        ridge_store_close(s);
        _exit(ok ? 0 : 1);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    struct ridge_store *s = open_rw(&f);
    CHECK(verify(s));
    ridge_store_close(s);
    fx_deinit(&f);
}

RIDGE_TEST_MAIN(TEST_ROW(it_gives_back_what_was_written), TEST_ROW(it_resumes_at_the_fork),
                TEST_ROW(it_refuses_foreign_newer_and_damaged_files), TEST_ROW(it_names_a_damaged_chunk),
                TEST_ROW(it_survives_any_blob), TEST_ROW(it_migrates_with_a_backup), TEST_ROW(it_migrates_the_first_files_of_schema_4),
                TEST_ROW(it_keeps_judgements_and_baselines), TEST_ROW(shared_blocks_are_known_by_all_that_is_stored),
                TEST_ROW(it_takes_two_writers_at_once), TEST_ROW(it_survives_kill_9),
                TEST_ROW(it_says_that_the_disk_is_full))

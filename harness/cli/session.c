#include "session.h"
#include "line.h"
#include "base/os.h"
#include "host/host.h"
#include "report.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct session {
    const struct ridge_session_config *config;
    struct ridge_cli_worker *worker;
    struct ridge_plan plan;
    struct ridge_store *store;
    int64_t run_id;
    struct ridge_derive_facts *facts; /* per member of the plan */
    double loads_before; /* usual ones a step, of the runs before this one */
    bool is_group_open;
    size_t i_group;
    bool *is_ended; /* per group: in this session */
    size_t n_groups_done, n_groups_now; /* of this pass over the plan */
    bool fitness_bad;
    int64_t *want; /* per group, forks of this look; NULL: the first look */
    struct stop {  /* per group: of the first look, whose forks the stop rule was asked about */
        const char *reason;
        double width_ratio;
    } *stops;
};

/* ---- the sink ---- */

static enum ridge_status on_group_begin(void *self, size_t i_group, int64_t fork, struct ridge_error *err)
{
    struct session *s = self;
    (void)fork, (void)err;
    s->is_group_open = true;
    s->i_group = i_group;
    return RIDGE_OK;
}

/* From here on --resume skips this fork. */
static enum ridge_status on_fork_end(void *self, size_t i_group, int64_t fork, struct ridge_error *err)
{
    const struct session *s = self;
    return ridge_store_fork_end(s->store, s->run_id, i_group, fork, err);
}

static enum ridge_status on_process(void *self, const struct ridge_process *p, struct ridge_error *err)
{
    struct session *s = self;
    ridge_derive_add_process(&s->facts[p->i_member], p);
    return ridge_store_process(s->store, s->run_id, p, err);
}

static enum ridge_status on_round(void *self, size_t i_group, int64_t fork, int64_t round, const size_t *i_members,
                                  struct ridge_chunk *chunks, size_t n, struct ridge_error *err)
{
    struct session *s = self;
    return ridge_store_round(s->store, s->run_id, i_group, fork, round, i_members, chunks, n, err);
}

/* One plain line per finished case where nobody watches a progress line. */
static void say_group(const struct session *s, size_t i_group, const char *stop_reason)
{
    const struct ridge_group *g = &s->plan.groups[i_group];
    ridge_cli_progress_clear();
    if (ridge_cli_is_terminal(stderr))
        return;
    for (size_t i = 0; i < g->n_members; i++) {
        const struct ridge_member *m = &s->plan.members[g->members[i]];
        const struct ridge_case *c = &s->plan.cases[m->i_case];
        const struct ridge_derive_facts *facts = &s->facts[g->members[i]];
        if (m->yardstick == NULL)
            ridge_cli_say("[%zu/%zu] %s %s%s%s: %s (%s)", s->n_groups_done, s->n_groups_now, c->subject, c->backend,
                          s->plan.n_arms > 1 ? " arm " : "", s->plan.n_arms > 1 ? s->plan.arms[m->i_arm].name : "",
                          facts->is_known ? ridge_verdict_text(facts->verdict) : "not measured", stop_reason);
    }
}

static enum ridge_status on_group_end(void *self, size_t i_group, const char *stop_reason, double width_ratio,
                                      struct ridge_error *err)
{
    struct session *s = self;
    bool is_half = strcmp(stop_reason, "interrupted") == 0; /* measured again by --resume */
    enum ridge_status st = RIDGE_OK;
    s->is_group_open = false;
    if (!is_half) {
        struct stop *stop = &s->stops[i_group];
        if (stop->reason == NULL)
            *stop = (struct stop){ridge_arena_str(&s->plan.arena, stop_reason), width_ratio};
        stop_reason = stop->reason;
        st = ridge_store_group_end(s->store, s->run_id, i_group, stop_reason, stop->width_ratio, err);
    }
    if (st == RIDGE_OK)
        st = ridge_derive_group(s->store, s->run_id, &s->plan, i_group, stop_reason, s->facts, err);
    s->n_groups_done++;
    s->is_ended[i_group] = !is_half;
    say_group(s, i_group, stop_reason);
    return st;
}

static bool on_skip(void *self, size_t i_group, int64_t fork)
{
    struct session *s = self;
    if (s->want != NULL && fork >= s->want[i_group])
        return true;
    return (s->want != NULL || s->config->resume) && ridge_store_fork_done(s->store, s->run_id, i_group, fork);
}

/* ---- loading ---- */

static int print_suite_errors(const struct ridge_suite_errors *errors)
{
    for (size_t i = 0; i < errors->n; i++) {
        const struct ridge_suite_error *e = &errors->v[i];
        bool has_path = e->path != NULL && e->path[0] != '\0';
        ridge_cli_say("%s:%d:%d: %s%s%s", e->file, e->line, e->column, has_path ? e->path : "", has_path ? ": " : "",
                      e->text);
    }
    return RIDGE_EXIT_USAGE;
}

int ridge_cli_load_plan(const struct ridge_session_config *config, struct ridge_cli_worker *worker,
                        struct ridge_plan *plan)
{
    struct ridge_suite_errors errors;
    struct ridge_suite_overrides over = {.set = config->set, .filter = config->filter};
    struct ridge_error err = {0};
    memset(&errors, 0, sizeof errors);
    const char *text = ridge_cli_worker_read_suite(worker, config->suite_path, config->suite_text);
    enum ridge_status st = ridge_suite_load(config->suite_path, text, worker->catalogue, &over, plan, &errors);
    if (st != RIDGE_OK) {
        int rc = errors.n > 0 ? print_suite_errors(&errors) : RIDGE_EXIT_USAGE;
        if (errors.n == 0)
            ridge_cli_say("ridge: %s: the suite cannot be read", config->suite_path);
        ridge_suite_errors_deinit(&errors);
        return rc;
    }
    ridge_suite_errors_deinit(&errors);
    if (plan->n_cases == 0) {
        ridge_cli_say("ridge: %s: no case is left%s", config->suite_path,
                      config->filter != NULL ? "; the filter matches none" : "");
        return RIDGE_EXIT_USAGE;
    }
    st = ridge_sched_cost(worker->program, plan, &err);
    if (st == RIDGE_OK) {
        size_t n_before = plan->n_cases;
        ridge_plan_add_yardsticks(plan, worker->catalogue);
        if (plan->n_cases > n_before) /* the yardsticks' own FLOPs and bytes */
            st = ridge_sched_cost(worker->program, plan, &err);
    }
    return st == RIDGE_OK ? RIDGE_EXIT_OK : ridge_cli_error(&err);
}

/* ---- begin and end ---- */

static enum ridge_verdict verdict_named(const char *text)
{
    for (int v = RIDGE_VERDICT_OK; v < RIDGE_VERDICT_INTERRUPTED; v++)
        if (strcmp(text, ridge_verdict_text((enum ridge_verdict)v)) == 0)
            return (enum ridge_verdict)v;
    return RIDGE_VERDICT_INTERRUPTED;
}

/* A resumed run keeps what its earlier processes said: a wrong answer stays wrong, facts stay the largest. */
static enum ridge_status recall_facts(struct session *s, struct ridge_error *err)
{
    struct ridge_arena a = {0};
    struct ridge_rd_fact *v = NULL;
    size_t n = 0;
    enum ridge_status st = ridge_read_facts(s->store, &a, s->run_id, &v, &n, err);
    for (size_t i = 0; i < n; i++) {
        if ((size_t)v[i].i_member >= s->plan.n_members)
            continue;
        struct ridge_derive_facts *f = &s->facts[v[i].i_member];
        ridge_derive_add_verdict(f, verdict_named(v[i].verdict));
        if (v[i].name != NULL)
            ridge_derive_add_fact(f, v[i].fork, v[i].name, v[i].value);
    }
    ridge_arena_deinit(&a);
    return st;
}

/* The file's own place, so that a printed command works from any folder; what is no file stays as it is. */
static const char *absolute_path(struct ridge_arena *a, const char *path)
{
    char *real = path != NULL ? realpath(path, NULL) : NULL;
    const char *out = real != NULL ? ridge_arena_str(a, real) : path;
    free(real);
    return out;
}

static void add_defaults(struct ridge_arena *a, struct ridge_kvs *out, const char *prefix,
                         const struct ridge_option_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *text;
        if (rows[i].role == RIDGE_ROLE_IDENTITY && rows[i].def != NULL &&
            ridge_option_canonical(a, &rows[i], rows[i].def, &text, NULL) == RIDGE_OK)
            ridge_kvs_set(a, out, ridge_arena_printf(a, "%s%s", prefix, rows[i].key), text);
    }
}

/* What a reader need not be told: an option that stands at its default. */
static struct ridge_kvs option_defaults(struct ridge_arena *a, const struct ridge_catalogue *cat)
{
    struct ridge_kvs out = {0};
    add_defaults(a, &out, "", cat->options, cat->n_options);
    for (size_t i = 0; i < cat->n_operators; i++)
        add_defaults(a, &out, ridge_arena_printf(a, "%s.", cat->operators[i].name), cat->operators[i].fields,
                     cat->operators[i].n_fields);
    return out;
}

static const char *set_words(struct ridge_arena *a, const char *const *set)
{
    struct ridge_buf b = {0};
    for (size_t i = 0; set != NULL && set[i] != NULL; i++) {
        ridge_buf_puts(&b, " --set ");
        ridge_text_shell(&b, set[i]);
    }
    const char *out = ridge_arena_strn(a, b.n > 0 ? b.data : "", b.n);
    ridge_buf_deinit(&b);
    return out;
}

static enum ridge_status begin_run(struct session *s, struct ridge_error *err)
{
    struct ridge_plan *p = &s->plan;
    char owner[48];
    const struct ridge_kvs defaults = option_defaults(&p->arena, s->worker->catalogue);
    const struct ridge_msg_hello *h = &s->worker->hello;
    struct ridge_run_info info = {.name = p->name,
                                  .suite_path = absolute_path(&p->arena, s->config->suite_path),
                                  .suite_text = p->suite_text,
                                  .suite_sha256 = p->suite_sha256,
                                  .command = s->config->command,
                                  .version = RIDGE_VERSION,
                                  .catalogue_digest = s->worker->catalogue->digest,
                                  .seed = p->seed,
                                  .started_utc_ns = (int64_t)ridge_os_realtime_ns(),
                                  .host = &h->host,
                                  .host_class = h->host_class,
                                  .topology = h->topology,
                                  .boot_id = h->boot_id,
                                  .defaults = &defaults,
                                  .owner = owner,
                                  .settings_words = ridge_plan_settings_words(&p->arena, &p->settings),
                                  .set_words = set_words(&p->arena, s->config->set),
                                  .plan = p};
    ridge_os_process_name(getpid(), owner);
    enum ridge_status st = ridge_store_open(s->config->output_path, true, &s->store, err);
    if (st != RIDGE_OK)
        return st;
    if (s->config->resume) {
        st = ridge_store_resume_run(s->store, &info, &s->run_id, err);
        if (st != RIDGE_OK)
            return st;
        if (s->run_id != 0) {
            ridge_cli_say("resuming run %lld", (long long)s->run_id);
            return recall_facts(s, err);
        }
        ridge_cli_say("nothing to resume in %s; starting a new run", s->config->output_path);
    }
    return ridge_store_begin_run(s->store, &info, &s->run_id, err);
}

static enum ridge_status begin(struct session *s, struct ridge_error *err)
{
    enum ridge_status st = begin_run(s, err);
    return st == RIDGE_OK ? ridge_read_loads_before(s->store, s->run_id, &s->loads_before, err) : st;
}

static enum ridge_status usual_loads(struct session *s, double *out, struct ridge_error *err)
{
    enum ridge_status st = ridge_read_loads(s->store, s->run_id, out, err);
    *out = fmax(*out, s->loads_before);
    return st;
}

static const struct ridge_rd_group *stored_group(const struct ridge_rd_group *v, size_t n, size_t i_group)
{
    for (size_t i = 0; i < n; i++)
        if ((size_t)v[i].i_group == i_group)
            return &v[i];
    return NULL;
}

/* A neighbour that was there when the run began is known by the blocks that came after, or by earlier runs: what was taken for
 * quiet beside it is marked, and the figures are made anew. */
static enum ridge_status mark_shared(struct session *s, struct ridge_error *err)
{
    struct ridge_arena a = {0};
    struct ridge_rd_group *groups = NULL;
    bool *marked = ridge_arena_array(&a, s->plan.n_groups + 1, sizeof *marked);
    size_t n = 0;
    double usual = 0;
    enum ridge_status st = usual_loads(s, &usual, err);
    if (st == RIDGE_OK && usual > 0)
        st = ridge_store_mark_shared(s->store, s->run_id, RIDGE_LEAST_LOADS_RATIO * usual, marked, s->plan.n_groups, err);
    if (st == RIDGE_OK)
        st = ridge_read_groups(s->store, &a, s->run_id, &groups, &n, err);
    for (size_t i = 0; i < s->plan.n_groups && st == RIDGE_OK; i++) {
        /* a run that was killed may have marked blocks and not made their figures */
        const struct ridge_rd_group *g = marked[i] || s->config->resume ? stored_group(groups, n, i) : NULL;
        if (g != NULL && g->stop_reason != NULL && g->stop_reason[0] != '\0')
            st = ridge_derive_group(s->store, s->run_id, &s->plan, i, g->stop_reason, s->facts, err);
    }
    ridge_arena_deinit(&a);
    return st;
}

/* A group whose forks were all stored when ridge was killed has no end and no figures yet. */
static enum ridge_status end_killed_groups(struct session *s, struct ridge_error *err)
{
    struct ridge_arena a = {0};
    struct ridge_rd_group *groups = NULL;
    size_t n = 0;
    enum ridge_status st = ridge_read_groups(s->store, &a, s->run_id, &groups, &n, err);
    for (size_t i = 0; i < n && st == RIDGE_OK; i++) {
        size_t i_group = (size_t)groups[i].i_group;
        bool has_end = groups[i].stop_reason != NULL && groups[i].stop_reason[0] != '\0';
        if (i_group >= s->plan.n_groups || s->is_ended[i_group] || has_end)
            continue;
        st = ridge_store_group_end(s->store, s->run_id, i_group, "resumed", NAN, err);
        if (st == RIDGE_OK)
            st = ridge_derive_group(s->store, s->run_id, &s->plan, i_group, "resumed", s->facts, err);
    }
    ridge_arena_deinit(&a);
    return st;
}

static enum ridge_status finish(struct session *s, enum ridge_status ran, struct ridge_error *err)
{
    char why[512] = "";
    enum ridge_status st = RIDGE_OK;
    if (s->is_group_open && ran != RIDGE_ERR_DB) { /* ended inside a group: what is there gets its figures */
        s->is_group_open = false;
        st = ridge_derive_group(s->store, s->run_id, &s->plan, s->i_group, "interrupted", s->facts, err);
    }
    if (st == RIDGE_OK && ran == RIDGE_OK && s->config->resume)
        st = end_killed_groups(s, err);
    struct ridge_noise noise = {0};
    if (st == RIDGE_OK)
        st = ridge_derive_noise(s->store, s->run_id, &s->plan, &noise, err);
    enum ridge_fitness fitness = ridge_stat_fitness(&noise, why, sizeof why);
    s->fitness_bad = fitness != RIDGE_QUIET;
    const char *status = ran == RIDGE_OK                                                  ? "complete"
                         : ran == RIDGE_ERR_INTERRUPTED || ridge_cli_interrupted != 0 ? "interrupted"
                                                                                          : "failed";
    enum ridge_status end =
        ridge_store_end_run(s->store, s->run_id, status, ridge_fitness_text(fitness), why, err);
    return st != RIDGE_OK ? st : end;
}

/* Unavailable is data: only what was there and went wrong counts as failed. */
static bool any_case_failed(const struct session *s)
{
    for (size_t i = 0; i < s->plan.n_members; i++) {
        enum ridge_verdict v = s->facts[i].verdict;
        bool is_bad = v != RIDGE_VERDICT_OK && v != RIDGE_VERDICT_UNSUPPORTED && v != RIDGE_VERDICT_INTERRUPTED;
        if (s->plan.members[i].yardstick == NULL && s->facts[i].is_known && is_bad)
            return true;
    }
    return false;
}

static int print_results(struct session *s)
{
    char run[32];
    (void)snprintf(run, sizeof run, "%lld", (long long)s->run_id);
    const char *file = s->config->output_path;
    int rc = ridge_cli_write_report(s->store, file, run, s->config->json ? "json" : "table", NULL);
    if (rc == RIDGE_EXIT_OK && s->config->report_path != NULL)
        rc = ridge_cli_write_report(s->store, s->config->is_temporary ? NULL : file, run, "html", s->config->report_path);
    if (rc != RIDGE_EXIT_OK)
        return rc;
    if (!s->config->is_temporary)
        ridge_cli_say("results: %s (run %s)", file, run);
    if (s->config->report_path != NULL)
        ridge_cli_say("report:  %s", s->config->report_path);
    return RIDGE_EXIT_OK;
}

static int exit_code(const struct session *s, enum ridge_status ran, int printed)
{
    if (ran == RIDGE_ERR_INTERRUPTED || ridge_cli_interrupted != 0)
        return RIDGE_EXIT_INTERRUPTED;
    if (ran != RIDGE_OK)
        return ridge_cli_exit_code(ran);
    if (printed != RIDGE_EXIT_OK)
        return printed;
    if (s->plan.settings.require_quiet && s->fitness_bad)
        return RIDGE_EXIT_UNFIT;
    return any_case_failed(s) ? RIDGE_EXIT_CASES_FAILED : RIDGE_EXIT_OK;
}

static enum ridge_status run_plan(struct session *s, struct ridge_sched_config *config, struct ridge_sched_sink *sink,
                                  struct ridge_error *err)
{
    enum ridge_status st = usual_loads(s, &config->usual_loads, err);
    if (st == RIDGE_OK)
        st = ridge_sched_run(&s->plan, config, sink, err);
    if (st != RIDGE_OK && st != RIDGE_ERR_INTERRUPTED)
        return st;
    enum ridge_status marked = mark_shared(s, err);
    return st != RIDGE_OK ? st : marked;
}

/* Buys forks for the groups that a judge still doubts, look by look. */
static enum ridge_status look_again(struct session *s, struct ridge_sched_config *config, struct ridge_sched_sink *sink,
                                    struct ridge_error *err)
{
    const struct ridge_session_hooks *hooks = s->config->hooks;
    enum ridge_status st = RIDGE_OK;
    int64_t *want = ridge_arena_array(&s->plan.arena, s->plan.n_groups + 1, sizeof *want);
    while (st == RIDGE_OK && hooks != NULL && hooks->look != NULL && ridge_cli_interrupted == 0 &&
           hooks->look(hooks->self, s->store, s->run_id, &s->plan, want)) {
        s->want = want;
        config->no_yardsticks = hooks->pairs_only;
        sink->skip = on_skip;
        s->n_groups_done = s->n_groups_now = 0;
        for (size_t i = 0; i < s->plan.n_groups; i++) {
            s->n_groups_now += want[i] > 0;
            s->plan.settings.forks = want[i] > s->plan.settings.forks ? want[i] : s->plan.settings.forks;
        }
        st = run_plan(s, config, sink, err);
    }
    return st;
}

/* A judged session has no --resume: its sides belong together. */
static void tell_interrupted(const struct ridge_session_config *c)
{
    struct ridge_arena a = {0};
    bool goes_on = !c->is_temporary && (c->hooks == NULL || c->hooks->conclude == NULL);
    const char *line = goes_on ? ridge_cli_resume_line(&a, c->command) : NULL;
    ridge_cli_say("interrupted; what was finished is stored%s%s%s", line != NULL ? ", and " : "", line != NULL ? line : "",
                  line != NULL ? " goes on" : "");
    ridge_arena_deinit(&a);
}

static int measure(struct session *s)
{
    const struct ridge_session_hooks *hooks = s->config->hooks;
    struct ridge_error err = {0}, end_err = {0};
    struct ridge_sched_config config = {.default_program = s->worker->program, .interrupted = &ridge_cli_interrupted};
    struct ridge_sched_sink sink = {.self = s,
                                    .group_begin = on_group_begin,
                                    .process = on_process,
                                    .round = on_round,
                                    .fork_end = on_fork_end,
                                    .group_end = on_group_end,
                                    .progress = ridge_cli_progress,
                                    .skip = s->config->resume ? on_skip : NULL};
    ridge_cli_catch_interrupt();
    enum ridge_status ran = run_plan(s, &config, &sink, &err);
    if (ran == RIDGE_OK)
        ran = look_again(s, &config, &sink, &err);
    ridge_cli_progress_clear();
    if (ran == RIDGE_OK && ridge_cli_interrupted != 0)
        ran = RIDGE_ERR_INTERRUPTED;
    if (ran != RIDGE_OK && ran != RIDGE_ERR_INTERRUPTED)
        (void)ridge_cli_error(&err);
    enum ridge_status ended = finish(s, ran, &end_err);
    if (ended != RIDGE_OK) {
        int rc = ridge_cli_error(&end_err);
        return ran == RIDGE_OK ? rc : exit_code(s, ran, rc);
    }
    if (ran == RIDGE_ERR_INTERRUPTED)
        tell_interrupted(s->config);
    if (hooks != NULL && hooks->conclude != NULL && ran == RIDGE_OK)
        return hooks->conclude(hooks->self, s->store, s->run_id, exit_code(s, ran, RIDGE_EXIT_OK));
    return exit_code(s, ran, print_results(s));
}

int ridge_cli_session(const struct ridge_session_config *config, struct ridge_cli_worker *worker)
{
    struct session s = {.config = config, .worker = worker};
    struct ridge_error err = {0};
    int rc = ridge_cli_load_plan(config, worker, &s.plan);
    if (rc != RIDGE_EXIT_OK)
        goto out;
    s.plan.settings.require_quiet |= config->require_quiet;
    if (config->hooks != NULL && config->hooks->adjust != NULL)
        rc = config->hooks->adjust(config->hooks->self, &s.plan);
    if (rc != RIDGE_EXIT_OK)
        goto out;
    s.facts = ridge_arena_array(&s.plan.arena, s.plan.n_members, sizeof *s.facts);
    s.n_groups_now = s.plan.n_groups;
    s.is_ended = ridge_arena_array(&s.plan.arena, s.plan.n_groups, sizeof *s.is_ended);
    s.stops = ridge_arena_array(&s.plan.arena, s.plan.n_groups, sizeof *s.stops);
    rc = begin(&s, &err) == RIDGE_OK ? measure(&s) : ridge_cli_error(&err);
out:
    if (s.store != NULL)
        ridge_store_close(s.store);
    ridge_plan_deinit(&s.plan);
    return rc;
}

/* ridge ab --instructions: what one call of a case costs in instructions, counted by callgrind and free of noise. The worker
 * runs through the ordinary scheduler with callgrind before its command; only ridge_case_counted_run is collected. */
#include "instructions.h"
#include "base/os.h"
#include "sched/sched.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool ridge_cli_has_callgrind(void)
{
    const char *path = getenv("PATH");
    char file[4096];
    for (const char *s = path != NULL ? path : ""; *s != '\0';) {
        size_t n = strcspn(s, ":");
        (void)snprintf(file, sizeof file, "%.*s/valgrind", (int)n, s);
        if (access(file, X_OK) == 0)
            return true;
        s += n + (s[n] == ':');
    }
    return false;
}

static enum ridge_status on_process(void *self, const struct ridge_process *p, struct ridge_error *err)
{
    struct ridge_count *out = self;
    const char *kernel = ridge_kvs_get(&p->conditions, "kernel");
    (void)err;
    if (kernel != NULL)
        (void)snprintf(out->kernel, sizeof out->kernel, "%s", kernel);
    if (p->verdict != RIDGE_VERDICT_OK)
        (void)snprintf(out->why, sizeof out->why, "%s: %.150s", ridge_verdict_text(p->verdict), p->reason);
    return RIDGE_OK;
}

/* Every process of the worker writes a file; the one that ran the case has more than 0. Files go as they are read. */
static double read_totals(const char *dir)
{
    struct dirent **entries = NULL;
    double total = 0;
    int n = scandir(dir, &entries, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        char path[4400];
        struct ridge_buf text = {0};
        (void)snprintf(path, sizeof path, "%s/%s", dir, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && ridge_os_read_file(path, 256u << 20, &text, NULL) == RIDGE_OK && text.n > 0) {
            const char *at = strstr(text.data, "\ntotals: ");
            total += at != NULL ? strtod(at + strlen("\ntotals: "), NULL) : 0;
        }
        ridge_buf_deinit(&text);
        if (entries[i]->d_name[0] != '.')
            (void)unlink(path);
        free(entries[i]);
    }
    free(entries);
    return total;
}

static const char **counted_program(struct ridge_arena *a, const char *const *program, const char *dir)
{
    const char *const prefix[] = {"valgrind", "-q", "--tool=callgrind", "--collect-atstart=no",
                                  "--toggle-collect=ridge_case_counted_run",
                                  ridge_arena_printf(a, "--callgrind-out-file=%s/%%p", dir)};
    enum { N_PREFIX = sizeof prefix / sizeof prefix[0] };
    size_t n = 0;
    while (program[n] != NULL)
        n++;
    const char **out = ridge_arena_array(a, N_PREFIX + n + 1, sizeof *out);
    memcpy(out, prefix, sizeof prefix);
    memcpy(out + N_PREFIX, program, n * sizeof *program);
    return out;
}

static enum ridge_status run(const struct ridge_plan *plan, size_t i_member, const char *const *worker, const char *dir,
                             struct ridge_count *out, struct ridge_error *err)
{
    struct ridge_plan one = *plan;
    one.arena = (struct ridge_arena){0};
    struct ridge_group group = {.title = "", .id = "count", .members = &i_member, .n_members = 1};
    struct ridge_arm *arms = ridge_arena_array(&one.arena, plan->n_arms, sizeof *arms);
    memcpy(arms, plan->arms, plan->n_arms * sizeof *arms);
    struct ridge_arm *arm = &arms[plan->members[i_member].i_arm];
    arm->program = counted_program(&one.arena, arm->program != NULL ? (const char *const *)arm->program : worker, dir);
    one.arms = arms;
    one.groups = &group;
    one.n_groups = 1;
    one.settings.forks = one.settings.rounds = one.settings.max_rounds = 1;
    one.settings.warmup_ns = one.settings.block_ns = 1000000;
    one.settings.duration_ns = 0;
    const struct ridge_sched_config config = {.default_program = worker, .interrupted = &ridge_cli_interrupted};
    const struct ridge_sched_sink sink = {.self = out, .process = on_process};
    enum ridge_status st = ridge_sched_run(&one, &config, &sink, err);
    ridge_arena_deinit(&one.arena);
    return st;
}

struct ridge_count ridge_cli_count(const struct ridge_plan *plan, size_t i_member, const char *const *worker)
{
    char dir[4096];
    struct ridge_error err = {0};
    struct ridge_count out = {.instructions = NAN};
    if (!ridge_cli_temporary_folder("count", dir, sizeof dir)) {
        (void)snprintf(out.why, sizeof out.why, "no temporary folder can be made for callgrind's files; set TMPDIR");
        return out;
    }
    if (run(plan, i_member, worker, dir, &out, &err) != RIDGE_OK && out.why[0] == '\0')
        (void)snprintf(out.why, sizeof out.why, "%.190s", err.text);
    double total = read_totals(dir);
    (void)rmdir(dir);
    if (total > 0 && out.why[0] == '\0')
        out.instructions = total;
    else if (out.why[0] == '\0')
        (void)snprintf(out.why, sizeof out.why, "callgrind saw no call");
    return out;
}

static const char *difference(struct ridge_arena *a, double old, double now)
{
    return old == now ? ridge_arena_printf(a, "%.0f on both sides", now)
                      : ridge_arena_printf(a, "%.0f -> %.0f (%+.2f %%)", old, now, 100 * (now / old - 1));
}

const char *ridge_cli_count_text(struct ridge_arena *a, const struct ridge_count *old, const struct ridge_count *now,
                                 const char *timed_kernel)
{
    if (isnan(old->instructions) || isnan(now->instructions))
        return ridge_arena_printf(a, "instructions were not counted: %s", isnan(now->instructions) ? now->why : old->why);
    bool is_other = timed_kernel != NULL && now->kernel[0] != '\0' && strcmp(now->kernel, timed_kernel) != 0;
    return ridge_arena_printf(a, "instructions of a call: %s%s%s", difference(a, old->instructions, now->instructions),
                              is_other ? ", of another kernel than was timed (valgrind knows no AVX-512): " : "",
                              is_other ? now->kernel : "");
}

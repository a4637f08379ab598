/* What the judging verbs (ab, gate, compare, rejudge, history, bisect, run --gate) share. */
#ifndef RIDGE_CLI_JUDGE_H
#define RIDGE_CLI_JUDGE_H

#include "gate/gate.h"
#include "session.h"

/* A second copy of every ranked main member as arm `name`; with yardstick "aa" it has no rank and only a seeded
 * sample of RIDGE_GATE_AA_CASES cases gets one. program NULL: main's. */
void ridge_cli_add_arm(struct ridge_plan *plan, const char *name, const char *const *program, const struct ridge_kvs *env,
                       const char *yardstick);
/* What a fork of each group has cost since the run began, in seconds, by its place in the run: its own blocks, and an equal share
 * of all that is around them (*around_s). */
double *ridge_cli_fork_costs(struct ridge_arena *a, const struct ridge_gate_run *run, uint64_t begin_ns, double *around_s);
/* fit.c, run --gate or a suite with a gate file: 5 forks or more, the control arm, and more forks where a figure was disturbed,
 * for at most the time that the planned ones took. */
struct ridge_cli_fit { /* what the hooks remember */
    bool is_wanted;
    struct ridge_arena arena; /* the caller's to free; holds: */
    struct ridge_gate_rules rules;
    uint64_t begin_ns;
    double planned_s;
    int n_passes; /* beyond the planned one */
};
struct ridge_session_hooks ridge_cli_fit_hooks(struct ridge_cli_fit *fit, bool is_wanted);
/* --rules FILE or the defaults; mistakes are printed. */
int ridge_cli_load_rules(struct ridge_arena *a, const char *path, struct ridge_gate_rules *out);
/* --rules FILE, or the gate file of the run's suite, or the defaults. */
int ridge_cli_load_rules_for(const struct ridge_cli_args *args, struct ridge_arena *a, const struct ridge_rd_run *run,
                             struct ridge_gate_rules *out);
/* "FILE:RUN", "FILE.ridge" or "RUN" (of `file`) -> both parts; strings in the arena. */
void ridge_cli_split_run(struct ridge_arena *a, const char *text, const char *file, const char **out_file,
                         const char **out_run);
/* again.c: the command of each row that measures its case again and judges it as here, from the command lines of the run and of
 * the judgement; mode and command must be set. */
void ridge_cli_put_again(struct ridge_arena *a, const struct ridge_gate_run *run, struct ridge_judgement *j);
/* The `ridge ab` line that does what gate's suspects get, from gate's own command line; NULL: there is none, for want of --b
 * or of a suite file. */
char *ridge_cli_suspects_line(struct ridge_arena *a, const char *judging, const struct ridge_rd_run *of);
/* The `ridge ab` line that measures two builds again, for a filter's cases; NULL: the command is none, or has one build and two
 * values of an option. */
char *ridge_cli_builds_line(struct ridge_arena *a, const char *command, const char *filter);
/* Stores the judgement and tells it. */
int ridge_cli_finish_judgement(const struct ridge_cli_args *args, struct ridge_store *store, const char *file,
                               const struct ridge_gate_run *run, struct ridge_judgement *j);
/* verdicts.c: prints a judgement, stored or not: the console table or --json, the --junit, --summary and --report files, and
 * annotations where a forge reads them. */
int ridge_cli_tell_judgement(const struct ridge_cli_args *args, struct ridge_store *store, const char *file,
                             const struct ridge_judgement *j);
/* FILE.md, and FILE.2.md and so on where it would be longer than most_bytes; parts that an earlier one left are removed. */
int ridge_cli_write_summary(const struct ridge_judgement *j, const char *path, size_t most_bytes);
/* The complete runs of a store that tell how times on a host lie, oldest first; A/Bs whose arm main is an old build are none. */
struct ridge_cli_runs {
    const char *host_class;    /* NULL: any */
    const struct ridge_gate_run *like; /* of this store: they share a case with one of these, and the inputs */
    size_t n_like;             /* 0: any */
    bool needs_fit;            /* none that the noise page calls unfit */
    int64_t before_utc_ns, until_utc_ns;
    size_t most;               /* the last ones up to `until`, and as many after it */
};
enum ridge_status ridge_cli_load_runs(struct ridge_store *store, struct ridge_arena *a, const struct ridge_cli_runs *wanted,
                                      struct ridge_gate_run **out, size_t *n, struct ridge_error *err) RIDGE_MUST_USE;
#define RIDGE_CLI_MOST_RUNS 20 /* of a gate, on either side of its baseline */
/* Was it made by ridge ab? Of such a run the arm main may be the old build; has_old_build: it is (--a, --a-env), and not the
 * worker beside ridge. */
bool ridge_cli_is_ab(struct ridge_arena *a, const struct ridge_rd_run *run);
bool ridge_cli_has_old_build(struct ridge_arena *a, const struct ridge_rd_run *run);
const char *ridge_cli_no_baseline(struct ridge_arena *a, const struct ridge_rd_run *run); /* why not, in words; NULL: it can be one */
/* The name's runs, loaded, oldest first; none: a name that is not there. */
enum ridge_status ridge_cli_load_baseline(struct ridge_store *store, struct ridge_arena *a, const char *name,
                                          struct ridge_gate_run **out, size_t *n, struct ridge_error *err) RIDGE_MUST_USE;
/* gate's suspects as A/B (ab.c): measures these cases of a run's suite with --a and --b, stores run and judgement in file. */
int ridge_cli_ab_cases(const struct ridge_cli_args *args, const struct ridge_gate_rules *rules, const struct ridge_rd_run *of,
                       const char *file, const char *const *cases);
/* KEY=A,B of ab's --option -> the selectors of its sides; false: it does not read so. */
bool ridge_cli_option_sides(struct ridge_arena *a, const char *option, const char **side_a, const char **side_b);
#endif

/* A session: one `run` or `bench` from suite to report. Owns the worker's catalogue, the plan and the
 * store while it lasts; the sched's sink is here, so this is the only place where samples meet the store. */
#ifndef RIDGE_CLI_SESSION_H
#define RIDGE_CLI_SESSION_H

#include "cli.h"
#include "derive.h"
#include "sched/sched.h"
#include "store/reader.h"
#include "store/writer.h"
#include "suite/suite.h"
#include "worker.h"

/* What a judged session (ab, run --gate) adds; any hook may be NULL. */
struct ridge_session_hooks {
    void *self;
    int (*adjust)(void *self, struct ridge_plan *plan); /* after loading; exit code */
    /* After each look: the forks that each group should have in all (0: it has enough) into want. False: no
     * further look. */
    bool (*look)(void *self, struct ridge_store *store, int64_t run_id, const struct ridge_plan *plan, int64_t *want);
    bool pairs_only; /* the forks that look asks for are for ratios of members and their control: no yardsticks in them */
    /* Instead of the table: prints and gives the exit code; measured is what the session would have given. */
    int (*conclude)(void *self, struct ridge_store *store, int64_t run_id, int measured);
};
struct ridge_session_config {
    const char *suite_path, *suite_text; /* text NULL: read the path */
    const char *const *set;              /* NULL-terminated */
    const char *filter;
    const char *output_path, *report_path;
    bool is_temporary; /* the results file goes away afterwards */
    bool resume, require_quiet, json;
    const char *command; /* the whole command line */
    const struct ridge_session_hooks *hooks; /* NULL: a plain run */
};
/* Takes the open worker; returns the exit code. */
int ridge_cli_session(const struct ridge_session_config *config, struct ridge_cli_worker *worker);

/* Loads a suite, costs it and adds the yardsticks; prints all errors. Exit code. */
int ridge_cli_load_plan(const struct ridge_session_config *config, struct ridge_cli_worker *worker,
                        struct ridge_plan *plan);
/* One stored run through one report; to a file or, with path NULL, to stdout. file is named in commands; NULL: the
 * results file will be gone, so none are printed. */
int ridge_cli_write_report(struct ridge_store *store, const char *file, const char *run, const char *report,
                           const char *path);
/* The same with a judgement that need not be stored. */
int ridge_cli_write_told(struct ridge_store *store, const char *file, const struct ridge_judgement *told, const char *report,
                         const char *path);
/* FILE.ridge opened for reading; exit code is printed and returned. */
int ridge_cli_open_store(const char *file, struct ridge_store **out);
/* The line that re-runs one case (rerun.c). */
char *ridge_cli_rerun(struct ridge_arena *a, const struct ridge_rd_run *run, const struct ridge_rd_member *m);
/* The whole command line as text. */
char *ridge_cli_command_text(struct ridge_arena *a, const struct ridge_cli_args *args);

/* progress.c: a line with the time left on a terminal, nothing elsewhere */
void ridge_cli_progress(void *self, double done_ratio, double eta_s, const char *text);
void ridge_cli_progress_clear(void);
#endif

/* The command line: verbs and their options are rows; parsing, --help, the man page and the bash
 * completion come from the same rows. Owns nothing that outlives main. One thread; SIGINT only sets a
 * flag. Data goes to stdout, messages to stderr. */
#ifndef RIDGE_CLI_CLI_H
#define RIDGE_CLI_CLI_H

#include "base/text.h"
#include <signal.h>
#include <stdio.h>

enum ridge_exit {
    RIDGE_EXIT_OK = 0,
    RIDGE_EXIT_REGRESSION = 1,
    RIDGE_EXIT_USAGE = 2,
    RIDGE_EXIT_CASES_FAILED = 3,
    RIDGE_EXIT_UNFIT = 4,
    RIDGE_EXIT_DATABASE = 5,
    RIDGE_EXIT_NETWORK = 6,
    RIDGE_EXIT_INTERRUPTED = 130
};

struct ridge_cli_option {
    const char *flag;     /* --output */
    char letter;          /* 'o' or 0 */
    const char *argument; /* FILE; NULL: a switch */
    const char *def;      /* what holds without it, for the help; "@rounds": as the suite's setting; NULL: nothing to say */
    const char *help;
};

#define RIDGE_CLI_MAX_VALUES 256
struct ridge_cli_args {
    const struct ridge_cli_verb *verb;
    const char *operands[RIDGE_CLI_MAX_VALUES + 1]; /* NULL-terminated */
    size_t n_operands;
    struct {
        const struct ridge_cli_option *option;
        const char *value;
    } values[RIDGE_CLI_MAX_VALUES];
    size_t n_values;
    int argc; /* the whole command line, for the record */
    char **argv;
};

struct ridge_cli_verb {
    const char *name, *doc;
    const char *operands;             /* SUITE, SUBJECT..., for usage */
    const char *const *examples;      /* NULL-terminated; printed first */
    const struct ridge_cli_option *options;
    size_t n_options;
    const char *const *choices;       /* NULL-terminated words the first operand may be, or NULL */
    size_t min_operands, max_operands;
    int (*run)(const struct ridge_cli_args *args); /* returns enum ridge_exit */
};
extern const struct ridge_cli_verb ridge_cli_verbs[];
extern const size_t ridge_cli_n_verbs;
extern const struct ridge_cli_option ridge_cli_global_options[];
extern const size_t ridge_cli_n_global_options;

int ridge_cli_main(int argc, char **argv);
extern const char *const ridge_cli_export_formats[]; /* of export --format; NULL-terminated */
const struct ridge_cli_verb *ridge_cli_verb_find(const char *name);
/* args.c: the words after the verb. Messages are printed; false: usage error. */
/* The option that a word names, as --flag, --flag=VALUE, a beginning of 4 letters that no other has, or -oVALUE; NULL: none. */
const struct ridge_cli_option *ridge_cli_option_find(const struct ridge_cli_verb *verb, const char *word);
bool ridge_cli_parse(struct ridge_cli_args *args, int argc, char **argv);
const char *ridge_cli_value(const struct ridge_cli_args *args, const char *flag); /* last one; NULL: absent */
/* All values of a repeated option, NULL-terminated, into out (RIDGE_CLI_MAX_VALUES + 1 long). */
size_t ridge_cli_values(const struct ridge_cli_args *args, const char *flag, const char **out);
bool ridge_cli_is_help(const struct ridge_cli_args *args);

/* help.c */
const char *ridge_cli_default(const struct ridge_cli_option *o); /* def, or the default of the setting that it names */
void ridge_cli_help(FILE *out);
void ridge_cli_verb_help(FILE *out, const struct ridge_cli_verb *verb);
int ridge_cli_generate(const char *what); /* man, completion, schema */

/* say.c: messages, colour, interruption */
void ridge_cli_say(const char *fmt, ...) RIDGE_PRINTF(1, 2); /* stderr, control bytes made visible */
int ridge_cli_error(const struct ridge_error *err);          /* prints, returns the exit code */
int ridge_cli_usage(const struct ridge_cli_verb *verb, const char *fmt, ...) RIDGE_PRINTF(2, 3);
int ridge_cli_exit_code(enum ridge_status status);
void ridge_cli_set_color(bool allowed);
bool ridge_cli_color(FILE *out);
bool ridge_cli_is_terminal(FILE *out); /* a TTY that is not dumb */
int ridge_cli_width(FILE *out);        /* columns; 0: unlimited */
int ridge_cli_print(const struct ridge_buf *b, const char *path, struct ridge_error *err); /* NULL: stdout */
/* Before the work: can path be created, and is it not `other`, a file that is read or filled (NULL: none)? path NULL:
 * yes. What is wrong is printed; exit code. */
int ridge_cli_check_output(const char *path, const char *other);
/* A new folder, ridge-NAME-XXXXXX, in TMPDIR or /tmp; false: none can be made. The caller removes it. */
bool ridge_cli_temporary_folder(const char *name, char *folder, size_t n_folder);
extern volatile sig_atomic_t ridge_cli_interrupted;
void ridge_cli_catch_interrupt(void);

/* one file per verb */
int ridge_cli_run(const struct ridge_cli_args *args);
int ridge_cli_bench(const struct ridge_cli_args *args);
int ridge_cli_plan(const struct ridge_cli_args *args);
int ridge_cli_report(const struct ridge_cli_args *args);
int ridge_cli_show(const struct ridge_cli_args *args);
int ridge_cli_export(const struct ridge_cli_args *args);
int ridge_cli_list(const struct ridge_cli_args *args);
int ridge_cli_doctor(const struct ridge_cli_args *args);
int ridge_cli_db(const struct ridge_cli_args *args);
int ridge_cli_ab(const struct ridge_cli_args *args);
int ridge_cli_compare(const struct ridge_cli_args *args);
int ridge_cli_gate(const struct ridge_cli_args *args);
int ridge_cli_rejudge(const struct ridge_cli_args *args);
int ridge_cli_baseline(const struct ridge_cli_args *args);
int ridge_cli_history(const struct ridge_cli_args *args);
int ridge_cli_bisect(const struct ridge_cli_args *args);
#endif

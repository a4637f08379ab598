/* The first word decides: a verb, or one of the global options. */
#include "base/os.h"
#include "cli.h"
#include <stdlib.h>
#include <string.h>

const struct ridge_cli_verb *ridge_cli_verb_find(const char *name)
{
    for (size_t i = 0; i < ridge_cli_n_verbs; i++)
        if (strcmp(ridge_cli_verbs[i].name, name) == 0)
            return &ridge_cli_verbs[i];
    return NULL;
}

static int unknown_word(const char *word)
{
    const char *names[32];
    size_t n = 0;
    bool is_option = word[0] == '-';
    for (size_t i = 0; !is_option && i < ridge_cli_n_verbs && n < 31; i++)
        names[n++] = ridge_cli_verbs[i].name;
    for (size_t i = 0; is_option && i < ridge_cli_n_global_options && n < 31; i++)
        names[n++] = ridge_cli_global_options[i].flag;
    names[n] = NULL;
    const char *near = ridge_text_nearest(word, names);
    return ridge_cli_usage(NULL, "unknown %s '%s'%s%s%s", is_option ? "option" : "verb", word,
                           near != NULL ? "; did you mean " : "", near != NULL ? near : "", near != NULL ? "?" : "");
}

static bool is_written(const struct ridge_cli_option *o)
{
    static const char *const flags[] = {"--report", "--junit", "--summary", "--save-suite", NULL};
    for (size_t i = 0; flags[i] != NULL; i++)
        if (strcmp(o->flag, flags[i]) == 0)
            return true;
    return strcmp(o->flag, "--output") == 0 && strcmp(o->argument, "FILE.ridge") != 0; /* that one is appended to */
}

/* A path that cannot be written is told now, not after an hour of measuring; and what is read is not written over. */
static int check_outputs(const struct ridge_cli_args *args)
{
    const char *results = ridge_cli_value(args, "--output");
    for (size_t i = 0; i < args->n_values; i++) {
        const char *path = args->values[i].value;
        if (!is_written(args->values[i].option))
            continue;
        int rc = ridge_cli_check_output(path, results != path ? results : NULL);
        for (size_t j = 0; rc == RIDGE_EXIT_OK && j < args->n_operands; j++)
            rc = ridge_cli_check_output(path, args->operands[j]);
        if (rc == RIDGE_EXIT_OK && results == NULL)
            rc = ridge_cli_check_output(path, "results.ridge");
        if (rc != RIDGE_EXIT_OK)
            return rc;
    }
    return RIDGE_EXIT_OK;
}

static int run_verb(const struct ridge_cli_verb *verb, int argc, char **argv, int i_first)
{
    struct ridge_cli_args args = {.verb = verb, .argc = argc, .argv = argv};
    if (!ridge_cli_parse(&args, argc - i_first, argv + i_first))
        return RIDGE_EXIT_USAGE;
    if (ridge_cli_is_help(&args)) {
        ridge_cli_verb_help(stdout, verb);
        return RIDGE_EXIT_OK;
    }
    if (ridge_cli_value(&args, "--no-color") != NULL)
        ridge_cli_set_color(false);
    int rc = check_outputs(&args);
    return rc == RIDGE_EXIT_OK ? verb->run(&args) : rc;
}

static int print_version(void)
{
    printf("ridge %s\n", RIDGE_VERSION);
    return RIDGE_EXIT_OK;
}

static int print_help(int argc, char **argv, int i)
{
    const struct ridge_cli_verb *verb = i + 1 < argc ? ridge_cli_verb_find(argv[i + 1]) : NULL;
    if (verb != NULL)
        ridge_cli_verb_help(stdout, verb);
    else
        ridge_cli_help(stdout);
    return RIDGE_EXIT_OK;
}

/* An arm's program without a slash is looked for beside ridge first. */
static void prefer_own_programs(void)
{
    const char *path = getenv("PATH");
    struct ridge_buf b = {0};
    ridge_buf_printf(&b, "%s:%s", ridge_os_program_dir(), path != NULL ? path : "/usr/bin:/bin");
    (void)setenv("PATH", b.data, 1);
    ridge_buf_deinit(&b);
}

int ridge_cli_main(int argc, char **argv)
{
    (void)signal(SIGPIPE, SIG_IGN);
    prefer_own_programs();
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        const struct ridge_cli_verb *verb = ridge_cli_verb_find(word);
        if (verb != NULL)
            return run_verb(verb, argc, argv, i + 1);
        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)
            return print_help(argc, argv, i);
        if (strcmp(word, "--version") == 0)
            return print_version();
        if (strcmp(word, "--generate") == 0)
            return i + 1 < argc ? ridge_cli_generate(argv[i + 1])
                                : ridge_cli_usage(NULL, "--generate needs man, completion or schema");
        if (strncmp(word, "--generate=", 11) == 0)
            return ridge_cli_generate(word + 11);
        if (strcmp(word, "--no-color") != 0)
            return unknown_word(word);
        ridge_cli_set_color(false);
    }
    ridge_cli_help(stderr);
    return RIDGE_EXIT_USAGE;
}

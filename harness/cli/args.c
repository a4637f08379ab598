/* Parsing by rows: --flag VALUE, --flag=VALUE, -o VALUE, -oVALUE, -- ends the options. A flag may be cut short. */
#include "cli.h"
#include <string.h>

/* Its whole name, or a beginning that no other has: of four letters, or --b would be taken for --baseline. */
static const struct ridge_cli_option *find_flag(const struct ridge_cli_verb *verb, const char *word, size_t n)
{
    const struct ridge_cli_option *found = NULL;
    size_t n_found = 0;
    for (size_t i = 0; i < verb->n_options; i++) {
        const struct ridge_cli_option *o = &verb->options[i];
        if (strncmp(o->flag, word, n) != 0)
            continue;
        if (o->flag[n] == '\0')
            return o;
        found = o;
        n_found++;
    }
    return n >= sizeof "--" - 1 + 4 && n_found == 1 ? found : NULL;
}

const struct ridge_cli_option *ridge_cli_option_find(const struct ridge_cli_verb *verb, const char *word)
{
    if (word[1] == '-')
        return find_flag(verb, word, strcspn(word, "="));
    for (size_t i = 0; i < verb->n_options; i++)
        if (verb->options[i].letter == word[1] && word[1] != '\0')
            return &verb->options[i];
    return NULL;
}

static bool unknown_flag(const struct ridge_cli_verb *verb, const char *word)
{
    const char *names[64];
    size_t n = 0;
    for (; n < verb->n_options && n < 63; n++)
        names[n] = verb->options[n].flag;
    names[n] = NULL;
    const char *near = ridge_text_nearest(word, names);
    if (near != NULL)
        ridge_cli_usage(verb, "unknown option '%s'; did you mean %s?", word, near);
    else
        ridge_cli_usage(verb, "unknown option '%s'", word);
    return false;
}

/* Takes the option at argv[*i]; moves *i past its value. */
static bool take_option(struct ridge_cli_args *args, int argc, char **argv, int *i)
{
    const char *word = argv[*i], *value = NULL;
    const struct ridge_cli_option *o = ridge_cli_option_find(args->verb, word);
    if (word[1] == '-') {
        const char *eq = strchr(word, '=');
        value = eq != NULL ? eq + 1 : NULL;
    } else {
        value = word[2] != '\0' ? word + 2 : NULL;
    }
    if (o == NULL)
        return unknown_flag(args->verb, word);
    if (o->argument == NULL && value != NULL) {
        ridge_cli_usage(args->verb, "%s takes no value", o->flag);
        return false;
    }
    if (o->argument != NULL && value == NULL) {
        if (*i + 1 >= argc) {
            ridge_cli_usage(args->verb, "%s needs a value: %s %s", o->flag, o->flag, o->argument);
            return false;
        }
        value = argv[++*i];
    }
    if (args->n_values == RIDGE_CLI_MAX_VALUES) {
        ridge_cli_usage(args->verb, "more than %d options", RIDGE_CLI_MAX_VALUES);
        return false;
    }
    args->values[args->n_values].option = o;
    args->values[args->n_values++].value = value != NULL ? value : "";
    return true;
}

static bool check_operands(const struct ridge_cli_args *args)
{
    const struct ridge_cli_verb *verb = args->verb;
    if (args->n_operands < verb->min_operands) {
        ridge_cli_usage(verb, "missing operand: ridge %s %s", verb->name, verb->operands);
        return false;
    }
    if (args->n_operands > verb->max_operands) {
        ridge_cli_usage(verb, "'%s' is one operand too many", args->operands[verb->max_operands]);
        return false;
    }
    if (verb->choices == NULL)
        return true;
    for (size_t i = 0; verb->choices[i] != NULL; i++)
        if (strcmp(verb->choices[i], args->operands[0]) == 0)
            return true;
    struct ridge_buf b = {0};
    for (size_t i = 0; verb->choices[i] != NULL; i++)
        ridge_buf_printf(&b, "%s%s", i > 0 ? ", " : "", verb->choices[i]);
    const char *near = ridge_text_nearest(args->operands[0], verb->choices);
    ridge_cli_usage(verb, "'%s' is none of %s%s%s%s", args->operands[0], b.data, near != NULL ? "; did you mean " : "",
                    near != NULL ? near : "", near != NULL ? "?" : "");
    ridge_buf_deinit(&b);
    return false;
}

bool ridge_cli_parse(struct ridge_cli_args *args, int argc, char **argv)
{
    bool only_operands = false;
    for (int i = 0; i < argc; i++) {
        if (!only_operands && strcmp(argv[i], "--") == 0) {
            only_operands = true;
            continue;
        }
        if (!only_operands && argv[i][0] == '-' && argv[i][1] != '\0') {
            if (!take_option(args, argc, argv, &i))
                return false;
            continue;
        }
        if (args->n_operands == RIDGE_CLI_MAX_VALUES) {
            ridge_cli_usage(args->verb, "more than %d operands", RIDGE_CLI_MAX_VALUES);
            return false;
        }
        args->operands[args->n_operands++] = argv[i];
    }
    return ridge_cli_is_help(args) || check_operands(args);
}

const char *ridge_cli_value(const struct ridge_cli_args *args, const char *flag)
{
    for (size_t i = args->n_values; i > 0; i--)
        if (strcmp(args->values[i - 1].option->flag, flag) == 0)
            return args->values[i - 1].value;
    return NULL;
}

size_t ridge_cli_values(const struct ridge_cli_args *args, const char *flag, const char **out)
{
    size_t n = 0;
    for (size_t i = 0; i < args->n_values; i++)
        if (strcmp(args->values[i].option->flag, flag) == 0)
            out[n++] = args->values[i].value;
    out[n] = NULL;
    return n;
}

bool ridge_cli_is_help(const struct ridge_cli_args *args)
{
    return ridge_cli_value(args, "--help") != NULL;
}

/* Help, man page and completion, all from the verb rows. */
#include "cli.h"
#include "worker.h"
#include "suite/suite.h"
#include <string.h>

const char *ridge_cli_default(const struct ridge_cli_option *o)
{
    if (o->def == NULL || o->def[0] != '@')
        return o->def;
    for (size_t i = 0; i < ridge_n_suite_setting_rows; i++)
        if (strcmp(ridge_suite_setting_rows[i].key, o->def + 1) == 0)
            return ridge_suite_setting_rows[i].def;
    return NULL;
}

static void print_options(FILE *out, const struct ridge_cli_option *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char left[64];
        char letter[5] = "    ";
        if (rows[i].letter != 0)
            (void)snprintf(letter, sizeof letter, "-%c, ", rows[i].letter);
        (void)snprintf(left, sizeof left, "%s%s%s%s", letter, rows[i].flag, rows[i].argument != NULL ? " " : "",
                       rows[i].argument != NULL ? rows[i].argument : "");
        fprintf(out, "  %-28s %s", left, rows[i].help);
        const char *def = ridge_cli_default(&rows[i]);
        if (def != NULL)
            fprintf(out, " (default: %s)", def);
        fputc('\n', out);
    }
}

void ridge_cli_help(FILE *out)
{
    fputs("Examples:\n"
          "  ridge run                                        the quick suite on this machine\n"
          "  ridge bench gemm:512x512x512 --backend ridge,openblas\n"
          "  ridge report results.ridge                       report.html, one file\n"
          "  ridge doctor                                     what this machine can measure\n\n"
          "Usage: ridge VERB [options]\n\nVerbs:\n",
          out);
    for (size_t i = 0; i < ridge_cli_n_verbs; i++)
        fprintf(out, "  %-8s %s\n", ridge_cli_verbs[i].name, ridge_cli_verbs[i].doc);
    fputs("\nOptions:\n", out);
    print_options(out, ridge_cli_global_options, ridge_cli_n_global_options);
    fputs("\nridge VERB --help says more. Exit codes: 0 ok, 1 regression, 2 usage or config, 3 some cases failed,\n"
          "4 machine unfit, 5 database, 6 network, 130 interrupted.\n",
          out);
}

void ridge_cli_verb_help(FILE *out, const struct ridge_cli_verb *verb)
{
    fputs("Examples:\n", out);
    for (size_t i = 0; verb->examples[i] != NULL; i++)
        fprintf(out, "  %s\n", verb->examples[i]);
    fprintf(out, "\nUsage: ridge %s%s%s [options]\n  %s\n", verb->name, verb->operands[0] != '\0' ? " " : "",
            verb->operands, verb->doc);
    if (verb->choices != NULL) {
        fputs("\nWords:", out);
        for (size_t i = 0; verb->choices[i] != NULL; i++)
            fprintf(out, " %s", verb->choices[i]);
        fputc('\n', out);
    }
    fputs("\nOptions:\n", out);
    print_options(out, verb->options, verb->n_options);
}

/* roff: a leading dot or quote and every backslash and minus need care */
static void roff(FILE *out, const char *s)
{
    if (*s == '.' || *s == '\'')
        fputs("\\&", out);
    for (; *s != '\0'; s++) {
        if (*s == '-' || *s == '\\')
            fputs(*s == '-' ? "\\-" : "\\e", out);
        else
            fputc(*s, out);
    }
}

static void man_options(FILE *out, const struct ridge_cli_option *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        fputs(".TP\n\\fB", out);
        if (rows[i].letter != 0)
            fprintf(out, "\\-%c\\fR, \\fB", rows[i].letter);
        roff(out, rows[i].flag);
        fputs("\\fR", out);
        if (rows[i].argument != NULL)
            fprintf(out, " \\fI%s\\fR", rows[i].argument);
        fputc('\n', out);
        roff(out, rows[i].help);
        const char *def = ridge_cli_default(&rows[i]);
        if (def != NULL)
            fprintf(out, " (default: %s)", def);
        fputc('\n', out);
    }
}

static void man_page(FILE *out)
{
    fprintf(out, ".TH RIDGE 1 \"\" \"ridge %s\" \"User Commands\"\n.SH NAME\nridge \\- measure inference on the "
                 "backends of this machine\n.SH SYNOPSIS\n\\fBridge\\fR \\fIVERB\\fR [options]\n.SH VERBS\n",
            RIDGE_VERSION);
    for (size_t i = 0; i < ridge_cli_n_verbs; i++) {
        const struct ridge_cli_verb *v = &ridge_cli_verbs[i];
        fprintf(out, ".SS ridge %s %s\n", v->name, v->operands);
        roff(out, v->doc);
        fputs("\n.PP\n.nf\n", out);
        for (size_t j = 0; v->examples[j] != NULL; j++) {
            fputs("    ", out);
            roff(out, v->examples[j]);
            fputc('\n', out);
        }
        fputs(".fi\n", out);
        man_options(out, v->options, v->n_options);
    }
    fputs(".SH OPTIONS\n", out);
    man_options(out, ridge_cli_global_options, ridge_cli_n_global_options);
    fputs(".SH EXIT STATUS\n0 ok, 1 regression, 2 usage or config, 3 some cases failed, 4 machine unfit, 5 database, "
          "6 network, 130 interrupted.\n",
          out);
}

static void completion_words(FILE *out, const struct ridge_cli_verb *v)
{
    for (size_t i = 0; v->choices != NULL && v->choices[i] != NULL; i++)
        fprintf(out, "%s ", v->choices[i]);
    for (size_t i = 0; i < v->n_options; i++)
        fprintf(out, "%s%s", i > 0 ? " " : "", v->options[i].flag);
}

/* Flags whose values are files (or free text): nothing is offered, so bash completes file names. Each once. */
static void completion_value_flags(FILE *out)
{
    const char *seen[256];
    size_t n = 0;
    for (size_t i = 0; i < ridge_cli_n_verbs; i++) {
        for (size_t j = 0; j < ridge_cli_verbs[i].n_options; j++) {
            const struct ridge_cli_option *o = &ridge_cli_verbs[i].options[j];
            bool is_seen = o->argument == NULL || strcmp(o->flag, "--format") == 0 || strcmp(o->flag, "--backend") == 0;
            for (size_t k = 0; k < n; k++)
                is_seen |= strcmp(seen[k], o->flag) == 0;
            if (is_seen || n == sizeof seen / sizeof seen[0])
                continue;
            seen[n++] = o->flag;
            fprintf(out, "%s%s", n > 1 ? "|" : "", o->flag);
            if (o->letter != 0)
                fprintf(out, "|-%c", o->letter);
        }
    }
}

static void completion_values(FILE *out)
{
    fputs("  local prev=${COMP_WORDS[COMP_CWORD-1]} done=\n"
          "  if [ \"$prev\" = = ]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi # --flag=VALUE is three words to bash\n"
          "  if [ \"$cur\" = = ]; then prev=${COMP_WORDS[COMP_CWORD-1]}; cur=; fi\n"
          "  case $prev in\n    --format|-f) words='",
          out);
    for (size_t i = 0; ridge_cli_export_formats[i] != NULL; i++)
        fprintf(out, "%s%s", i > 0 ? " " : "", ridge_cli_export_formats[i]);
    fputs("' ;;\n"
          "    --backend|-b)\n"
          "      words=$(\"${COMP_WORDS[0]}\" list backends 2>/dev/null | sed '1d; s/ .*//')\n"
          "      case $cur in *,*) done=${cur%,*},; cur=${cur##*,} ;; esac ;;\n"
          "    --generate) words='man completion schema' ;;\n"
          "    ",
          out);
    completion_value_flags(out);
    fputs(") return ;;\n  esac\n", out);
}

static void completion(FILE *out)
{
    fputs("# bash completion for ridge: source it, or put it into bash-completion's folder\n"
          "_ridge() {\n  local cur=${COMP_WORDS[COMP_CWORD]} words\n  COMPREPLY=()\n  case ${COMP_WORDS[1]} in\n",
          out);
    for (size_t i = 0; i < ridge_cli_n_verbs; i++) {
        fprintf(out, "    %s) words='", ridge_cli_verbs[i].name);
        completion_words(out, &ridge_cli_verbs[i]);
        fputs("' ;;\n", out);
    }
    fputs("    *) words='", out);
    for (size_t i = 0; i < ridge_cli_n_verbs; i++)
        fprintf(out, "%s ", ridge_cli_verbs[i].name);
    for (size_t i = 0; i < ridge_cli_n_global_options; i++)
        fprintf(out, "%s%s", i > 0 ? " " : "", ridge_cli_global_options[i].flag);
    fputs("' ;;\n  esac\n  if [ \"$COMP_CWORD\" -eq 1 ]; then\n    words='", out);
    for (size_t i = 0; i < ridge_cli_n_verbs; i++)
        fprintf(out, "%s ", ridge_cli_verbs[i].name);
    fputs("--help --version --generate --no-color'\n  fi\n", out);
    completion_values(out);
    fputs("  COMPREPLY=($(compgen -P \"$done\" -W \"$words\" -- \"$cur\"))\n}\n"
          "complete -o default -F _ridge ridge\n",
          out);
}

static int print_schema(void)
{
    struct ridge_cli_worker w = {0};
    struct ridge_error err = {0};
    struct ridge_buf b = {0};
    int rc;
    if (ridge_cli_worker_open(&w, &err) != RIDGE_OK) {
        rc = ridge_cli_error(&err);
    } else {
        ridge_suite_schema(w.catalogue, &b);
        rc = ridge_cli_print(&b, NULL, &err);
    }
    ridge_buf_deinit(&b);
    ridge_cli_worker_close(&w);
    return rc;
}

int ridge_cli_generate(const char *what)
{
    if (strcmp(what, "man") == 0) {
        man_page(stdout);
        return RIDGE_EXIT_OK;
    }
    if (strcmp(what, "completion") == 0) {
        completion(stdout);
        return RIDGE_EXIT_OK;
    }
    if (strcmp(what, "schema") == 0)
        return print_schema();
    return ridge_cli_usage(NULL, "--generate %s: only man, completion and schema can be generated", what);
}

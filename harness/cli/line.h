/* Reading command lines: those that runs and judgements store, and commands that options hold. Strings live in the arena. */
#ifndef RIDGE_CLI_LINE_H
#define RIDGE_CLI_LINE_H

#include "base/arena.h"
#include "cli.h"

struct ridge_cli_line {
    const struct ridge_cli_verb *verb; /* NULL: not a line of ridge */
    struct ridge_cli_part {
        const struct ridge_cli_option *option; /* NULL: an operand */
        const char *text, *value;              /* text: with its flag, as a shell reads it; value: without quotes */
    } *parts;
    size_t n;
};
struct ridge_cli_line ridge_cli_line_read(struct ridge_arena *a, const char *text); /* text NULL: none */
bool ridge_cli_line_is(const struct ridge_cli_line *l, const char *verb);
const char *ridge_cli_line_value(const struct ridge_cli_line *l, const char *flag); /* NULL: absent */
const char *ridge_cli_line_operand(const struct ridge_cli_line *l, size_t k, const char *otherwise);
/* The command with --resume behind its verb, so that it is an option even where the line has "--"; NULL: the verb has none. */
const char *ridge_cli_resume_line(struct ridge_arena *a, const char *command);
/* Words of any command line: blanks separate, quotes hold together, a backslash takes the next sign as it is; $'...' knows the escapes
 * that ridge_text_shell writes. NULL-terminated. */
const char *const *ridge_cli_words(struct ridge_arena *a, const char *text);
#endif

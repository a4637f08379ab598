/* Messages to stderr, colour, terminal width, interruption, exit codes. */
#include "cli.h"
#include "base/os.h"
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

volatile sig_atomic_t ridge_cli_interrupted;
static bool color_allowed = true;

static void on_interrupt(int signo)
{
    (void)signo;
    if (ridge_cli_interrupted < 2)
        ridge_cli_interrupted++;
}

void ridge_cli_catch_interrupt(void)
{
    struct sigaction sa;
    memset(&sa, 0, sizeof sa);
    sa.sa_handler = on_interrupt;
    sigemptyset(&sa.sa_mask);
    (void)sigaction(SIGINT, &sa, NULL);
    (void)sigaction(SIGTERM, &sa, NULL);
    (void)sigaction(SIGHUP, &sa, NULL);
}

static void say_text(const char *prefix, const char *text)
{
    struct ridge_buf b = {0};
    ridge_buf_puts(&b, prefix);
    ridge_text_terminal(&b, text);
    ridge_buf_puts(&b, "\n");
    (void)fwrite(b.data, 1, b.n, stderr);
    ridge_buf_deinit(&b);
}

void ridge_cli_say(const char *fmt, ...)
{
    char text[4096];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    say_text("", text);
}

int ridge_cli_usage(const struct ridge_cli_verb *verb, const char *fmt, ...)
{
    char text[2048];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    say_text("ridge: ", text);
    ridge_cli_say("see ridge%s%s --help", verb != NULL ? " " : "", verb != NULL ? verb->name : "");
    return RIDGE_EXIT_USAGE;
}

int ridge_cli_exit_code(enum ridge_status status)
{
    static const int codes[] = {
        [RIDGE_OK] = RIDGE_EXIT_OK,
        [RIDGE_ERR_USAGE] = RIDGE_EXIT_USAGE,
        [RIDGE_ERR_CONFIG] = RIDGE_EXIT_USAGE,
        [RIDGE_ERR_UNSUPPORTED] = RIDGE_EXIT_USAGE,
        [RIDGE_ERR_NOMEM] = RIDGE_EXIT_CASES_FAILED,
        [RIDGE_ERR_IO] = RIDGE_EXIT_USAGE,
        [RIDGE_ERR_PROTOCOL] = RIDGE_EXIT_CASES_FAILED,
        [RIDGE_ERR_TIMEOUT] = RIDGE_EXIT_CASES_FAILED,
        [RIDGE_ERR_DB] = RIDGE_EXIT_DATABASE,
        [RIDGE_ERR_UNFIT] = RIDGE_EXIT_UNFIT,
        [RIDGE_ERR_INTERRUPTED] = RIDGE_EXIT_INTERRUPTED,
        [RIDGE_ERR_WRONG] = RIDGE_EXIT_CASES_FAILED,
        [RIDGE_ERR_INTERNAL] = RIDGE_EXIT_CASES_FAILED,
    };
    return (size_t)status < sizeof codes / sizeof codes[0] ? codes[status] : RIDGE_EXIT_CASES_FAILED;
}

int ridge_cli_error(const struct ridge_error *err)
{
    if (err->where[0] != '\0')
        ridge_cli_say("ridge: %s: %s", err->where, err->text);
    else
        ridge_cli_say("ridge: %s", err->text);
    return ridge_cli_exit_code(err->status);
}

void ridge_cli_set_color(bool allowed)
{
    color_allowed = allowed;
}

bool ridge_cli_is_terminal(FILE *out)
{
    const char *term = getenv("TERM");
    return isatty(fileno(out)) == 1 && term != NULL && strcmp(term, "dumb") != 0;
}

bool ridge_cli_color(FILE *out)
{
    const char *no_color = getenv("NO_COLOR");
    return color_allowed && (no_color == NULL || no_color[0] == '\0') && ridge_cli_is_terminal(out);
}

int ridge_cli_width(FILE *out)
{
    struct winsize w;
    if (isatty(fileno(out)) == 1 && ioctl(fileno(out), TIOCGWINSZ, &w) == 0 && w.ws_col > 20)
        return w.ws_col;
    return 0;
}

int ridge_cli_print(const struct ridge_buf *b, const char *path, struct ridge_error *err)
{
    if (path != NULL)
        return ridge_os_write_file(path, b->data, b->n, err) == RIDGE_OK ? RIDGE_EXIT_OK : ridge_cli_error(err);
    if (b->n > 0 && (fwrite(b->data, 1, b->n, stdout) != b->n || fflush(stdout) != 0)) {
        if (errno == EPIPE)
            return RIDGE_EXIT_OK; /* the reader had enough */
        (void)ridge_fail(err, RIDGE_ERR_IO, "standard output", "cannot write: %s", strerror(errno));
        return ridge_cli_error(err);
    }
    return RIDGE_EXIT_OK;
}

#include "base/log.h"

#include "base/text.h"
#include <errno.h>
#include <unistd.h>

static enum ridge_log_level max_level = RIDGE_LOG_INFO;

void ridge_log_set_level(enum ridge_log_level level)
{
    max_level = level;
}

void ridge_log(enum ridge_log_level level, const char *fmt, ...)
{
    static const char *const prefixes[] = {[RIDGE_LOG_ERROR] = "ridge: error: ",
                                           [RIDGE_LOG_WARN] = "ridge: warning: ",
                                           [RIDGE_LOG_INFO] = "ridge: ",
                                           [RIDGE_LOG_DEBUG] = "ridge: debug: "};
    if (level > max_level)
        return;
    int saved_errno = errno;
    char text[2048];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    /* One write per message: lines of several processes do not mix. */
    struct ridge_buf line = {0};
    ridge_buf_puts(&line, prefixes[level]);
    ridge_text_terminal(&line, text);
    ridge_buf_puts(&line, "\n");
    ssize_t written = write(STDERR_FILENO, line.data, line.n);
    (void)written; /* nowhere left to complain */
    ridge_buf_deinit(&line);
    errno = saved_errno;
}

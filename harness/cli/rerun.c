/* The line that re-runs one stored case. A case of a plain worker is a `ridge bench` line; a case of another arm,
 * target or library needs its suite; where that came from a command line, the line itself is the answer. So it is where
 * two builds were measured: only that line names them. */
#include "base/os.h"
#include "judge.h"
#include <string.h>

static void put_word(struct ridge_buf *b, const char *flag, const char *value)
{
    ridge_buf_printf(b, " %s ", flag);
    ridge_text_shell(b, value);
}

/* The control is main measured a second time. */
static bool is_control(const struct ridge_rd_member *m)
{
    return m->arm != NULL && strcmp(m->arm, RIDGE_GATE_AA) == 0;
}

static bool is_plain(const struct ridge_rd_member *m)
{
    bool main_arm = m->arm == NULL || strcmp(m->arm, "main") == 0 || is_control(m);
    bool local = m->target == NULL || m->target[0] == '\0' || strcmp(m->target, "local") == 0;
    return main_arm && local && strchr(m->backend, '@') == NULL;
}

static void put_set(struct ridge_buf *b, const char *key, const char *value)
{
    struct ridge_buf pair = {0};
    ridge_buf_printf(&pair, "%s=%s", key, value);
    put_word(b, "--set", pair.data);
    ridge_buf_deinit(&pair);
}

static void put_bench(struct ridge_buf *b, const struct ridge_rd_run *run, const struct ridge_rd_member *m)
{
    ridge_buf_puts(b, "ridge bench ");
    ridge_text_shell(b, m->subject);
    put_word(b, "--backend", m->backend);
    for (size_t i = 0; i < m->options.n; i++) {
        const struct ridge_kv *kv = &m->options.v[i];
        if (strcmp(kv->key, "threads") == 0)
            put_word(b, "--threads", kv->value);
        else
            put_set(b, kv->key, kv->value);
    }
    if (m->device != NULL && strcmp(m->device, "cpu") != 0)
        put_set(b, "device", m->device);
    ridge_buf_puts(b, run->settings_words);
}

static void put_run(struct ridge_buf *b, const struct ridge_rd_run *run, const struct ridge_rd_member *m)
{
    struct ridge_buf filter = {0};
    ridge_buf_puts(b, "ridge run ");
    ridge_text_shell(b, run->suite_path);
    ridge_buf_printf(&filter, "case=%s", m->case_id);
    if (m->arm != NULL && strchr(m->arm, ',') == NULL && !is_control(m))
        ridge_buf_printf(&filter, ",arm=%s", m->arm);
    put_word(b, "--filter", filter.data);
    ridge_buf_puts(b, run->set_words);
    ridge_buf_deinit(&filter);
}

/* NULL: one build. A yardstick is the same whatever the builds are. */
static const char *line_of_builds(struct ridge_arena *a, const struct ridge_rd_run *run, const struct ridge_rd_member *m)
{
    if (m->yardstick != NULL && !is_control(m))
        return NULL;
    return ridge_cli_builds_line(a, run->command, ridge_arena_printf(a, "case=%s", m->case_id));
}

char *ridge_cli_rerun(struct ridge_arena *a, const struct ridge_rd_run *run, const struct ridge_rd_member *m)
{
    struct ridge_buf b = {0};
    const char *builds = line_of_builds(a, run, m);
    if (builds != NULL)
        ridge_buf_puts(&b, builds);
    else if (is_plain(m))
        put_bench(&b, run, m);
    else if (run->suite_path != NULL && ridge_os_exists(run->suite_path))
        put_run(&b, run, m);
    else
        ridge_buf_puts(&b, run->command != NULL ? run->command : "");
    char *text = ridge_arena_strn(a, b.n > 0 ? b.data : "", b.n);
    ridge_buf_deinit(&b);
    return text;
}

/* The line that re-runs one stored case. A case of a plain worker is a `ridge bench` line; a case of
 * another arm or target needs its suite. */
#include "session.h"
#include <string.h>

static void put_word(struct ridge_buf *b, const char *flag, const char *value)
{
    ridge_buf_printf(b, " %s ", flag);
    ridge_text_shell(b, value);
}

static bool is_plain(const struct ridge_rd_member *m)
{
    bool main_arm = m->arm == NULL || strcmp(m->arm, "main") == 0;
    bool local = m->target == NULL || m->target[0] == '\0' || strcmp(m->target, "local") == 0;
    return main_arm && local && strchr(m->backend, '@') == NULL;
}

static void put_bench(struct ridge_buf *b, const struct ridge_rd_member *m)
{
    ridge_buf_puts(b, "ridge bench ");
    ridge_text_shell(b, m->subject);
    put_word(b, "--backend", m->backend);
    for (size_t i = 0; i < m->options.n; i++) {
        const struct ridge_kv *kv = &m->options.v[i];
        if (strcmp(kv->key, "threads") == 0) {
            put_word(b, "--threads", kv->value);
            continue;
        }
        struct ridge_buf pair = {0};
        ridge_buf_printf(&pair, "%s=%s", kv->key, kv->value);
        put_word(b, "--set", pair.data);
        ridge_buf_deinit(&pair);
    }
}

static void put_run(struct ridge_buf *b, const struct ridge_rd_run *run, const struct ridge_rd_member *m)
{
    struct ridge_buf filter = {0};
    ridge_buf_puts(b, "ridge run ");
    ridge_text_shell(b, run->suite_path != NULL ? run->suite_path : "SUITE");
    ridge_buf_printf(&filter, "id=%s", m->case_id);
    put_word(b, "--filter", filter.data);
    ridge_buf_deinit(&filter);
}

char *ridge_cli_rerun(struct ridge_arena *a, const struct ridge_rd_run *run, const struct ridge_rd_member *m)
{
    struct ridge_buf b = {0};
    if (is_plain(m))
        put_bench(&b, m);
    else
        put_run(&b, run, m);
    char *text = ridge_arena_strn(a, b.data, b.n);
    ridge_buf_deinit(&b);
    return text;
}

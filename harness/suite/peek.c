/* The look before a load: the file's text, read once, and the arms of the merged tree. Their workers say what
 * backends there are, and only then can the suite be judged. */
#include "suite/state.h"
#include "base/os.h"
#include <stdlib.h>
#include <string.h>

/* A text with a zero byte is left to the load, whose scanner names the place. */
static void keep_text(struct ridge_suite_peek *out, const char *path, const char *text)
{
    struct ridge_buf bytes = {0};
    if (text != NULL)
        out->text = ridge_arena_str(&out->arena, text);
    else if (ridge_os_read_file(path, RIDGE_MAX_SUITE_BYTES, &bytes, NULL) == RIDGE_OK &&
             memchr(bytes.data, '\0', bytes.n) == NULL)
        out->text = ridge_arena_strn(&out->arena, bytes.data, bytes.n);
    ridge_buf_deinit(&bytes);
}

void ridge_suite_peek(const char *path, const char *text, struct ridge_suite_peek *out)
{
    struct ridge_suite_errors ignored;
    struct ridge_catalogue empty;
    struct ridge_plan plan;
    memset(&ignored, 0, sizeof ignored);
    memset(&empty, 0, sizeof empty);
    memset(&plan, 0, sizeof plan);
    *out = (struct ridge_suite_peek){.n_arms = 0};
    keep_text(out, path, text);
    if (out->text == NULL)
        return;
    struct suite s = {.cat = &empty, .plan = &plan, .errors = &ignored};
    plan.arena = out->arena;
    if (ridge_suite_read(&s, path != NULL ? path : "", out->text)) {
        ridge_suite_arms(&s);
        out->arms = plan.arms;
        out->n_arms = plan.n_arms;
    }
    out->arena = plan.arena;
    ridge_buf_deinit(&s.scratch);
    free(s.texts.v);
    ridge_suite_map_deinit(&s.interned);
    ridge_arena_deinit(&s.arena);
    ridge_suite_errors_deinit(&ignored);
}

void ridge_suite_peek_deinit(struct ridge_suite_peek *p)
{
    ridge_arena_deinit(&p->arena);
    *p = (struct ridge_suite_peek){.n_arms = 0};
}

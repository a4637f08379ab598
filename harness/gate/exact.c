/* What tells two sides apart without a clock: the kernel that was chosen, its library, its work, its memory, the bits of
 * its answer. Equal inputs and other figures here are a cause, or a warning, that no noise can fake. */
#include "gate/rows.h"

#include <math.h>
#include <string.h>

/* Worth a sentence, the likeliest cause first; then what else differs. What is drawn for each process says nothing. */
static const char *const causes[] = {"kernel", "library_version", "library_sha256", "threading", "page_bytes"};
static const char *const silent[] = {"buffer_offset_bytes", "heap_pad_bytes", "env_pad_bytes", "output_digest", "auto_candidates",
                                     "library_path", "label"};
static const char *const figures[] = {"executed_flop", "packed_bytes", "workspace_bytes"};
enum { MOST_SAID = 4, N_CAUSES = sizeof causes / sizeof causes[0] };

static bool is_one_of(const char *const *v, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(v[i], key) == 0)
            return true;
    return false;
}

static void say(struct ridge_buf *b, size_t *n, const char *key, const char *old, const char *now)
{
    if (++*n <= MOST_SAID)
        ridge_buf_printf(b, "%s%s: %.80s -> %.80s", b->n > 0 ? "; " : "", key, old, now);
}

static void say_condition(struct ridge_buf *b, size_t *n, const struct ridge_rd_member *base, const struct ridge_rd_member *now,
                          const char *key)
{
    const char *x = ridge_kvs_get(&base->conditions, key), *y = ridge_kvs_get(&now->conditions, key);
    if (x != NULL && y != NULL && strcmp(x, y) != 0)
        say(b, n, key, x, y);
}

static void say_conditions(struct ridge_buf *b, size_t *n, const struct ridge_rd_member *base, const struct ridge_rd_member *now)
{
    for (size_t i = 0; i < N_CAUSES; i++)
        say_condition(b, n, base, now, causes[i]);
    for (size_t i = 0; i < now->conditions.n; i++) {
        const char *key = now->conditions.v[i].key;
        if (!is_one_of(causes, N_CAUSES, key) && !is_one_of(silent, sizeof silent / sizeof silent[0], key))
            say_condition(b, n, base, now, key);
    }
}

static void say_figures(struct ridge_buf *b, size_t *n, const struct ridge_rd_member *base, const struct ridge_rd_member *now)
{
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        const struct ridge_metric *x = ridge_rd_metric(base, figures[i]), *y = ridge_rd_metric(now, figures[i]);
        char old[32], new[32];
        if (x == NULL || y == NULL || x->value == y->value || !isfinite(x->value) || !isfinite(y->value))
            continue;
        (void)snprintf(old, sizeof old, "%.6g", x->value);
        (void)snprintf(new, sizeof new, "%.6g", y->value);
        say(b, n, figures[i], old, new);
    }
}

/* Both answers are within the tolerance, or the member's verdict would be wrong. */
static void say_digest(struct ridge_buf *b, const struct ridge_rd_member *base, const struct ridge_rd_member *now,
                       struct ridge_gate_exact *out)
{
    const char *x = ridge_kvs_get(&base->conditions, "output_digest"), *y = ridge_kvs_get(&now->conditions, "output_digest");
    if (x == NULL || y == NULL)
        return;
    out->is_unsteady = strcmp(y, RIDGE_RD_DIGEST_VARIES) == 0 && strcmp(x, y) != 0;
    out->has_other_bits = !out->is_unsteady && strcmp(x, RIDGE_RD_DIGEST_VARIES) != 0 && strcmp(x, y) != 0;
    if (out->is_unsteady)
        ridge_buf_printf(b, "%sits answer now differs in bits from process to process", b->n > 0 ? "; " : "");
    else if (out->has_other_bits)
        ridge_buf_printf(b, "%sits answer has other bits, within the tolerance", b->n > 0 ? "; " : "");
}

struct ridge_gate_exact ridge_gate_exact(struct ridge_arena *a, const struct ridge_rd_member *base,
                                         const struct ridge_rd_member *now, bool same_inputs)
{
    struct ridge_gate_exact out = {.words = ""};
    struct ridge_buf b = {0};
    size_t n = 0;
    say_conditions(&b, &n, base, now);
    say_figures(&b, &n, base, now);
    if (n > MOST_SAID)
        ridge_buf_printf(&b, "; %zu more differ", n - MOST_SAID);
    if (same_inputs)
        say_digest(&b, base, now, &out);
    out.has_cause = n > 0;
    const char *x = ridge_kvs_get(&base->conditions, "kernel"), *y = ridge_kvs_get(&now->conditions, "kernel");
    out.has_other_kernel = x != NULL && y != NULL && strcmp(x, y) != 0;
    if (b.n > 0)
        out.words = ridge_arena_strn(a, b.data, b.n);
    ridge_buf_deinit(&b);
    return out;
}

void ridge_gate_exact_add(struct ridge_arena *a, struct ridge_judged *r, const struct ridge_gate_exact *e,
                          struct ridge_gate_exact_sum *sum)
{
    sum->n_kernels += e->has_other_kernel;
    sum->n_bits += e->has_other_bits;
    sum->n_unsteady += e->is_unsteady;
    if (e->words[0] == '\0')
        return;
    bool is_moved = e->has_cause && (r->verdict == RIDGE_CHANGE_REGRESSED || r->verdict == RIDGE_CHANGE_IMPROVED);
    r->why = ridge_arena_printf(a, "%s%s%s%s", is_moved ? "likely cause: " : "", e->words, r->why[0] != '\0' ? "; " : "", r->why);
}

const char *ridge_gate_exact_text(struct ridge_arena *a, const struct ridge_gate_exact_sum *sum)
{
    const struct { size_t n; const char *one, *many; } parts[] = {
        {sum->n_kernels, "runs another kernel", "run another kernel"},
        {sum->n_bits, "answers with other bits than before", "answer with other bits than before"},
        {sum->n_unsteady, "answers differently from process to process", "answer differently from process to process"}};
    const char *text = "";
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (parts[i].n > 0)
            text = ridge_arena_printf(a, "%s%s%zu case%s %s", text, text[0] != '\0' ? ", " : "", parts[i].n,
                                      parts[i].n == 1 ? "" : "s", parts[i].n == 1 ? parts[i].one : parts[i].many);
    return text;
}

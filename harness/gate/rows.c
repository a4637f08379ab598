#include "gate/rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct ridge_judged *ridge_gate_add(struct ridge_arena *a, struct ridge_judgement *j, const struct ridge_rd_run *run,
                                    const struct ridge_rd_member *m, const char *metric, const char *kind)
{
    if ((j->n_rows & (j->n_rows - 1)) == 0) { /* a power of two: full */
        struct ridge_judged *grown = ridge_arena_array(a, j->n_rows > 0 ? 2 * j->n_rows : 1, sizeof *grown);
        if (j->n_rows > 0)
            memcpy(grown, j->rows, j->n_rows * sizeof *grown);
        j->rows = grown;
    }
    struct ridge_judged *r = &j->rows[j->n_rows++];
    *r = (struct ridge_judged){.i_member = m->i_member,
                               .base_run_id = -1,
                               .i_member_base = -1,
                               .case_id = m->case_id,
                               .subject = m->subject,
                               .label = ridge_gate_label(a, run, m),
                               .metric = metric,
                               .kind = kind,
                               .ratio = NAN,
                               .low = NAN,
                               .high = NAN,
                               .margin_ratio = NAN,
                               .p = NAN,
                               .detect_ratio = NAN,
                               .more_s = NAN,
                               .why = "",
                               .again = ""};
    return r;
}

static void add_chunk(struct ridge_gate_samples *s, const struct ridge_chunk *c, const char *statistic, bool tail)
{
    if (c->n <= c->n_lead_in)
        return;
    size_t n = c->n - c->n_lead_in;
    double *run_ns = ridge_xrealloc_array(NULL, n, sizeof *run_ns);
    if (ridge_chunk_run_ns(c, run_ns)) {
        for (size_t i = 0; tail && i < n; i++) {
            RIDGE_PUSH(s->run_ns, run_ns[i]);
            RIDGE_PUSH(s->fork, (int32_t)c->fork);
        }
        s->block_v[(size_t)c->fork * s->blocks.n_rounds + (size_t)c->round] = ridge_stat_block(run_ns, n, statistic);
    }
    free(run_ns);
}

enum ridge_status ridge_gate_samples_read(const struct ridge_gate_run *run, const struct ridge_rd_member *m, bool tail,
                                          struct ridge_gate_samples *out, struct ridge_error *err)
{
    struct ridge_chunk *chunks = NULL;
    size_t n = 0;
    *out = (struct ridge_gate_samples){0};
    enum ridge_status st = ridge_read_chunks(run->store, run->run.id, m->i_member, &chunks, &n, err);
    for (size_t i = 0; i < n; i++) {
        size_t fork = (size_t)chunks[i].fork + 1, round = (size_t)chunks[i].round + 1;
        out->blocks.n_forks = fork > out->blocks.n_forks ? fork : out->blocks.n_forks;
        out->blocks.n_rounds = round > out->blocks.n_rounds ? round : out->blocks.n_rounds;
    }
    size_t n_cells = out->blocks.n_forks * out->blocks.n_rounds;
    out->block_v = ridge_xrealloc_array(NULL, n_cells + 1, sizeof *out->block_v);
    for (size_t i = 0; i < n_cells; i++)
        out->block_v[i] = NAN;
    out->blocks.v = out->block_v;
    for (size_t i = 0; i < n; i++) {
        add_chunk(out, &chunks[i], run->run.statistic, tail);
        ridge_chunk_deinit(&chunks[i]);
    }
    free(chunks);
    return st;
}

void ridge_gate_samples_deinit(struct ridge_gate_samples *s)
{
    free(s->block_v);
    free(s->run_ns.v);
    free(s->fork.v);
    *s = (struct ridge_gate_samples){0};
}

size_t ridge_gate_fork_values(const struct ridge_gate_samples *a, const struct ridge_gate_samples *b, double *out)
{
    const struct ridge_blocks *x = &a->blocks, *y = &b->blocks;
    size_t n_forks = x->n_forks < y->n_forks ? x->n_forks : y->n_forks;
    size_t n_rounds = x->n_rounds < y->n_rounds ? x->n_rounds : y->n_rounds, n = 0;
    double *d = ridge_xrealloc_array(NULL, n_rounds + 1, sizeof *d);
    for (size_t f = 0; f < n_forks; f++) {
        size_t k = 0;
        for (size_t r = 0; r < n_rounds; r++) {
            double p = x->v[f * x->n_rounds + r], q = y->v[f * y->n_rounds + r];
            if (p > 0 && q > 0 && isfinite(p) && isfinite(q))
                d[k++] = log(q) - log(p);
        }
        if (k > 0)
            out[n++] = ridge_stat_median(d, k);
    }
    free(d);
    return n;
}

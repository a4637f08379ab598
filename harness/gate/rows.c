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
    struct ridge_kvs *keys = ridge_arena_alloc(a, sizeof *keys);
    *keys = ridge_gate_member_kvs(a, m);
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
                               .again = "",
                               .keys = keys};
    return r;
}

static void add_samples(struct ridge_gate_samples *s, const struct ridge_chunk *c)
{
    if (c->n <= c->n_lead_in)
        return;
    size_t n = c->n - c->n_lead_in;
    double *run_ns = ridge_xrealloc_array(NULL, n, sizeof *run_ns);
    bool has_times = ridge_chunk_run_ns(c, run_ns);
    for (size_t i = 0; has_times && i < n; i++) {
        RIDGE_PUSH(s->run_ns, run_ns[i]);
        RIDGE_PUSH(s->fork, (int32_t)c->fork);
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
    ridge_stat_block_table(chunks, n, run->run.statistic, &out->table);
    for (size_t i = 0; i < n; i++) {
        if (tail)
            add_samples(out, &chunks[i]);
        ridge_chunk_deinit(&chunks[i]);
    }
    free(chunks);
    return st;
}

void ridge_gate_samples_deinit(struct ridge_gate_samples *s)
{
    ridge_stat_block_table_deinit(&s->table);
    free(s->run_ns.v);
    free(s->fork.v);
    *s = (struct ridge_gate_samples){0};
}

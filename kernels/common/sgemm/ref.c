/* The reference engine: plain C, one accumulator per element, any problem. Its packed B is op(B) as a
 * dense row-major matrix. */
#include "common/sgemm/engine.h"

struct rows {
    const struct ridge_sgemm *problem;
    float *scratch; /* one row of op(A) per task, when gathered */
    int64_t n_tasks;
};

static float finish(const struct ridge_sgemm *p, int64_t i, int64_t j, float sum)
{
    const struct ridge_epilogue *e = &p->epilogue;
    const float *c0 = p->c0 != NULL ? p->c0 : p->c;
    const int64_t ldc0 = p->c0 != NULL ? p->ldc0 : p->ldc;
    float x = p->alpha * sum;
    if (p->beta != 0)
        x += p->beta * c0[i * ldc0 + j];
    if (e->bias != NULL)
        x += e->bias[e->is_bias_per_row ? i : j];
    if (e->residual != NULL)
        x += e->residual[i * e->residual_ld + j];
    return ridge_act_f32(e->act, x);
}

static void compute_row(const struct ridge_sgemm *p, int64_t i, float *gathered)
{
    const float *a = p->a + i * (p->is_a_transposed ? 1 : p->lda);
    const float *b = p->packed_b != NULL ? p->packed_b : p->b;
    int64_t step_a = p->is_a_transposed ? p->lda : 1;
    const bool is_b_transposed = p->packed_b == NULL && p->is_b_transposed;
    const int64_t ldb = p->packed_b != NULL ? p->n : p->ldb;
    const int64_t step_b = is_b_transposed ? 1 : ldb, next_b = is_b_transposed ? ldb : 1;
    if (p->gather != NULL && p->k > 0) {
        p->gather(p->gather_ctx, i, 1, 0, p->k, gathered);
        a = gathered;
        step_a = 1;
    }
    for (int64_t j = 0; j < p->n; j++) {
        float sum = 0;
        for (int64_t q = 0; q < p->k; q++)
            sum += a[q * step_a] * b[q * step_b + j * next_b];
        p->c[i * p->ldc + j] = finish(p, i, j, sum);
    }
}

static void compute_rows(void *ctx, size_t i_task, int i_thread)
{
    const struct rows *r = ctx;
    const int64_t t = (int64_t)i_task;
    (void)i_thread;
    for (int64_t i = t; i < r->problem->m; i += r->n_tasks)
        compute_row(r->problem, i, r->scratch == NULL ? NULL : r->scratch + t * r->problem->k);
}

size_t ridge_sgemm_ref_scratch_bytes(const struct ridge_sgemm *p, int n_threads)
{
    return p->gather == NULL || p->k == 0 ? 0 : sizeof(float) * (size_t)p->k * (size_t)n_threads;
}

void ridge_sgemm_ref_run(const struct ridge_sgemm *p, const struct ridge_host *host, void *scratch)
{
    struct rows rows = {.problem = p, .scratch = scratch, .n_tasks = 1};
    if (host != NULL && host->parallel_for != NULL && host->n_threads > 1) {
        rows.n_tasks = host->n_threads;
        host->parallel_for(host->self, (size_t)rows.n_tasks, compute_rows, &rows);
    } else {
        compute_rows(&rows, 0, 0);
    }
}

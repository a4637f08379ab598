/* Deals the work of one run to the pool: one contiguous part per thread. */
#include "peak/run.h"

enum { MAX_TASKS = 1024, GRAIN_BYTES = 4096 };

struct partial {
    float mean;
    uint64_t sum;
};

struct job {
    const struct ridge_peak_loops *loops;
    enum ridge_peak_kind kind;
    int64_t n_grains, n_bytes, n_tasks;
    const char *from;
    char *to;
    float a, b;
    struct partial partial[MAX_TASKS];
};

static int64_t part_begin(const struct job *job, int64_t i_task)
{
    const int64_t n = job->n_grains, rest = n % job->n_tasks;
    return n / job->n_tasks * i_task + (i_task < rest ? i_task : rest);
}

static void run_task(void *ctx, size_t i_task, int i_thread)
{
    struct job *job = ctx;
    (void)i_thread;
    const int64_t begin = part_begin(job, (int64_t)i_task);
    const int64_t end = part_begin(job, (int64_t)i_task + 1);
    if (job->kind == RIDGE_PEAK_FMA) {
        job->partial[i_task].mean = job->loops->fma(end - begin, job->a, job->b);
        return;
    }
    const int64_t from = begin * GRAIN_BYTES;
    const int64_t to = end * GRAIN_BYTES < job->n_bytes ? end * GRAIN_BYTES : job->n_bytes;
    if (from >= to)
        return;
    if (job->kind == RIDGE_PEAK_READ)
        job->partial[i_task].sum = job->loops->read(job->from + from, (size_t)(to - from));
    else
        job->loops->copy(job->to + from, job->from + from, (size_t)(to - from));
}

static void collect(const struct job *job, const struct ridge_tensor *out)
{
    float mean = 0;
    uint64_t sum = 0;
    for (int64_t t = 0; t < job->n_tasks; t++) {
        mean += job->partial[t].mean / (float)job->n_tasks;
        sum += job->partial[t].sum;
    }
    if (job->kind == RIDGE_PEAK_FMA)
        *(float *)out->data = mean;
    if (job->kind == RIDGE_PEAK_READ)
        *(int64_t *)out->data = (int64_t)sum;
}

enum ridge_status ridge_peak_run(const struct ridge_peak_loops *loops,
                                 const struct ridge_kernel_args *args)
{
    const struct ridge_peak_shape *s = args->shape;
    const struct ridge_host *host = args->host;
    const bool has_pool = host != NULL && host->parallel_for != NULL && host->n_threads > 1;
    struct job job;
    job.loops = loops;
    job.kind = (enum ridge_peak_kind)s->kind;
    job.from = args->in[0].data;
    job.to = args->out[0].data;
    job.n_bytes = s->bytes;
    job.n_grains = RIDGE_PEAK_N_UNITS;
    if (job.kind != RIDGE_PEAK_FMA)
        job.n_grains = s->bytes / GRAIN_BYTES + (s->bytes % GRAIN_BYTES != 0);
    job.n_tasks = has_pool ? host->n_threads : 1;
    job.n_tasks = job.n_tasks < MAX_TASKS ? job.n_tasks : MAX_TASKS;
    for (int64_t t = 0; t < job.n_tasks; t++)
        job.partial[t] = (struct partial){0};
    job.a = job.b = 0;
    if (job.kind == RIDGE_PEAK_FMA) {
        job.a = ((const float *)args->in[0].data)[0];
        job.b = ((const float *)args->in[0].data)[1];
    }
    if (has_pool)
        host->parallel_for(host->self, (size_t)job.n_tasks, run_task, &job);
    else
        run_task(&job, 0, 0);
    collect(&job, args->out);
    return RIDGE_OK;
}

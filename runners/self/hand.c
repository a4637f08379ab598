/* ridge-hand: a worker with a timing loop written by hand, as a check on ridge-worker's.
 *
 * It calls Ridge's own GEMM kernel directly: no plug-in, no runner seam, no pool, no rdtsc, only clock_gettime
 * around one call. As an arm of the same group its ratio to ridge-worker must hold 1. */
#include "base/os.h"
#include "gemm/gemm.h"
#include "wire/wire.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { MAX_SAMPLES = 100000, LEAD_IN_RUNS = 3, HUGE = 2 << 20 };

struct hand {
    struct ridge_gemm_shape shape;
    const struct ridge_kernel *kernel;
    struct ridge_tensor tensors[RIDGE_GEMM_N_INPUTS + 1]; /* the last is C */
    struct ridge_kernel_args args;
    uint64_t seed;
};

static int64_t now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void *buffer(size_t n_bytes)
{
    const size_t n = (n_bytes + HUGE) & ~(size_t)(HUGE - 1);
    void *p = aligned_alloc(HUGE, n);
    if (p == NULL)
        abort();
    if (n_bytes >= HUGE)
        (void)madvise(p, n, MADV_HUGEPAGE);
    memset(p, 0, n);
    return p;
}

static enum ridge_status load(struct hand *h, const struct ridge_msg_load *m, struct ridge_error *err)
{
    const struct ridge_operator *op = &ridge_gemm_operator;
    struct ridge_arena arena = {0};
    struct ridge_kvs all = ridge_kvs_copy(&arena, &m->shape);
    for (size_t i = 0; i < m->options.n; i++)
        ridge_kvs_set(&arena, &all, m->options.v[i].key, m->options.v[i].value);
    enum ridge_status rc = ridge_option_fill(op->fields, op->n_fields, &all, true, &h->shape, err);
    ridge_arena_deinit(&arena);
    size_t n = 0;
    const struct ridge_kernel *const *kernels = ridge_gemm_kernels(&n);
    for (size_t i = 0; i < n; i++) { /* list.inc goes from the reference to the widest vectors */
        char why[256];
        if (kernels[i]->supports(&h->shape, 1, why, sizeof why))
            h->kernel = kernels[i];
    }
    h->seed = m->seed;
    for (size_t i = 0; i <= RIDGE_GEMM_N_INPUTS && rc == RIDGE_OK; i++) {
        rc = op->tensor(&h->shape, i, &h->tensors[i], err);
        h->tensors[i].data = buffer(h->tensors[i].n_bytes);
        if (i < RIDGE_GEMM_N_INPUTS)
            op->fill(&h->shape, i, &h->tensors[i], m->seed);
    }
    h->args = (struct ridge_kernel_args){.shape = &h->shape, .in = h->tensors, .out = &h->tensors[RIDGE_GEMM_N_INPUTS]};
    if (h->kernel->scratch_bytes != NULL)
        h->args.scratch = buffer(h->kernel->scratch_bytes(&h->shape, 1));
    return rc;
}

static void answer_check(struct hand *h, enum ridge_wire_type type, struct ridge_message *out)
{
    struct ridge_check result = {0};
    struct ridge_error err = {0};
    (void)h->kernel->run(&h->args);
    const enum ridge_status rc = ridge_gemm_operator.check(&h->shape, h->tensors, &h->tensors[RIDGE_GEMM_N_INPUTS], h->seed,
                                                           h->kernel->algorithm, &result, &err);
    out->type = type;
    out->u.loaded.verdict = rc == RIDGE_OK ? RIDGE_VERDICT_OK : RIDGE_VERDICT_WRONG;
    out->u.loaded.reason = rc == RIDGE_OK ? "" : "the hand-written loop's answer is wrong";
    out->u.loaded.process = (struct ridge_process){.inner_reps = 1, .clock_name = "clock_gettime"};
}

/* The loop by hand. */
static size_t time_block(struct hand *h, int64_t block_ns, int64_t lead_in_ns, int64_t *start_ns, int64_t *duration_ns,
                         size_t *n_lead_in)
{
    const int64_t zero = now_ns();
    int64_t block_zero = -1;
    size_t n = 0;
    while (n < MAX_SAMPLES && (block_zero < 0 || now_ns() - block_zero < block_ns)) {
        const int64_t t0 = now_ns();
        (void)h->kernel->run(&h->args);
        const int64_t t1 = now_ns();
        start_ns[n] = t0 - zero;
        duration_ns[n++] = t1 - t0;
        if (block_zero < 0 && n >= LEAD_IN_RUNS && t1 - zero >= lead_in_ns) {
            *n_lead_in = n;
            block_zero = t1;
        }
    }
    return n;
}

static void answer_go(struct hand *h, const struct ridge_msg_go *go, struct ridge_message *out)
{
    static int64_t start_ns[MAX_SAMPLES], duration_ns[MAX_SAMPLES];
    memset(out, 0, sizeof *out);
    out->type = RIDGE_MSG_SAMPLES;
    struct ridge_chunk *c = &out->u.samples;
    *c = (struct ridge_chunk){.fork = go->fork, .round = go->round, .order = go->order, .inner_reps = 1,
                              .n_columns = 2, .canary_hz = -1, .steal_ns = -1, .foreign_ns = -1, .wait_ns = -1,
                              .n_voluntary_switches = -1, .n_involuntary_switches = -1,
                              .columns = {{.name = "start_ns", .data = start_ns},
                                          {.name = "duration_ns", .data = duration_ns}}};
    c->n = time_block(h, go->block_ns, go->lead_in_ns, start_ns, duration_ns, &c->n_lead_in);
}

static void answer_hello(struct ridge_message *out)
{
    static char boot_id[64];
    (void)ridge_os_read_small("/proc/sys/kernel/random/boot_id", boot_id, sizeof boot_id);
    out->type = RIDGE_MSG_HELLO;
    out->u.hello = (struct ridge_msg_hello){.wire = RIDGE_WIRE_VERSION, .worker = "ridge-hand", .version = "0",
                                            .boot_id = boot_id, .pid = getpid(), .host_class = "", .topology = ""};
}

static void send_message(const struct ridge_message *m)
{
    struct ridge_buf line = {0};
    ridge_wire_encode(&line, m);
    (void)fwrite(line.data, 1, line.n, stdout);
    (void)fflush(stdout);
    ridge_buf_deinit(&line);
}

static bool serve(struct hand *h, const struct ridge_message *in)
{
    static struct ridge_catalogue nothing = {.worker = "ridge-hand", .version = "0", .digest = "0"};
    struct ridge_message out = {0};
    struct ridge_error err = {0};
    switch (in->type) {
    case RIDGE_MSG_HELLO: answer_hello(&out); break;
    case RIDGE_MSG_DESCRIBE: out.type = RIDGE_MSG_CATALOGUE; out.u.catalogue = &nothing; break;
    case RIDGE_MSG_LOAD:
        if (load(h, &in->u.load, &err) == RIDGE_OK)
            answer_check(h, RIDGE_MSG_LOADED, &out);
        break;
    case RIDGE_MSG_GO: answer_go(h, &in->u.go, &out); break;
    case RIDGE_MSG_CHECK: answer_check(h, RIDGE_MSG_CHECKED, &out); break;
    case RIDGE_MSG_BYE: out.type = RIDGE_MSG_BYE; break;
    default: err.status = RIDGE_ERR_UNSUPPORTED; break;
    }
    if (err.status != RIDGE_OK) {
        out.type = RIDGE_MSG_ERROR;
        out.u.error = (struct ridge_msg_error){"failed", err.text[0] != '\0' ? err.text : "ridge-hand does not know this"};
    }
    send_message(&out);
    return in->type != RIDGE_MSG_BYE;
}

int main(void)
{
    struct hand h = {0};
    char *line = NULL;
    size_t cap = 0;
    bool go_on = true;
    for (ssize_t n; go_on && (n = getline(&line, &cap, stdin)) > 0;) {
        struct ridge_message in;
        struct ridge_error err = {0};
        go_on = ridge_wire_decode(line, (size_t)n, &in, &err) == RIDGE_OK && serve(&h, &in);
        ridge_message_deinit(&in);
    }
    free(line);
    for (size_t i = 0; i <= RIDGE_GEMM_N_INPUTS; i++)
        free(h.tensors[i].data);
    free(h.args.scratch);
    return 0;
}

/* What the tests of the memory-bound operators share: every kernel of an operator, in every ISA that this CPU
 * has, 1 and 2 threads, buffers at either end of their guarded pages, poisoned outputs, scratch of exactly the
 * size it asked for, compared by the operator's own check. */
#ifndef RIDGE_TEST_MEMOPS_H
#define RIDGE_TEST_MEMOPS_H

#include "kernel_host.h"
#include "ridge_test.h"

enum { MEMOP_MAX_TENSORS = 8 };

typedef const struct ridge_kernel *const *memop_kernels(size_t *n);

struct memop {
    const struct ridge_operator *op;
    const void *shape;
    struct ridge_tensor in[MEMOP_MAX_TENSORS], out;
    struct test_buffer buffers[MEMOP_MAX_TENSORS];
};

/* Puts special values into the inputs; may be NULL. */
typedef void memop_edit(struct memop *m);

static void memop_init(struct memop *m, const struct ridge_operator *op, const void *shape, bool is_at_end)
{
    *m = (struct memop){.op = op, .shape = shape};
    for (size_t i = 0; i <= op->n_inputs; i++) {
        struct ridge_tensor *t = i < op->n_inputs ? &m->in[i] : &m->out;
        struct ridge_error err = {0};
        if (op->tensor(shape, i, t, &err) != RIDGE_OK) {
            fprintf(stderr, "%s: %s\n", op->name, err.text);
            abort();
        }
        test_buffer_init(&m->buffers[i], t->n_bytes, is_at_end);
        t->data = m->buffers[i].data;
        if (i < op->n_inputs)
            op->fill(shape, i, t, 7);
    }
}

static void memop_deinit(struct memop *m)
{
    for (size_t i = 0; i <= m->op->n_inputs; i++)
        test_buffer_deinit(&m->buffers[i]);
}

static void memop_run(struct memop *m, const struct ridge_kernel *kernel, int n_threads, bool is_at_end)
{
    const struct ridge_host *self;
    struct ridge_host host;
    struct test_buffer scratch;
    test_host_init(&host, &self, n_threads);
    test_buffer_init(&scratch, kernel->scratch_bytes == NULL ? 0 : kernel->scratch_bytes(m->shape, n_threads),
                     is_at_end);
    const struct ridge_kernel_args args = {
        .shape = m->shape, .in = m->in, .out = &m->out, .scratch = scratch.data, .host = &host};
    CHECK(test_run(kernel, &args) == RIDGE_OK);
    test_buffer_deinit(&scratch);
}

static enum ridge_status memop_compare(const struct memop *m, struct ridge_check *result, struct ridge_error *err)
{
    return m->op->check(m->shape, m->in, &m->out, 11, "", result, err);
}

__attribute__((unused)) static void memop_check_edited(const struct ridge_operator *op, memop_kernels *kernels,
                                                       const void *shape, memop_edit *edit)
{
    size_t n;
    const struct ridge_kernel *const *list = kernels(&n);
    int n_ran = 0;
    for (size_t i = 0; i < n; i++) {
        char reason[256] = "";
        if (!list[i]->supports(shape, 1, reason, sizeof reason)) {
            CHECK(reason[0] != '\0');
            continue;
        }
        for (int way = 0; way < 4; way++, n_ran++) {
            struct memop m;
            struct ridge_check result;
            struct ridge_error err = {0};
            memop_init(&m, op, shape, (way & 1) != 0);
            if (edit != NULL)
                edit(&m);
            memop_run(&m, list[i], 1 + (way >> 1), (way & 1) != 0);
            if (memop_compare(&m, &result, &err) != RIDGE_OK) {
                fprintf(stderr, "%s, %d threads: %s\n", list[i]->name, 1 + (way >> 1), err.text);
                CHECK(!"the kernel agrees with the reference");
            }
            memop_deinit(&m);
        }
    }
    CHECK(n_ran >= 4); /* the reference twin takes every shape */
}

__attribute__((unused)) static void memop_check(const struct ridge_operator *op, memop_kernels *kernels, const void *shape)
{
    memop_check_edited(op, kernels, shape, NULL);
}

/* The check must see one wrong element, wherever it lies in a small problem, and a NaN. */
__attribute__((unused)) static void memop_sees_errors(const struct ridge_operator *op, memop_kernels *kernels,
                                                      const void *shape)
{
    size_t n;
    struct memop m;
    struct ridge_check result;
    const struct ridge_kernel *const *list = kernels(&n), *ref = NULL;
    for (size_t i = 0; i < n && ref == NULL; i++)
        if (strcmp(list[i]->isa, "ref") == 0 && list[i]->supports(shape, 1, (char[256]){0}, 256))
            ref = list[i];
    memop_init(&m, op, shape, false);
    memop_run(&m, ref, 1, false);
    CHECK(memop_compare(&m, &result, NULL) == RIDGE_OK);
    float *y = m.out.data;
    const int64_t n_y = (int64_t)(m.out.n_bytes / sizeof(float));
    CHECK(result.n_checked == (uint64_t)n_y);
    for (int64_t i = 0; i < n_y; i += 1 + n_y / 97) {
        struct ridge_error err = {0};
        const float kept = y[i];
        y[i] = kept + 0.001f * (1.0f + fabsf(kept));
        CHECK(memop_compare(&m, &result, &err) == RIDGE_ERR_WRONG);
        CHECK(result.text[0] != '\0' && err.text[0] != '\0');
        y[i] = NAN;
        CHECK(memop_compare(&m, &result, NULL) == RIDGE_ERR_WRONG);
        y[i] = kept;
    }
    memop_deinit(&m);
}

/* CONFIG, and the text says `word`. */
__attribute__((unused)) static void memop_refuses(const struct ridge_operator *op, const void *shape, const char *word)
{
    struct ridge_error err = {0};
    struct ridge_cost cost;
    struct ridge_tensor t;
    CHECK(op->validate(shape, &err) == RIDGE_ERR_CONFIG);
    if (strstr(err.text, word) == NULL)
        CHECK_STR(err.text, word);
    CHECK(op->cost(shape, &cost, NULL) == RIDGE_ERR_CONFIG);
    CHECK(op->tensor(shape, 0, &t, NULL) == RIDGE_ERR_CONFIG);
}

__attribute__((unused)) static void memop_costs(const struct ridge_operator *op, const void *shape, double flop,
                                                double n_bytes)
{
    struct ridge_cost cost = {0};
    CHECK(op->cost(shape, &cost, NULL) == RIDGE_OK);
    CHECK_NEAR(cost.flop, flop, 0);
    CHECK_NEAR(cost.compulsory_bytes, n_bytes, 0);
    struct ridge_tensor t;
    CHECK(op->tensor(shape, op->n_inputs + op->n_outputs, &t, NULL) == RIDGE_ERR_INTERNAL);
}

#endif

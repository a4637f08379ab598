/* task=judge: n cases as two arms of 10 forks x 100 samples each, judged from the stored samples. */
#include "self/fixture.h"

#include "gate/gate.h"
#include "stat/stat.h"
#include "store/writer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FORKS = 10, SAMPLES = 100 };

/* The plan's members twice: arm main and arm b, side by side in their groups. */
static void add_arm(struct ridge_plan *p)
{
    size_t n = p->n_members;
    struct ridge_arm *arms = ridge_arena_array(&p->arena, 2, sizeof *arms);
    struct ridge_member *members = ridge_arena_array(&p->arena, 2 * n + 1, sizeof *members);
    arms[0] = arms[1] = p->arms[0];
    arms[1].name = "b";
    memcpy(members, p->members, n * sizeof *members);
    for (size_t i = 0; i < n; i++) {
        members[n + i] = members[i];
        members[n + i].i_arm = 1;
    }
    for (size_t g = 0; g < p->n_groups; g++) {
        size_t *both = ridge_arena_array(&p->arena, 2, sizeof *both);
        both[0] = p->groups[g].members[0];
        both[1] = n + both[0];
        p->groups[g].members = both;
        p->groups[g].n_members = 2;
    }
    p->arms = arms;
    p->members = members;
    p->n_arms = 2;
    p->n_members = 2 * n;
}

static enum ridge_status put_round(struct ridge_store *s, int64_t run_id, const struct ridge_plan *p, size_t g, int64_t fork,
                                   struct ridge_error *err)
{
    static int64_t start_ns[SAMPLES], duration_ns[2][SAMPLES];
    static double sorted[SAMPLES];
    struct ridge_chunk chunks[2];
    for (size_t side = 0; side < 2; side++) {
        for (int64_t i = 0; i < SAMPLES; i++) {
            start_ns[i] = i * 1000;
            duration_ns[side][i] = 90000 + ((i + fork) * 7919 + (int64_t)(g + side) * 104729) % 1013;
            sorted[i] = (double)duration_ns[side][i];
        }
        chunks[side] = (struct ridge_chunk){
            .fork = fork, .order = (int64_t)side, .n = SAMPLES, .inner_reps = 1, .n_columns = 2,
            .columns = {{.name = "start_ns", .data = start_ns}, {.name = "duration_ns", .data = duration_ns[side]}},
            .block_ns = ridge_stat_block(sorted, SAMPLES, "p10"), .canary_hz = 3e9, .steal_ns = -1, .foreign_ns = -1, .wait_ns = -1};
    }
    return ridge_store_round(s, run_id, g, fork, 0, p->groups[g].members, chunks, 2, err);
}

enum ridge_status self_fill_pairs(struct self_fixture *f, struct ridge_error *err)
{
    struct ridge_store *s = NULL;
    int64_t run_id = 0;
    add_arm(&f->plan);
    enum ridge_status rc = self_begin(f, &s, &run_id, err);
    for (size_t i = 0; i < f->plan.n_members && rc == RIDGE_OK; i++) {
        const struct ridge_process p = {.i_member = i, .verdict = RIDGE_VERDICT_OK, .inner_reps = 1};
        rc = ridge_store_process(s, run_id, &p, err);
    }
    for (size_t g = 0; g < f->plan.n_groups; g++)
        for (int64_t fork = 0; fork < FORKS && rc == RIDGE_OK; fork++)
            rc = put_round(s, run_id, &f->plan, g, fork, err);
    if (rc == RIDGE_OK)
        rc = ridge_store_end_run(s, run_id, "complete", "quiet", "made up", err);
    ridge_store_close(s);
    return rc;
}

enum ridge_status self_run_judge(struct self_fixture *f, struct ridge_error *err)
{
    struct ridge_arena a = {0};
    struct ridge_buf errors = {0};
    struct ridge_store *s = NULL;
    struct ridge_gate_run run;
    struct ridge_gate_rules rules;
    struct ridge_judgement j = {.base_run_id = -1};
    const struct ridge_gate_look look = {0};
    enum ridge_status rc = ridge_store_open(f->path, false, &s, err);
    if (rc == RIDGE_OK)
        rc = ridge_gate_rules_load(&a, "", NULL, &rules, &errors, err);
    if (rc == RIDGE_OK)
        rc = ridge_gate_load(s, &a, "last", &run, err);
    if (rc == RIDGE_OK)
        rc = ridge_gate_paired(&a, &run, "arm=main", "arm=b", &rules, &look, &j, err);
    if (rc == RIDGE_OK) {
        ridge_gate_conclude(&a, &run, &rules, false, &j);
        size_t n_ok = ridge_judgement_count(&j, RIDGE_CHANGE_OK);
        if (n_ok != (size_t)f->shape.n) /* half a percent apart at most, the margin is three */
            rc = ridge_fail(err, RIDGE_ERR_WRONG, "judge", "%zu of %lld cases are OK", n_ok, (long long)f->shape.n);
    }
    ridge_buf_deinit(&errors);
    ridge_arena_deinit(&a);
    ridge_store_close(s);
    return rc;
}

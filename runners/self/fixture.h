/* What `self` works on: a suite of n cases, its plan, and a results file in the temporary folder.
 * The fixture owns all of it; deinit removes the file. One thread. */
#ifndef RIDGE_RUNNERS_SELF_FIXTURE_H
#define RIDGE_RUNNERS_SELF_FIXTURE_H

#include "abi/runner.h"
#include "base/text.h"
#include "data/catalogue.h"
#include "data/plan.h"

enum self_task { SELF_PLAN, SELF_STORE, SELF_REPORT, SELF_JUDGE };

struct self_shape {
    int32_t task; /* enum self_task */
    int64_t n;
};

struct self_fixture {
    struct self_shape shape;
    struct ridge_catalogue catalogue;
    struct ridge_buf suite;
    struct ridge_plan plan; /* store and report */
    char path[256];         /* results file, "" when none */
};

enum ridge_status self_fixture_init(struct self_fixture *f, const struct self_shape *shape, struct ridge_error *err);
void self_fixture_deinit(struct self_fixture *f);
enum ridge_status self_run_plan(struct self_fixture *f, struct ridge_error *err);
enum ridge_status self_run_store(struct self_fixture *f, struct ridge_error *err);
enum ridge_status self_run_judge(struct self_fixture *f, struct ridge_error *err); /* judge.c */
enum ridge_status self_fill_pairs(struct self_fixture *f, struct ridge_error *err);
struct ridge_store;
enum ridge_status self_begin(struct self_fixture *f, struct ridge_store **store, int64_t *run_id, struct ridge_error *err);
enum ridge_status self_run_report(struct self_fixture *f, struct ridge_error *err);

#endif

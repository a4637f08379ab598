/* libFuzzer entry: any bytes as a suite end in a plan or in errors, never in a crash. */
#include "suite/suite.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct ridge_option_row fields[] = {
        {"m", RIDGE_KIND_INT, RIDGE_ROLE_SUBJECT, 0, NULL, NULL, 0, 0x1p53, NULL, "rows"},
        {"n", RIDGE_KIND_INT, RIDGE_ROLE_SUBJECT, 0, NULL, "1", 0, 0x1p53, NULL, "columns"}};
    static const char *names[] = {"m", "n", NULL}, *ops[] = {"gemm", NULL}, *none[] = {NULL};
    static struct ridge_cat_operator operators[] = {{"gemm", "product", fields, 2, names, none}};
    static struct ridge_cat_backend backends[] = {
        {.name = "ridge", .doc = "own", .variants = none, .operators = ops, .usable = true}};
    struct ridge_catalogue cat = {.operators = operators,
                                  .n_operators = 1,
                                  .backends = backends,
                                  .n_backends = 1,
                                  .options =
                                      (struct ridge_option_row *)(uintptr_t)ridge_case_option_rows,
                                  .n_options = ridge_n_case_option_rows};
    struct ridge_plan plan = {0};
    struct ridge_suite_errors errors = {0};
    char *text = ridge_xmalloc(n + 1);
    memcpy(text, data, n);
    text[n] = '\0';
    if (ridge_suite_load("fuzz.json", text, &cat, NULL, &plan, &errors) == RIDGE_OK)
        (void)ridge_plan_expected_ns(&plan);
    ridge_plan_deinit(&plan);
    ridge_suite_errors_deinit(&errors);
    free(text);
    return 0;
}

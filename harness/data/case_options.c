#include "data/catalogue.h"

static const char *const cache_names[] = {"hot", "cold", NULL};

const struct ridge_option_row ridge_case_option_rows[] = {
#include "data/case_options.inc"
};
const size_t ridge_n_case_option_rows =
    sizeof ridge_case_option_rows / sizeof ridge_case_option_rows[0];

/* The test kit: a table of functions, checks that print both values. One executable per topic:
 *     static void it_sorts(void) { CHECK(1 + 1 == 2); CHECK_STR(got, "want"); CHECK_NEAR(x, 2.0, 1e-9); }
 *     RIDGE_TEST_MAIN(TEST_ROW(it_sorts), TEST_ROW(it_fails))
 */
#ifndef RIDGE_TEST_H
#define RIDGE_TEST_H
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int ridge_test_failures;
#define CHECK(cond)                                                                                \
    ((cond) ? (void)0                                                                              \
            : (void)(++ridge_test_failures, fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #cond)))
#define CHECK_STR(got, want) ridge_check_str(__FILE__, __LINE__, (got), (want))
#define CHECK_NEAR(got, want, tol) ridge_check_near(__FILE__, __LINE__, (got), (want), (tol))
__attribute__((unused)) static void ridge_check_str(const char *file, int line, const char *got, const char *want)
{
    if (got != NULL && want != NULL && strcmp(got, want) == 0)
        return;
    ++ridge_test_failures;
    fprintf(stderr, "%s:%d: got '%s', want '%s'\n", file, line, got ? got : "(null)", want ? want : "(null)");
}
__attribute__((unused)) static void ridge_check_near(const char *file, int line, double got, double want, double tol)
{
    if (fabs(got - want) <= tol)
        return;
    ++ridge_test_failures;
    fprintf(stderr, "%s:%d: got %.17g, want %.17g within %g\n", file, line, got, want, tol);
}
struct ridge_test_row { const char *name; void (*fn)(void); };
__attribute__((unused)) static int ridge_run_tests(const struct ridge_test_row *rows, size_t n, int argc, char **argv)
{
    for (size_t i = 0; i < n; i++) {
        if (argc > 1 && strcmp(argv[1], rows[i].name) != 0)
            continue;
        int before = ridge_test_failures;
        rows[i].fn();
        printf("%s %s\n", ridge_test_failures == before ? "ok    " : "FAILED", rows[i].name);
    }
    return ridge_test_failures == 0 ? 0 : 1;
}
#define TEST_ROW(fn) { #fn, fn }
#define RIDGE_TEST_MAIN(...)                                                                       \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        static const struct ridge_test_row rows[] = {__VA_ARGS__};                                 \
        return ridge_run_tests(rows, sizeof rows / sizeof rows[0], argc, argv);                    \
    }
#endif

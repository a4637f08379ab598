/* Words that all verdict writers share. Every figure is a stored row. */
#ifndef RIDGE_REPORTS_VERDICT_H
#define RIDGE_REPORTS_VERDICT_H
#include "report.h"

/* "+10.2 %" from a ratio; "-" where there is none. All return out. */
char *ridge_verdict_change(double ratio, char *out, size_t n);
char *ridge_verdict_interval(const struct ridge_judged *r, char *out, size_t n); /* "+9.8 to +10.7 %" */
char *ridge_verdict_margin(const struct ridge_judged *r, char *out, size_t n);
bool ridge_verdict_is_aa(const struct ridge_judged *r);
bool ridge_verdict_is_red(const struct ridge_judged *r);
/* "A/A control: 0 of 6 cases ...", appended to b. */
void ridge_verdict_put_control(struct ridge_buf *b, const struct ridge_judgement *j);
const char *ridge_verdict_none(void); /* what to say of a run that was never judged */
#endif

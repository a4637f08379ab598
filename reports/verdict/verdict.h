/* Words that all verdict writers share. Every figure is a stored row. */
#ifndef RIDGE_REPORTS_VERDICT_H
#define RIDGE_REPORTS_VERDICT_H
#include "report.h"

/* "+10.2 %" of old against new; "-" where there is none, as for a limit. All return out. */
char *ridge_verdict_change(const struct ridge_judged *r, char *out, size_t n);
/* "+9.8 % to +10.7 %"; of a limit how much of it the value is: "98 to 102 % of the limit" */
char *ridge_verdict_interval(const struct ridge_judged *r, char *out, size_t n);
/* Both in one: "+10.2 % (+9.8 % to +10.7 %)", "98 to 102 % of the limit", "no figure" */
char *ridge_verdict_figures(const struct ridge_judged *r, char *out, size_t n);
char *ridge_verdict_margin(const struct ridge_judged *r, char *out, size_t n);
char *ridge_verdict_sees(const struct ridge_judged *r, char *out, size_t n); /* the smallest change it could show */
bool ridge_verdict_is_aa(const struct ridge_judged *r);
bool ridge_verdict_is_red(const struct ridge_judged *r);
bool ridge_verdict_is_limit(const struct ridge_judged *r); /* its ratio is value / limit and no change */
bool ridge_verdict_is_told(const struct ridge_judgement *j); /* a comparison tells and blames nobody */
/* "A/A control: 0 of 6 cases ...", appended to b. */
void ridge_verdict_put_control(struct ridge_buf *b, const struct ridge_judgement *j);
/* "Half of the cases would show a slow-down of 4 % or more"; nothing where that is not known. */
void ridge_verdict_put_power(struct ridge_buf *b, const struct ridge_judgement *j);
const char *ridge_verdict_none(void); /* what to say of a run that was never judged */
#endif

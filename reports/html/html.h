/* The page: one file per part. Text from outside goes through ridge_text_html only; nothing here writes a
 * style attribute or a handler, so the content security policy can forbid both. */
#ifndef RIDGE_REPORTS_HTML_H
#define RIDGE_REPORTS_HTML_H
#include "draw/draw.h"
#include "view.h"

extern const char ridge_html_css[], ridge_html_js[];
#define RIDGE_HTML_MAX_DETAILS 200 /* cases; the rest is a row in the winner table */
#define RIDGE_HTML_MAX_COLUMNS 12  /* backends in the winner table */

struct ridge_page {
    struct ridge_buf *b;
    struct ridge_view view;
    size_t *detailed; /* indexes of groups with details, in run order */
    size_t n_detailed;
    bool *is_detailed;
    size_t *by_wins; /* label indexes, the leader first */
};
void ridge_html_relevant(struct ridge_page *p);
void ridge_html_verdict(struct ridge_page *p); /* nothing where nothing was judged */
void ridge_html_summary(struct ridge_page *p);
void ridge_html_families(struct ridge_page *p); /* nothing where the suite names none */
void ridge_html_winners(struct ridge_page *p);
void ridge_html_cards(struct ridge_page *p);
void ridge_html_peak(struct ridge_page *p);
void ridge_html_noise(struct ridge_page *p);
void ridge_html_machine(struct ridge_page *p);
void ridge_html_rerun(struct ridge_page *p);
void ridge_html_glossary(struct ridge_page *p);
void ridge_html_data(struct ridge_page *p);
#define T(p, s) ridge_text_html((p)->b, (s) ? (s) : "")
#define H(p, s) ridge_buf_puts((p)->b, (s))
#define F(p, ...) ridge_buf_printf((p)->b, __VA_ARGS__)
#endif

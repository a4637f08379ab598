/* Pictures as SVG text, drawn on the server so that they need no script. 440 units wide: readable on a phone
 * without scaling text away. A label is told by colour, marker and dash together, never by colour alone. */
#ifndef RIDGE_REPORTS_DRAW_H
#define RIDGE_REPORTS_DRAW_H
#include "view.h"
#define RIDGE_DRAW_WIDTH 440.0

/* Escaped text, cut to max_chars code points with an ellipsis. */
void ridge_draw_text(struct ridge_buf *b, const char *s, size_t max_chars);
void ridge_draw_marker(struct ridge_buf *b, size_t i_label, double x, double y, double r);
/* Key of colours and markers; returns its height. */
double ridge_draw_legend(struct ridge_buf *b, const struct ridge_view *v, const size_t *i_labels, size_t n, double y);
/* Rate (or time) of every ranked member with its interval, the FMA peak as a dashed line. */
void ridge_draw_bars(struct ridge_buf *b, const struct ridge_view_group *vg);
/* Share of samples at or below a time. False: no samples could be read, nothing was drawn. */
bool ridge_draw_ecdf(struct ridge_buf *b, const struct ridge_view *v, const struct ridge_view_group *vg);
/* Share of peak of every member, one line a group. */
void ridge_draw_dots(struct ridge_buf *b, const struct ridge_view *v, const size_t *i_groups, size_t n);
/* The clock of every block over the run. False: no block knows it, nothing was drawn. */
bool ridge_draw_timeline(struct ridge_buf *b, const struct ridge_rd_block *v, size_t n);
#endif

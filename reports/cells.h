/* cells.h - cells, columns and sentences that several tables share. */
#ifndef FB_REPORTS_CELLS_H
#define FB_REPORTS_CELLS_H

#include "analysis.h"
#include "table.h"

/* ---- sentences ------------------------------------------------------------------------------- */

/* Adds to the caption: the test behind the verdicts; that there is no baseline to compare with. */
void cells_caption_test(const analysis *a, table *out);
void cells_caption_no_baseline(const analysis *a, table *out);

/* What the gains are, with their unit. */
const char *cells_gain_unit(const analysis *a);

/* ---- cells ----------------------------------------------------------------------------------- */

/* "4 of 5", marked when something is missing. */
void cell_part(table *out, size_t part, size_t whole);

/* An interval of shares, times 100: "1.20 to 3.40", or a dash. */
void cell_interval(table *out, robust_interval interval);

/* Student's interval of a mean at GAINS_LEVEL, likewise. */
void cell_mean_interval(stat_moments m, table *out);

/* "win", "tie", "loss", "not tested". */
void cell_verdict(verdict v, table *out);

/* What keeps a verdict from saying more: too few trials, fewer rounds than there are. */
void cell_remark(const analysis *a, size_t setting, const comparison *c, verdict v, table *out);

/* ---- p values -------------------------------------------------------------------------------- */

/* Columns for the p values of a comparison, a sentence on them, and the cells: that of the t test,
 * that corrected where they are corrected, those of the two other tests. */
void cells_p_columns(const analysis *a, table *out);
void cells_p_caption(table *out);
void cells_p(const analysis *a, const comparison *c, double corrected_p, table *out);

#endif

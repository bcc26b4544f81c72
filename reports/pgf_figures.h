/* pgf_figures.h - figures for LaTeX that are drawn from the analysis itself. */
#ifndef FB_REPORTS_PGF_FIGURES_H
#define FB_REPORTS_PGF_FIGURES_H

#include "analysis.h"
#include "axis.h"
#include "strbuf.h"

/* Gains with intervals, a row a strategy, over an axis in percent (pgf_gains.c). */
void pgf_gains(const analysis *a, axis x, fb_strbuf *out);

/* The critical-difference diagram (pgf_diagram.c). */
void pgf_diagram(const analysis *a, fb_strbuf *out);

/* "2.31 [1.80, 2.77]": what stands beside a row of the gains (figure_gains.c). Returns `out`. */
const char *figure_gains_text(const analysis *a, const standing *st, char out[256]);

#endif

/* latex.h - a report in LaTeX: booktabs tables and pgfplots figures, each in a file of its own to
 * be \input in a paper, and a document of them all (latex.c). They need the report's preamble. */
#ifndef FB_REPORTS_LATEX_H
#define FB_REPORTS_LATEX_H

#include "analysis.h"
#include "figure.h"
#include "folder.h"
#include "strbuf.h"
#include "table.h"

/* Adds the table with its caption and the label tab:<id>: a float, several longtables when it has
 * more rows than a page, or a paragraph when it has no columns. What is wider than LATEX_WIDTH is
 * set smaller, wrapped, turned or at last split by columns (latex_table.c). */
void latex_table(const table *t, const char *id, const char *title, fb_strbuf *out);

/* The width of lines that tables are laid out for, in points: that of report.tex. */
#define LATEX_WIDTH 469.0

/* Adds the figure as a float with its caption and the label fig:<id>; a figure that has no drawing
 * is a paragraph. */
void latex_figure(const figure *f, fb_strbuf *out);

/* Adds a paragraph that a title in bold begins. */
void latex_paragraph(const char *title, const char *text, fb_strbuf *out);

/* Adds the files latex/preamble.tex, latex/table-<id>.tex, latex/figure-<id>.tex, the numbers of
 * each figure as latex/numbers-<id>.tex, and latex/report.tex, which inputs them. FB_ENOMEM. */
int latex_report(const analysis *a, folder *out, fb_error *err);

/* Adds what a document needs in its preamble: packages, the palette's colours and each strategy's
 * style (latex_preamble.c). */
void latex_preamble(const analysis *a, fb_strbuf *out);

#endif

/* pgf.h - figures for LaTeX, as pgfplots and TikZ pictures: the counterparts of svg.h. They use the
 * styles and colours of the report's preamble (latex_preamble.c), and take lengths from \linewidth.
 */
#ifndef FB_REPORTS_PGF_H
#define FB_REPORTS_PGF_H

#include <stdbool.h>
#include <stddef.h>

#include "axis.h"
#include "strbuf.h"
#include "svg.h"

/* ---- elements -------------------------------------------------------------------------------- */

/* Names in pictures have at most so many characters; the tables have them in full. */
enum { PGF_NAME = 24 };

/* Adds the name of a strategy's style: line, marker and colour. */
void pgf_style(palette_look look, fb_strbuf *out);

/* Adds ",<which>tick={...},<which>ticklabels={...}": numbers at the ticks of an axis. `text` writes
 * the label of a tick, from its number, into `out`. */
typedef const char *pgf_tick_text(const void *context, long tick, char out[32]);
void pgf_ticks(char which, axis a, pgf_tick_text *text, const void *context, fb_strbuf *out);

/* A pgf_tick_text: the value itself, in the axis that is the context. */
const char *pgf_tick_number(const void *context, long tick, char out[32]);

/* Adds ",xmin=...,xmax=...,ymin=...,ymax=...". */
void pgf_limits(axis x, axis y, fb_strbuf *out);

/* Adds a legend as a paragraph of its own: series that have points. */
void pgf_legend(const svg_series *series, size_t count, fb_strbuf *out);

/* ---- figures --------------------------------------------------------------------------------- */

/* Adds a line plot with its legend (pgf_lines.c). Nothing is added when no series has a point. */
void pgf_lines(const svg_plot *plot, fb_strbuf *out);

/* Adds small plots beside each other, svg_grid's counterpart, with one legend (pgf_lines.c). */
void pgf_grid(const svg_plot *plots, size_t count, fb_strbuf *out);

/* Points with their names beside them (pgf_scatter.c). */
typedef struct pgf_scatter {
    axis x, y;
    const char *x_label, *y_label;
    pgf_tick_text *x_text; /* the numbers at the x axis; its context is the axis */
} pgf_scatter;

typedef struct pgf_spot {
    const char *name;
    palette_look look;
    double x, y;
    int side;              /* of the spot on which the name stands: 1 right, -1 left, 0 neither */
    double name_x, name_y; /* the name's end that is nearer to the spot, or its middle, in widths
                              and heights of the plot from its lower left corner */
} pgf_spot;

void pgf_scatter_begin(const pgf_scatter *plot, fb_strbuf *out);
void pgf_scatter_add(const pgf_spot *spot, fb_strbuf *out);
void pgf_scatter_end(fb_strbuf *out);

/* Adds a matrix (pgf_matrix.c). */
void pgf_matrix(const svg_matrix *m, fb_strbuf *out);

#endif

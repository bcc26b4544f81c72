#include <math.h>

#include "cells.h"
#include "pgf.h"
#include "pgf_figures.h"
#include "text.h"

static bool is_row(const standing *st)
{
    return !isnan(st->gain.iqm);
}

static double inside(axis x, double percent)
{
    return fmin(fmax(percent, x.low), x.high);
}

/* The axis: a row a strategy, from above, with its name at the left. */
static void begin(const analysis *a, axis x, size_t rows, fb_strbuf *out)
{
    const char *separator = "";
    fb_strbuf_printf(out, "\\begin{tikzpicture}\n\\begin{axis}[flipbench rows,height=%zu*5mm,"
                          "xlabel={", rows);
    text_add_latex(out, cells_gain_unit(a));
    fb_strbuf_add(out, "}");
    pgf_limits(x, (axis){.low = 0.4, .high = (double)rows + 0.6, .step = 1}, out);
    pgf_ticks('x', x, pgf_tick_number, &x, out);
    fb_strbuf_printf(out, ",\n  ytick={1,...,%zu},yticklabels={", rows);
    for (size_t i = 0; i < a->grid->data->strategy_count; i++) {
        if (!is_row(&a->standings[i]))
            continue;
        fb_strbuf_printf(out, "%s{", separator);
        text_add_latex_short(out, a->grid->strategy_names[a->standings[i].strategy], PGF_NAME);
        fb_strbuf_add(out, "}");
        separator = ",";
    }
    fb_strbuf_printf(out, "}]\n\\draw[flipbench rule] (axis cs:0,0.4) -- (axis cs:0,%zu.6);\n",
                     rows);
}

static void add_row(const analysis *a, const standing *st, axis x, size_t row, fb_strbuf *out)
{
    const gain *g = &st->gain;
    char text[256];
    fb_strbuf_add(out, "\\addplot[");
    pgf_style(palette_of(a->grid, st->strategy), out);
    fb_strbuf_printf(out, ",only marks] coordinates {(%.6g,%zu)};\n", inside(x, 100 * g->iqm), row);
    if (g->kind != GAIN_NO_INTERVAL) {
        fb_strbuf_add(out, "\\draw[");
        pgf_style(palette_of(a->grid, st->strategy), out);
        fb_strbuf_printf(out, ",solid,|-|] (axis cs:%.6g,%zu) -- (axis cs:%.6g,%zu);\n",
                         inside(x, 100 * g->interval.low), row, inside(x, 100 * g->interval.high),
                         row);
    }
    if (g->kind == GAIN_STUDENT) {
        fb_strbuf_add(out, "\\draw[");
        pgf_style(palette_of(a->grid, st->strategy), out);
        fb_strbuf_printf(out, ",solid] (axis cs:%.6g,%zu) +(0pt,-2.2pt) -- +(0pt,2.2pt);\n",
                         inside(x, 100 * g->mean), row);
    }
    fb_strbuf_printf(out, "\\node[flipbench name,anchor=west,xshift=4pt] at "
                          "(axis cs:%.10g,%zu) {", x.high, row);
    text_add_latex_number(out, figure_gains_text(a, st, text));
    fb_strbuf_add(out, "};\n");
}

void pgf_gains(const analysis *a, axis x, fb_strbuf *out)
{
    size_t count = a->grid->data->strategy_count, rows = 0, row = 0;
    for (size_t i = 0; i < count; i++)
        rows += is_row(&a->standings[i]);
    begin(a, x, rows, out);
    for (size_t i = 0; i < count; i++)
        if (is_row(&a->standings[i]))
            add_row(a, &a->standings[i], x, ++row, out);
    fb_strbuf_add(out, "\\end{axis}\n\\end{tikzpicture}\n");
}

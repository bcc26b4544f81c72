#include "pgf.h"

#include <stdio.h>

#include "text.h"

void pgf_style(palette_look look, fb_strbuf *out)
{
    fb_strbuf_printf(out, "flipbench s%zu", look.number);
}

void pgf_ticks(char which, axis a, pgf_tick_text *text, const void *context, fb_strbuf *out)
{
    char label[32];
    fb_strbuf_printf(out, ",\n  %ctick={", which);
    for (long k = axis_first(a); k <= axis_last(a); k++)
        fb_strbuf_printf(out, "%s%.10g", k == axis_first(a) ? "" : ",", (double)k * a.step);
    fb_strbuf_printf(out, "},%cticklabels={", which);
    for (long k = axis_first(a); k <= axis_last(a); k++) {
        fb_strbuf_add(out, k == axis_first(a) ? "{" : ",{");
        text_add_latex_number(out, text(context, k, label));
        fb_strbuf_add(out, "}");
    }
    fb_strbuf_add(out, "}");
}

const char *pgf_tick_number(const void *context, long tick, char out[32])
{
    const axis *a = context;
    snprintf(out, 32, "%.10g", (double)tick * a->step);
    return out;
}

void pgf_limits(axis x, axis y, fb_strbuf *out)
{
    fb_strbuf_printf(out, ",\n  xmin=%.10g,xmax=%.10g,ymin=%.10g,ymax=%.10g", x.low, x.high, y.low,
                     y.high);
}

/* A short name stays in one piece. */
static void add_entry(const svg_series *series, fb_strbuf *out)
{
    enum { ONE_PIECE = 40 };
    bool whole = text_length(series->name) <= ONE_PIECE;
    fb_strbuf_printf(out, "%s\\flipbenchkey{%zu}~", whole ? "\\mbox{" : "", series->look.number);
    text_add_latex(out, series->name);
    fb_strbuf_add(out, whole ? "}\\quad\n" : "\\quad\n");
}

void pgf_legend(const svg_series *series, size_t count, fb_strbuf *out)
{
    fb_strbuf_add(out, "\\flipbenchlegend{%\n");
    for (size_t i = 0; i < count; i++)
        if (series[i].count)
            add_entry(&series[i], out);
    fb_strbuf_add(out, "}\n");
}

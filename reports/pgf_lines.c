#include <math.h>
#include <stdio.h>

#include "frame.h"
#include "pgf.h"
#include "text.h"

/* A line plot: one alone, or a small one of several. */
typedef struct kind {
    int x_ticks, y_ticks;
    size_t markers; /* on a line, about */
} kind;

static const kind alone = {7, 8, 6}, small = {4, 5, 4};

enum { COLUMNS = 3, TITLE_CHARACTERS = 30 };

static const char *x_text(const void *context, long tick, char out[32])
{
    return frame_text_x(context, tick, out);
}

static const char *y_text(const void *context, long tick, char out[32])
{
    return frame_text_y(context, tick, out);
}

static void add_axes(const frame *f, fb_strbuf *out)
{
    pgf_limits(f->x, f->y, out);
    pgf_ticks('x', f->x, x_text, f, out);
    pgf_ticks('y', f->y, y_text, f, out);
    fb_strbuf_add(out, "]\n");
}

static void add_point(const frame *f, double x, double y, fb_strbuf *out)
{
    fb_strbuf_printf(out, "(%.6g,%.6g)", f->scale == SVG_LOG2 ? log2(x) : x, y);
}

/* What lies far outside is cut before TeX has to reckon with it. */
static double near_axis(axis a, double value)
{
    double room = a.high - a.low;
    return fmin(fmax(value, a.low - room), a.high + room);
}

static void add_band(const svg_series *series, double opacity, const frame *f, fb_strbuf *out)
{
    if (!frame_has_band(series))
        return;
    fb_strbuf_add(out, "\\addplot[");
    pgf_style(series->look, out);
    fb_strbuf_printf(out, ",mark=none,draw=none,fill,fill opacity=%.3g] coordinates {", opacity);
    for (size_t i = 0; i < series->count; i++)
        add_point(f, series->points[i].x, near_axis(f->y, series->points[i].high), out);
    fb_strbuf_add(out, "\n  ");
    for (size_t i = series->count; i-- > 0;)
        add_point(f, series->points[i].x, near_axis(f->y, series->points[i].low), out);
    fb_strbuf_add(out, "} -- cycle;\n");
}

static void add_line(const svg_series *series, const frame *f, kind k, fb_strbuf *out)
{
    size_t first, step = frame_marker_step(series, k.markers, &first);
    fb_strbuf_add(out, "\\addplot[");
    pgf_style(series->look, out);
    fb_strbuf_printf(out, ",mark repeat=%zu,mark phase=%zu] coordinates {", step, first + 1);
    for (size_t i = 0; i < series->count; i++)
        add_point(f, series->points[i].x, series->points[i].y, out);
    fb_strbuf_add(out, "};\n");
}

static void add_ceiling(const svg_plot *plot, const frame *f, fb_strbuf *out)
{
    if (isnan(plot->ceiling))
        return;
    bool inside = plot->ceiling <= f->y.high;
    if (inside)
        fb_strbuf_printf(out, "\\addplot[flipbench ceiling] coordinates {(%.10g,%.6g)"
                              "(%.10g,%.6g)};\n\\node[flipbench note,anchor=south west] "
                              "at (axis cs:%.10g,%.6g) {",
                         f->x.low, plot->ceiling, f->x.high, plot->ceiling, f->x.low,
                         plot->ceiling);
    else
        fb_strbuf_add(out, "\\node[flipbench note,anchor=south west] at (rel axis cs:0,1) "
                           "{$\\uparrow$ ");
    text_add_latex(out, plot->ceiling_label);
    if (!inside)
        fb_strbuf_printf(out, ": %.1f", plot->ceiling);
    fb_strbuf_add(out, "};\n");
}

static void add_series(const svg_plot *plot, const frame *f, kind k, fb_strbuf *out)
{
    for (size_t s = 0; s < plot->series_count; s++)
        if (plot->series[s].count)
            add_band(&plot->series[s], frame_band_opacity(plot), f, out);
    add_ceiling(plot, f, out);
    for (size_t s = 0; s < plot->series_count; s++)
        if (plot->series[s].count)
            add_line(&plot->series[s], f, k, out);
}

static void add_option(const char *name, const char *text, size_t limit, fb_strbuf *out)
{
    fb_strbuf_printf(out, ",%s={", name);
    text_add_latex_short(out, text, limit);
    fb_strbuf_add(out, "}");
}

void pgf_lines(const svg_plot *plot, fb_strbuf *out)
{
    frame f;
    if (!frame_init(plot, alone.x_ticks, alone.y_ticks, &f))
        return;
    fb_strbuf_add(out, "\\begin{tikzpicture}\n\\begin{axis}[flipbench plot");
    add_option("xlabel", plot->x_label, SIZE_MAX, out);
    add_option("ylabel", plot->y_label, SIZE_MAX, out);
    add_axes(&f, out);
    add_series(plot, &f, alone, out);
    fb_strbuf_add(out, "\\end{axis}\n\\end{tikzpicture}\n");
    pgf_legend(plot->series, plot->series_count, out);
}

/* One of `count` small plots, row by row. */
static void add_small(const svg_plot *plots, size_t i, size_t count, fb_strbuf *out)
{
    frame f;
    fb_strbuf_add(out, "\\nextgroupplot[");
    if (!frame_init(&plots[i], small.x_ticks, small.y_ticks, &f)) {
        fb_strbuf_add(out, "hide axis]\n");
        return;
    }
    fb_strbuf_add(out, "flipbench panel");
    add_option("title", plots[i].title, TITLE_CHARACTERS, out);
    if (i + COLUMNS >= count)
        add_option("xlabel", plots[i].x_label, SIZE_MAX, out);
    if (i % COLUMNS == 0)
        add_option("ylabel", plots[i].y_label, SIZE_MAX, out);
    add_axes(&f, out);
    add_series(&plots[i], &f, small, out);
}

void pgf_grid(const svg_plot *plots, size_t count, fb_strbuf *out)
{
    size_t columns = count < COLUMNS ? count : COLUMNS;
    fb_strbuf_printf(out, "\\begin{tikzpicture}\n\\begin{groupplot}[group style={"
                          "group size=%zu by %zu,horizontal sep=0.075\\linewidth,"
                          "vertical sep=0.115\\linewidth}]\n", columns,
                     (count + columns - 1) / columns);
    for (size_t i = 0; i < count; i++)
        add_small(plots, i, count, out);
    fb_strbuf_add(out, "\\end{groupplot}\n\\end{tikzpicture}\n");
    pgf_legend(plots[0].series, plots[0].series_count, out);
}

#include "svg.h"

#include <math.h>
#include <stdio.h>

#include "axis.h"
#include "text.h"

/* The drawing, in user units. The margin on the right holds the labels at the lines' ends, so that
 * many of them make it higher; the style sheet crops it on narrow screens, where the legend does
 * their work. */
enum {
    WIDTH = 640,
    LEFT = 46, RIGHT = 490, TOP = 34, LOWEST = 298, FOOT = 48, /* LOWEST: of the plot itself */
    LABEL_X = 506, LABEL_GAP = 16, LABEL_WIDTH = WIDTH - LABEL_X,
    LABELS_MOST = 40, /* of more there is none */
    MARKERS = 6, /* on a line, about */
};

/* x of the axis is log2 where the scale is. */
typedef struct frame {
    axis x, y;
    svg_scale scale;
    int bottom; /* where the axis of x stands */
} frame;

static double scaled(svg_scale scale, double x)
{
    return scale == SVG_LOG2 ? log2(x) : x;
}

static double at_x(const frame *f, double x)
{
    return LEFT + (scaled(f->scale, x) - f->x.low) / (f->x.high - f->x.low) * (RIGHT - LEFT);
}

static double at_y(const frame *f, double y)
{
    return f->bottom - (y - f->y.low) / (f->y.high - f->y.low) * (f->bottom - TOP);
}

static double tick_x(const frame *f, long tick)
{
    return LEFT + ((double)tick * f->x.step - f->x.low) / (f->x.high - f->x.low) * (RIGHT - LEFT);
}

static size_t count_labels(const svg_plot *plot)
{
    size_t count = 0;
    for (size_t s = 0; s < plot->series_count; s++)
        count += plot->series[s].count > 0 ? 1 : 0;
    return count <= LABELS_MOST ? count : 0;
}

static int plot_height(const svg_plot *plot)
{
    int labels = LABEL_GAP * (int)count_labels(plot);
    return labels > LOWEST ? labels : LOWEST;
}

/* The range of all x, and of all y with their bands. A band may be far wider than what the lines
 * do (two trials have t = 12.7): it stretches the axis by no more than the lines' own range, and
 * is cut there. False when there is no point. */
static bool make_frame(const svg_plot *plot, frame *ret_frame)
{
    double x0 = (double)INFINITY, x1 = -x0, y0 = x0, y1 = -x0, low = x0, high = -x0;
    for (size_t s = 0; s < plot->series_count; s++)
        for (size_t i = 0; i < plot->series[s].count; i++) {
            svg_point p = plot->series[s].points[i];
            x0 = fmin(x0, scaled(plot->scale, p.x));
            x1 = fmax(x1, scaled(plot->scale, p.x));
            y0 = fmin(y0, p.y);
            y1 = fmax(y1, p.y);
            low = fmin(low, p.low); /* fmin and fmax pass over NaN */
            high = fmax(high, p.high);
        }
    if (!(x1 >= x0))
        return false;
    if (plot->ceiling - y1 <= y1 - y0) /* further up it would press the lines together */
        y1 = fmax(y1, plot->ceiling);
    double room = fmax(y1 - y0, 0.02 * (plot->y_most - plot->y_least));
    low = fmax(fmin(low, y0), fmax(y0 - room, plot->y_least));
    high = fmin(fmax(high, y1), fmin(y1 + room, plot->y_most));
    double padding = high > low ? 0.04 * (high - low) : room / 2;
    ret_frame->scale = plot->scale;
    ret_frame->bottom = TOP + plot_height(plot);
    ret_frame->x = axis_make(x0, x1, 7);
    if (plot->scale == SVG_LOG2) /* ticks at powers, over a short range at roots */
        ret_frame->x.step = x1 - x0 > 2   ? fmax(1, ceil(ret_frame->x.step))
                            : x1 - x0 > 1 ? 0.5 : 0.25;
    ret_frame->y = axis_make(fmax(low - padding, plot->y_least),
                             fmin(high + padding, plot->y_most), 8);
    return true;
}

static void draw_grid(const frame *f, fb_strbuf *out)
{
    svg_group("grid", out);
    for (long k = axis_first(f->y); k <= axis_last(f->y); k++)
        fb_strbuf_printf(out, "<path d=\"M%d %.1fH%d\"/>", LEFT, at_y(f, (double)k * f->y.step),
                         RIGHT);
    svg_end(out);
    svg_group("rule", out);
    fb_strbuf_printf(out, "<path d=\"M%d %dH%d", LEFT, f->bottom, RIGHT);
    for (long k = axis_first(f->x); k <= axis_last(f->x); k++)
        fb_strbuf_printf(out, "M%.1f %dv5", tick_x(f, k), f->bottom);
    fb_strbuf_add(out, "\"/>");
    svg_end(out);
}

static void draw_axes(const svg_plot *plot, const frame *f, fb_strbuf *out)
{
    char text[32];
    draw_grid(f, out);
    svg_group("ticks", out);
    for (long k = axis_first(f->y); k <= axis_last(f->y); k++) {
        snprintf(text, sizeof text, "%.10g", (double)k * f->y.step);
        svg_number(LEFT - 8, at_y(f, (double)k * f->y.step) + 4.5, "end", text, out);
    }
    for (long k = axis_first(f->x); k <= axis_last(f->x); k++) {
        double value = (double)k * f->x.step;
        if (f->scale == SVG_LOG2)
            snprintf(text, sizeof text, "%.3g", exp2(value));
        else
            snprintf(text, sizeof text, "%.10g", value);
        svg_number(tick_x(f, k), f->bottom + 20, "middle", text, out);
    }
    svg_end(out);
    svg_group("axis", out);
    svg_text(0, 14, "start", plot->y_label, 0, out);
    svg_text((LEFT + RIGHT) / 2.0, f->bottom + FOOT - 8, "middle", plot->x_label, 0, out);
    svg_end(out);
}

/* The line that no curve is expected to pass, with its name above it; or where it is, when that is
 * far above the lines. */
static void draw_ceiling(const svg_plot *plot, const frame *f, fb_strbuf *out)
{
    char above[64];
    if (isnan(plot->ceiling))
        return;
    double y = at_y(f, plot->ceiling);
    if (y < TOP) {
        snprintf(above, sizeof above, "\u2191 %s: %.1f", plot->ceiling_label, plot->ceiling);
        svg_group("axis", out);
        svg_text(LEFT + 4, TOP - 5, "start", above, 0, out);
        svg_end(out);
        return;
    }
    svg_group("rule", out);
    fb_strbuf_printf(out, "<path stroke-dasharray=\"1 4\" stroke-linecap=\"round\" "
                          "stroke-width=\"1.6\" d=\"M%d %.1fH%d\"/>", LEFT, y, RIGHT);
    svg_end(out);
    svg_group("axis", out);
    svg_text(LEFT + 4, y - 5, "start", plot->ceiling_label, 0, out);
    svg_end(out);
}

/* Paler where there are many, which lie on top of each other. */
static void draw_band(const svg_series *series, double opacity, const frame *f, fb_strbuf *out)
{
    size_t n = 0;
    for (size_t i = 0; i < series->count; i++)
        n += isfinite(series->points[i].low) && isfinite(series->points[i].high);
    if (n < 2 || n < series->count)
        return;
    fb_strbuf_printf(out, "<path class=\"band\" stroke=\"none\" fill-opacity=\"%.3g\" d=\"",
                     opacity);
    for (size_t i = 0; i < n; i++)
        fb_strbuf_printf(out, "%c%.1f %.1f", i ? 'L' : 'M', at_x(f, series->points[i].x),
                         at_y(f, series->points[i].high));
    for (size_t i = n; i-- > 0;)
        fb_strbuf_printf(out, "L%.1f %.1f", at_x(f, series->points[i].x),
                         at_y(f, series->points[i].low));
    fb_strbuf_add(out, "Z\"/>");
}

/* The line, and markers on some of its points: others for each series, so that they do not lie on
 * top of each other. */
static void draw_line(const svg_series *series, const frame *f, fb_strbuf *out)
{
    fb_strbuf_printf(out, "<path class=\"line\" fill=\"none\" stroke-width=\"2\" "
                          "stroke-linejoin=\"round\" stroke-dasharray=\"%s\" d=\"",
                     palette_dashes(series->look));
    for (size_t i = 0; i < series->count; i++)
        fb_strbuf_printf(out, "%c%.1f %.1f", i ? 'L' : 'M', at_x(f, series->points[i].x),
                         at_y(f, series->points[i].y));
    size_t every = (series->count + MARKERS - 1) / MARKERS;
    fb_strbuf_add(out, "\"/><path class=\"mark\" stroke=\"none\" d=\"");
    for (size_t i = series->look.number % every; i < series->count; i += every)
        palette_marker(series->look, at_x(f, series->points[i].x), at_y(f, series->points[i].y),
                       out);
    fb_strbuf_add(out, "\"/>");
}

/* Where the labels stand. `order` lists the series from top to bottom. */
typedef struct labels {
    size_t order[LABELS_MOST];
    double y[LABELS_MOST];
    size_t count; /* 0 when they are too many */
} labels;

/* Every series' label at its line's end, sorted. */
static labels collect_labels(const svg_plot *plot, const frame *f)
{
    labels l = {.count = 0};
    for (size_t s = 0; s < plot->series_count && count_labels(plot) > 0; s++) {
        size_t n = plot->series[s].count, i = l.count;
        if (n == 0)
            continue;
        double y = at_y(f, plot->series[s].points[n - 1].y);
        for (; i > 0 && l.y[i - 1] > y; i--) {
            l.y[i] = l.y[i - 1];
            l.order[i] = l.order[i - 1];
        }
        l.y[i] = y;
        l.order[i] = s;
        l.count++;
    }
    return l;
}

/* Moves labels apart to LABEL_GAP with the least sum of squared moves: less the gaps above each,
 * the places must not decrease, and blocks that would are pooled at their mean (isotonic
 * regression). */
static void spread_labels(labels *l, int bottom)
{
    double mean[LABELS_MOST];
    size_t size[LABELS_MOST], blocks = 0;
    for (size_t i = 0; i < l->count; i++) {
        mean[blocks] = l->y[i] - (double)(LABEL_GAP * i);
        size[blocks++] = 1;
        for (; blocks > 1 && mean[blocks - 2] > mean[blocks - 1]; blocks--) {
            size_t both = size[blocks - 2] + size[blocks - 1];
            mean[blocks - 2] = (mean[blocks - 2] * (double)size[blocks - 2] +
                                mean[blocks - 1] * (double)size[blocks - 1]) / (double)both;
            size[blocks - 2] = both;
        }
    }
    double highest = TOP, lowest = bottom - (double)(LABEL_GAP * l->count) + LABEL_GAP;
    for (size_t b = 0, i = 0; b < blocks; b++)
        for (size_t k = 0; k < size[b]; k++, i++)
            l->y[i] = fmin(fmax(mean[b], highest), lowest) + (double)(LABEL_GAP * i);
}

static void draw_label(const svg_plot *plot, const frame *f, const labels *l, size_t i,
                       fb_strbuf *out)
{
    const svg_series *series = &plot->series[l->order[i]];
    svg_point end = series->points[series->count - 1];
    fb_strbuf_add(out, "<g class=\"label\"><g ");
    palette_attributes(series->look, out);
    fb_strbuf_printf(out, "><path class=\"leader\" fill=\"none\" stroke-width=\"1.2\" "
                          "d=\"M%.1f %.1fL%d %.1f\"/></g><g class=\"s%zu\">",
                     at_x(f, end.x) + 4, at_y(f, end.y), LABEL_X - 4, l->y[i],
                     series->look.number);
    svg_text(LABEL_X, l->y[i] + 4.5, "start", series->name, LABEL_WIDTH, out);
    fb_strbuf_add(out, "</g></g>\n");
}

static void draw_series(const svg_plot *plot, const frame *f, fb_strbuf *out)
{
    fb_strbuf_printf(out, "<clipPath id=\"%s-clip\"><path d=\"M%d %dH%dV%dH%dZ\"/></clipPath>\n"
                          "<g clip-path=\"url(#%s-clip)\">\n",
                     plot->id, LEFT - 4, TOP - 3, RIGHT + 4,
                     f->bottom + 3, LEFT - 4, plot->id);
    double opacity = fmin(0.12, 1.2 / (double)plot->series_count);
    for (size_t s = 0; s < plot->series_count; s++) {
        const svg_series *series = &plot->series[s];
        if (series->count == 0)
            continue;
        fb_strbuf_add(out, "<g ");
        palette_attributes(series->look, out);
        fb_strbuf_add(out, "><title>");
        text_add_html(out, series->name);
        fb_strbuf_add(out, "</title>");
        draw_band(series, opacity, f, out);
        draw_line(series, f, out);
        fb_strbuf_add(out, "</g>\n");
    }
    fb_strbuf_add(out, "</g>\n");
}

void svg_lines(const svg_plot *plot, fb_strbuf *out)
{
    frame f;
    if (!make_frame(plot, &f))
        return;
    char detail[160];
    snprintf(detail, sizeof detail, "data-left=\"%d\" data-right=\"%d\" data-low=\"%.10g\" "
                                    "data-high=\"%.10g\" data-scale=\"%s\"",
             LEFT, RIGHT, f.x.low, f.x.high, f.scale == SVG_LOG2 ? "log2" : "linear");
    svg_open(&(svg_image){plot->id, plot->title, plot->description, WIDTH,
                          f.bottom + FOOT, detail}, out);
    draw_axes(plot, &f, out);
    draw_ceiling(plot, &f, out);
    draw_series(plot, &f, out);
    labels l = collect_labels(plot, &f);
    spread_labels(&l, f.bottom);
    for (size_t i = 0; i < l.count; i++)
        draw_label(plot, &f, &l, i, out);
    svg_close(out);
}

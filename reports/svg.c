#include "svg.h"

#include <math.h>
#include <stdint.h>

#include "axis.h"
#include "text.h"

/* The drawing, in user units. The margin on the right holds the labels at the lines' ends; the
 * style sheet crops it on narrow screens, where the legend does their work. */
enum {
    WIDTH = 640, HEIGHT = 380,
    LEFT = 46, RIGHT = 490, TOP = 34, BOTTOM = 332,
    LABEL_X = 506, LABEL_GAP = 16, LABEL_CHARACTERS = 17,
    LABELS_MOST = 18, /* more than this do not fit beside each other */
    MARKERS_MOST = 26, /* with more points, markers hide the line */
    COLOURS = 7, DASHES = 6,
};

typedef struct frame {
    axis x, y;
} frame;

static double at_x(const frame *f, double x)
{
    return LEFT + (x - f->x.low) / (f->x.high - f->x.low) * (RIGHT - LEFT);
}

static double at_y(const frame *f, double y)
{
    return BOTTOM - (y - f->y.low) / (f->y.high - f->y.low) * (BOTTOM - TOP);
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
            x0 = fmin(x0, p.x);
            x1 = fmax(x1, p.x);
            y0 = fmin(y0, p.y);
            y1 = fmax(y1, p.y);
            low = fmin(low, p.low); /* fmin and fmax pass over NaN */
            high = fmax(high, p.high);
        }
    if (!(x1 >= x0))
        return false;
    double room = fmax(y1 - y0, 0.02 * (plot->y_most - plot->y_least));
    low = fmax(fmin(low, y0), fmax(y0 - room, plot->y_least));
    high = fmin(fmax(high, y1), fmin(y1 + room, plot->y_most));
    double padding = high > low ? 0.04 * (high - low) : room / 2;
    ret_frame->x = axis_make(x0, x1, 7);
    ret_frame->y = axis_make(fmax(low - padding, plot->y_least),
                             fmin(high + padding, plot->y_most), 8);
    return true;
}

static void draw_axes(const svg_plot *plot, const frame *f, fb_strbuf *out)
{
    fb_strbuf_add(out, "<g class=\"grid\">");
    for (long k = axis_first(f->y); k <= axis_last(f->y); k++) {
        double y = at_y(f, (double)k * f->y.step);
        fb_strbuf_printf(out, "<path d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" "
                              "text-anchor=\"end\">%.10g</text>",
                         LEFT, y, RIGHT, LEFT - 8, y + 4.5,
                         (double)k * f->y.step);
    }
    for (long k = axis_first(f->x); k <= axis_last(f->x); k++) {
        double x = at_x(f, (double)k * f->x.step);
        fb_strbuf_printf(out, "<path class=\"tick\" d=\"M%.1f %dv5\"/><text x=\"%.1f\" y=\"%d\" "
                              "text-anchor=\"middle\">%.10g</text>", x, BOTTOM, x, BOTTOM + 20,
                         (double)k * f->x.step);
    }
    fb_strbuf_printf(out, "<path class=\"tick\" d=\"M%d %dH%d\"/></g>\n<g class=\"axis\">"
                          "<text x=\"0\" y=\"14\">", LEFT, BOTTOM, RIGHT);
    text_add_html(out, plot->y_label);
    fb_strbuf_printf(out, "</text><text x=\"%d\" y=\"%d\" text-anchor=\"middle\">",
                     (LEFT + RIGHT) / 2, HEIGHT - 8);
    text_add_html(out, plot->x_label);
    fb_strbuf_add(out, "</text></g>\n");
}

/* The classes of a series: its number for the legend, its colour and its dashes. Colours and
 * dashes go round with different periods, so that 42 series differ. */
static void add_classes(const svg_plot *plot, size_t s, fb_strbuf *out)
{
    size_t n = 0;
    for (size_t i = 0; i < s; i++)
        n += !plot->series[i].reference;
    if (plot->series[s].reference)
        fb_strbuf_printf(out, "s%zu ref", s);
    else
        fb_strbuf_printf(out, "s%zu c%zu d%zu", s, n % COLOURS, n % DASHES);
}

static void draw_band(const svg_series *series, const frame *f, fb_strbuf *out)
{
    size_t n = 0;
    for (size_t i = 0; i < series->count; i++)
        n += isfinite(series->points[i].low) && isfinite(series->points[i].high);
    if (n < 2 || n < series->count)
        return;
    fb_strbuf_add(out, "<path class=\"band\" d=\"");
    for (size_t i = 0; i < n; i++)
        fb_strbuf_printf(out, "%c%.1f %.1f", i ? 'L' : 'M', at_x(f, series->points[i].x),
                         at_y(f, series->points[i].high));
    for (size_t i = n; i-- > 0;)
        fb_strbuf_printf(out, "L%.1f %.1f", at_x(f, series->points[i].x),
                         at_y(f, series->points[i].low));
    fb_strbuf_add(out, "Z\"/>");
}

static void draw_line(const svg_series *series, const frame *f, fb_strbuf *out)
{
    fb_strbuf_add(out, "<path class=\"line\" d=\"");
    for (size_t i = 0; i < series->count; i++)
        fb_strbuf_printf(out, "%c%.1f %.1f", i ? 'L' : 'M', at_x(f, series->points[i].x),
                         at_y(f, series->points[i].y));
    fb_strbuf_add(out, "\"/>");
    for (size_t i = 0; series->count <= MARKERS_MOST && i < series->count; i++)
        fb_strbuf_printf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.4\"/>",
                         at_x(f, series->points[i].x), at_y(f, series->points[i].y));
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
    for (size_t s = 0; s < plot->series_count; s++) {
        size_t n = plot->series[s].count, i = l.count;
        if (n == 0)
            continue;
        if (l.count == LABELS_MOST)
            return (labels){.count = 0};
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
static void spread_labels(labels *l)
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
    double highest = TOP, lowest = BOTTOM - (double)(LABEL_GAP * l->count) + LABEL_GAP;
    for (size_t b = 0, i = 0; b < blocks; b++)
        for (size_t k = 0; k < size[b]; k++, i++)
            l->y[i] = fmin(fmax(mean[b], highest), lowest) + (double)(LABEL_GAP * i);
}

static void draw_label(const svg_plot *plot, const frame *f, const labels *l, size_t i,
                       fb_strbuf *out)
{
    const svg_series *series = &plot->series[l->order[i]];
    svg_point end = series->points[series->count - 1];
    fb_strbuf_add(out, "<g class=\"label ");
    add_classes(plot, l->order[i], out);
    fb_strbuf_printf(out, "\"><path class=\"leader\" d=\"M%.1f %.1fL%d %.1f\"/>"
                          "<text x=\"%d\" y=\"%.1f\">", at_x(f, end.x) + 4, at_y(f, end.y),
                     LABEL_X - 4, l->y[i], LABEL_X, l->y[i] + 4.5);
    text_add_html_short(out, series->name, LABEL_CHARACTERS);
    fb_strbuf_add(out, "</text></g>\n");
}

static void draw_series(const svg_plot *plot, const frame *f, fb_strbuf *out)
{
    fb_strbuf_printf(out, "<clipPath id=\"%s-clip\"><path d=\"M%d %dH%dV%dH%dZ\"/></clipPath>\n"
                          "<g clip-path=\"url(#%s-clip)\">\n",
                     plot->id, LEFT - 4, TOP - 3, RIGHT + 4,
                     BOTTOM + 3, LEFT - 4, plot->id);
    for (size_t s = 0; s < plot->series_count; s++) {
        const svg_series *series = &plot->series[s];
        if (series->count == 0)
            continue;
        fb_strbuf_add(out, "<g class=\"");
        add_classes(plot, s, out);
        fb_strbuf_add(out, "\"><title>");
        text_add_html(out, series->name);
        fb_strbuf_add(out, "</title>");
        draw_band(series, f, out);
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
    fb_strbuf_printf(out, "<div class=\"crop\"><svg viewBox=\"0 0 %d %d\" role=\"img\" "
                          "aria-labelledby=\"%s-title %s-desc\">\n<title id=\"%s-title\">",
                     WIDTH, HEIGHT, plot->id, plot->id, plot->id);
    text_add_html(out, plot->title);
    fb_strbuf_printf(out, "</title>\n<desc id=\"%s-desc\">", plot->id);
    text_add_html(out, plot->description);
    fb_strbuf_add(out, "</desc>\n");
    draw_axes(plot, &f, out);
    draw_series(plot, &f, out);
    labels l = collect_labels(plot, &f);
    spread_labels(&l);
    for (size_t i = 0; i < l.count; i++)
        draw_label(plot, &f, &l, i, out);
    fb_strbuf_add(out, "</svg></div>\n");
}

void svg_legend(const svg_plot *plot, fb_strbuf *out)
{
    fb_strbuf_add(out, "<div class=\"legend\">\n");
    for (size_t s = 0; s < plot->series_count; s++) {
        fb_strbuf_printf(out, "<label><input type=\"checkbox\" class=\"t%zu\" checked>"
                              "<svg class=\"key ", s);
        add_classes(plot, s, out);
        fb_strbuf_add(out, "\" viewBox=\"0 0 30 10\" aria-hidden=\"true\">"
                           "<path class=\"line\" d=\"M1 5H29\"/></svg><span>");
        text_add_html(out, plot->series[s].name);
        fb_strbuf_printf(out, "%s</span></label>\n", plot->series[s].count ? "" : " (no results)");
    }
    fb_strbuf_add(out, "</div>\n");
}

void svg_legend_rules(size_t count, fb_strbuf *out)
{
    for (size_t s = 0; s < count; s++)
        fb_strbuf_printf(out, ".plot:has(.t%zu:not(:checked)) g.s%zu{display:none}\n", s, s);
}

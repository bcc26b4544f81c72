#include "svg.h"

#include <math.h>
#include <stdio.h>

#include "svg_panel.h"

/* The drawing, in user units. The margin on the right holds the labels at the lines' ends, so that
 * many of them make it higher; the style sheet crops it on narrow screens, where the legend does
 * their work. */
enum {
    WIDTH = 640,
    LEFT = 46, RIGHT = 490, TOP = 34, LOWEST = 298, FOOT = 48, /* LOWEST: of the plot itself */
    LABEL_X = 506, LABEL_GAP = 16, LABEL_WIDTH = WIDTH - LABEL_X,
    LABELS_MOST = 40, /* of more there is none */
    MARKERS = 6,
};

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

/* Where the labels stand. `order` lists the series from top to bottom. */
typedef struct labels {
    size_t order[LABELS_MOST];
    double y[LABELS_MOST];
    size_t count; /* 0 when they are too many */
} labels;

/* Every series' label at its line's end, sorted. */
static labels collect_labels(const svg_plot *plot, const svg_panel *p)
{
    labels l = {.count = 0};
    for (size_t s = 0; s < plot->series_count && count_labels(plot) > 0; s++) {
        size_t n = plot->series[s].count, i = l.count;
        if (n == 0)
            continue;
        double y = svg_panel_y(p, plot->series[s].points[n - 1].y);
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

static void draw_label(const svg_plot *plot, const svg_panel *p, const labels *l, size_t i,
                       fb_strbuf *out)
{
    const svg_series *series = &plot->series[l->order[i]];
    svg_point end = series->points[series->count - 1];
    fb_strbuf_add(out, "<g class=\"label\"><g ");
    palette_attributes(series->look, out);
    fb_strbuf_printf(out, "><path class=\"leader\" fill=\"none\" stroke-width=\"1.2\" "
                          "d=\"M%.1f %.1fL%d %.1f\"/></g><g class=\"s%zu\">",
                     svg_panel_x(p, end.x) + 4, svg_panel_y(p, end.y), LABEL_X - 4, l->y[i],
                     series->look.number);
    svg_text(LABEL_X, l->y[i] + 4.5, "start", series->name, LABEL_WIDTH, out);
    fb_strbuf_add(out, "</g></g>\n");
}

static void draw_titles(const svg_plot *plot, int height, fb_strbuf *out)
{
    svg_group("axis", out);
    svg_text(0, 14, "start", plot->y_label, 0, out);
    svg_text((LEFT + RIGHT) / 2.0, height - 8, "middle", plot->x_label, 0, out);
    svg_end(out);
}

void svg_lines(const svg_plot *plot, fb_strbuf *out)
{
    svg_panel p = {.left = LEFT, .right = RIGHT, .top = TOP, .bottom = TOP + plot_height(plot),
                   .markers = MARKERS};
    if (!frame_init(plot, 7, 8, &p.frame))
        return;
    char detail[160];
    snprintf(detail, sizeof detail, "data-left=\"%d\" data-right=\"%d\" data-low=\"%.10g\" "
                                    "data-high=\"%.10g\" data-scale=\"%s\"",
             LEFT, RIGHT, p.frame.x.low, p.frame.x.high,
             p.frame.scale == SVG_LOG2 ? "log2" : "linear");
    svg_open(&(svg_image){plot->id, plot->title, plot->description, WIDTH, p.bottom + FOOT, detail},
             out);
    draw_titles(plot, p.bottom + FOOT, out);
    svg_panel_draw(plot, &p, out);
    labels l = collect_labels(plot, &p);
    spread_labels(&l, p.bottom);
    for (size_t i = 0; i < l.count; i++)
        draw_label(plot, &p, &l, i, out);
    svg_close(out);
}

#include <stdint.h>
#include <stdio.h>

#include "alloc.h"
#include "curves.h"
#include "svg.h"
#include "text.h"

/* "5 trials", "4 to 5 trials": what the curves that exist are made of. */
static void add_trials(const curve *curves, size_t count, fb_strbuf *out)
{
    size_t least = SIZE_MAX, most = 0;
    for (size_t s = 0; s < count; s++) {
        if (curves[s].count == 0)
            continue;
        least = curves[s].trials < least ? curves[s].trials : least;
        most = curves[s].trials > most ? curves[s].trials : most;
    }
    if (least < most)
        fb_strbuf_printf(out, "%zu to %zu trials", least, most);
    else
        fb_strbuf_printf(out, "%zu trial%s", most, most == 1 ? "" : "s");
}

/* What a reader would take from the drawing: where the curves end. */
static void describe(const analysis *a, const curve *curves, fb_strbuf *out)
{
    size_t count = a->grid->data->strategy_count;
    fb_strbuf_add(out, "Mean accuracy over the number of labelled samples, ");
    add_trials(curves, count, out);
    fb_strbuf_add(out, ". At the end: ");
    for (size_t s = 0, shown = 0; s < count; s++) {
        const curve *c = &curves[s];
        if (c->count > 0)
            fb_strbuf_printf(out, "%s%s %.1f %% with %.10g labels", shown++ ? "; " : "",
                             a->grid->strategy_names[s], 100 * c->accuracy[c->count - 1],
                             c->labeled[c->count - 1]);
    }
    fb_strbuf_add(out, ".");
}

static void fill_points(const curve *c, svg_point *points)
{
    for (size_t i = 0; i < c->count; i++)
        points[i] = (svg_point){.x = c->labeled[i],
                                .y = 100 * c->accuracy[i],
                                .low = 100 * (c->accuracy[i] - c->half[i]),
                                .high = 100 * (c->accuracy[i] + c->half[i])};
}

static void add_caption(const analysis *a, size_t setting, const curve *curves, fb_strbuf *out)
{
    size_t count = a->grid->data->strategy_count;
    bool band = false;
    for (size_t s = 0; s < count; s++)
        band = band || (curves[s].count > 0 && curves[s].trials > 1);
    fb_strbuf_add(out, "<figcaption><b>");
    text_add_html(out, a->grid->setting_names[setting]);
    fb_strbuf_add(out, "</b> Mean accuracy over ");
    add_trials(curves, count, out);
    fb_strbuf_add(out, band ? "; bands: 95 % interval of the mean at each point, Student\u2019s t "
                              "over trials.</figcaption>\n"
                            : "; one trial alone has no interval.</figcaption>\n");
}

void curves_figure(const analysis *a, size_t setting, const curve *curves, fb_strbuf *out)
{
    const grid *g = a->grid;
    size_t count = g->data->strategy_count, total = 0;
    char id[32];
    fb_strbuf description = FB_STRBUF_INIT;
    for (size_t s = 0; s < count; s++)
        total += curves[s].count;
    svg_series *series = fb_calloc(count, sizeof *series);
    svg_point *points = fb_calloc(total, sizeof *points);
    if (!series || !points) {
        out->failed = true;
        goto done;
    }
    svg_point *next = points;
    for (size_t s = 0; s < count; s++) {
        fill_points(&curves[s], next);
        series[s] = (svg_series){.name = g->strategy_names[s], .points = next,
                                 .count = curves[s].count,
                                 .reference = analysis_is_baseline(a, s)};
        next += curves[s].count;
    }
    describe(a, curves, &description);
    snprintf(id, sizeof id, "curve-%zu", setting);
    svg_plot plot = {.id = id, .title = g->setting_names[setting], .description = description.text,
                     .x_label = "Labelled samples", .y_label = "Test accuracy, %",
                     .y_least = 0, .y_most = 100, .series = series, .series_count = count};
    add_caption(a, setting, curves, out);
    svg_lines(&plot, out);
    svg_legend(&plot, out);
    out->failed = out->failed || description.failed;
done:
    fb_strbuf_finish(&description);
    fb_free(series);
    fb_free(points);
}

#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include "curves.h"
#include "figures.h"
#include "lines.h"
#include "pgf.h"
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
    text_add_range(out, least, most);
    fb_strbuf_add(out, most == 1 ? " trial" : " trials");
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

static void caption(const analysis *a, const curve *curves, size_t references, fb_strbuf *out)
{
    size_t count = a->grid->data->strategy_count;
    bool student = false, bootstrap = false;
    for (size_t s = 0; s < count; s++) {
        bootstrap = bootstrap || curves[s].bootstrap;
        student = student || (curves[s].trials > 1 && !curves[s].bootstrap);
    }
    fb_strbuf_add(out, "Mean over ");
    add_trials(curves, count, out);
    if (bootstrap)
        fb_strbuf_printf(out, "; bands: 95 %% bootstrap intervals, %d replicates",
                         CURVES_REPLICATES);
    if (student)
        fb_strbuf_printf(out, "; bands%s: 95 %% intervals, Student\u2019s t over trials",
                         bootstrap ? " below 10 trials" : "");
    if (!bootstrap && !student)
        fb_strbuf_add(out, "; one trial alone has no interval");
    if (references)
        fb_strbuf_printf(out, "; dotted: trained on all labels, %zu network%s", references,
                         references == 1 ? "" : "s");
    fb_strbuf_add(out, ".");
    size_t missing = 0;
    for (size_t s = 0; s < count; s++)
        if (curves[s].count == 0)
            fb_strbuf_printf(out, "%s%s", missing++ ? ", " : " No results of ",
                             a->grid->strategy_names[s]);
    fb_strbuf_add(out, missing ? "." : "");
}

static void draw(const analysis *a, size_t setting, const curve *curves, figure *f)
{
    lines l = curves_lines(a, curves);
    svg_plot plot = curves_plot(a, setting, &l);
    plot.id = f->id;
    plot.description = f->description.text;
    f->svg.failed = f->svg.failed || l.failed;
    if (!l.failed) {
        svg_lines(&plot, &f->svg);
        pgf_lines(&plot, &f->latex);
    }
    lines_finish(&l);
}

size_t figure_curves_count(const analysis *a)
{
    return a->grid->data->setting_count;
}

void figure_curves(const analysis *a, size_t setting, figure *f)
{
    curve *curves = NULL;
    size_t references;
    curves_ceiling(a, setting, &references);
    snprintf(f->id, sizeof f->id, "curve-%zu", setting);
    f->lines = true;
    f->setting = (ptrdiff_t)setting;
    fb_strbuf_add(&f->title, a->grid->setting_names[setting]);
    if (curves_create(a, setting, &curves, NULL) < 0) {
        f->svg.failed = true;
        return;
    }
    caption(a, curves, references, &f->caption);
    describe(a, curves, &f->description);
    draw(a, setting, curves, f);
    curves_table(a, setting, curves, &f->numbers);
    curves_csv_header(&f->csv);
    curves_csv(a, setting, curves, &f->csv);
    curves_destroy(curves, a->grid->data->strategy_count);
}

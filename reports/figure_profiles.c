#include <math.h>
#include <stdio.h>

#include "csv.h"
#include "figures.h"
#include "lines.h"
#include "pgf.h"

/* One of the two profiles. */
typedef struct view {
    const profiles *p;
    const double *x;      /* (PROFILES_POINTS) */
    const double *shares; /* (strategies, PROFILES_POINTS) */
    bool ratio;
} view;

static view view_of(const analysis *a, size_t index)
{
    const profiles *p = &a->profiles;
    bool ratio = index == 1;
    return (view){p, ratio ? p->taus : p->deltas, ratio ? p->ratio : p->gap, ratio};
}

size_t figure_profiles_count(const analysis *a)
{
    if (a->grid->data->strategy_count < 2 || isnan(a->profiles.limit))
        return 0;
    return a->profiles.ratio && a->profiles.problems ? 2 : 1;
}

static void caption(const analysis *a, const view *v, figure *f)
{
    const profiles *p = v->p;
    if (!v->ratio) {
        fb_strbuf_printf(&f->caption,
                         "Share of (trial, step) in which a strategy\u2019s accuracy is at most so "
                         "far below the best one\u2019s; mean over settings, %s. Further up is "
                         "better. Area: under the curve from 0 to %.10g points, divided by that.",
                         grid_steps_text(a->grid), 100 * p->limit);
        return;
    }
    fb_strbuf_printf(&f->caption,
                     "Share of (setting, trial) in which a strategy reaches the target with at "
                     "most so many times the labels that the best one needs; the target is the "
                     "mean final accuracy of %s. Further up is better. %zu (setting, trial) in all",
                     a->grid->strategy_names[a->grid->baseline], p->problems);
    if (p->unsolved)
        fb_strbuf_printf(&f->caption, ", of which no strategy reaches the target in %zu (they stay "
                                      "in the denominator)", p->unsolved);
    fb_strbuf_add(&f->caption, ". The axis is logarithmic.");
}

static void describe(const analysis *a, const view *v, figure *f)
{
    fb_strbuf_add(&f->description, v->ratio ? "Share that needs no more labels than any other: "
                                            : "Area under each curve: ");
    for (size_t s = 0, shown = 0; s < v->p->strategies; s++) {
        double value = v->ratio ? v->shares[s * PROFILES_POINTS] : v->p->area[s];
        if (!isnan(value))
            fb_strbuf_printf(&f->description, "%s%s %.3f", shown++ ? "; " : "",
                             a->grid->strategy_names[s], value);
    }
    fb_strbuf_add(&f->description, ".");
}

static void draw(const analysis *a, const view *v, figure *f)
{
    lines l = lines_create(a->grid, PROFILES_POINTS);
    for (size_t s = 0; s < v->p->strategies; s++)
        for (size_t i = 0; i < PROFILES_POINTS; i++)
            lines_add(&l, s, (svg_point){.x = v->ratio ? v->x[i] : 100 * v->x[i],
                                         .y = 100 * v->shares[s * PROFILES_POINTS + i],
                                         .low = (double)NAN, .high = (double)NAN});
    svg_plot plot = {.id = f->id, .title = f->title.text, .description = f->description.text,
                     .x_label = v->ratio ? "Labels to the target, times the fewest"
                                         : "Accuracy below the best, points",
                     .y_label = v->ratio ? "Share of (setting, trial), %"
                                         : "Share of (trial, step), %",
                     .scale = v->ratio ? SVG_LOG2 : SVG_LINEAR, .y_least = 0, .y_most = 100,
                     .ceiling = (double)NAN, .series = l.series, .series_count = l.count};
    f->svg.failed = f->svg.failed || l.failed;
    if (!l.failed) {
        svg_lines(&plot, &f->svg);
        pgf_lines(&plot, &f->latex);
    }
    lines_finish(&l);
}

enum { TABLE_EVERY = 16 }; /* points: the table has eleven rows of 161 */

static void fill_table(const analysis *a, const view *v, table *t)
{
    table_caption(t, "Shares in %%. The CSV has all %d points.", PROFILES_POINTS);
    table_column(t, TABLE_HEAD | TABLE_NUMBER, v->ratio ? "Times the fewest" : "Points below");
    for (size_t s = 0; s < v->p->strategies; s++)
        table_column(t, TABLE_NUMBER, a->grid->strategy_names[s]);
    for (size_t i = 0; i < PROFILES_POINTS; i += TABLE_EVERY) {
        table_cell(t, 0, "%.4g", v->ratio ? v->x[i] : 100 * v->x[i]);
        for (size_t s = 0; s < v->p->strategies; s++)
            table_number(t, 0, 100 * v->shares[s * PROFILES_POINTS + i], 1);
    }
    if (v->ratio)
        return;
    table_cell(t, 0, "Area");
    for (size_t s = 0; s < v->p->strategies; s++)
        table_number(t, TABLE_BOLD, v->p->area[s], 3);
}

static void fill_csv(const analysis *a, const view *v, fb_strbuf *csv)
{
    fb_strbuf_add(csv, v->ratio ? "strategy,ratio,share\n" : "strategy,gap,share\n");
    for (size_t s = 0; s < v->p->strategies; s++)
        for (size_t i = 0; i < PROFILES_POINTS; i++) {
            csv_field(csv, a->grid->strategy_names[s]);
            csv_number(csv, v->x[i]);
            csv_number(csv, v->shares[s * PROFILES_POINTS + i]);
            fb_strbuf_add(csv, "\n");
        }
}

void figure_profiles(const analysis *a, size_t index, figure *f)
{
    view v = view_of(a, index);
    snprintf(f->id, sizeof f->id, "profile-%s", v.ratio ? "ratio" : "gap");
    f->lines = true;
    fb_strbuf_add(&f->title, v.ratio ? "Labels to the target" : "Distance to the best");
    caption(a, &v, f);
    describe(a, &v, f);
    draw(a, &v, f);
    fill_table(a, &v, &f->numbers);
    fill_csv(a, &v, &f->csv);
}

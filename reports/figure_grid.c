#include <math.h>
#include <stdio.h>

#include "alloc.h"
#include "curves.h"
#include "datasets.h"
#include "figures.h"
#include "pgf.h"

enum { PANELS = 12 }; /* of a figure: so many fit on a page */

typedef struct panel {
    size_t setting;
    char id[32];
    curve *curves;
    lines lines;
} panel;

size_t figure_grid_count(const analysis *a)
{
    return (a->grid->data->setting_count + PANELS - 1) / PANELS;
}

/* The setting that comes n-th when those on a data set stand together. */
static size_t nth_setting(const report_data *data, size_t n)
{
    for (size_t first = 0; first < data->setting_count; first++)
        for (size_t i = first; datasets_is_first(data, first) && i < data->setting_count; i++)
            if (datasets_same(data, first, i) && n-- == 0)
                return i;
    return data->setting_count;
}

/* Fills the panels from the n-th setting on; false when memory ran short. */
static bool make_panels(const analysis *a, size_t n, panel *panels, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        panels[i].setting = nth_setting(a->grid->data, n + i);
        snprintf(panels[i].id, sizeof panels[i].id, "grid-%zu", panels[i].setting);
        if (curves_create(a, panels[i].setting, &panels[i].curves, NULL) < 0)
            return false;
        panels[i].lines = curves_lines(a, panels[i].curves);
        if (panels[i].lines.failed)
            return false;
    }
    return true;
}

static void draw(const analysis *a, const panel *panels, size_t count, figure *f)
{
    svg_plot plots[PANELS];
    for (size_t i = 0; i < count; i++) {
        plots[i] = curves_plot(a, panels[i].setting, &panels[i].lines);
        plots[i].id = panels[i].id;
        plots[i].description = "";
    }
    svg_grid(&(svg_image){.id = f->id, .title = f->title.text, .description = f->description.text},
             plots, count, &f->svg);
    pgf_grid(plots, count, &f->latex);
}

static void fill_numbers(const analysis *a, const panel *panels, size_t count, figure *f)
{
    curves_columns(a, &f->numbers);
    curves_csv_header(&f->csv);
    for (size_t i = 0; i < count; i++) {
        curves_rows(a, panels[i].setting, panels[i].curves, &f->numbers);
        curves_csv(a, panels[i].setting, panels[i].curves, &f->csv);
    }
}

static void say(const analysis *a, const panel *panels, size_t count, figure *f)
{
    bool ceiling = false;
    for (size_t i = 0; i < count; i++) {
        size_t references;
        curves_ceiling(a, panels[i].setting, &references);
        ceiling = ceiling || references > 0;
    }
    fb_strbuf_printf(&f->caption, "Mean over trials; bands: 95 %% intervals, by bootstrap with %d "
                                  "replicates or, below %d trials, Student\u2019s t.%s",
                     CURVES_REPLICATES, GAINS_BOOTSTRAP_TRIALS,
                     ceiling ? " Dotted: trained on all labels." : "");
    fb_strbuf_printf(&f->description, "Mean accuracy over the number of labelled samples, %zu "
                                      "small plots, one a setting.", count);
}

void figure_grid(const analysis *a, size_t index, figure *f)
{
    size_t first = index * PANELS, left = a->grid->data->setting_count - first;
    size_t count = left < PANELS ? left : PANELS, strategies = a->grid->data->strategy_count;
    panel *panels = fb_calloc(count, sizeof *panels);
    snprintf(f->id, sizeof f->id, "grid-of-curves-%zu", index);
    f->wide = f->large = true;
    fb_strbuf_add(&f->title, "Learning curves");
    if (panels && make_panels(a, first, panels, count)) {
        say(a, panels, count, f);
        draw(a, panels, count, f);
        fill_numbers(a, panels, count, f);
    } else {
        f->svg.failed = true;
    }
    for (size_t i = 0; panels && i < count; i++) {
        curves_destroy(panels[i].curves, strategies);
        lines_finish(&panels[i].lines);
    }
    fb_free(panels);
}

#include <math.h>
#include <stdio.h>

#include "axis.h"
#include "cells.h"
#include "csv.h"
#include "figures.h"
#include "pgf_figures.h"
#include "svg.h"

/* In user units: names, then the plot, then numbers. */
enum {
    WIDTH = 640, LEFT = 160, RIGHT = 470, TOP = 14, ROW = 26, NUMBER_X = 486, FOOT = 44,
    NAME_WIDTH = LEFT - 12,
};

size_t figure_gains_count(const analysis *a)
{
    return analysis_has_baseline(a) && a->grid->data->strategy_count > 1;
}

/* The standings that have a gain, in the ranking's order; the baseline among them, at 0. */
static size_t count_rows(const analysis *a)
{
    size_t rows = 0;
    for (size_t i = 0; i < a->grid->data->strategy_count; i++)
        rows += isnan(a->standings[i].gain.iqm) ? 0 : 1;
    return rows;
}

/* The axis over all gains and intervals, in percent. Intervals far wider than the others, and than
 * what the gains span, are cut. */
static axis make_axis(const analysis *a)
{
    double low = 0, high = 0, least = 0, most = 0, narrowest = (double)INFINITY;
    for (size_t i = 0; i < a->grid->data->strategy_count; i++) {
        const gain *g = &a->standings[i].gain;
        low = fmin(low, fmin(g->iqm, g->mean)); /* fmin and fmax pass over NaN */
        high = fmax(high, fmax(g->iqm, g->mean));
        least = fmin(least, g->interval.low);
        most = fmax(most, g->interval.high);
        narrowest = fmin(narrowest, g->interval.high - g->interval.low);
    }
    double room = fmax(high - low, isfinite(narrowest) ? narrowest : 0.001);
    double padding = 0.04 * room;
    return axis_make(100 * (fmax(fmin(low, least), low - room) - padding),
                     100 * (fmin(fmax(high, most), high + room) + padding), 6);
}

static double at_x(axis x, double share)
{
    double place = LEFT + (100 * share - x.low) / (x.high - x.low) * (RIGHT - LEFT);
    return fmin(fmax(place, LEFT), RIGHT);
}

static void draw_axis(const analysis *a, axis x, int bottom, fb_strbuf *out)
{
    char text[32];
    svg_group("grid", out);
    for (long k = axis_first(x); k <= axis_last(x); k++)
        fb_strbuf_printf(out, "<path d=\"M%.1f %dV%d\"/>", at_x(x, (double)k * x.step / 100), TOP,
                         bottom);
    svg_end(out);
    svg_group("rule", out);
    fb_strbuf_printf(out, "<path d=\"M%.1f %dV%d\"/>", at_x(x, 0), TOP, bottom);
    svg_end(out);
    svg_group("ticks", out);
    for (long k = axis_first(x); k <= axis_last(x); k++) {
        snprintf(text, sizeof text, "%.10g", (double)k * x.step);
        svg_number(at_x(x, (double)k * x.step / 100), bottom + 17, "middle", text, out);
    }
    svg_text((LEFT + RIGHT) / 2.0, bottom + 36, "middle", cells_gain_unit(a), 0, out);
    svg_end(out);
}

const char *figure_gains_text(const analysis *a, const standing *st, char out[256])
{
    const gain *g = &st->gain;
    char number[64], below[64], above[64];
    if (analysis_is_baseline(a, st->strategy))
        snprintf(out, 256, "0 (baseline)");
    else if (g->kind == GAIN_NO_INTERVAL)
        snprintf(out, 256, "%s", table_format(number, 100 * g->iqm, 2));
    else
        snprintf(out, 256, "%s [%s, %s]", table_format(number, 100 * g->iqm, 2),
                 table_format(below, 100 * g->interval.low, 2),
                 table_format(above, 100 * g->interval.high, 2));
    return out;
}

static void draw_row(const analysis *a, const standing *st, axis x, double y, fb_strbuf *out)
{
    const gain *g = &st->gain;
    palette_look look = palette_of(a->grid, st->strategy);
    char text[256];
    svg_text(LEFT - 12, y + 4.5, "end", a->grid->strategy_names[st->strategy], NAME_WIDTH, out);
    fb_strbuf_add(out, "<g ");
    palette_attributes(look, out);
    fb_strbuf_add(out, ">");
    if (g->kind != GAIN_NO_INTERVAL)
        fb_strbuf_printf(out, "<path fill=\"none\" stroke-width=\"2\" d=\"M%.1f %.1fH%.1fM%.1f "
                              "%.1fv8M%.1f %.1fv8\"/>", at_x(x, g->interval.low), y,
                         at_x(x, g->interval.high), at_x(x, g->interval.low), y - 4,
                         at_x(x, g->interval.high), y - 4);
    if (g->kind == GAIN_STUDENT)
        fb_strbuf_printf(out, "<path fill=\"none\" stroke-width=\"2\" d=\"M%.1f %.1fv12\"/>",
                         at_x(x, g->mean), y - 6);
    fb_strbuf_add(out, "<path stroke=\"none\" d=\"");
    palette_marker(look, at_x(x, g->iqm), y, out);
    fb_strbuf_add(out, "\"/></g>");
    figure_gains_text(a, st, text);
    svg_number(NUMBER_X, y + 4.5, "start", text, out);
    fb_strbuf_add(out, "\n");
}

static void draw(const analysis *a, figure *f)
{
    axis x = make_axis(a);
    int bottom = TOP + (int)count_rows(a) * ROW;
    double y = TOP + ROW / 2.0;
    svg_open(&(svg_image){f->id, f->title.text, f->description.text, WIDTH, bottom + FOOT, NULL},
             &f->svg);
    draw_axis(a, x, bottom, &f->svg);
    for (size_t i = 0; i < a->grid->data->strategy_count; i++) {
        if (isnan(a->standings[i].gain.iqm))
            continue;
        draw_row(a, &a->standings[i], x, y, &f->svg);
        y += ROW;
    }
    svg_close(&f->svg);
    pgf_gains(a, x, &f->latex);
}

static void caption(const analysis *a, fb_strbuf *out)
{
    bool student = false, bootstrap = false;
    for (size_t s = 0; s < a->grid->data->strategy_count; s++) {
        student = student || a->standings[s].gain.kind == GAIN_STUDENT;
        bootstrap = bootstrap || a->standings[s].gain.kind == GAIN_BOOTSTRAP;
    }
    fb_strbuf_add(out, "Interquartile mean over settings and trials.");
    if (bootstrap)
        fb_strbuf_printf(out, " Bars: its 95 %% interval, BCa bootstrap of %d replicates that draw "
                              "trials within settings.", GAINS_REPLICATES);
    if (student)
        fb_strbuf_printf(out, " %s 95 %% interval of the mean (the tick), Student\u2019s t over "
                              "trials, because there are fewer than %d trials in a setting.",
                         bootstrap ? "Some bars:" : "Bars:", GAINS_BOOTSTRAP_TRIALS);
}

static void fill_numbers(const analysis *a, figure *f)
{
    static const char *const kinds[] = {[GAIN_NO_INTERVAL] = "", [GAIN_STUDENT] = "student",
                                        [GAIN_BOOTSTRAP] = "bca"};
    table_column(&f->numbers, TABLE_HEAD, "Strategy");
    table_column(&f->numbers, TABLE_NUMBER, "IQM");
    table_column(&f->numbers, TABLE_NUMBER, "Mean");
    table_column(&f->numbers, TABLE_NUMBER, "Student\u2019s t, of the mean");
    table_column(&f->numbers, TABLE_NUMBER, "Percentile bootstrap");
    table_column(&f->numbers, TABLE_NUMBER, "BCa bootstrap");
    table_column(&f->numbers, TABLE_NUMBER, "Trials");
    table_caption(&f->numbers, "%s; 95 %% intervals.", cells_gain_unit(a));
    fb_strbuf_add(&f->csv, "strategy,iqm,mean,interval,low,high,student_low,student_high,"
                           "percentile_low,percentile_high,bca_low,bca_high,trials,settings\n");
    for (size_t i = 0; i < a->grid->data->strategy_count; i++) {
        const gain *g = &a->standings[i].gain;
        const robust_interval *shown[] = {&g->interval, &g->student, &g->percentile, &g->bca};
        const char *name = a->grid->strategy_names[a->standings[i].strategy];
        table_cell(&f->numbers, 0, "%s", name);
        table_number(&f->numbers, 0, 100 * g->iqm, 2);
        table_number(&f->numbers, 0, 100 * g->mean, 2);
        csv_field(&f->csv, name);
        csv_number(&f->csv, g->iqm);
        csv_number(&f->csv, g->mean);
        fb_strbuf_printf(&f->csv, ",%s", kinds[g->kind]);
        for (size_t k = 0; k < sizeof shown / sizeof *shown; k++) {
            csv_number(&f->csv, shown[k]->low);
            csv_number(&f->csv, shown[k]->high);
            if (k > 0)
                cell_interval(&f->numbers, *shown[k]);
        }
        table_cell(&f->numbers, 0, "%zu", g->trials);
        fb_strbuf_printf(&f->csv, ",%zu,%zu\n", g->trials, g->settings);
    }
}

void figure_gains(const analysis *a, size_t index, figure *f)
{
    (void)index;
    snprintf(f->id, sizeof f->id, "gains");
    f->wide = true;
    fb_strbuf_printf(&f->title, "Gain over %s", a->grid->strategy_names[a->grid->baseline]);
    caption(a, &f->caption);
    fb_strbuf_printf(&f->description, "A row for each strategy, best first: its gain over %s with "
                                      "a 95 %% interval.",
                     a->grid->strategy_names[a->grid->baseline]);
    if (count_rows(a) > 0)
        draw(a, f);
    fill_numbers(a, f);
}

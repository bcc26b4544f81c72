#include <math.h>
#include <stdio.h>

#include "alloc.h"
#include "axis.h"
#include "cells.h"
#include "costs.h"
#include "csv.h"
#include "figures.h"
#include "pgf.h"
#include "svg.h"

/* In user units. */
enum {
    WIDTH = 640, HEIGHT = 400, LEFT = 50, RIGHT = 604, TOP = 34, BOTTOM = 352,
    LABEL_HEIGHT = 15, LABEL_WIDTH = 134,
};

#define X_LABEL "Time of a query: services and own"

/* A query that takes less is drawn as if it took so long. */
static const double SHORTEST = 1e-4;

typedef struct spot {
    double seconds, gain; /* as in the table; NaN: nothing to draw */
    double x, y;          /* in the drawing */
} spot;

typedef struct box {
    double left, top, right, bottom;
} box;

size_t figure_costs_count(const analysis *a)
{
    size_t count = a->grid->data->strategy_count;
    for (size_t s = 0; count > 1 && s < count; s++) {
        cost c = cost_overall(a->grid, s);
        if (!isnan(cost_query(&c)))
            return 1;
    }
    return 0;
}

static double value_of(const analysis *a, const standing *st)
{
    return analysis_has_baseline(a) ? st->gain.iqm : st->aubc;
}

/* ---- labels ---------------------------------------------------------------------------------- */

static double common_area(box a, box b)
{
    double width = fmin(a.right, b.right) - fmax(a.left, b.left);
    double height = fmin(a.bottom, b.bottom) - fmax(a.top, b.top);
    return width > 0 && height > 0 ? width * height : 0;
}

/* The place of a label of this width beside a spot; which of eight. */
static box label_box(const spot *s, double width, size_t place)
{
    static const struct {
        double x, y; /* of the box's middle, in half widths and heights from the spot's edge */
    } places[] = {{1, 0}, {-1, 0}, {0, -1}, {0, 1}, {1, -1}, {1, 1}, {-1, -1}, {-1, 1}};
    double gap = places[place].x != 0 && places[place].y != 0 ? 4 : 7;
    double x = s->x + places[place].x * (width / 2 + gap);
    double y = s->y + places[place].y * (LABEL_HEIGHT / 2.0 + (places[place].x != 0 ? 0 : 4));
    return (box){x - width / 2, y - LABEL_HEIGHT / 2.0, x + width / 2, y + LABEL_HEIGHT / 2.0};
}

/* The place where a label hides least: other labels, spots, the world outside. */
static box place_label(const spot *spots, size_t count, size_t own, const box *labels,
                       double width)
{
    box best = {0};
    double least = (double)INFINITY;
    const box inside = {LEFT, TOP - 8, RIGHT + 10, BOTTOM};
    for (size_t place = 0; place < 8; place++) {
        box b = label_box(&spots[own], width, place);
        double hidden = 4 * (width * LABEL_HEIGHT - common_area(b, inside)) + (double)place * 0.1;
        for (size_t i = 0; i < count; i++) {
            if (isnan(spots[i].x))
                continue;
            box around = {spots[i].x - 5, spots[i].y - 5, spots[i].x + 5, spots[i].y + 5};
            hidden += common_area(b, around) + (i < own ? common_area(b, labels[i]) : 0);
        }
        if (hidden < least) {
            least = hidden;
            best = b;
        }
    }
    return best;
}

/* ---- drawing --------------------------------------------------------------------------------- */

static double log_seconds(const spot *s)
{
    return log10(fmax(s->seconds, SHORTEST));
}

/* x in powers of ten, y in percent. */
static void make_axes(const spot *spots, size_t count, axis *x, axis *y)
{
    double low = (double)INFINITY, high = -low, bottom = low, top = high;
    for (size_t i = 0; i < count; i++) {
        if (isnan(spots[i].gain) || isnan(spots[i].seconds))
            continue;
        low = fmin(low, log_seconds(&spots[i]));
        high = fmax(high, log_seconds(&spots[i]));
        bottom = fmin(bottom, 100 * spots[i].gain);
        top = fmax(top, 100 * spots[i].gain);
    }
    *x = axis_make(floor(low - 0.05), ceil(high + 0.05), 8);
    x->step = fmax(1, ceil(x->step));
    double padding = fmax(0.08 * (top - bottom), 0.05);
    *y = axis_make(bottom - padding, top + padding, 7);
}

static void place_spots(spot *spots, size_t count, axis x, axis y)
{
    for (size_t i = 0; i < count; i++) {
        spot *s = &spots[i];
        s->x = LEFT + (log_seconds(s) - x.low) / (x.high - x.low) * (RIGHT - LEFT);
        s->y = BOTTOM - (100 * s->gain - y.low) / (y.high - y.low) * (BOTTOM - TOP);
        if (isnan(s->seconds) || isnan(s->gain))
            s->x = s->y = (double)NAN;
    }
}

/* "10 ms": a power of ten in a unit in which it is short; a pgf_tick_text. */
static const char *seconds_text(const void *context, long tick, char out[32])
{
    const axis *x = context;
    double seconds = pow(10, (double)tick * x->step);
    if (seconds < 0.9e-3)
        snprintf(out, 32, "%.10g \u00b5s", 1e6 * seconds);
    else if (seconds < 0.9)
        snprintf(out, 32, "%.10g ms", 1e3 * seconds);
    else
        snprintf(out, 32, "%.10g s", seconds);
    return out;
}

static void draw_axes(const analysis *a, axis x, axis y, fb_strbuf *out)
{
    char text[32];
    svg_group("grid", out);
    for (long k = axis_first(y); k <= axis_last(y); k++)
        fb_strbuf_printf(out, "<path d=\"M%d %.1fH%d\"/>", LEFT, BOTTOM -
                         ((double)k * y.step - y.low) / (y.high - y.low) * (BOTTOM - TOP), RIGHT);
    for (long k = axis_first(x); k <= axis_last(x); k++)
        fb_strbuf_printf(out, "<path d=\"M%.1f %dV%d\"/>", LEFT +
                         ((double)k * x.step - x.low) / (x.high - x.low) * (RIGHT - LEFT), TOP,
                         BOTTOM);
    svg_end(out);
    svg_group("ticks", out);
    for (long k = axis_first(y); k <= axis_last(y); k++) {
        snprintf(text, sizeof text, "%.10g", (double)k * y.step);
        svg_number(LEFT - 8, BOTTOM - ((double)k * y.step - y.low) / (y.high - y.low) *
                 (BOTTOM - TOP) + 4.5, "end", text, out);
    }
    for (long k = axis_first(x); k <= axis_last(x); k++)
        svg_number(LEFT + ((double)k * x.step - x.low) / (x.high - x.low) * (RIGHT - LEFT),
                   BOTTOM + 20, "middle", seconds_text(&x, k, text), out);
    svg_end(out);
    svg_group("axis", out);
    svg_text(0, 14, "start", cells_gain_unit(a), 0, out);
    svg_text((LEFT + RIGHT) / 2.0, HEIGHT - 8, "middle", X_LABEL, 0, out);
    svg_end(out);
}

/* The name in its box, at the end that is nearer to the spot. */
static void draw_label(const spot *s, box b, const char *name, fb_strbuf *out)
{
    double y = b.bottom - 3.5;
    if (b.left > s->x)
        svg_text(b.left, y, "start", name, LABEL_WIDTH, out);
    else if (b.right < s->x)
        svg_text(b.right, y, "end", name, LABEL_WIDTH, out);
    else
        svg_text((b.left + b.right) / 2, y, "middle", name, LABEL_WIDTH, out);
    fb_strbuf_add(out, "\n");
}

static void draw_spots(const analysis *a, const spot *spots, const box *labels, fb_strbuf *out)
{
    for (size_t i = 0; i < a->grid->data->strategy_count; i++) {
        size_t strategy = a->standings[i].strategy;
        palette_look look = palette_of(a->grid, strategy);
        if (isnan(spots[i].x))
            continue;
        fb_strbuf_add(out, "<g ");
        palette_attributes(look, out);
        fb_strbuf_add(out, "><path stroke=\"none\" d=\"");
        palette_marker(look, spots[i].x, spots[i].y, out);
        fb_strbuf_add(out, "\"/></g>");
        draw_label(&spots[i], labels[i], a->grid->strategy_names[strategy], out);
    }
}

static void draw_svg(const analysis *a, const spot *spots, const box *labels, axis x, axis y,
                     figure *f)
{
    svg_open(&(svg_image){f->id, f->title.text, f->description.text, WIDTH, HEIGHT, NULL}, &f->svg);
    draw_axes(a, x, y, &f->svg);
    draw_spots(a, spots, labels, &f->svg);
    svg_close(&f->svg);
}

/* The same for LaTeX, with the names at the same places. */
static void draw_latex(const analysis *a, const spot *spots, const box *labels, axis x, axis y,
                       figure *f)
{
    pgf_scatter plot = {.x = x, .y = y, .x_label = X_LABEL, .y_label = cells_gain_unit(a),
                        .x_text = seconds_text};
    pgf_scatter_begin(&plot, &f->latex);
    for (size_t i = 0; i < a->grid->data->strategy_count; i++) {
        size_t strategy = a->standings[i].strategy;
        const spot *s = &spots[i];
        const box *b = &labels[i];
        int side = b->left > s->x ? 1 : b->right < s->x ? -1 : 0;
        double end = side > 0 ? b->left : side < 0 ? b->right : (b->left + b->right) / 2;
        if (isnan(s->x))
            continue;
        pgf_scatter_add(&(pgf_spot){.name = a->grid->strategy_names[strategy],
                                    .look = palette_of(a->grid, strategy),
                                    .x = log_seconds(s), .y = 100 * s->gain, .side = side,
                                    .name_x = (end - LEFT) / (RIGHT - LEFT),
                                    .name_y = (BOTTOM - (b->top + b->bottom) / 2) /
                                              (BOTTOM - TOP)}, &f->latex);
    }
    pgf_scatter_end(&f->latex);
}

static void draw(const analysis *a, spot *spots, figure *f)
{
    size_t count = a->grid->data->strategy_count;
    box *labels = fb_calloc(count, sizeof *labels);
    axis x, y;
    if (!labels) {
        f->svg.failed = true;
        return;
    }
    make_axes(spots, count, &x, &y);
    place_spots(spots, count, x, y);
    for (size_t i = 0; i < count; i++) {
        const char *name = a->grid->strategy_names[a->standings[i].strategy];
        if (!isnan(spots[i].x))
            labels[i] = place_label(spots, count, i, labels, svg_text_width(name, LABEL_WIDTH));
    }
    draw_svg(a, spots, labels, x, y, f);
    draw_latex(a, spots, labels, x, y, f);
    fb_free(labels);
}

static void fill_numbers(const analysis *a, const spot *spots, figure *f)
{
    table_column(&f->numbers, TABLE_HEAD, "Strategy");
    table_column(&f->numbers, TABLE_NUMBER, "Seconds a query");
    table_column(&f->numbers, TABLE_NUMBER, cells_gain_unit(a));
    fb_strbuf_add(&f->csv, "strategy,query_seconds,gain\n");
    for (size_t i = 0; i < a->grid->data->strategy_count; i++) {
        const char *name = a->grid->strategy_names[a->standings[i].strategy];
        table_cell(&f->numbers, 0, "%s", name);
        table_number(&f->numbers, 0, spots[i].seconds, 4);
        table_number(&f->numbers, 0, 100 * spots[i].gain, 2);
        csv_field(&f->csv, name);
        csv_number(&f->csv, spots[i].seconds);
        csv_number(&f->csv, spots[i].gain);
        fb_strbuf_add(&f->csv, "\n");
    }
}

void figure_costs(const analysis *a, size_t index, figure *f)
{
    size_t count = a->grid->data->strategy_count, drawn = 0;
    spot *spots = fb_calloc(count, sizeof *spots);
    (void)index;
    snprintf(f->id, sizeof f->id, "cost-gain");
    f->wide = true;
    fb_strbuf_add(&f->title, "Seconds a query, and gain");
    fb_strbuf_add(&f->caption, "Up is better, left is cheaper. Seconds that a query takes on the "
                               "machine of the runs, mean over rounds, then over settings: what "
                               "the strategy asks the trainer for, and its own time. The axis is "
                               "logarithmic.");
    fb_strbuf_add(&f->description, "A point for each strategy; the numbers are in the table.");
    if (!spots) {
        f->svg.failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        cost c = cost_overall(a->grid, a->standings[i].strategy);
        spots[i] = (spot){.seconds = cost_query(&c), .gain = value_of(a, &a->standings[i])};
        drawn += !isnan(spots[i].seconds) && !isnan(spots[i].gain);
    }
    fill_numbers(a, spots, f);
    if (drawn > 0)
        draw(a, spots, f);
    fb_free(spots);
}

#include "curves.h"

#include <math.h>
#include <string.h>

#include "alloc.h"
#include "svg.h"

/* The interval of one round's accuracies over the trials that the summary uses. */
static void fill_round(const analysis *a, size_t setting, size_t strategy, size_t round,
                       double *samples, curve *c)
{
    size_t rounds = c->count, n = 0;
    for (int pass = 0; pass < 2; pass++, n = 0) {
        for (size_t t = 0; t < a->grid->trial_count; t++) {
            const grid_cell *cell = grid_at(a->grid, setting, strategy, t);
            if (cell->count >= rounds)
                samples[n++] = pass == 0 ? cell->labeled[round] : cell->accuracy[round];
        }
        stat_moments m = stat_describe(samples, n);
        if (pass == 0) {
            c->labeled[round] = m.mean;
            continue;
        }
        c->accuracy[round] = m.mean;
        c->half[round] = stat_half_width(m, CURVES_LEVEL);
    }
}

int curve_init(const analysis *a, size_t setting, size_t strategy, curve *ret_curve,
               fb_error *err)
{
    coverage used = analysis_at(a, setting, strategy)->summary.used;
    curve made = {.trials = used.trials, .count = used.rounds};
    double *samples = fb_calloc(a->grid->trial_count, sizeof *samples);
    made.labeled = fb_calloc(made.count, 3 * sizeof *made.labeled);
    if (!samples || !made.labeled) {
        fb_free(samples);
        fb_free(made.labeled);
        return fb_fail_memory(err, made.count, 3 * sizeof *made.labeled, "a curve");
    }
    made.accuracy = made.labeled + made.count;
    made.half = made.accuracy + made.count;
    for (size_t round = 0; round < made.count; round++)
        fill_round(a, setting, strategy, round, samples, &made);
    fb_free(samples);
    *ret_curve = made;
    return FB_OK;
}

void curve_finish(curve *c)
{
    if (!c)
        return;
    fb_free(c->labeled);
    memset(c, 0, sizeof *c);
}

int curves_create(const analysis *a, size_t setting, curve **ret_curves, fb_error *err)
{
    size_t count = a->grid->data->strategy_count;
    curve *curves = fb_calloc(count, sizeof *curves);
    if (!curves)
        return fb_fail_memory(err, count, sizeof *curves, "curves");
    for (size_t s = 0; s < count; s++) {
        int rc = curve_init(a, setting, s, &curves[s], err);
        if (rc) {
            curves_destroy(curves, count);
            return rc;
        }
    }
    *ret_curves = curves;
    return FB_OK;
}

void curves_destroy(curve *curves, size_t count)
{
    for (size_t s = 0; curves && s < count; s++)
        curve_finish(&curves[s]);
    fb_free(curves);
}

/* The smallest number of labels above `after` on any curve; infinity when there is none. */
static double next_labeled(const curve *curves, size_t count, double after)
{
    double next = (double)INFINITY;
    for (size_t s = 0; s < count; s++)
        for (size_t i = 0; i < curves[s].count; i++)
            if (curves[s].labeled[i] > after && curves[s].labeled[i] < next)
                next = curves[s].labeled[i];
    return next;
}

void curves_table(const analysis *a, size_t setting, const curve *curves, table *t)
{
    const grid *g = a->grid;
    size_t count = g->data->strategy_count;
    table_caption(t, "%s: accuracy in %%, mean over trials \u00b1 half of Student's 95 %% "
                         "interval; in brackets the number of trials.", g->setting_names[setting]);
    table_column(t, TABLE_HEAD | TABLE_NUMBER, "Labels");
    for (size_t s = 0; s < count; s++)
        table_column(t, TABLE_NUMBER, g->strategy_names[s]);
    double x = (double)-INFINITY;
    while (isfinite(x = next_labeled(curves, count, x))) {
        table_cell(t, 0, "%.10g", x);
        for (size_t s = 0; s < count; s++) {
            const curve *c = &curves[s];
            size_t i = 0;
            while (i < c->count && c->labeled[i] < x)
                i++;
            if (i == c->count || c->labeled[i] > x)
                table_cell(t, TABLE_QUIET, TABLE_NOTHING);
            else if (isnan(c->half[i]))
                table_cell(t, 0, "%.2f (%zu)", 100 * c->accuracy[i], c->trials);
            else
                table_cell(t, 0, "%.2f \u00b1 %.2f (%zu)", 100 * c->accuracy[i],
                           100 * c->half[i], c->trials);
        }
    }
}

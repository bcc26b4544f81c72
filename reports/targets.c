#include "targets.h"

#include <math.h>
#include <stdlib.h>

#include "alloc.h"
#include "compare.h"

/* What a mean of equal accuracies may exceed them by. */
static const double ROUNDING = 1e-12;

/* Labels at the first of a curve's rounds that reaches the accuracy. A curve that ends early may
 * have reached it later: nothing is known. */
static double labels_to(const grid_cell *cell, double accuracy, double horizon)
{
    for (size_t i = 0; i < cell->count; i++)
        if (cell->accuracy[i] >= accuracy - ROUNDING)
            return cell->labeled[i];
    bool complete = cell->count > 0 && cell->labeled[cell->count - 1] >= horizon;
    return complete && !isnan(accuracy) ? (double)INFINITY : (double)NAN;
}

static int fill_setting(const grid *g, size_t setting, targets *t, fb_error *err)
{
    summary baseline;
    int rc = compare_summarize(g, setting, (size_t)g->baseline, &baseline, err);
    if (rc)
        return rc;
    t->accuracy[setting] = baseline.accuracy.mean;
    for (size_t trial = 0; trial < t->trials; trial++)
        for (size_t s = 0; s < t->strategies; s++) {
            grid_cell cell = grid_compared(g, setting, s, trial);
            t->labels[(setting * t->trials + trial) * t->strategies + s] =
                labels_to(&cell, baseline.accuracy.mean, baseline.labeled.mean);
        }
    return FB_OK;
}

int targets_init(const grid *g, targets *ret_targets, fb_error *err)
{
    targets made = {.settings = g->data->setting_count, .trials = g->trial_count,
                    .strategies = g->data->strategy_count};
    size_t rows = made.settings * made.trials;
    if (g->baseline == GRID_NONE) {
        *ret_targets = (targets){0};
        return FB_OK;
    }
    made.accuracy = fb_calloc(made.settings, sizeof *made.accuracy);
    made.labels = fb_calloc(rows, made.strategies * sizeof *made.labels);
    int rc = FB_OK;
    if (!made.accuracy || !made.labels)
        rc = fb_fail_memory(err, rows, made.strategies * sizeof *made.labels, "labels to a target");
    for (size_t i = 0; !rc && i < made.settings; i++)
        rc = fill_setting(g, i, &made, err);
    if (rc)
        targets_finish(&made);
    else
        *ret_targets = made;
    return rc;
}

void targets_finish(targets *t)
{
    if (!t)
        return;
    fb_free(t->accuracy);
    fb_free(t->labels);
    *t = (targets){0};
}

double targets_labels(const targets *t, size_t setting, size_t trial, size_t strategy)
{
    return t->labels[(setting * t->trials + trial) * t->strategies + strategy];
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

int targets_summarize(const targets *t, size_t setting, size_t strategy,
                      target_summary *ret_summary, fb_error *err)
{
    double *labels = fb_calloc(t->trials, sizeof *labels);
    target_summary made = {.median = (double)NAN};
    if (!labels)
        return fb_fail_memory(err, t->trials, sizeof *labels, "labels to a target");
    for (size_t trial = 0; trial < t->trials; trial++) {
        double value = targets_labels(t, setting, trial, strategy);
        made.reached += isfinite(value) ? 1 : 0;
        if (!isnan(value))
            labels[made.tried++] = value;
    }
    qsort(labels, made.tried, sizeof *labels, by_value);
    if (made.tried > 0) { /* the mean of the two in the middle, infinity when the upper one is */
        double low = labels[(made.tried - 1) / 2], high = labels[made.tried / 2];
        made.median = low + (high > low ? (high - low) / 2 : 0);
    }
    fb_free(labels);
    *ret_summary = made;
    return FB_OK;
}

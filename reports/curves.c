#include "curves.h"

#include <math.h>
#include <string.h>

#include "alloc.h"
#include "average.h"
#include "csv.h"

enum { SEED = 3 }; /* of the bootstrap */

/* The accuracies of the trials that a curve is made of, (trials, rounds), and their means. */
static void fill_means(const analysis *a, size_t setting, size_t strategy, curve *c,
                       double *accuracies)
{
    size_t n = 0;
    for (size_t t = 0; t < a->grid->trial_count; t++) {
        const grid_cell *cell = grid_at(a->grid, setting, strategy, t);
        if (cell->count < c->count)
            continue;
        memcpy(accuracies + n++ * c->count, cell->accuracy, c->count * sizeof *accuracies);
        for (size_t r = 0; r < c->count; r++) {
            c->labeled[r] += cell->labeled[r] / (double)c->trials;
            c->accuracy[r] += cell->accuracy[r] / (double)c->trials;
        }
    }
}

/* Student's interval at each point. */
static void fill_student(const double *accuracies, double *column, curve *c)
{
    for (size_t r = 0; r < c->count; r++) {
        for (size_t t = 0; t < c->trials; t++)
            column[t] = accuracies[t * c->count + r];
        stat_moments m = stat_describe(column, c->trials);
        double half = stat_half_width(m, GAINS_LEVEL);
        c->low[r] = m.mean - half;
        c->high[r] = m.mean + half;
    }
}

static int fill_intervals(const double *accuracies, curve *c, fb_error *err)
{
    c->bootstrap = c->trials >= GAINS_BOOTSTRAP_TRIALS;
    if (c->bootstrap)
        return robust_mean_band(accuracies, c->trials, c->count, CURVES_REPLICATES, GAINS_LEVEL,
                                SEED, c->low, c->high, err);
    double *column = fb_calloc(c->trials, sizeof *column);
    if (!column)
        return fb_fail_memory(err, c->trials, sizeof *column, "a curve");
    fill_student(accuracies, column, c);
    fb_free(column);
    return FB_OK;
}

int curve_init(const analysis *a, size_t setting, size_t strategy, curve *ret_curve,
               fb_error *err)
{
    coverage used = analysis_at(a, setting, strategy)->summary.used;
    curve made = {.trials = used.trials, .count = used.rounds};
    double *accuracies = fb_calloc(made.trials, made.count * sizeof *accuracies);
    made.labeled = fb_calloc(made.count, 4 * sizeof *made.labeled);
    made.accuracy = made.labeled + made.count;
    made.low = made.accuracy + made.count;
    made.high = made.low + made.count;
    int rc = FB_OK;
    if (!accuracies || !made.labeled)
        rc = fb_fail_memory(err, made.count, 4 * sizeof *made.labeled, "a curve");
    if (!rc) {
        fill_means(a, setting, strategy, &made, accuracies);
        rc = fill_intervals(accuracies, &made, err);
    }
    fb_free(accuracies);
    if (rc)
        curve_finish(&made);
    else
        *ret_curve = made;
    return rc;
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

double curves_ceiling(const analysis *a, size_t setting, size_t *ret_trials)
{
    const report_data *data = a->grid->data;
    average seen = {0};
    for (size_t i = 0; i < data->reference_count; i++) {
        const report_reference *reference = &data->references[i];
        if (reference->setting == setting)
            average_add(&seen, grid_reference_accuracy(a->grid, reference));
    }
    *ret_trials = seen.count;
    return average_mean(seen);
}

lines curves_lines(const analysis *a, const curve *curves)
{
    size_t count = a->grid->data->strategy_count, most = 0;
    for (size_t s = 0; s < count; s++)
        most = curves[s].count > most ? curves[s].count : most;
    lines l = lines_create(a->grid, most);
    for (size_t s = 0; s < count; s++)
        for (size_t i = 0; i < curves[s].count; i++)
            lines_add(&l, s, (svg_point){.x = curves[s].labeled[i],
                                         .y = 100 * curves[s].accuracy[i],
                                         .low = 100 * curves[s].low[i],
                                         .high = 100 * curves[s].high[i]});
    return l;
}

svg_plot curves_plot(const analysis *a, size_t setting, const lines *l)
{
    size_t references;
    return (svg_plot){.title = a->grid->setting_names[setting], .x_label = "Labelled samples",
                      .y_label = "Test accuracy, %", .y_least = 0, .y_most = 100,
                      .ceiling = 100 * curves_ceiling(a, setting, &references),
                      .ceiling_label = "all labels", .series = l->series,
                      .series_count = l->count};
}

/* A point of a curve: "86.12 [85.70, 86.51] (10)", or what there is of it. */
static void cell_point(const curve *c, double labeled, table *t)
{
    size_t i = 0;
    while (i < c->count && c->labeled[i] < labeled)
        i++;
    if (i == c->count || c->labeled[i] > labeled)
        table_cell(t, TABLE_QUIET, TABLE_NOTHING);
    else if (isnan(c->low[i]))
        table_cell(t, 0, "%.2f (%zu)", 100 * c->accuracy[i], c->trials);
    else
        table_cell(t, 0, "%.2f [%.2f, %.2f] (%zu)", 100 * c->accuracy[i], 100 * c->low[i],
                   100 * c->high[i], c->trials);
}

/* Columns for all strategies. */
static void add_columns(const analysis *a, table *t)
{
    table_column(t, TABLE_HEAD | TABLE_NUMBER, "Labels");
    for (size_t s = 0; s < a->grid->data->strategy_count; s++)
        table_column(t, TABLE_NUMBER, a->grid->strategy_names[s]);
}

/* A row for each number of labels, behind the setting's name if there is one. */
static void add_rows(const analysis *a, const char *setting, const curve *curves, table *t)
{
    size_t count = a->grid->data->strategy_count;
    bool first = true;
    double x = (double)-INFINITY;
    while (isfinite(x = next_labeled(curves, count, x))) {
        if (setting)
            table_cell(t, first ? 0 : TABLE_QUIET, "%s", setting);
        table_cell(t, 0, "%.10g", x);
        for (size_t s = 0; s < count; s++)
            cell_point(&curves[s], x, t);
        first = false;
    }
}

static const char points[] = "accuracy in %, mean over trials, with its 95 % interval in square "
                             "brackets and the number of trials in round ones.";

void curves_table(const analysis *a, size_t setting, const curve *curves, table *t)
{
    table_caption(t, "%s: %s", a->grid->setting_names[setting], points);
    add_columns(a, t);
    add_rows(a, NULL, curves, t);
}

void curves_columns(const analysis *a, table *t)
{
    table_caption(t, "A%s", points + 1);
    table_column(t, TABLE_HEAD, "Setting");
    add_columns(a, t);
}

void curves_rows(const analysis *a, size_t setting, const curve *curves, table *t)
{
    add_rows(a, a->grid->setting_names[setting], curves, t);
}

void curves_csv_header(fb_strbuf *out)
{
    fb_strbuf_add(out, "setting,strategy,labeled,accuracy,low,high,interval,trials\n");
}

void curves_csv(const analysis *a, size_t setting, const curve *curves, fb_strbuf *out)
{
    const grid *g = a->grid;
    for (size_t s = 0; s < g->data->strategy_count; s++)
        for (size_t i = 0; i < curves[s].count; i++) {
            csv_field(out, g->setting_names[setting]);
            fb_strbuf_add(out, ",");
            csv_field(out, g->strategy_names[s]);
            csv_number(out, curves[s].labeled[i]);
            csv_number(out, curves[s].accuracy[i]);
            csv_number(out, curves[s].low[i]);
            csv_number(out, curves[s].high[i]);
            fb_strbuf_printf(out, ",%s,%zu\n", curves[s].bootstrap ? "bootstrap" : "student",
                             curves[s].trials);
        }
}

#include "gains.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

#include "alloc.h"
#include "compare.h"
#include "statistics.h"

enum { SEED = 7 }; /* of the bootstrap: the same draws for every strategy */

static const robust_interval NOTHING = {(double)NAN, (double)NAN};

/* The full-data accuracy of a setting's trial; NaN when there is none. */
static double reference_of(const grid *g, size_t setting, size_t trial)
{
    for (size_t i = 0; i < g->data->reference_count; i++) {
        const report_reference *reference = &g->data->references[i];
        if (reference->setting == setting && reference->trial == g->trials[trial])
            return grid_reference_accuracy(g, reference);
    }
    return (double)NAN;
}

/* Whether a setting has results of the baseline, and whether a reference beside them. */
static bool has_reference(const grid *g, size_t setting, bool *ret_results)
{
    bool referenced = false;
    *ret_results = false;
    for (size_t t = 0; t < g->trial_count; t++) {
        if (grid_compared(g, setting, (size_t)g->baseline, t).count < 2)
            continue;
        *ret_results = true;
        referenced = referenced || !isnan(reference_of(g, setting, t));
    }
    return referenced;
}

static bool can_normalise(const grid *g)
{
    bool any = false;
    for (size_t i = 0; i < g->data->setting_count; i++) {
        bool results;
        bool referenced = has_reference(g, i, &results);
        if (results && !referenced)
            return false;
        any = any || referenced;
    }
    return any;
}

robust_interval gains_student(const robust_strata *strata, double level)
{
    double sum = 0, total = 0, variance = 0, shares = 0;
    const double *x = strata->values;
    for (size_t s = 0; s < strata->count; x += strata->sizes[s++])
        total += (double)strata->sizes[s];
    x = strata->values;
    for (size_t s = 0; s < strata->count; x += strata->sizes[s++]) {
        double n = (double)strata->sizes[s];
        stat_moments m = stat_describe(x, strata->sizes[s]);
        double part = n / (total * total) * m.sd * m.sd; /* NaN for a single value */
        sum += n * m.mean;
        variance += part;
        shares += part * part / (n - 1);
    }
    if (isnan(variance) || strata->count == 0)
        return NOTHING;
    double freedom = variance > 0 ? variance * variance / shares : 1;
    double half = gsl_cdf_tdist_Qinv((1 - level) / 2, freedom) * sqrt(variance);
    return (robust_interval){sum / total - half, sum / total + half};
}

/* Room for the gains of one strategy. */
typedef struct scratch {
    compare_sample *samples; /* (trials) */
    double *values;          /* (settings x trials) */
    size_t *sizes;           /* (settings) */
} scratch;

/* Adds a setting's gains at `values`; how many. */
static int add_setting(const grid *g, size_t setting, size_t strategy, bool normalised,
                       scratch *room, double *values, size_t *ret_count, fb_error *err)
{
    coverage used;
    int rc = compare_samples(g, setting, strategy, (size_t)g->baseline, room->samples, &used, err);
    if (rc)
        return rc;
    *ret_count = 0;
    for (size_t i = 0; i < used.trials; i++) {
        const compare_sample *sample = &room->samples[i];
        double span = normalised
                          ? reference_of(g, setting, sample->trial) - sample->second_aubc : 1;
        if (span > 0) /* false for NaN */
            values[(*ret_count)++] = sample->aubc / span;
    }
    return FB_OK;
}

/* What is left of a mean of differences that cancel is 0 and not the rounding. */
static double settled(double mean)
{
    return fabs(mean) < 1e-12 ? 0 : mean;
}

static int estimate(const robust_strata *strata, gain *ret_gain, fb_error *err)
{
    size_t least = SIZE_MAX, total = 0;
    for (size_t s = 0; s < strata->count; s++) {
        least = strata->sizes[s] < least ? strata->sizes[s] : least;
        total += strata->sizes[s];
    }
    bool bootstrap = strata->count > 0 && least >= GAINS_BOOTSTRAP_TRIALS;
    robust_estimate e = {0};
    int rc = robust_estimate_iqm(strata, bootstrap ? GAINS_REPLICATES : 0, GAINS_LEVEL, SEED, &e,
                                 err);
    if (rc)
        return rc;
    gain made = {.trials = total, .settings = strata->count,
                 .mean = settled(stat_describe(strata->values, total).mean),
                 .iqm = settled(e.iqm),
                 .student = gains_student(strata, GAINS_LEVEL), .percentile = e.percentile,
                 .bca = e.bca, .kind = bootstrap ? GAIN_BOOTSTRAP : GAIN_STUDENT};
    made.interval = bootstrap ? made.bca : made.student;
    if (isnan(made.interval.low))
        made.kind = GAIN_NO_INTERVAL;
    *ret_gain = made;
    return FB_OK;
}

static int fill(const grid *g, size_t strategy, bool normalised, scratch *room, gain *ret_gain,
                fb_error *err)
{
    robust_strata strata = {.values = room->values, .sizes = room->sizes};
    size_t total = 0;
    for (size_t i = 0; i < g->data->setting_count; i++) {
        size_t count = 0;
        int rc = add_setting(g, i, strategy, normalised, room, room->values + total, &count, err);
        if (rc)
            return rc;
        total += count;
        if (count > 0)
            room->sizes[strata.count++] = count;
    }
    int rc = estimate(&strata, ret_gain, err);
    if (!rc && (ptrdiff_t)strategy == g->baseline) { /* 0 against itself, and certain */
        ret_gain->kind = GAIN_NO_INTERVAL;
        ret_gain->interval = ret_gain->student = ret_gain->percentile = ret_gain->bca = NOTHING;
    }
    return rc;
}

/* (setting, trial) pairs that the baseline has and that no gain can be scaled in. */
static size_t count_unscaled(const grid *g)
{
    size_t count = 0;
    for (size_t i = 0; i < g->data->setting_count; i++)
        for (size_t t = 0; t < g->trial_count; t++) {
            grid_cell cell = grid_compared(g, i, (size_t)g->baseline, t);
            double aubc = stat_aubc(cell.labeled, cell.accuracy, cell.count);
            count += cell.count > 1 && !(reference_of(g, i, t) > aubc);
        }
    return count;
}

int gains_init(const grid *g, gains *ret_gains, fb_error *err)
{
    size_t settings = g->data->setting_count, strategies = g->data->strategy_count;
    gains made = {0};
    if (g->baseline == GRID_NONE) {
        *ret_gains = made;
        return FB_OK;
    }
    scratch room = {.samples = fb_calloc(g->trial_count, sizeof *room.samples),
                    .values = fb_calloc(settings * g->trial_count, sizeof *room.values),
                    .sizes = fb_calloc(settings, sizeof *room.sizes)};
    int rc = FB_OK;
    made.strategies = fb_calloc(strategies, sizeof *made.strategies);
    if (!room.samples || !room.values || !room.sizes || !made.strategies)
        rc = fb_fail_memory(err, settings * g->trial_count, sizeof *room.values, "the gains");
    made.normalised = !rc && can_normalise(g);
    if (made.normalised)
        made.without_reference = count_unscaled(g);
    for (size_t s = 0; !rc && s < strategies; s++)
        rc = fill(g, s, made.normalised, &room, &made.strategies[s], err);
    fb_free(room.samples);
    fb_free(room.values);
    fb_free(room.sizes);
    if (rc)
        gains_finish(&made);
    else
        *ret_gains = made;
    return rc;
}

void gains_finish(gains *gs)
{
    if (!gs)
        return;
    fb_free(gs->strategies);
    *gs = (gains){0};
}

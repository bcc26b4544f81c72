#include "analysis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

static result *at(const analysis *a, size_t setting, size_t strategy)
{
    return &a->results[setting * a->grid->data->strategy_count + strategy];
}

const result *analysis_at(const analysis *a, size_t setting, size_t strategy)
{
    return at(a, setting, strategy);
}

bool analysis_has_baseline(const analysis *a)
{
    return a->grid->baseline != GRID_NONE;
}

bool analysis_is_baseline(const analysis *a, size_t strategy)
{
    return analysis_has_baseline(a) && (size_t)a->grid->baseline == strategy;
}

stat_moments analysis_score(const analysis *a, size_t setting, size_t strategy)
{
    const result *r = analysis_at(a, setting, strategy);
    if (!analysis_has_baseline(a))
        return r->summary.aubc;
    if (!analysis_is_baseline(a, strategy))
        return r->against.steps;
    size_t trials = r->summary.used.trials; /* against itself: 0 in every trial, if it has any */
    double zero = trials ? 0 : (double)NAN;
    return (stat_moments){.count = trials, .mean = zero, .sd = zero};
}

/* Every strategy's summary and its comparison with the baseline. */
static int fill_results(analysis *a, fb_error *err)
{
    const report_data *data = a->grid->data;
    int rc = FB_OK;
    for (size_t i = 0; i < data->setting_count; i++)
        for (size_t s = 0; s < data->strategy_count; s++) {
            result *r = at(a, i, s);
            r->corrected_p = (double)NAN;
            rc = compare_summarize(a->grid, i, s, &r->summary, err);
            if (!rc && analysis_has_baseline(a) && !analysis_is_baseline(a, s))
                rc = compare_pair(a->grid, i, s, (size_t)a->grid->baseline, &r->against, err);
            if (rc)
                return rc;
        }
    return FB_OK;
}

/* Corrects the p values over the report's whole family and draws the verdicts. */
static int judge(analysis *a, fb_error *err)
{
    const report_data *data = a->grid->data;
    size_t count = data->setting_count * data->strategy_count;
    double *p = fb_calloc(count, sizeof *p);
    if (!p)
        return fb_fail_memory(err, count, sizeof *p, "p values");
    for (size_t i = 0; i < count; i++) {
        bool compared = analysis_has_baseline(a) &&
                        !analysis_is_baseline(a, i % data->strategy_count);
        p[i] = compared ? a->results[i].against.aubc_test.p : (double)NAN;
        a->tests += isnan(p[i]) ? 0 : 1;
    }
    int rc = a->corrected ? stat_holm(p, count, p, err) : FB_OK;
    for (size_t i = 0; !rc && i < count; i++) {
        a->results[i].corrected_p = p[i];
        a->results[i].verdict = compare_verdict(&a->results[i].against, p[i], data->alpha);
    }
    fb_free(p);
    return rc;
}

/* Marks a setting's best strategy and those that are not significantly worse. */
static int mark_setting(analysis *a, size_t setting, fb_error *err)
{
    const report_data *data = a->grid->data;
    ptrdiff_t best = -1;
    double best_score = (double)-INFINITY;
    for (size_t s = 0; s < data->strategy_count; s++) {
        double score = analysis_score(a, setting, s).mean;
        if (score > best_score) { /* false for NaN */
            best = (ptrdiff_t)s;
            best_score = score;
        }
    }
    for (size_t s = 0; best >= 0 && s < data->strategy_count; s++) {
        comparison c;
        if (s == (size_t)best || isnan(analysis_score(a, setting, s).mean))
            continue;
        int rc = compare_pair(a->grid, setting, s, (size_t)best, &c, err);
        if (rc)
            return rc;
        stat_test test = analysis_has_baseline(a) ? c.steps_test : c.aubc_test;
        if (test.p > data->alpha || (test.p <= data->alpha && test.t > 0))
            at(a, setting, s)->mark = MARK_NEAR;
    }
    if (best >= 0)
        at(a, setting, (size_t)best)->mark = MARK_BEST;
    return FB_OK;
}

/* The first setting on the same data set as `setting`. */
static size_t dataset_of(const report_data *data, size_t setting)
{
    size_t first = 0;
    while (strcmp(data->settings[first].dataset, data->settings[setting].dataset) != 0)
        first++;
    return first;
}

typedef double setting_value(const analysis *a, size_t setting, size_t strategy);

static double score_value(const analysis *a, size_t setting, size_t strategy)
{
    return analysis_score(a, setting, strategy).mean;
}

static double aubc_value(const analysis *a, size_t setting, size_t strategy)
{
    return analysis_at(a, setting, strategy)->summary.aubc.mean;
}

/* A value averaged over each data set's settings, then over data sets; what is missing is left
 * out. */
static double mean_over_datasets(const analysis *a, size_t strategy, setting_value *value)
{
    const report_data *data = a->grid->data;
    double total = 0;
    size_t datasets = 0;
    for (size_t d = 0; d < data->setting_count; d++) {
        double sum = 0;
        size_t count = 0;
        if (dataset_of(data, d) != d)
            continue;
        for (size_t i = d; i < data->setting_count; i++) {
            double v = dataset_of(data, i) == d ? value(a, i, strategy) : (double)NAN;
            if (!isnan(v)) {
                sum += v;
                count++;
            }
        }
        if (count > 0) {
            total += sum / (double)count;
            datasets++;
        }
    }
    return datasets ? total / (double)datasets : (double)NAN;
}

/* Ranked ones first; then by score, higher first; equal scores in the spec's order. */
static int compare_standings(const void *x, const void *y)
{
    const standing *a = x, *b = y;
    if (a->rank != b->rank) /* before ranks are given, 1 says "may be ranked" */
        return a->rank > b->rank ? -1 : 1;
    if (isnan(a->score) != isnan(b->score))
        return isnan(a->score) ? 1 : -1;
    if (a->score > b->score || a->score < b->score)
        return a->score > b->score ? -1 : 1;
    return a->strategy < b->strategy ? -1 : a->strategy > b->strategy;
}

/* Whether some strategy, not counting the baseline's 0 against itself, has a score in a
 * setting. */
static bool is_scored(const analysis *a, size_t setting)
{
    for (size_t s = 0; s < a->grid->data->strategy_count; s++)
        if (!analysis_is_baseline(a, s) && !isnan(score_value(a, setting, s)))
            return true;
    return false;
}

/* Means over different settings are not comparable: who lacks one that others have is not
 * ranked. */
static bool may_be_ranked(const analysis *a, const standing *st)
{
    for (size_t i = 0; i < a->grid->data->setting_count; i++)
        if (is_scored(a, i) && isnan(score_value(a, i, st->strategy)))
            return false;
    return st->settings > 0;
}

static void rank_all(analysis *a)
{
    const report_data *data = a->grid->data;
    for (size_t s = 0; s < data->strategy_count; s++) {
        standing *st = &a->standings[s];
        st->strategy = s;
        st->score = mean_over_datasets(a, s, score_value);
        st->aubc = mean_over_datasets(a, s, aubc_value);
        for (size_t i = 0; i < data->setting_count; i++) {
            st->settings += isnan(score_value(a, i, s)) ? 0 : 1;
            st->verdicts[analysis_at(a, i, s)->verdict]++;
        }
        st->rank = may_be_ranked(a, st);
    }
    qsort(a->standings, data->strategy_count, sizeof *a->standings, compare_standings);
    for (size_t s = 0; s < data->strategy_count; s++)
        if (a->standings[s].rank)
            a->standings[s].rank = s + 1;
}

static int check_options(const report_data *data, fb_error *err)
{
    if (!(data->alpha > 0 && data->alpha < 1))
        return fb_fail(err, FB_EINVAL, "report.alpha is %g, expected a number between 0 and 1",
                       data->alpha);
    if (data->correction && strcmp(data->correction, "holm") != 0 &&
        strcmp(data->correction, "none") != 0)
        return fb_fail(err, FB_EINVAL, "report.correction is '%s', expected holm or none",
                       data->correction);
    return FB_OK;
}

int analysis_init(const grid *g, analysis *ret_analysis, fb_error *err)
{
    const report_data *data = g->data;
    size_t count = data->setting_count * data->strategy_count;
    analysis made = {.grid = g,
                     .corrected = !data->correction || strcmp(data->correction, "none") != 0};
    int rc = check_options(data, err);
    if (rc)
        goto done;
    made.results = fb_calloc(count, sizeof *made.results);
    made.standings = fb_calloc(data->strategy_count, sizeof *made.standings);
    if (!made.results || !made.standings) {
        rc = fb_fail_memory(err, count, sizeof *made.results, "the results");
        goto done;
    }
    rc = fill_results(&made, err);
    if (!rc)
        rc = judge(&made, err);
    for (size_t i = 0; !rc && i < data->setting_count; i++) {
        made.datasets += dataset_of(data, i) == i;
        rc = mark_setting(&made, i, err);
    }
    if (rc)
        goto done;
    rank_all(&made);
    *ret_analysis = made;
    made = (analysis){0};
done:
    analysis_finish(&made);
    return rc;
}

void analysis_finish(analysis *a)
{
    if (!a)
        return;
    fb_free(a->results);
    fb_free(a->standings);
    memset(a, 0, sizeof *a);
}

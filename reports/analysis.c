#include "analysis.h"

#include <math.h>
#include <string.h>

#include "alloc.h"
#include "datasets.h"

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

bool analysis_is_scored(const analysis *a, size_t setting)
{
    for (size_t s = 0; s < a->grid->data->strategy_count; s++)
        if (!analysis_is_baseline(a, s) && !isnan(analysis_score(a, setting, s).mean))
            return true;
    return false;
}

void analysis_tested_trials(const analysis *a, size_t *ret_least, size_t *ret_most)
{
    const report_data *data = a->grid->data;
    size_t least = 0, most = 0;
    for (size_t i = 0; i < data->setting_count; i++)
        for (size_t s = 0; s < data->strategy_count; s++) {
            const result *r = analysis_at(a, i, s);
            if (r->verdict == VERDICT_UNTESTED)
                continue;
            least = most == 0 || r->against.used.trials < least ? r->against.used.trials : least;
            most = r->against.used.trials > most ? r->against.used.trials : most;
        }
    *ret_least = least;
    *ret_most = most;
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

/* The paired AUBC difference to the baseline; without a baseline, the AUBC. */
static double paired_aubc(const void *context, size_t setting, size_t strategy)
{
    const analysis *a = context;
    const result *r = analysis_at(a, setting, strategy);
    if (!analysis_has_baseline(a) || analysis_is_baseline(a, strategy))
        return analysis_has_baseline(a) && r->summary.used.trials ? 0 : r->summary.aubc.mean;
    return r->against.aubc.mean;
}

/* Whether a strategy has a number in every setting of a data set in which any other has one: means
 * over different settings are not comparable. */
static bool covers_dataset(const analysis *a, size_t first, size_t strategy)
{
    const report_data *data = a->grid->data;
    for (size_t i = first; i < data->setting_count; i++)
        if (datasets_same(data, first, i) && analysis_is_scored(a, i) &&
            isnan(paired_aubc(a, i, strategy)))
            return false;
    return true;
}

static bool is_dataset_scored(const analysis *a, size_t first)
{
    bool scored = false;
    for (size_t i = first; i < a->grid->data->setting_count; i++)
        scored = scored || (datasets_same(a->grid->data, first, i) && analysis_is_scored(a, i));
    return scored;
}

/* Ranks the strategies over the data sets that have results. */
static int make_diagram(analysis *a, fb_error *err)
{
    const report_data *data = a->grid->data;
    size_t k = data->strategy_count, row = 0;
    double *scores = fb_calloc(a->datasets, k * sizeof *scores);
    if (!scores)
        return fb_fail_memory(err, a->datasets, k * sizeof *scores, "the data sets' scores");
    for (size_t i = 0; i < data->setting_count; i++) {
        bool scored = datasets_is_first(data, i) && is_dataset_scored(a, i);
        for (size_t s = 0; scored && s < k; s++)
            scores[row * k + s] = covers_dataset(a, i, s)
                                      ? datasets_mean(data, i, s, paired_aubc, a) : (double)NAN;
        row += scored;
    }
    return diagram_init(scores, row, k, a->grid->baseline, data->alpha, &a->diagram, err);
}

/* What does not rest on the comparisons with the baseline. */
static int add_views(analysis *a, fb_error *err)
{
    const grid *g = a->grid;
    int rc = penalty_init(g, PENALTY_ALL, g->data->alpha, &a->penalties[PENALTY_ALL], err);
    if (!rc && analysis_has_baseline(a))
        rc = penalty_init(g, PENALTY_DOUBLING, g->data->alpha, &a->penalties[PENALTY_DOUBLING],
                          err);
    if (!rc)
        rc = targets_init(g, &a->targets, err);
    if (!rc)
        rc = profiles_init(g, &a->targets, &a->profiles, err);
    if (!rc)
        rc = selections_init(g, &a->selections, err);
    if (!rc && g->data->all_pairs)
        rc = pairs_init(g, a->corrected, g->data->alpha, &a->pairs, err);
    return rc;
}

static int fill(analysis *a, fb_error *err)
{
    const report_data *data = a->grid->data;
    size_t count = data->setting_count * data->strategy_count;
    a->results = fb_calloc(count, sizeof *a->results);
    a->standings = fb_calloc(data->strategy_count, sizeof *a->standings);
    if (!a->results || !a->standings)
        return fb_fail_memory(err, count, sizeof *a->results, "the results");
    a->datasets = datasets_count(data);
    int rc = fill_results(a, err);
    if (!rc)
        rc = judge(a, err);
    for (size_t i = 0; !rc && i < data->setting_count; i++)
        rc = mark_setting(a, i, err);
    if (!rc)
        rc = gains_init(a->grid, &a->gains, err);
    if (!rc)
        rc = make_diagram(a, err);
    if (!rc)
        rc = add_views(a, err);
    if (!rc)
        standings_rank(a);
    return rc;
}

int analysis_init(const grid *g, analysis *ret_analysis, fb_error *err)
{
    const report_data *data = g->data;
    analysis made = {.grid = g,
                     .corrected = !data->correction || strcmp(data->correction, "none") != 0};
    int rc = check_options(data, err);
    if (!rc)
        rc = fill(&made, err);
    if (rc)
        analysis_finish(&made);
    else
        *ret_analysis = made;
    return rc;
}

void analysis_finish(analysis *a)
{
    if (!a)
        return;
    fb_free(a->results);
    fb_free(a->standings);
    gains_finish(&a->gains);
    pairs_finish(&a->pairs);
    penalty_finish(&a->penalties[PENALTY_ALL]);
    penalty_finish(&a->penalties[PENALTY_DOUBLING]);
    targets_finish(&a->targets);
    profiles_finish(&a->profiles);
    diagram_finish(&a->diagram);
    selections_finish(&a->selections);
    memset(a, 0, sizeof *a);
}

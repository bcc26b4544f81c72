#include "profiles.h"

#include <math.h>
#include <stdlib.h>

#include "alloc.h"
#include "compare.h"
#include "profile.h"

/* The share of all gaps that the axis of the gap profile reaches beyond; what is further out is a
 * strategy's first steps or its collapse. */
static const double SHOWN = 0.95;

/* A strategy's gaps in one setting, in a block of (strategies, points). */
typedef struct gap_table {
    double **gaps;  /* (settings) blocks */
    size_t *points; /* (settings) trials x steps */
} gap_table;

/* Best accuracy less each strategy's own at one step of one trial. */
static void fill_step(const grid *g, size_t setting, size_t trial, size_t round, size_t point,
                      const gap_table *t)
{
    size_t strategies = g->data->strategy_count, points = t->points[setting];
    double best = (double)-INFINITY;
    for (size_t s = 0; s < strategies; s++) {
        grid_cell cell = grid_compared(g, setting, s, trial);
        if (round < cell.count)
            best = fmax(best, cell.accuracy[round]);
    }
    for (size_t s = 0; s < strategies; s++) {
        grid_cell cell = grid_compared(g, setting, s, trial);
        t->gaps[setting][s * points + point] =
            round < cell.count ? best - cell.accuracy[round] : (double)NAN;
    }
}

static int fill_gaps(const grid *g, gap_table *t, fb_error *err)
{
    for (size_t i = 0; i < g->data->setting_count; i++) {
        size_t longest = compare_longest(g, i), first = grid_first_step(g), point = 0;
        size_t steps = longest > 1 ? longest - first : 0;
        t->points[i] = steps * g->trial_count;
        t->gaps[i] = fb_calloc(g->data->strategy_count, t->points[i] * sizeof **t->gaps);
        if (!t->gaps[i])
            return fb_fail_memory(err, g->data->strategy_count, t->points[i] * sizeof **t->gaps,
                                  "gaps");
        for (size_t trial = 0; trial < g->trial_count; trial++)
            for (size_t round = first; steps && round < longest; round++)
                fill_step(g, i, trial, round, point++, t);
    }
    return FB_OK;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* 1, 2 or 5 times a power of ten, at least x. */
static double round_up(double x)
{
    double power = pow(10, floor(log10(x)));
    static const double factors[] = {1, 2, 5};
    for (size_t i = 0; i < 3; i++)
        if (factors[i] * power >= x * (1 - 1e-9))
            return factors[i] * power;
    return 10 * power;
}

/* The largest delta to draw: a round number beyond SHOWN of all gaps; NaN when there are none. */
static int choose_limit(const grid *g, const gap_table *t, double *ret_limit, fb_error *err)
{
    size_t count = 0, total = 0;
    for (size_t i = 0; i < g->data->setting_count; i++)
        total += t->points[i] * g->data->strategy_count;
    double *all = fb_calloc(total, sizeof *all);
    if (!all)
        return fb_fail_memory(err, total, sizeof *all, "gaps");
    for (size_t i = 0; i < g->data->setting_count; i++)
        for (size_t p = 0; p < t->points[i] * g->data->strategy_count; p++)
            if (!isnan(t->gaps[i][p]))
                all[count++] = t->gaps[i][p];
    qsort(all, count, sizeof *all, by_value);
    *ret_limit = count ? round_up(fmax(all[(size_t)(SHOWN * (double)(count - 1))], 0.001))
                       : (double)NAN;
    fb_free(all);
    return FB_OK;
}

typedef double gap_measure(const double *gaps, size_t points, double bound);

/* A measure of a strategy's gaps, averaged over the settings where it has any. */
static double mean_over_settings(const grid *g, const gap_table *t, size_t strategy,
                                 gap_measure *measure, double bound)
{
    double sum = 0;
    size_t settings = 0;
    for (size_t i = 0; i < g->data->setting_count; i++) {
        double value = measure(t->gaps[i] + strategy * t->points[i], t->points[i], bound);
        if (isnan(value))
            continue;
        sum += value;
        settings++;
    }
    return settings ? sum / (double)settings : (double)NAN;
}

/* Counts what was measured in one setting: `gaps` holds as many steps of each trial. */
static void count_steps(const double *gaps, size_t points, size_t trials, profiles *p,
                        size_t strategy)
{
    size_t steps = points / trials;
    for (size_t t = 0; t < trials; t++) {
        size_t measured = 0;
        for (size_t i = 0; i < steps; i++)
            measured += isnan(gaps[t * steps + i]) ? 0 : 1;
        p->steps[strategy] += measured;
        p->trials[strategy] += measured > 0;
    }
}

static void fill_gap_profile(const grid *g, const gap_table *t, profiles *p)
{
    for (size_t k = 0; k < PROFILES_POINTS; k++)
        p->deltas[k] = p->limit * (double)k / (PROFILES_POINTS - 1);
    for (size_t s = 0; s < p->strategies; s++) {
        for (size_t k = 0; k < PROFILES_POINTS; k++)
            p->gap[s * PROFILES_POINTS + k] =
                mean_over_settings(g, t, s, profile_gap, p->deltas[k]);
        p->area[s] = mean_over_settings(g, t, s, profile_gap_area, p->limit);
        for (size_t i = 0; i < g->data->setting_count; i++)
            count_steps(t->gaps[i] + s * t->points[i], t->points[i], g->trial_count, p, s);
    }
}

static int make_gap_profile(const grid *g, profiles *p, fb_error *err)
{
    size_t settings = g->data->setting_count;
    gap_table t = {.gaps = fb_calloc(settings, sizeof *t.gaps),
                   .points = fb_calloc(settings, sizeof *t.points)};
    int rc = FB_OK;
    if (!t.gaps || !t.points)
        rc = fb_fail_memory(err, settings, sizeof *t.gaps, "gaps");
    if (!rc)
        rc = fill_gaps(g, &t, err);
    if (!rc)
        rc = choose_limit(g, &t, &p->limit, err);
    if (!rc)
        fill_gap_profile(g, &t, p);
    for (size_t i = 0; t.gaps && i < settings; i++)
        fb_free(t.gaps[i]);
    fb_free(t.gaps);
    fb_free(t.points);
    return rc;
}

/* Counts the problems, and the power of two that no finite ratio exceeds. */
static double survey_problems(const targets *t, profiles *p)
{
    double largest = 1;
    for (size_t row = 0; row < t->settings * t->trials; row++) {
        double best = (double)INFINITY, worst = 0;
        bool tried = false;
        for (size_t s = 0; s < t->strategies; s++) {
            double labels = t->labels[row * t->strategies + s];
            tried = tried || !isnan(labels);
            p->tried[s] += isnan(labels) ? 0 : 1;
            best = fmin(best, labels);
            if (isfinite(labels))
                worst = fmax(worst, labels);
        }
        p->problems += tried;
        p->unsolved += tried && !isfinite(best);
        if (worst > 0)
            largest = fmax(largest, worst / best);
    }
    return exp2(fmax(1, ceil(log2(largest) - 1e-9)));
}

static void make_ratio_profile(const targets *t, profiles *p)
{
    double last = survey_problems(t, p);
    for (size_t k = 0; k < PROFILES_POINTS; k++)
        p->taus[k] = exp2(log2(last) * (double)k / (PROFILES_POINTS - 1));
    for (size_t s = 0; s < p->strategies; s++)
        for (size_t k = 0; k < PROFILES_POINTS; k++)
            p->ratio[s * PROFILES_POINTS + k] =
                profile_ratio(t->labels, t->settings * t->trials, t->strategies, s, p->taus[k]);
}

int profiles_init(const grid *g, const targets *t, profiles *ret_profiles, fb_error *err)
{
    size_t k = g->data->strategy_count;
    profiles made = {.strategies = k,
                     .gap = fb_calloc(k, PROFILES_POINTS * sizeof *made.gap),
                     .area = fb_calloc(k, sizeof *made.area),
                     .steps = fb_calloc(k, sizeof *made.steps),
                     .trials = fb_calloc(k, sizeof *made.trials),
                     .tried = fb_calloc(k, sizeof *made.tried)};
    bool aimed = t->labels != NULL;
    if (aimed)
        made.ratio = fb_calloc(k, PROFILES_POINTS * sizeof *made.ratio);
    int rc = FB_OK;
    if (!made.gap || !made.area || !made.steps || !made.trials || !made.tried ||
        (aimed && !made.ratio))
        rc = fb_fail_memory(err, k, PROFILES_POINTS * sizeof *made.gap, "profiles");
    if (!rc)
        rc = make_gap_profile(g, &made, err);
    if (!rc && aimed)
        make_ratio_profile(t, &made);
    if (rc)
        profiles_finish(&made);
    else
        *ret_profiles = made;
    return rc;
}

void profiles_finish(profiles *p)
{
    if (!p)
        return;
    fb_free(p->gap);
    fb_free(p->area);
    fb_free(p->steps);
    fb_free(p->trials);
    fb_free(p->tried);
    fb_free(p->ratio);
    *p = (profiles){0};
}

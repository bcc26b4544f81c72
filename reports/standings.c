/* The strategies over all settings, from first to last. */
#include <math.h>
#include <stdlib.h>

#include "analysis.h"
#include "datasets.h"
#include "ranks.h"

static double score_value(const void *context, size_t setting, size_t strategy)
{
    return analysis_score(context, setting, strategy).mean;
}

static double aubc_value(const void *context, size_t setting, size_t strategy)
{
    return analysis_at(context, setting, strategy)->summary.aubc.mean;
}

/* What decides the rank. */
static double key_of(const standing *st)
{
    return isnan(st->gain.iqm) ? st->score : st->gain.iqm;
}

/* Whether two are equal but for rounding. */
static bool level(const standing *a, const standing *b)
{
    return fabs(key_of(a) - key_of(b)) <= RANK_SLACK;
}

/* Ranked ones first; then by key, higher first; equal ones in the spec's order. */
static int compare_standings(const void *x, const void *y)
{
    const standing *a = x, *b = y;
    double p = key_of(a), q = key_of(b);
    if (a->rank != b->rank) /* before ranks are given, 1 says "may be ranked" */
        return a->rank > b->rank ? -1 : 1;
    if (isnan(p) != isnan(q))
        return isnan(p) ? 1 : -1;
    if (p > q || p < q)
        return p > q ? -1 : 1;
    return a->strategy < b->strategy ? -1 : a->strategy > b->strategy;
}

/* Means over different settings are not comparable: who lacks one that others have is not
 * ranked. */
static bool may_be_ranked(const analysis *a, const standing *st)
{
    for (size_t i = 0; i < a->grid->data->setting_count; i++)
        if (analysis_is_scored(a, i) && isnan(score_value(a, i, st->strategy)))
            return false;
    return st->settings > 0;
}

static void fill(const analysis *a, size_t strategy, standing *st)
{
    const report_data *data = a->grid->data;
    const double nan = (double)NAN;
    const robust_interval none = {nan, nan};
    st->strategy = strategy;
    st->gain = a->gains.strategies ? a->gains.strategies[strategy]
                                   : (gain){.mean = nan, .iqm = nan, .interval = none,
                                            .student = none, .percentile = none, .bca = none};
    st->score = datasets_grand_mean(data, strategy, score_value, a);
    st->aubc = datasets_grand_mean(data, strategy, aubc_value, a);
    for (size_t i = 0; i < data->setting_count; i++) {
        st->settings += isnan(score_value(a, i, strategy)) ? 0 : 1;
        st->verdicts[analysis_at(a, i, strategy)->verdict]++;
    }
    st->rank = may_be_ranked(a, st);
}

void standings_rank(analysis *a)
{
    size_t count = a->grid->data->strategy_count;
    for (size_t s = 0; s < count; s++)
        fill(a, s, &a->standings[s]);
    qsort(a->standings, count, sizeof *a->standings, compare_standings);
    for (size_t s = 0; s < count; s++) {
        standing *st = &a->standings[s];
        if (st->rank)
            st->rank = s > 0 && level(st - 1, st) ? st[-1].rank : s + 1;
    }
}

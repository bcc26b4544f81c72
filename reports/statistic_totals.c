/* The rows over all settings. */
#include <math.h>

#include "costs.h"
#include "statistic_rows.h"

static const report_strategy *baseline_of(const analysis *a)
{
    return analysis_has_baseline(a) ? &a->grid->data->strategies[a->grid->baseline] : NULL;
}

/* Trials that all settings have. */
static size_t expected_trials(const analysis *a)
{
    size_t trials = 0;
    for (size_t i = 0; i < a->grid->data->setting_count; i++)
        trials += grid_setting_trials(a->grid, i);
    return trials;
}

/* Trials that a strategy's results in all settings are made of; `paired`: the comparisons with the
 * baseline. */
static size_t used_trials(const analysis *a, size_t strategy, bool paired)
{
    size_t trials = 0;
    paired = paired && analysis_has_baseline(a) && !analysis_is_baseline(a, strategy);
    for (size_t i = 0; i < a->grid->data->setting_count; i++) {
        const result *r = analysis_at(a, i, strategy);
        trials += paired ? r->against.used.trials : r->summary.used.trials;
    }
    return trials;
}

/* A row about a strategy, or two, without numbers; GRID_NONE: about none. */
static report_statistic blank_of(const analysis *a, ptrdiff_t strategy, ptrdiff_t against)
{
    const report_strategy *list = a->grid->data->strategies;
    report_statistic row = statistic_blank(NULL, strategy == GRID_NONE ? NULL : &list[strategy]);
    row.against = against == GRID_NONE ? NULL : &list[against];
    row.trials_expected = expected_trials(a);
    return row;
}

/* ---- ranking --------------------------------------------------------------------------------- */

static void add_interval(statistic_rows *rows, report_statistic row, const char *measure,
                         double value, const char *kind, robust_interval interval)
{
    row.low = interval.low;
    row.high = interval.high;
    row.interval = kind;
    statistic_number(rows, row, measure, value);
}

/* The gain's mean and interquartile mean, a row an interval. */
static void add_gain(statistic_rows *rows, report_statistic row, const gain *g)
{
    bool normalised = rows->analysis->gains.normalised;
    const char *mean = normalised ? "normalized_gain_mean" : "gain_mean";
    const char *iqm = normalised ? "normalized_gain_iqm" : "gain_iqm";
    row.trials = g->trials;
    row.settings = g->settings;
    if (isnan(g->student.low))
        statistic_number(rows, row, mean, g->mean);
    else
        add_interval(rows, row, mean, g->mean, "student", g->student);
    if (g->kind == GAIN_BOOTSTRAP) {
        add_interval(rows, row, iqm, g->iqm, "bca", g->bca);
        add_interval(rows, row, iqm, g->iqm, "percentile", g->percentile);
    } else {
        statistic_number(rows, row, iqm, g->iqm);
    }
}

static void add_standing(statistic_rows *rows, const standing *s)
{
    const analysis *a = rows->analysis;
    report_statistic row = blank_of(a, (ptrdiff_t)s->strategy, GRID_NONE);
    row.settings = s->settings;
    row.trials = used_trials(a, s->strategy, false);
    statistic_number(rows, row, "rank", s->rank ? (double)s->rank : (double)NAN);
    statistic_number(rows, row, "aubc", s->aubc);
    row.against = baseline_of(a);
    row.trials = used_trials(a, s->strategy, true);
    statistic_number(rows, row, "score", s->score);
    if (analysis_has_baseline(a))
        add_gain(rows, row, &s->gain);
}

/* ---- profiles -------------------------------------------------------------------------------- */

static void add_profiles(statistic_rows *rows, size_t strategy)
{
    const analysis *a = rows->analysis;
    const profiles *p = &a->profiles;
    report_statistic row = blank_of(a, (ptrdiff_t)strategy, GRID_NONE);
    row.trials = p->trials[strategy];
    statistic_number(rows, row, "gap_area", p->area[strategy]);
    if (!p->ratio || p->problems == 0)
        return;
    const double *ratio = &p->ratio[strategy * PROFILES_POINTS];
    row.trials = p->tried[strategy];
    row.trials_expected = p->problems;
    statistic_number(rows, row, "ratio_share_1", ratio[0]);
    statistic_number(rows, row, "ratio_share_any", ratio[PROFILES_POINTS - 1]);
}

/* ---- penalty matrix -------------------------------------------------------------------------- */

/* The most common trials that the comparisons of a column have, or of any when it is the one behind
 * the last. */
static size_t column_trials(const penalty *p, size_t column)
{
    size_t most = 0;
    for (size_t i = 0; i < p->strategies * p->strategies; i++)
        if ((column == p->strategies || i % p->strategies == column) && p->trials[i] > most)
            most = p->trials[i];
    return most;
}

static void add_penalty(statistic_rows *rows, penalty_steps rule)
{
    static const char *const names[2][3] = {
        {"penalty_all", "penalty_all_mean", "penalty_all_expected"},
        {"penalty_doubling", "penalty_doubling_mean", "penalty_doubling_expected"}};
    const analysis *a = rows->analysis;
    const penalty *p = &a->penalties[rule];
    if (!p->matrix || p->settings == 0)
        return;
    for (size_t i = 0; i < p->strategies * p->strategies; i++) {
        size_t winner = i / p->strategies, loser = i % p->strategies;
        report_statistic row = blank_of(a, (ptrdiff_t)winner, (ptrdiff_t)loser);
        statistic_test(rows, &row, statistic_paired_t, statistic_two_sided, (double)NAN);
        row.settings = p->settings;
        row.trials = p->trials[i];
        row.trials_expected = p->expected_trials;
        if (winner != loser)
            statistic_number(rows, row, names[rule][0], p->matrix[i]);
    }
    for (size_t s = 0; s <= p->strategies; s++) { /* the last row: of any strategy */
        bool mean = s < p->strategies;
        report_statistic row = blank_of(a, mean ? (ptrdiff_t)s : GRID_NONE, GRID_NONE);
        statistic_test(rows, &row, statistic_paired_t, statistic_two_sided, (double)NAN);
        row.settings = p->settings;
        row.trials = column_trials(p, s);
        row.trials_expected = p->expected_trials;
        statistic_number(rows, row, names[rule][mean ? 1 : 2],
                         mean ? p->column_means[s] : p->expected);
    }
}

/* ---- ranks over data sets -------------------------------------------------------------------- */

static void add_friedman(statistic_rows *rows)
{
    const analysis *a = rows->analysis;
    const diagram *d = &a->diagram;
    const friedman *f = &d->test;
    report_statistic row = blank_of(a, GRID_NONE, GRID_NONE);
    row.datasets = d->datasets;
    row.trials = 0;
    for (size_t m = 0; m < d->count; m++)
        row.trials += used_trials(a, d->members[m], true);
    row.trials_expected *= d->count;
    const struct {
        const char *measure, *test;
        double value, p;
    } tests[] = {{"friedman_chi2", "friedman", f->plain, f->plain_p},
                 {"friedman_chi2_ties", "friedman", f->corrected, f->corrected_p},
                 {"iman_davenport_f", "iman-davenport", f->f, f->f_p}};
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        statistic_test(rows, &row, tests[i].test, "one-sided", tests[i].p);
        statistic_number(rows, row, tests[i].measure, tests[i].value);
    }
    statistic_test(rows, &row, "nemenyi", statistic_two_sided, (double)NAN);
    statistic_number(rows, row, "nemenyi_cd", d->nemenyi_cd);
}

/* Two members' mean ranks: only where a verdict is given. */
static void add_rank_difference(statistic_rows *rows, size_t first, size_t second)
{
    const analysis *a = rows->analysis;
    const diagram *d = &a->diagram;
    size_t at = first * d->count + second;
    report_statistic row = blank_of(a, (ptrdiff_t)d->members[first],
                                    (ptrdiff_t)d->members[second]);
    row.datasets = d->datasets;
    row.trials = used_trials(a, d->members[first], true);
    statistic_test(rows, &row, statistic_wilcoxon(d->exact[at]), statistic_two_sided,
                   d->uncorrected[at]);
    row.p_corrected = d->p[at];
    row.correction = "holm";
    statistic_number(rows, row, "mean_rank_difference",
                     d->mean_ranks[first] - d->mean_ranks[second]);
}

static void add_ranks(statistic_rows *rows)
{
    const analysis *a = rows->analysis;
    const diagram *d = &a->diagram;
    for (size_t m = 0; m < d->count; m++) {
        report_statistic row = blank_of(a, (ptrdiff_t)d->members[m], GRID_NONE);
        row.datasets = d->datasets;
        row.trials = used_trials(a, d->members[m], true);
        statistic_number(rows, row, "mean_rank", d->mean_ranks[m]);
    }
    if (!isnan(d->test.plain))
        add_friedman(rows);
    for (size_t i = 0; d->p && i < d->count; i++)
        for (size_t j = i + 1; j < d->count; j++)
            add_rank_difference(rows, i, j);
}

/* How sure it is that a strategy is practically better than the baseline. */
static void add_practical(statistic_rows *rows, size_t strategy)
{
    const analysis *a = rows->analysis;
    const diagram *d = &a->diagram;
    if (!d->practical || isnan(d->practical[strategy].right))
        return;
    report_statistic row = blank_of(a, (ptrdiff_t)strategy, a->grid->baseline);
    row.datasets = d->datasets;
    row.trials = used_trials(a, strategy, true);
    row.test = "bayesian-signed-rank";
    statistic_number(rows, row, "practically_better", d->practical[strategy].right);
    statistic_number(rows, row, "practically_equal", d->practical[strategy].rope);
    statistic_number(rows, row, "practically_worse", d->practical[strategy].left);
}

/* ---- selections ------------------------------------------------------------------------------ */

static void add_overlap(statistic_rows *rows, size_t first, size_t second)
{
    const analysis *a = rows->analysis;
    const selections *s = &a->selections;
    size_t at = first * s->strategies + second;
    report_statistic row = blank_of(a, (ptrdiff_t)first, (ptrdiff_t)second);
    row.trials = s->trials[at];
    if (first == second) {
        statistic_number(rows, row, "jaccard_first", s->first.trials[first]);
        statistic_number(rows, row, "jaccard", s->all.trials[first]);
        return;
    }
    statistic_number(rows, row, "jaccard_first", s->first.between[at]);
    statistic_number(rows, row, "jaccard", s->all.between[at]);
    if (!s->scored)
        return;
    row.trials = s->score_trials[at];
    statistic_number(rows, row, "spearman", s->scores.spearman[at]);
    statistic_number(rows, row, "kendall_tau_b", s->scores.kendall[at]);
}

static void add_selections(statistic_rows *rows)
{
    const analysis *a = rows->analysis;
    const selections *s = &a->selections;
    if (!s->known)
        return;
    for (size_t i = 0; i < s->strategies; i++)
        for (size_t j = i; j < s->strategies; j++)
            add_overlap(rows, i, j);
    report_statistic row = statistic_blank(NULL, NULL);
    statistic_number(rows, row, "jaccard_first_chance", s->first.chance);
    statistic_number(rows, row, "jaccard_chance", s->all.chance);
}

/* ---- all of it ------------------------------------------------------------------------------- */

void statistic_totals(statistic_rows *rows)
{
    const analysis *a = rows->analysis;
    size_t strategies = a->grid->data->strategy_count;
    for (size_t s = 0; s < strategies; s++)
        add_standing(rows, &a->standings[s]);
    for (size_t s = 0; s < strategies; s++)
        add_profiles(rows, s);
    add_penalty(rows, PENALTY_ALL);
    add_penalty(rows, PENALTY_DOUBLING);
    add_ranks(rows);
    for (size_t s = 0; s < strategies; s++)
        add_practical(rows, s);
    add_selections(rows);
    for (size_t s = 0; s < strategies; s++) {
        const cost c = cost_overall(a->grid, s);
        statistic_costs(rows, blank_of(a, (ptrdiff_t)s, GRID_NONE), &c);
    }
}

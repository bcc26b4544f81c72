#include "answer.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "curves.h"

static const char *name_of(const analysis *a, size_t strategy)
{
    return a->grid->strategy_names[strategy];
}

/* The best ranked strategy that is not the baseline; NULL when there is none. */
static const standing *best_other(const analysis *a)
{
    for (size_t i = 0; i < a->grid->data->strategy_count; i++) {
        const standing *st = &a->standings[i];
        if (st->rank && !analysis_is_baseline(a, st->strategy))
            return st;
    }
    return NULL;
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* The fewest and most pairs that a test had; most is 0 when there was no test. */
static void tested_trials(const analysis *a, size_t *ret_least, size_t *ret_most)
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

/* ", with 3 wins, 1 tie and 0 losses in 4 settings", or that there was no test. */
static void add_record(const analysis *a, const standing *st, fb_strbuf *out)
{
    size_t wins = st->verdicts[VERDICT_WIN], ties = st->verdicts[VERDICT_TIE];
    size_t losses = st->verdicts[VERDICT_LOSS], tests = wins + ties + losses;
    if (tests == 0)
        fb_strbuf_add(out, "; one trial allows no test.");
    else if (wins + losses == 0)
        fb_strbuf_printf(out, ", but no test (%zu of %zu tied) tells it from %s.", ties, tests,
                         name_of(a, (size_t)a->grid->baseline));
    else
        fb_strbuf_printf(out, ", with %zu win%s, %zu tie%s and %zu loss%s in %zu setting%s.", wins,
                         plural(wins), ties, plural(ties), losses, losses == 1 ? "" : "es", tests,
                         plural(tests));
}

/* " (95 % interval 0.49 to 2.44)", when there is one. */
static void add_interval(const gain *g, fb_strbuf *out)
{
    if (g->kind == GAIN_NO_INTERVAL)
        return;
    fb_strbuf_printf(out, " (95 %% interval%s %.2f to %.2f)",
                     g->kind == GAIN_STUDENT ? " of the mean" : "", 100 * g->interval.low,
                     100 * g->interval.high);
}

/* "1.68 points of AUBC above random", "12.30 % of the way from random to all labels". */
static void add_gain(const analysis *a, double size, const char *side, fb_strbuf *out)
{
    const char *baseline = name_of(a, (size_t)a->grid->baseline);
    if (a->gains.normalised)
        fb_strbuf_printf(out, "%.2f %% of the way from %s to training on all labels%s", 100 * size,
                         baseline, strcmp(side, "below") == 0 ? ", but backwards" : "");
    else
        fb_strbuf_printf(out, "%.2f points of AUBC %s %s", 100 * size, side, baseline);
}

static void answer_against_baseline(const analysis *a, const standing *best, fb_strbuf *out)
{
    const char *baseline = name_of(a, (size_t)a->grid->baseline);
    const char *name = name_of(a, best->strategy);
    if (best->gain.iqm > 0) {
        fb_strbuf_printf(out, "%s ranks first, ", name);
        add_gain(a, best->gain.iqm, "above", out);
        add_interval(&best->gain, out);
        add_record(a, best, out);
    } else if (best->gain.iqm < 0) {
        fb_strbuf_printf(out, "No strategy is better than %s on average: %s comes closest, ",
                         baseline, name);
        add_gain(a, -best->gain.iqm, "below", out);
        add_interval(&best->gain, out);
        add_record(a, best, out);
    } else {
        fb_strbuf_printf(out, "No strategy is better than %s on average: %s is level with it.",
                         baseline, name);
    }
}

void answer_sentence(const analysis *a, fb_strbuf *out)
{
    const standing *best = best_other(a);
    const standing *first = &a->standings[0];
    if (a->grid->data->strategy_count == 1 && !isnan(first->aubc))
        fb_strbuf_printf(out, "%s is the only strategy, with an AUBC of %.2f %%: there is nothing "
                              "to compare it with.", name_of(a, first->strategy),
                         100 * first->aubc);
    else if (!best)
        fb_strbuf_add(out, "No strategy can be ranked: none has results in every setting that has "
                           "any.");
    else if (analysis_has_baseline(a))
        answer_against_baseline(a, best, out);
    else
        fb_strbuf_printf(out, "%s ranks first, with an AUBC of %.2f %% on average.",
                         name_of(a, best->strategy), 100 * best->score);
}

/* "5", "4 to 5". */
static void add_pairs(size_t least, size_t most, fb_strbuf *out)
{
    if (least < most)
        fb_strbuf_printf(out, "%zu to %zu", least, most);
    else
        fb_strbuf_printf(out, "%zu", most);
}

/* Says so where the exact test cannot reject whatever the data, in all comparisons or in some. */
static void add_power_guard(const analysis *a, fb_strbuf *out)
{
    double alpha = a->grid->data->alpha;
    size_t least, most;
    tested_trials(a, &least, &most);
    if (most == 0 || stat_sign_flip_smallest(least) <= alpha)
        return;
    bool all = stat_sign_flip_smallest(most) > alpha;
    fb_strbuf_add(out, all ? "With " : "Where there are only ");
    add_pairs(least, all ? most : least, out);
    fb_strbuf_printf(out, " trials the exact test cannot reject at %g (its smallest p is %.4g): "
                          "the verdicts rest on the t test\u2019s normality. ", alpha,
                     stat_sign_flip_smallest(all ? most : least));
}

void answer_caveats(const analysis *a, fb_strbuf *out)
{
    const report_data *data = a->grid->data;
    size_t expected, gaps = grid_gaps(a->grid, &expected), uneven = 0;
    if (gaps > 0)
        fb_strbuf_printf(out, "%zu of %zu cells are missing, failed or unfinished. ",
                         gaps, expected);
    if (grid_apart(a->grid) > 0)
        fb_strbuf_printf(out, "%zu cells are set apart and compared with no other, because their "
                              "data, recipe, engine or strategy\u2019s version differ. ",
                         grid_apart(a->grid));
    if (data->mix)
        fb_strbuf_add(out, "Cells are compared whatever their data, recipe, engine and version, as "
                           "was asked for. ");
    for (size_t i = 0; i < data->setting_count; i++)
        for (size_t s = 0; s < data->strategy_count; s++) {
            size_t rounds = analysis_at(a, i, s)->summary.used.rounds;
            uneven += rounds > 0 && rounds < compare_longest(a->grid, i);
        }
    if (uneven > 0)
        fb_strbuf_add(out, "Curves have different lengths: comparisons use the rounds that both "
                           "have. ");
    if (!analysis_has_baseline(a))
        fb_strbuf_printf(out, "The baseline%s%s%s is not among the strategies, so no test is "
                              "made. ",
                         data->baseline ? " \u201c" : "", data->baseline ? data->baseline : "",
                         data->baseline ? "\u201d" : "");
    add_power_guard(a, out);
}

/* The notes on tests: family, level, what too few trials can show. */
static void method_tests(const analysis *a, fb_strbuf *out)
{
    size_t least, most;
    tested_trials(a, &least, &most);
    if (most == 0) {
        fb_strbuf_add(out, "Tests: none; a test needs the baseline and two trials or more.\n");
        return;
    }
    fb_strbuf_printf(out, "Tests: each strategy against %s in each setting, paired t on AUBC, "
                          "two-sided, level %g, %zu test%s with ",
                     name_of(a, (size_t)a->grid->baseline), a->grid->data->alpha, a->tests,
                     plural(a->tests));
    add_pairs(least, most, out);
    fb_strbuf_printf(out, " pairs each; %s. When all differences are equal (sd 0) the sign "
                          "decides.\n",
                     a->corrected ? "p values corrected by Holm\u2019s step-down method over all "
                                    "of them" : "p values not corrected");
    fb_strbuf_add(out, "Exact test: sign flips of the paired AUBC differences, two-sided, "
                       "uncorrected (beyond 20 trials 100,000 random flips); with R trials its p is never below 2^(1-R). Where that is "
                       "above the level, \u201ccannot reject\u201d stands beside the verdict, "
                       "because a tie then shows too few trials and not the absence of a "
                       "difference.\n");
}

/* The notes on the ranking and on intervals. */
static void method_gains(const analysis *a, fb_strbuf *out)
{
    if (analysis_has_baseline(a))
        fb_strbuf_printf(out, "Ranking: by the interquartile mean (a quarter of the values is cut at "
                              "each end) over settings and trials of the gain in AUBC over %s, paired "
                              "by trial; %s. Interval: where every setting has %d trials or more, "
                              "BCa bootstrap with %d replicates, each drawing trials anew within "
                              "settings, the same ones for all strategies; with fewer trials "
                              "Student\u2019s t of the mean, settings weighted by their trials, "
                              "because a percentile bootstrap of 5 trials covers 83 %% instead of "
                              "95 %%. The percentile interval stands in the figure\u2019s "
                              "numbers.\n", name_of(a, (size_t)a->grid->baseline),
                         a->gains.normalised
                             ? "divided by what training on all labels gains over it"
                             : "as it is, because not every setting has networks trained on all "
                               "labels (reference: full)",
                         GAINS_BOOTSTRAP_TRIALS, GAINS_REPLICATES);
    fb_strbuf_printf(out, "Curves: mean over trials; bands are 95 %% intervals for each point alone, "
                          "percentile bootstrap over trials with %d replicates, below %d trials "
                          "Student\u2019s t.\n", CURVES_REPLICATES, GAINS_BOOTSTRAP_TRIALS);
    fb_strbuf_add(out, "Other intervals: 95 %, Student\u2019s t over trials.\n");
}

/* The notes on matrices, profiles, ranks over data sets, selections. */
static void method_views(const analysis *a, fb_strbuf *out)
{
    const diagram *d = &a->diagram;
    fb_strbuf_printf(out, "Penalty matrix: at each counted step of each setting a paired t test over "
                          "common trials, two-sided, level %g, uncorrected; a significant loss adds "
                          "1 / (counted steps). With so many tests some penalties come by chance: "
                          "the number expected if nothing differed stands beside the matrix.\n",
                     a->grid->data->alpha);
    fb_strbuf_add(out, "Profiles: gap, the mean over settings of the share of (trial, step) within so "
                       "much of the best accuracy; ratio (Dolan and Mor\u00e9), the share of "
                       "(setting, trial) within so many times the fewest labels to the baseline\u2019s "
                       "mean final accuracy. Never reaching it counts as infinity. No test.\n");
    fb_strbuf_printf(out, "Ranks over data sets: N = %zu, strategies with results on all of them: "
                          "%zu. %s\n", d->datasets, d->count,
                     d->verdict ? "Groups: Wilcoxon\u2019s signed ranks over data sets, two-sided, "
                                  "exact where there are no ties or zeros (otherwise Pratt, normal "
                                  "approximation), Holm over all pairs."
                                : "No verdict is given: it takes 6 data sets.");
    if (a->selections.known)
        fb_strbuf_add(out, "Selections: Jaccard\u2019s index over pairs of cells of the same trial; "
                           "chance is that of two random draws of the same size from the same "
                           "sub-pools. No test.\n");
}

static void method_fingerprints(const analysis *a, fb_strbuf *out)
{
    size_t apart = grid_apart(a->grid);
    fb_strbuf_add(out, "Fingerprints: data, network, recipe, budget, seed, engine and, where its bits "
                       "depend on it, the machine; and the strategy\u2019s version. ");
    if (a->grid->data->mix)
        fb_strbuf_add(out, "Cells that differ in them are compared all the same (--mix).\n");
    else if (apart)
        fb_strbuf_printf(out, "%zu cells differ from most of their setting and are compared with no "
                              "other.\n", apart);
    else
        fb_strbuf_add(out, "All cells of a setting agree in them.\n");
}

void answer_method(const analysis *a, fb_strbuf *out)
{
    const report_data *data = a->grid->data;
    size_t expected, gaps = grid_gaps(a->grid, &expected), validation = 0;
    fb_strbuf_add(out, "Pairs: strategies are paired by trial; in a trial they share the data "
                       "split, the initial labels and all random streams but their own. The trial "
                       "is the unit of replication within a setting, the data set across "
                       "settings.\n");
    fb_strbuf_add(out, "Accuracy: one deterministic pass over the test set after each training. "
                       "Round 0 is the same for all strategies, so that differences count the "
                       "steps after the first query.\n");
    method_tests(a, out);
    method_gains(a, out);
    method_views(a, out);
    method_fingerprints(a, out);
    fb_strbuf_printf(out, "Missing cells: %zu of %zu. Numbers use the first h rounds of the "
                          "trials that have them, with h such that trials \u00d7 counted rounds "
                          "is largest; a comparison uses trials in which both strategies have "
                          "them. What is left out is listed, and never counted as \u201cno "
                          "difference\u201d.\n", gaps, expected);
    for (size_t i = 0; i < data->setting_count; i++)
        validation += data->settings[i].validation_labels > 0;
    if (validation > 0)
        fb_strbuf_printf(out, "Validation labels: %zu setting%s also use%s labelled validation "
                              "samples that the number of labelled samples does not include; see "
                              "the table of settings.\n", validation, plural(validation),
                         validation == 1 ? "s" : "");
}

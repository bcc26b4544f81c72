/* How the numbers are made, a note a line. */
#include "answer.h"
#include "curves.h"
#include "text.h"

static const char *baseline_of(const analysis *a)
{
    return a->grid->strategy_names[a->grid->baseline];
}

/* The notes on tests: family, level, what too few trials can show. */
static void add_tests(const analysis *a, fb_strbuf *out)
{
    size_t least, most;
    analysis_tested_trials(a, &least, &most);
    if (most == 0) {
        fb_strbuf_add(out, "Tests: none; a test needs the baseline and two trials or more.\n");
        return;
    }
    fb_strbuf_printf(out, "Tests: each strategy against %s in each setting, paired t on AUBC, "
                          "two-sided, level %g, %zu test%s with ",
                     baseline_of(a), a->grid->data->alpha, a->tests, a->tests == 1 ? "" : "s");
    text_add_range(out, least, most);
    fb_strbuf_printf(out, " pairs each; %s. When all differences are equal (sd 0) the sign "
                          "decides.\n",
                     a->corrected ? "p values corrected by Holm\u2019s step-down method over all "
                                    "of them" : "p values not corrected");
    fb_strbuf_printf(out, "Exact test: sign flips of the paired AUBC differences, two-sided, "
                          "uncorrected, all of them up to %d trials and random ones beyond; with R "
                          "trials its p is never below 2^(1-R). Where that is above the level, "
                          "\u201ccannot reject\u201d stands beside the verdict, because a tie then "
                          "shows too few trials and not the absence of a difference.\n",
                     STAT_EXACT_LIMIT);
    if (a->corrected)
        fb_strbuf_printf(out, "Least trials: for the exact test to reject the first of %zu tests "
                              "after Holm\u2019s correction it takes %zu trials.\n", a->tests,
                         stat_least_trials(a->tests, a->grid->data->alpha));
}

/* The notes on the ranking and on intervals. */
static void add_ranking(const analysis *a, fb_strbuf *out)
{
    if (analysis_has_baseline(a)) {
        fb_strbuf_printf(out, "Ranking: by the interquartile mean (a quarter of the values is cut "
                              "at each end) over settings and trials of the gain in AUBC over %s, "
                              "paired by trial, %s. ", baseline_of(a),
                         a->gains.normalised
                             ? "divided by what training on all labels gains over it"
                             : "as it is, because not every setting has networks trained on all "
                               "labels (reference: full)");
        fb_strbuf_printf(out, "Interval: where every setting has %d trials or more, BCa bootstrap "
                              "with %d replicates, each drawing trials anew within settings, the "
                              "same ones for all strategies; with fewer trials Student\u2019s t of "
                              "the mean, settings weighted by their trials, because a percentile "
                              "bootstrap of 5 trials covers 83 %% instead of 95 %%. The percentile "
                              "interval stands in the figure\u2019s numbers.\n",
                         GAINS_BOOTSTRAP_TRIALS, GAINS_REPLICATES);
    }
    fb_strbuf_printf(out, "Curves: mean over trials; bands are 95 %% intervals for each point "
                          "alone, percentile bootstrap over trials with %d replicates, below %d "
                          "trials Student\u2019s t.\n", CURVES_REPLICATES, GAINS_BOOTSTRAP_TRIALS);
    fb_strbuf_add(out, "Other intervals: 95 %, Student\u2019s t over trials.\n");
}

/* The notes on matrices, profiles, ranks over data sets, selections. */
static void add_views(const analysis *a, fb_strbuf *out)
{
    const diagram *d = &a->diagram;
    fb_strbuf_printf(out, "Penalty matrix: at each counted step of each setting a paired t test "
                          "over common trials, two-sided, level %g, uncorrected; a significant "
                          "loss adds 1 / (counted steps). With so many tests some penalties come "
                          "by chance: the number expected if nothing differed stands beside the "
                          "matrix.\n", a->grid->data->alpha);
    fb_strbuf_add(out, "Profiles: gap, the mean over settings of the share of (trial, step) within "
                       "so much of the best accuracy; ratio (Dolan and Mor\u00e9), the share of "
                       "(setting, trial) within so many times the fewest labels to the "
                       "baseline\u2019s mean final accuracy. Never reaching it counts as infinity. "
                       "No test.\n");
    fb_strbuf_printf(out, "Ranks over data sets: N = %zu, strategies with results on all of them: "
                          "%zu. %s\n", d->datasets, d->count,
                     d->verdict ? "Groups: Wilcoxon\u2019s signed ranks over data sets, two-sided, "
                                  "exact where there are no ties or zeros (otherwise Pratt, normal "
                                  "approximation), Holm over all pairs."
                                : "No verdict is given: it takes 6 data sets.");
    if (a->selections.known)
        fb_strbuf_add(out, "Selections: Jaccard\u2019s index over pairs of cells of the same "
                           "trial; chance is that of two random draws of the same size from the "
                           "same sub-pools. No test.\n");
}

static void add_fingerprints(const analysis *a, fb_strbuf *out)
{
    size_t apart = grid_apart(a->grid);
    fb_strbuf_add(out, "Fingerprints: data, network, recipe, budget, seed, engine and, where its "
                       "bits depend on it, the machine; and the strategy\u2019s version. ");
    if (a->grid->data->mix)
        fb_strbuf_add(out, "Cells that differ in them are compared all the same (--mix).\n");
    else if (apart)
        fb_strbuf_printf(out, "%zu cells differ from most of their setting and are compared with "
                              "no other.\n", apart);
    else
        fb_strbuf_add(out, "All cells of a setting agree in them.\n");
}

static void add_validation(const report_data *data, fb_strbuf *out)
{
    size_t settings = 0;
    for (size_t i = 0; i < data->setting_count; i++)
        settings += data->settings[i].validation_labels > 0;
    if (settings > 0)
        fb_strbuf_printf(out, "Validation labels: %zu setting%s also use%s labelled validation "
                              "samples that the number of labelled samples does not include; see "
                              "the table of settings.\n", settings, settings == 1 ? "" : "s",
                         settings == 1 ? "s" : "");
}

void answer_method(const analysis *a, fb_strbuf *out)
{
    size_t expected, gaps = grid_gaps(a->grid, &expected);
    fb_strbuf_add(out, "Pairs: strategies are paired by trial; in a trial they share the data "
                       "split, the initial labels and all random streams but their own. The trial "
                       "is the unit of replication within a setting, the data set across "
                       "settings.\n");
    fb_strbuf_add(out, "Accuracy: one deterministic pass over the test set after each training. "
                       "Round 0 is the same for all strategies. ");
    fb_strbuf_printf(out, "Differences count %s%s.\n", grid_steps_text(a->grid),
                     a->grid->data->include_initial ? " (include_initial)" : "");
    add_tests(a, out);
    add_ranking(a, out);
    add_views(a, out);
    add_fingerprints(a, out);
    fb_strbuf_printf(out, "Missing cells: %zu of %zu. Numbers use the first h rounds of the "
                          "trials that have them, with h such that trials \u00d7 counted rounds "
                          "is largest; a comparison uses trials in which both strategies have "
                          "them. What is left out is listed, and never counted as \u201cno "
                          "difference\u201d.\n", gaps, expected);
    add_validation(a->grid->data, out);
}

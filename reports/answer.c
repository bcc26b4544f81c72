#include "answer.h"

#include <math.h>
#include <stdbool.h>

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

static void answer_against_baseline(const analysis *a, const standing *best, fb_strbuf *out)
{
    const char *baseline = name_of(a, (size_t)a->grid->baseline);
    if (best->score > 0) {
        fb_strbuf_printf(out, "%s ranks first, %.2f points of accuracy above %s on average",
                         name_of(a, best->strategy), 100 * best->score, baseline);
        add_record(a, best, out);
    } else if (best->score < 0) {
        fb_strbuf_printf(out, "No strategy is better than %s on average: %s comes closest, %.2f "
                              "points of accuracy below", baseline, name_of(a, best->strategy),
                         -100 * best->score);
        add_record(a, best, out);
    } else {
        fb_strbuf_printf(out, "No strategy is better than %s on average: %s is level with it.",
                         baseline, name_of(a, best->strategy));
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
                       "uncorrected; with R trials its p is never below 2^(1-R). Where that is "
                       "above the level, \u201ccannot reject\u201d stands beside the verdict, "
                       "because a tie then shows too few trials and not the absence of a "
                       "difference.\n");
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
    fb_strbuf_add(out, "Intervals: 95 %, Student\u2019s t over trials, for each point alone.\n");
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

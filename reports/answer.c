#include "answer.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "table.h"
#include "text.h"

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

/* " (level with BADGE)", " (level with 3 others)": who shares a rank. */
static void add_company(const analysis *a, const standing *st, fb_strbuf *out)
{
    const standing *other = NULL;
    size_t others = 0;
    for (size_t i = 0; i < a->grid->data->strategy_count; i++)
        if (&a->standings[i] != st && a->standings[i].rank == st->rank) {
            other = &a->standings[i];
            others++;
        }
    if (others == 1)
        fb_strbuf_printf(out, " (level with %s)", name_of(a, other->strategy));
    else if (others > 1)
        fb_strbuf_printf(out, " (level with %zu others)", others);
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

/* A share times 100, with a minus sign. */
static void add_percent(double share, fb_strbuf *out)
{
    char text[64];
    const char *number = table_format(text, 100 * share, 2);
    fb_strbuf_printf(out, "%s%s", *number == '-' ? "\u2212" : "", number + (*number == '-'));
}

/* " (95 % interval 0.49 to 2.44)", when there is one. */
static void add_interval(const gain *g, fb_strbuf *out)
{
    if (g->kind == GAIN_NO_INTERVAL)
        return;
    fb_strbuf_printf(out, " (95 %% interval%s ", g->kind == GAIN_STUDENT ? " of the mean" : "");
    add_percent(g->interval.low, out);
    fb_strbuf_add(out, " to ");
    add_percent(g->interval.high, out);
    fb_strbuf_add(out, ")");
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
        fb_strbuf_printf(out, "%s ranks first", name);
        add_company(a, best, out);
        fb_strbuf_add(out, ", ");
        add_gain(a, best->gain.iqm, "above", out);
        add_interval(&best->gain, out);
        add_record(a, best, out);
    } else if (best->gain.iqm < 0) {
        fb_strbuf_printf(out, "No strategy is better than %s on average: %s comes closest",
                         baseline, name);
        add_company(a, best, out);
        fb_strbuf_add(out, ", ");
        add_gain(a, -best->gain.iqm, "below", out);
        add_interval(&best->gain, out);
        add_record(a, best, out);
    } else {
        fb_strbuf_printf(out, "No strategy is better than %s on average: %s is level with it.",
                         baseline, name);
    }
}

static void answer_without_baseline(const analysis *a, const standing *best, fb_strbuf *out)
{
    fb_strbuf_printf(out, "%s ranks first", name_of(a, best->strategy));
    add_company(a, best, out);
    fb_strbuf_printf(out, ", with an AUBC of %.2f %% on average.", 100 * best->score);
}

void answer_sentence(const analysis *a, fb_strbuf *out)
{
    const standing *best = best_other(a);
    const standing *first = &a->standings[0];
    if (!grid_has_rounds(a->grid))
        fb_strbuf_add(out, "No cell has a finished round, so there is nothing to compare; "
                           "\u201cFailures and missing cells\u201d tells why.");
    else if (a->grid->data->strategy_count == 1 && !isnan(first->aubc))
        fb_strbuf_printf(out, "%s is the only strategy, with an AUBC of %.2f %%: there is nothing "
                              "to compare it with.", name_of(a, first->strategy),
                         100 * first->aubc);
    else if (!best)
        fb_strbuf_printf(out, "No strategy can be %s: none has rounds after the first query in "
                              "every setting that has results.",
                         analysis_has_baseline(a) ? "compared with the baseline" : "ranked");
    else if (analysis_has_baseline(a))
        answer_against_baseline(a, best, out);
    else
        answer_without_baseline(a, best, out);
}

/* Says so where the exact test cannot reject whatever the data, in all comparisons or in some. */
static void add_power_guard(const analysis *a, fb_strbuf *out)
{
    double alpha = a->grid->data->alpha;
    size_t least, most;
    analysis_tested_trials(a, &least, &most);
    if (most == 0 || stat_sign_flip_smallest(least) <= alpha)
        return;
    bool all = stat_sign_flip_smallest(most) > alpha;
    fb_strbuf_add(out, all ? "With " : "Where there are only ");
    text_add_range(out, least, all ? most : least);
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
    if (grid_missing_references(a->grid) > 0)
        fb_strbuf_printf(out, "%zu of %zu networks trained on all labels are missing or failed. ",
                         grid_missing_references(a->grid), data->reference_count);
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

#include "tables.h"

#include <math.h>

#include "curves.h"

static const char *baseline_name(const analysis *a)
{
    return a->grid->strategy_names[a->grid->baseline];
}

/* The test behind the verdicts, as sentences. */
static void caption_test(const analysis *a, table *out)
{
    if (a->tests == 0)
        table_caption(out, "No test could be made: it needs two trials of both strategies. ");
    else
        table_caption(out, "Verdicts: paired t test on AUBC over trials, two-sided, %s %zu "
                           "test%s, at level %g. ",
                      a->corrected ? "with Holm\u2019s correction over all" : "uncorrected,",
                      a->tests, a->tests == 1 ? "" : "s", a->grid->data->alpha);
}

/* The caption of a table that needs the baseline where there is none. */
static void caption_no_baseline(const analysis *a, table *out)
{
    const char *name = a->grid->data->baseline;
    if (name)
        table_caption(out, "The baseline \u201c%s\u201d is not among the strategies, so nothing "
                           "is compared with it.", name);
    else
        table_caption(out, "No baseline is named, so nothing is compared with it.");
}

/* A difference to the baseline, or an AUBC; with its spread where it is that of a single
 * setting. */
static void cell_score(const analysis *a, const standing *st, table *out)
{
    if (analysis_is_baseline(a, st->strategy) && !isnan(st->score))
        table_cell(out, TABLE_BOLD, "0");
    else if (a->grid->data->setting_count == 1)
        table_spread(out, TABLE_BOLD, analysis_score(a, 0, st->strategy), 100, 2);
    else
        table_number(out, TABLE_BOLD, 100 * st->score, 2);
}

static void ranking_row(const analysis *a, const standing *st, table *out)
{
    bool baseline = analysis_is_baseline(a, st->strategy);
    if (st->rank)
        table_cell(out, 0, "%zu", st->rank);
    else
        table_cell(out, TABLE_QUIET, TABLE_NOTHING);
    table_cell(out, 0, "%s%s", a->grid->strategy_names[st->strategy],
               baseline ? " (baseline)" : "");
    cell_score(a, st, out);
    if (analysis_has_baseline(a)) {
        static const verdict shown[] = {VERDICT_WIN, VERDICT_TIE, VERDICT_LOSS, VERDICT_UNTESTED};
        table_number(out, 0, 100 * st->aubc, 2);
        for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
            size_t n = st->verdicts[shown[i]];
            if (baseline)
                table_cell(out, TABLE_QUIET, TABLE_NOTHING);
            else
                table_cell(out, n ? 0 : TABLE_QUIET, "%zu", n);
        }
    }
    table_cell(out, 0, "%zu of %zu", st->settings, a->grid->data->setting_count);
}

static void ranking_with_baseline(const analysis *a, table *out)
{
    table_column(out, TABLE_NUMBER, "Difference, points");
    table_column(out, TABLE_NUMBER, "AUBC, %");
    table_column(out, TABLE_NUMBER, "Wins");
    table_column(out, TABLE_NUMBER, "Ties");
    table_column(out, TABLE_NUMBER, "Losses");
    table_column(out, TABLE_NUMBER, "Not tested");
    table_caption(out, "Difference: accuracy minus that of %s, \u00d7 100, mean over the steps "
                       "after the first query, then over trials, settings and data sets (%zu). "
                       "Wins, ties and losses count settings. ", baseline_name(a), a->datasets);
    caption_test(a, out);
}

static void ranking_without_baseline(const analysis *a, table *out)
{
    table_column(out, TABLE_NUMBER, "AUBC, %");
    caption_no_baseline(a, out);
    table_caption(out, " Ranked by AUBC \u00d7 100, mean over trials, settings and data sets "
                       "(%zu); no test is made. ", a->datasets);
}

void tables_ranking(const analysis *a, table *out)
{
    table_column(out, TABLE_NUMBER, "Rank");
    table_column(out, TABLE_HEAD, "Strategy");
    if (analysis_has_baseline(a))
        ranking_with_baseline(a, out);
    else
        ranking_without_baseline(a, out);
    table_column(out, TABLE_NUMBER, "Settings");
    table_caption(out, "A strategy that lacks a setting others have is not ranked.");
    for (size_t s = 0; s < a->grid->data->strategy_count; s++)
        ranking_row(a, &a->standings[s], out);
}

/* "mean ± sd", and in brackets what is missing from the setting's trials and rounds. */
static void difference_cell(const analysis *a, size_t setting, size_t strategy, table *out)
{
    static const unsigned styles[] = {[MARK_NONE] = 0, [MARK_BEST] = TABLE_BOLD,
                                      [MARK_NEAR] = TABLE_UNDERLINE};
    const result *r = analysis_at(a, setting, strategy);
    stat_moments m = analysis_score(a, setting, strategy);
    coverage used = r->against.used;
    if (analysis_is_baseline(a, strategy) && !isnan(m.mean)) {
        table_cell(out, styles[r->mark], "0");
        return;
    }
    table_spread(out, styles[r->mark], m, 100, 2);
    if (isnan(m.mean))
        return;
    if (used.trials < grid_setting_trials(a->grid, setting))
        table_append(out, " (%zu trial%s)", used.trials, used.trials == 1 ? "" : "s");
    if (used.rounds < compare_longest(a->grid, setting))
        table_append(out, " (first %zu rounds)", used.rounds);
}

void tables_differences(const analysis *a, table *out)
{
    const grid *g = a->grid;
    if (!analysis_has_baseline(a)) {
        caption_no_baseline(a, out);
        return;
    }
    table_caption(out,
                  "Accuracy minus that of %s, \u00d7 100: mean \u00b1 sd over trials of the mean "
                  "over the steps after the first query. Bold: the setting's best; underlined: "
                  "not significantly worse than the best (paired t test over trials, two-sided, "
                  "uncorrected, p > %g). Brackets: trials or rounds, where they are fewer than "
                  "the setting's.",
                  baseline_name(a), g->data->alpha);
    table_column(out, TABLE_HEAD, "Setting");
    for (size_t s = 0; s < g->data->strategy_count; s++)
        table_column(out, TABLE_NUMBER, g->strategy_names[s]);
    for (size_t i = 0; i < g->data->setting_count; i++) {
        table_cell(out, 0, "%s", g->setting_names[i]);
        for (size_t s = 0; s < g->data->strategy_count; s++)
            difference_cell(a, i, s, out);
    }
}

static void cell_of(table *out, size_t part, size_t whole)
{
    table_cell(out, part < whole ? TABLE_BAD : 0, "%zu of %zu", part, whole);
}

void tables_scores(const analysis *a, table *out)
{
    const grid *g = a->grid;
    table_caption(out, "Mean \u00b1 sd over trials, in %%. AUBC: area under accuracy over labels "
                         "(trapezoids, round 0 included), divided by the range of labels. Labels: "
                         "those of the last round that counts.");
    table_column(out, TABLE_HEAD, "Setting");
    table_column(out, TABLE_HEAD, "Strategy");
    table_column(out, TABLE_NUMBER, "Trials");
    table_column(out, TABLE_NUMBER, "Rounds");
    table_column(out, TABLE_NUMBER, "Labels");
    table_column(out, TABLE_NUMBER, "Final accuracy, %");
    table_column(out, TABLE_NUMBER, "AUBC, %");
    for (size_t i = 0; i < g->data->setting_count; i++)
        for (size_t s = 0; s < g->data->strategy_count; s++) {
            const summary *sum = &analysis_at(a, i, s)->summary;
            table_cell(out, s ? TABLE_QUIET : 0, "%s", g->setting_names[i]);
            table_cell(out, 0, "%s", g->strategy_names[s]);
            cell_of(out, sum->used.trials, grid_setting_trials(g, i));
            cell_of(out, sum->used.rounds, compare_longest(g, i));
            table_number(out, 0, sum->labeled.mean, 0);
            table_spread(out, 0, sum->accuracy, 100, 2);
            table_spread(out, 0, sum->aubc, 100, 2);
        }
}

/* Student's interval of the mean difference, in points. */
static void cell_interval(stat_moments m, table *out)
{
    double half = stat_half_width(m, CURVES_LEVEL);
    if (isnan(half))
        table_cell(out, TABLE_QUIET, TABLE_NOTHING);
    else
        table_cell(out, 0, "%.2f to %.2f", 100 * (m.mean - half), 100 * (m.mean + half));
}

/* What keeps a verdict from saying more: too few trials, fewer rounds than there are. */
static void cell_remark(const analysis *a, size_t setting, const result *r, table *out)
{
    coverage used = r->against.used;
    if (r->verdict == VERDICT_UNTESTED && used.trials == 0) {
        table_cell(out, 0, "no trial in which both have a round after the first query");
        return;
    }
    table_cell(out, 0, "%s", "");
    const char *separator = "; ";
    if (r->verdict == VERDICT_UNTESTED)
        table_append(out, "one trial, a test needs two");
    else if (stat_sign_flip_smallest(used.trials) > a->grid->data->alpha)
        table_append(out, "cannot reject with %zu trials (exact test)", used.trials);
    else
        separator = "";
    if (used.rounds < compare_longest(a->grid, setting))
        table_append(out, "%sfirst %zu rounds only", separator, used.rounds);
}

static void cell_verdict(verdict v, table *out)
{
    static const struct {
        unsigned style;
        const char *text;
    } verdicts[] = {[VERDICT_UNTESTED] = {TABLE_QUIET, "not tested"},
                    [VERDICT_LOSS] = {TABLE_BAD, "loss"},
                    [VERDICT_TIE] = {0, "tie"},
                    [VERDICT_WIN] = {TABLE_GOOD, "win"}};
    table_cell(out, verdicts[v].style, "%s", verdicts[v].text);
}

static void verdict_row(const analysis *a, size_t setting, size_t strategy, bool repeated,
                        table *out)
{
    const result *r = analysis_at(a, setting, strategy);
    const comparison *c = &r->against;
    table_cell(out, repeated ? TABLE_QUIET : 0, "%s", a->grid->setting_names[setting]);
    table_cell(out, 0, "%s", a->grid->strategy_names[strategy]);
    cell_of(out, c->used.trials, grid_setting_trials(a->grid, setting));
    table_spread(out, 0, c->aubc, 100, 2);
    cell_interval(c->aubc, out);
    if (isinf(c->aubc_test.t))
        table_cell(out, 0, "sd is 0");
    else
        table_number(out, 0, c->aubc_test.t, 2);
    table_p(out, 0, c->aubc_test.p);
    if (a->corrected)
        table_p(out, 0, r->corrected_p);
    table_p(out, 0, c->exact_p);
    cell_verdict(r->verdict, out);
    cell_remark(a, setting, r, out);
}

static void verdict_columns(const analysis *a, table *out)
{
    table_column(out, TABLE_HEAD, "Setting");
    table_column(out, TABLE_HEAD, "Strategy");
    table_column(out, TABLE_NUMBER, "Trials");
    table_column(out, TABLE_NUMBER, "AUBC difference, points");
    table_column(out, TABLE_NUMBER, "95 % interval");
    table_column(out, TABLE_NUMBER, "t");
    table_column(out, TABLE_NUMBER, "p");
    if (a->corrected)
        table_column(out, TABLE_NUMBER, "p, Holm");
    table_column(out, TABLE_NUMBER, "p, exact");
    table_column(out, 0, "Verdict");
    table_column(out, 0, "Remark");
}

void tables_verdicts(const analysis *a, table *out)
{
    const grid *g = a->grid;
    if (!analysis_has_baseline(a)) {
        caption_no_baseline(a, out);
        return;
    }
    if (g->data->strategy_count < 2) {
        table_caption(out, "The baseline is the only strategy: there is nothing to compare.");
        return;
    }
    table_caption(out, "Against %s, paired by trial. ", baseline_name(a));
    caption_test(a, out);
    table_caption(out, "The interval is Student\u2019s. p, exact: sign-flip test, two-sided, "
                       "uncorrected, up to %d trials.", STAT_EXACT_LIMIT);
    verdict_columns(a, out);
    for (size_t i = 0; i < g->data->setting_count; i++) {
        bool repeated = false;
        for (size_t s = 0; s < g->data->strategy_count; s++) {
            if (analysis_is_baseline(a, s))
                continue;
            verdict_row(a, i, s, repeated, out);
            repeated = true;
        }
    }
}

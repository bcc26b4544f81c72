#include <math.h>

#include "cells.h"
#include "tables.h"

/* The interval of the gain; when it is not that of the number beside it, it says so. */
static void cell_gain_interval(const gain *g, table *out)
{
    cell_interval(out, g->interval);
    char mean[64];
    if (g->kind == GAIN_STUDENT)
        table_append(out, " (t, of mean %s)", table_format(mean, 100 * g->mean, 2));
}

/* A mean difference to the baseline, or an AUBC; with its spread where it is that of a single
 * setting. */
static void cell_score(const analysis *a, const standing *st, unsigned style, table *out)
{
    if (analysis_is_baseline(a, st->strategy) && !isnan(st->score))
        table_cell(out, style, "0");
    else if (a->grid->data->setting_count == 1)
        table_spread(out, style, analysis_score(a, 0, st->strategy), 100, 2);
    else
        table_number(out, style, 100 * st->score, 2);
}

static void cells_with_baseline(const analysis *a, const standing *st, table *out)
{
    static const verdict shown[] = {VERDICT_WIN, VERDICT_TIE, VERDICT_LOSS, VERDICT_UNTESTED};
    bool baseline = analysis_is_baseline(a, st->strategy);
    if (baseline && !isnan(st->gain.iqm))
        table_cell(out, TABLE_BOLD, "0");
    else
        table_number(out, TABLE_BOLD, 100 * st->gain.iqm, 2);
    cell_gain_interval(&st->gain, out);
    cell_score(a, st, 0, out);
    table_number(out, 0, 100 * st->aubc, 2);
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        size_t n = st->verdicts[shown[i]];
        if (baseline)
            table_cell(out, TABLE_QUIET, TABLE_NOTHING);
        else
            table_cell(out, n ? 0 : TABLE_QUIET, "%zu", n);
    }
}

static void ranking_row(const analysis *a, const standing *st, table *out)
{
    if (st->rank)
        table_cell(out, 0, "%zu", st->rank);
    else
        table_cell(out, TABLE_QUIET, TABLE_NOTHING);
    table_cell(out, 0, "%s%s", a->grid->strategy_names[st->strategy],
               analysis_is_baseline(a, st->strategy) ? " (baseline)" : "");
    if (analysis_has_baseline(a))
        cells_with_baseline(a, st, out);
    else
        cell_score(a, st, TABLE_BOLD, out);
    table_cell(out, 0, "%zu of %zu", st->settings, a->grid->data->setting_count);
}

static bool has_kind(const analysis *a, gain_interval kind)
{
    for (size_t i = 0; i < a->grid->data->strategy_count; i++)
        if (a->standings[i].gain.kind == kind)
            return true;
    return false;
}

static void caption_gain(const analysis *a, table *out)
{
    const char *baseline = a->grid->strategy_names[a->grid->baseline];
    if (a->gains.normalised)
        table_caption(out, "Gain: (AUBC \u2212 that of %s) / (accuracy with all labels \u2212 AUBC "
                           "of %s), \u00d7 100, ", baseline, baseline);
    else
        table_caption(out, "Gain: AUBC minus that of %s, \u00d7 100, ", baseline);
    table_caption(out, "interquartile mean over settings and trials. ");
    if (has_kind(a, GAIN_BOOTSTRAP))
        table_caption(out, "Interval: 95 %%, BCa bootstrap, %d replicates that draw trials within "
                           "settings. ", GAINS_REPLICATES);
    if (has_kind(a, GAIN_STUDENT))
        table_caption(out, "Interval marked t: 95 %%, Student\u2019s t of the mean, because a "
                           "setting has fewer than %d trials. ", GAINS_BOOTSTRAP_TRIALS);
    if (a->gains.without_reference)
        table_caption(out, "%zu (setting, trial) without accuracy with all labels above the AUBC "
                           "of %s are left out of the gains. ", a->gains.without_reference,
                      baseline);
    table_caption(out, "Difference: accuracy minus that of %s, \u00d7 100, mean over %s, "
                       "then over trials, settings and data sets (%zu). Wins, ties and losses "
                       "count settings. ", baseline, grid_steps_text(a->grid), a->datasets);
}

static void ranking_with_baseline(const analysis *a, table *out)
{
    table_column(out, TABLE_NUMBER, a->gains.normalised ? "Gain, %" : "Gain, points");
    table_column(out, TABLE_NUMBER, "95 % interval");
    table_column(out, TABLE_NUMBER, "Difference, points");
    table_column(out, TABLE_NUMBER, "AUBC, %");
    table_column(out, TABLE_NUMBER, "Wins");
    table_column(out, TABLE_NUMBER, "Ties");
    table_column(out, TABLE_NUMBER, "Losses");
    table_column(out, TABLE_NUMBER, "Not tested");
    caption_gain(a, out);
    cells_caption_test(a, out);
}

static void ranking_without_baseline(const analysis *a, table *out)
{
    table_column(out, TABLE_NUMBER, "AUBC, %");
    cells_caption_no_baseline(a, out);
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

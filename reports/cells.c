#include "cells.h"

#include <math.h>

void cells_caption_test(const analysis *a, table *out)
{
    if (a->tests == 0)
        table_caption(out, "No test could be made: it needs two trials of both strategies. ");
    else
        table_caption(out, "Verdicts: paired t test on AUBC over trials, two-sided, %s %zu "
                           "test%s, at level %g. ",
                      a->corrected ? "with Holm\u2019s correction over all" : "uncorrected,",
                      a->tests, a->tests == 1 ? "" : "s", a->grid->data->alpha);
}

void cells_caption_no_baseline(const analysis *a, table *out)
{
    const char *name = a->grid->data->baseline;
    if (name)
        table_caption(out, "The baseline \u201c%s\u201d is not among the strategies, so nothing "
                           "is compared with it.", name);
    else
        table_caption(out, "No baseline is named, so nothing is compared with it.");
}

const char *cells_gain_unit(const analysis *a)
{
    if (!analysis_has_baseline(a))
        return "AUBC, %";
    return a->gains.normalised ? "Gain, % of the way to all labels" : "Gain in AUBC, points";
}

void cells_p_caption(table *out)
{
    table_caption(out, "The interval is Student\u2019s. p, exact: sign flips of AUBC, two-sided, "
                       "uncorrected; beyond %d trials by random flips. p, Wilcoxon: signed ranks "
                       "of AUBC, two-sided, uncorrected.", STAT_EXACT_LIMIT);
}

void cell_part(table *out, size_t part, size_t whole)
{
    table_cell(out, part < whole ? TABLE_BAD : 0, "%zu of %zu", part, whole);
}

void cell_interval(table *out, robust_interval interval)
{
    char low[64], high[64];
    if (isnan(interval.low))
        table_cell(out, TABLE_QUIET, TABLE_NOTHING);
    else
        table_cell(out, 0, "%s to %s", table_format(low, 100 * interval.low, 2),
                   table_format(high, 100 * interval.high, 2));
}

void cell_mean_interval(stat_moments m, table *out)
{
    double half = stat_half_width(m, GAINS_LEVEL);
    cell_interval(out, (robust_interval){m.mean - half, m.mean + half});
}

void cell_remark(const analysis *a, size_t setting, const comparison *c, verdict v,
                        table *out)
{
    coverage used = c->used;
    if (v == VERDICT_UNTESTED && used.trials == 0) {
        table_cell(out, 0, "no trial in which both have a round after the first query");
        return;
    }
    table_cell(out, 0, "%s", "");
    const char *separator = "; ";
    if (v == VERDICT_UNTESTED)
        table_append(out, "one trial, a test needs two");
    else if (stat_sign_flip_smallest(used.trials) > a->grid->data->alpha)
        table_append(out, "cannot reject with %zu trials (exact test)", used.trials);
    else
        separator = "";
    if (isinf(c->aubc_test.t)) {
        table_append(out, "%ssd is 0: the sign decides", separator);
        separator = "; ";
    }
    if (used.rounds < compare_longest(a->grid, setting))
        table_append(out, "%sfirst %zu rounds only", separator, used.rounds);
}

void cell_verdict(verdict v, table *out)
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

void cells_p(const analysis *a, const comparison *c, double corrected_p, table *out)
{
    table_p(out, 0, c->aubc_test.p);
    if (a->corrected)
        table_p(out, 0, corrected_p);
    table_p(out, 0, c->exact_p);
    table_p(out, 0, c->wilcoxon_p);
}

void cells_p_columns(const analysis *a, table *out)
{
    table_column(out, TABLE_NUMBER, "p");
    if (a->corrected)
        table_column(out, TABLE_NUMBER, "p, Holm");
    table_column(out, TABLE_NUMBER, "p, exact");
    table_column(out, TABLE_NUMBER, "p, Wilcoxon");
}

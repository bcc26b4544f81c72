#include <math.h>

#include "cells.h"
#include "tables.h"

/* "220 (8 of 10)": the median number of labels, and the trials that reach the target. */
static void cell_target(const analysis *a, size_t setting, size_t strategy, table *out)
{
    target_summary t;
    if (targets_summarize(&a->targets, setting, strategy, &t, NULL) < 0) {
        out->failed = true;
        return;
    }
    if (t.tried == 0)
        table_cell(out, TABLE_QUIET, TABLE_NOTHING);
    else if (isinf(t.median))
        table_cell(out, 0, "not reached (%zu of %zu)", t.reached, t.tried);
    else
        table_cell(out, 0, "%.10g (%zu of %zu)", t.median, t.reached, t.tried);
}

static void setting_columns(const analysis *a, table *out)
{
    table_column(out, TABLE_HEAD, "Strategy");
    table_column(out, TABLE_NUMBER, "Trials");
    table_column(out, TABLE_NUMBER, "Final accuracy, %");
    table_column(out, TABLE_NUMBER, "AUBC, %");
    if (!analysis_has_baseline(a))
        return;
    table_column(out, TABLE_NUMBER, "Difference, points");
    table_column(out, TABLE_NUMBER, "95 % interval");
    table_column(out, 0, "Verdict");
    table_column(out, TABLE_NUMBER, "Labels to target");
    cells_p_columns(a, out);
    table_column(out, 0, "Remark");
}

static void cells_nothing(size_t count, table *out)
{
    for (size_t i = 0; i < count; i++)
        table_cell(out, TABLE_QUIET, TABLE_NOTHING);
}

static void setting_row(const analysis *a, size_t setting, size_t strategy, table *out)
{
    const result *r = analysis_at(a, setting, strategy);
    bool baseline = analysis_is_baseline(a, strategy);
    table_cell(out, 0, "%s%s", a->grid->strategy_names[strategy], baseline ? " (baseline)" : "");
    cell_part(out, r->summary.used.trials, grid_setting_trials(a->grid, setting));
    table_spread(out, 0, r->summary.accuracy, 100, 2);
    table_spread(out, 0, r->summary.aubc, 100, 2);
    if (!analysis_has_baseline(a))
        return;
    if (baseline) {
        cells_nothing(3, out);
        cell_target(a, setting, strategy, out);
        cells_nothing(a->corrected ? 4 : 3, out);
        table_cell(out, 0, "%s", "");
        return;
    }
    table_spread(out, 0, r->against.aubc, 100, 2);
    cell_mean_interval(r->against.aubc, out);
    cell_verdict(r->verdict, out);
    cell_target(a, setting, strategy, out);
    cells_p(a, &r->against, r->corrected_p, out);
    cell_remark(a, setting, &r->against, r->verdict, out);
}

void tables_setting(const analysis *a, size_t setting, table *out)
{
    table_caption(out, "Mean \u00b1 sd over trials. ");
    if (analysis_has_baseline(a)) {
        table_caption(out, "Difference: AUBC minus that of %s, paired by trial. ",
                      a->grid->strategy_names[a->grid->baseline]);
        cells_caption_test(a, out);
        cells_p_caption(out);
        if (!isnan(a->targets.accuracy[setting]))
            table_caption(out, " Target: %.2f %%, the baseline\u2019s mean final accuracy; median "
                               "labels, and in brackets the trials that reach it.",
                          100 * a->targets.accuracy[setting]);
    }
    setting_columns(a, out);
    for (size_t s = 0; s < a->grid->data->strategy_count; s++)
        setting_row(a, setting, s, out);
}

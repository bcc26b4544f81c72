#include <math.h>

#include "cells.h"
#include "tables.h"

static void verdict_row(const analysis *a, size_t setting, size_t strategy, bool repeated,
                        table *out)
{
    const result *r = analysis_at(a, setting, strategy);
    const comparison *c = &r->against;
    table_cell(out, repeated ? TABLE_QUIET : 0, "%s", a->grid->setting_names[setting]);
    table_cell(out, 0, "%s", a->grid->strategy_names[strategy]);
    cell_part(out, c->used.trials, grid_setting_trials(a->grid, setting));
    table_spread(out, 0, c->aubc, 100, 2);
    cell_mean_interval(c->aubc, out);
    if (isinf(c->aubc_test.t))
        table_cell(out, 0, "sd is 0");
    else
        table_number(out, 0, c->aubc_test.t, 2);
    cells_p(a, c, r->corrected_p, out);
    cell_verdict(r->verdict, out);
    cell_remark(a, setting, &r->against, r->verdict, out);
}

static void verdict_columns(const analysis *a, table *out)
{
    table_column(out, TABLE_HEAD, "Setting");
    table_column(out, TABLE_HEAD, "Strategy");
    table_column(out, TABLE_NUMBER, "Trials");
    table_column(out, TABLE_NUMBER, "AUBC difference, points");
    table_column(out, TABLE_NUMBER, "95 % interval");
    table_column(out, TABLE_NUMBER, "t");
    cells_p_columns(a, out);
    table_column(out, 0, "Verdict");
    table_column(out, 0, "Remark");
}

void tables_verdicts(const analysis *a, table *out)
{
    const grid *g = a->grid;
    if (!analysis_has_baseline(a)) {
        cells_caption_no_baseline(a, out);
        return;
    }
    if (g->data->strategy_count < 2) {
        table_caption(out, "The baseline is the only strategy: there is nothing to compare.");
        return;
    }
    table_caption(out, "Against %s, paired by trial. ", a->grid->strategy_names[a->grid->baseline]);
    cells_caption_test(a, out);
    cells_p_caption(out);
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

void tables_pairs(const analysis *a, table *out)
{
    const grid *g = a->grid;
    table_caption(out, "Every two strategies in every setting, the first minus the second, paired "
                       "by trial. Verdicts: paired t test on AUBC over trials, two-sided, %s %zu "
                       "tests, at level %g. ",
                  a->corrected ? "with Holm\u2019s correction over all" : "uncorrected,",
                  a->pairs.tests, g->data->alpha);
    cells_p_caption(out);
    table_column(out, TABLE_HEAD, "Setting");
    table_column(out, TABLE_HEAD, "First");
    table_column(out, TABLE_HEAD, "Second");
    table_column(out, TABLE_NUMBER, "Trials");
    table_column(out, TABLE_NUMBER, "AUBC difference, points");
    cells_p_columns(a, out);
    table_column(out, 0, "Verdict");
    table_column(out, 0, "Remark");
    for (size_t i = 0; i < a->pairs.count; i++) {
        const pair *p = &a->pairs.list[i];
        table_cell(out, 0, "%s", g->setting_names[p->setting]);
        table_cell(out, 0, "%s", g->strategy_names[p->first]);
        table_cell(out, 0, "%s", g->strategy_names[p->second]);
        cell_part(out, p->comparison.used.trials, grid_setting_trials(g, p->setting));
        table_spread(out, 0, p->comparison.aubc, 100, 2);
        cells_p(a, &p->comparison, p->corrected_p, out);
        cell_verdict(p->verdict, out);
        cell_remark(a, p->setting, &p->comparison, p->verdict, out);
    }
}

#include "cells.h"
#include "tables.h"

#include <math.h>


static const char *baseline_name(const analysis *a)
{
    return a->grid->strategy_names[a->grid->baseline];
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
        cells_caption_no_baseline(a, out);
        return;
    }
    table_caption(out,
                  "Accuracy minus that of %s, \u00d7 100: mean \u00b1 sd over trials of the mean "
                  "over %s. Bold: the setting's best; underlined: not significantly worse than "
                  "the best (paired t test over trials, two-sided, uncorrected, p > %g). "
                  "Brackets: trials or rounds, where they are fewer than the setting's.",
                  baseline_name(a), grid_steps_text(g), g->data->alpha);
    table_column(out, TABLE_HEAD, "Setting");
    for (size_t s = 0; s < g->data->strategy_count; s++)
        table_column(out, TABLE_NUMBER, g->strategy_names[s]);
    for (size_t i = 0; i < g->data->setting_count; i++) {
        table_cell(out, 0, "%s", g->setting_names[i]);
        for (size_t s = 0; s < g->data->strategy_count; s++)
            difference_cell(a, i, s, out);
    }
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
            cell_part(out, sum->used.trials, grid_setting_trials(g, i));
            cell_part(out, sum->used.rounds, compare_longest(g, i));
            table_number(out, 0, sum->labeled.mean, 0);
            table_spread(out, 0, sum->accuracy, 100, 2);
            table_spread(out, 0, sum->aubc, 100, 2);
        }
}

#include <math.h>

#include "costs.h"
#include "tables.h"

static void cost_row(const grid *g, size_t setting, size_t strategy, table *out)
{
    cost c = cost_of(g, setting, strategy);
    table_cell(out, strategy ? TABLE_QUIET : 0, "%s", g->setting_names[setting]);
    table_cell(out, 0, "%s", g->strategy_names[strategy]);
    table_number(out, 0, c.train, 3);
    table_number(out, 0, c.services, 3);
    table_number(out, 0, c.own, 3);
    table_number(out, 0, c.evaluate, 3);
    table_number(out, 0, c.peak_bytes ? (double)c.peak_bytes / 1048576 : (double)NAN, 0);
}

void tables_costs(const analysis *a, table *out)
{
    const grid *g = a->grid;
    table_caption(out, "Seconds a round, mean over all finished rounds. Services: what the "
                       "strategy asked the trainer for, such as embeddings or probabilities. Own: "
                       "its selection without them. Memory: the largest resident set of a cell.");
    table_column(out, TABLE_HEAD, "Setting");
    table_column(out, TABLE_HEAD, "Strategy");
    table_column(out, TABLE_NUMBER, "Training, s");
    table_column(out, TABLE_NUMBER, "Services, s");
    table_column(out, TABLE_NUMBER, "Own, s");
    table_column(out, TABLE_NUMBER, "Evaluation, s");
    table_column(out, TABLE_NUMBER, "Peak memory, MiB");
    for (size_t i = 0; i < g->data->setting_count; i++)
        for (size_t s = 0; s < g->data->strategy_count; s++)
            cost_row(g, i, s, out);
}

/* The longest of the mean times of complete cells, in seconds; 0 when there is none. */
static double longest_time(const grid *g)
{
    double longest = 0;
    for (size_t i = 0; i < g->data->setting_count; i++)
        for (size_t s = 0; s < g->data->strategy_count; s++)
            longest = fmax(longest, cost_of(g, i, s).cell_seconds); /* fmax passes over NaN */
    return longest;
}

void tables_times(const analysis *a, table *out)
{
    const grid *g = a->grid;
    bool minutes = longest_time(g) >= 300;
    table_caption(out, "%s that a strategy takes from the first round to the last: training, "
                       "queries and evaluation, mean over complete trials on the machine of the "
                       "runs.", minutes ? "Minutes" : "Seconds");
    table_column(out, TABLE_HEAD, "Setting");
    for (size_t s = 0; s < g->data->strategy_count; s++)
        table_column(out, TABLE_NUMBER, g->strategy_names[s]);
    for (size_t i = 0; i < g->data->setting_count; i++) {
        table_cell(out, 0, "%s", g->setting_names[i]);
        for (size_t s = 0; s < g->data->strategy_count; s++)
            table_number(out, 0, cost_of(g, i, s).cell_seconds / (minutes ? 60 : 1), 1);
    }
}

static const char apart_cause[] = "its data, recipe, engine or version of the strategy differ from "
                                  "those of most cells; --mix compares it all the same";

static void gap_row(const grid *g, size_t setting, size_t strategy, size_t trial, table *out)
{
    const grid_cell *cell = grid_at(g, setting, strategy, trial);
    grid_gap gap = grid_gap_of(cell);
    if (!gap.state && cell->apart)
        gap = (grid_gap){"set apart", apart_cause};
    if (!gap.state)
        return;
    table_cell(out, 0, "%s", g->setting_names[setting]);
    table_cell(out, 0, "%s", g->strategy_names[strategy]);
    table_cell(out, 0, "%u", (unsigned)g->trials[trial]);
    table_cell(out, TABLE_BAD, "%s", gap.state);
    if (cell->source)
        table_cell(out, 0, "%zu of %zu", cell->source->round_count, cell->source->planned_rounds);
    else
        table_cell(out, TABLE_QUIET, TABLE_NOTHING);
    table_cell(out, 0, "%s", gap.cause);
}

static void reference_row(const grid *g, const report_reference *reference, table *out)
{
    bool apart = grid_reference_is_apart(g, reference);
    if (!isnan(reference->accuracy) && !apart)
        return;
    table_cell(out, 0, "%s", g->setting_names[reference->setting]);
    table_cell(out, 0, "all labels");
    table_cell(out, 0, "%u", (unsigned)reference->trial);
    table_cell(out, TABLE_BAD, "%s", apart ? "set apart"
                                           : reference->failure ? "failed" : "not run");
    table_cell(out, TABLE_QUIET, TABLE_NOTHING);
    table_cell(out, 0, "%s", apart ? apart_cause : reference->failure ? reference->failure : "");
}

/* What is missing, in sentences; whether anything is. */
static bool caption_gaps(const grid *g, table *out)
{
    size_t expected = 0, gaps = grid_gaps(g, &expected), apart = grid_apart(g);
    size_t references = grid_missing_references(g), references_apart = grid_references_apart(g);
    for (size_t i = 0; i < g->data->setting_count; i++)
        if (grid_setting_trials(g, i) == 0)
            table_caption(out, "Setting %s has no cell at all. ", g->setting_names[i]);
    if (apart > 0)
        table_caption(out, "%zu cells are set apart: they are shown, and compared with no other. ",
                      apart);
    if (references > 0)
        table_caption(out, "%zu of %zu networks trained on all labels are missing. ", references,
                      g->data->reference_count);
    if (references_apart > 0)
        table_caption(out, "%zu of %zu networks trained on all labels are set apart: no strategy "
                           "is measured by them. ", references_apart, g->data->reference_count);
    if (gaps > 0)
        table_caption(out, "%zu of %zu cells are missing, failed or unfinished. None of them "
                           "counts as \u201cno difference\u201d.", gaps, expected);
    else
        table_caption(out, "All %zu cells are complete.", expected);
    return gaps > 0 || apart > 0 || references > 0 || references_apart > 0;
}

void tables_gaps(const analysis *a, table *out)
{
    const grid *g = a->grid;
    if (!caption_gaps(g, out))
        return;
    table_column(out, TABLE_HEAD, "Setting");
    table_column(out, TABLE_HEAD, "Strategy");
    table_column(out, TABLE_NUMBER, "Trial");
    table_column(out, 0, "State");
    table_column(out, TABLE_NUMBER, "Rounds");
    table_column(out, 0, "Cause");
    for (size_t i = 0; i < g->data->setting_count; i++)
        for (size_t t = 0; t < g->trial_count; t++)
            for (size_t s = 0; grid_expected(g, i, t) && s < g->data->strategy_count; s++)
                gap_row(g, i, s, t, out);
    for (size_t i = 0; i < g->data->reference_count; i++)
        reference_row(g, &g->data->references[i], out);
}

void tables_settings(const analysis *a, table *out)
{
    const grid *g = a->grid;
    table_caption(out, "What was run. Validation labels were used besides the labels that the "
                         "curves count.");
    table_column(out, TABLE_HEAD, "Setting");
    table_column(out, 0, "Data set");
    table_column(out, 0, "Network");
    table_column(out, TABLE_NUMBER, "Validation labels");
    table_column(out, TABLE_NUMBER, "Trials");
    table_column(out, TABLE_NUMBER, "Rounds");
    for (size_t i = 0; i < g->data->setting_count; i++) {
        const report_setting *setting = &g->data->settings[i];
        table_cell(out, 0, "%s", g->setting_names[i]);
        table_cell(out, 0, "%s", setting->dataset);
        table_cell(out, 0, "%s", setting->network);
        table_cell(out, 0, "%zu", setting->validation_labels);
        table_cell(out, 0, "%zu", grid_setting_trials(g, i));
        table_cell(out, 0, "%zu", compare_longest(g, i));
    }
}

void tables_provenance(const analysis *a, table *out)
{
    const report_data *data = a->grid->data;
    if (!report_writes_pdf())
        table_caption(out, "No figure was written as PDF: librsvg is missing. ");
    if (data->provenance_count == 0) {
        table_caption(out, "The results say nothing of where they come from.");
        return;
    }
    table_caption(out, "Where the results come from.");
    table_column(out, TABLE_HEAD, "Fact");
    table_column(out, 0, "Value");
    for (size_t i = 0; i < data->provenance_count; i++) {
        table_cell(out, 0, "%s", data->provenance[i].name);
        table_cell(out, 0, "%s", data->provenance[i].value);
    }
}

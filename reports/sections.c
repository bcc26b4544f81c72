#include "sections.h"

#include "tables.h"

static bool has_pairs(const analysis *a)
{
    return a->grid->data->all_pairs;
}

const section sections_results[] = {
    {"differences", "Differences to the baseline", tables_differences, NULL, false},
    {"verdicts", "Wins, ties and losses", tables_verdicts, NULL, true},
    {"scores", "Final accuracy and AUBC", tables_scores, NULL, true},
    {"pairs", "All pairs", tables_pairs, has_pairs, false},
    {"costs", "Time and memory", tables_costs, NULL, false},
    {"gaps", "Failures and missing cells", tables_gaps, NULL, false},
};
const size_t sections_result_count = sizeof sections_results / sizeof *sections_results;

const section sections_run[] = {
    {"settings", "Settings", tables_settings, NULL, false},
    {"provenance", "Provenance", tables_provenance, NULL, false},
};
const size_t sections_run_count = sizeof sections_run / sizeof *sections_run;

#include "sections.h"

#include "tables.h"

const section sections_results[] = {
    {"differences", "Differences to the baseline", tables_differences},
    {"verdicts", "Wins, ties and losses", tables_verdicts},
    {"scores", "Final accuracy and AUBC", tables_scores},
    {"costs", "Time and memory", tables_costs},
    {"gaps", "Failures and missing cells", tables_gaps},
};
const size_t sections_result_count = sizeof sections_results / sizeof *sections_results;

const section sections_run[] = {
    {"settings", "Settings", tables_settings},
    {"provenance", "Provenance", tables_provenance},
};
const size_t sections_run_count = sizeof sections_run / sizeof *sections_run;

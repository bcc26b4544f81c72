/* tables.h - what each table of a report says. A table without columns has a caption alone: the
 * sentence that says why there is nothing to list. */
#ifndef FB_REPORTS_TABLES_H
#define FB_REPORTS_TABLES_H

#include "analysis.h"
#include "table.h"

/* Strategies from first to last, over all settings (tables_ranking.c). */
void tables_ranking(const analysis *a, table *out);

/* Settings x strategies: accuracy differences to the baseline (tables.c). */
void tables_differences(const analysis *a, table *out);

/* Final accuracy and AUBC of each strategy in each setting (tables.c). */
void tables_scores(const analysis *a, table *out);

/* The test of each strategy against the baseline in each setting (tables_tests.c). */
void tables_verdicts(const analysis *a, table *out);

/* Every two strategies in every setting, when that was asked for (tables_tests.c). */
void tables_pairs(const analysis *a, table *out);

/* Everything about one setting: accuracies, differences, tests, labels to the target
 * (tables_setting.c). */
void tables_setting(const analysis *a, size_t setting, table *out);

/* Seconds a round, by what they were spent on, and peak memory (tables_run.c). */
void tables_costs(const analysis *a, table *out);

/* Settings x strategies: how long a complete cell takes (tables_run.c). */
void tables_times(const analysis *a, table *out);

/* Cells that are missing, failed or unfinished, with the cause (tables_run.c). */
void tables_gaps(const analysis *a, table *out);

/* The settings: data, network, labels beside those that count, trials (tables_run.c). */
void tables_settings(const analysis *a, table *out);

/* Where the results come from (tables_run.c). */
void tables_provenance(const analysis *a, table *out);

#endif

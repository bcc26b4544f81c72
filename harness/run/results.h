/* results.h - from results folders to the structs of reports.h. */
#ifndef FB_RESULTS_H
#define FB_RESULTS_H

#include <jansson.h>
#include <stdbool.h>

#include "reports.h"
#include "status.h"

struct results {
    report_data data;
    json_t *texts; /* owns the strings that `data` points to: an object, each by itself */
    size_t setting_capacity, strategy_capacity, cell_capacity;
};

/* Reads one folder, or several as store_merge would join them (FB_ECONFLICT when they contradict
 * each other), with each round's queries and, if wanted, its scores. Name, baseline, alpha,
 * correction and include_initial are those of the newest run; the resolved spec is the first folder's. Facts in which
 * runs differ are listed, oldest first. */
int results_load(const char *const *directories, size_t count, bool with_scores,
                 struct results *ret_results, fb_error *err);

/* Takes NULL and a zeroed struct. */
void results_finish(struct results *results);

#endif

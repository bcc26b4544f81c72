/* results.h - from results folders to the structs of reports.h. */
#ifndef FB_RESULTS_H
#define FB_RESULTS_H

#include <jansson.h>

#include "reports.h"
#include "status.h"

struct results {
    report_data data;
    json_t *texts; /* owns the strings that `data` points to */
    size_t setting_capacity, strategy_capacity, cell_capacity;
};

/* Reads one folder or several. A cell that several folders hold must be the same one (FB_ECONFLICT
 * otherwise) and the fuller copy is taken. Name, baseline and alpha are those of the first folder's
 * last run. */
int results_load(const char *const *directories, size_t count, struct results *ret_results,
                 fb_error *err);

/* Takes NULL and a zeroed struct. */
void results_finish(struct results *results);

#endif

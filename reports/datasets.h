/* datasets.h - values of settings averaged over data sets. Across settings the data set is the unit
 * of replication: two networks or a grid of recipes on one data set are no replicates. */
#ifndef FB_REPORTS_DATASETS_H
#define FB_REPORTS_DATASETS_H

#include <stdbool.h>
#include <stddef.h>

#include "reports.h"

/* A strategy's value in a setting; NaN where it has none. */
typedef double datasets_value(const void *context, size_t setting, size_t strategy);

bool datasets_same(const report_data *data, size_t a, size_t b);

/* Whether a setting is the first on its data set. */
bool datasets_is_first(const report_data *data, size_t setting);

/* Different data sets. */
size_t datasets_count(const report_data *data);

/* The mean over the settings on the data set of setting `first`; what is NaN is left out, and NaN
 * is returned when nothing is left. */
double datasets_mean(const report_data *data, size_t first, size_t strategy, datasets_value *value,
                     const void *context);

/* datasets_mean averaged over data sets, those without a number left out. */
double datasets_grand_mean(const report_data *data, size_t strategy, datasets_value *value,
                           const void *context);

#endif

/* standardize.h - features of mean 0 and standard deviation 1 over the training rows. */
#ifndef FB_STANDARDIZE_H
#define FB_STANDARDIZE_H

#include "datasets.h"

/* Replaces each feature of both parts, pixels too, by the float of (value - mean) / deviation,
 * with the mean and the population standard deviation of the training rows: those that
 * data->test_ids does not name. A feature that is the same in all of them becomes 0. Sums are made
 * in double, in the order of the rows. FB_ENUMERIC when a result is not finite. On failure the
 * data set is to be finished. */
int standardize_dataset(dataset *data, fb_error *err);

#endif

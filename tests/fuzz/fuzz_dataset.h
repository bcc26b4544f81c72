/* fuzz_dataset.h - loading a data set in a fuzz target. */
#ifndef FB_FUZZ_DATASET_H
#define FB_FUZZ_DATASET_H

#include "datasets.h"

/* Loads it; one that is accepted keeps what datasets.h promises: labels below the number of
 * classes, arrays of the size that its shape says, no feature that is not finite. */
void fuzz_dataset(const data_spec *spec);

#endif

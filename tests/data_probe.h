/* data_probe.h - what the tests of loaders share. */
#ifndef FB_DATA_PROBE_H
#define FB_DATA_PROBE_H

#include "datasets.h"

/* dataset_load that must succeed. */
dataset data_loaded(const data_spec *spec);

/* dataset_load must fail with this status and a sentence that contains `words`, and leave what it
 * would have written alone. */
void data_refused(const data_spec *spec, int status, const char *words);

/* dataset_load, while memory runs short at each allocation in turn, is FB_ENOMEM; then, with
 * more than `least` allocations, it succeeds. */
void data_short_of_memory(const data_spec *spec, uint64_t least);

#endif

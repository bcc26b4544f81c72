/* masked_reference.h - the sums of kernels_masked_run by their definition. */
#ifndef FB_TEST_MASKED_REFERENCE_H
#define FB_TEST_MASKED_REFERENCE_H

#include "kernels.h"

/* One row x (inputs) and one unit under all masks: y (masks), to the bit. */
void masked_reference(const kernels_masked *m, const uint8_t *patterns, const float *x,
                      const float *weights, size_t unit, float *y);

#endif

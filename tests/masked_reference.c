#include "masked_reference.h"

#include <math.h>

enum { PATTERNS = 1 << KERNELS_MASKS_MAX };

/* The sum of each pattern's inputs in one block, that of the inputs begin, begin + 1, ... in order
 * of (pattern, index). */
static void sum_block(const kernels_masked *m, const uint8_t *patterns, const float *x,
                      const float *weights, size_t unit, size_t begin, float *sum, bool *present)
{
    size_t seen = 0;
    for (size_t p = 0; p < PATTERNS; p++) {
        sum[p] = 0;
        present[p] = false;
        for (size_t i = 0; i < m->inputs; i++) {
            if (patterns[i] != p || seen++ < begin || seen > begin + KERNELS_MASKED_DEPTH)
                continue;
            sum[p] = fmaf(x[i], weights[i * m->units + unit], sum[p]);
            present[p] = true;
        }
    }
}

void masked_reference(const kernels_masked *m, const uint8_t *patterns, const float *x,
                      const float *weights, size_t unit, float *y)
{
    float sum[PATTERNS];
    bool present[PATTERNS];
    for (size_t b = 0; b < m->masks; b++)
        y[b] = 0;
    for (size_t begin = 0; begin < m->inputs; begin += KERNELS_MASKED_DEPTH) {
        sum_block(m, patterns, x, weights, unit, begin, sum, present);
        for (size_t b = 0, count = (size_t)1 << m->masks; b < m->masks; b++, count /= 2)
            for (size_t q = 0; q < count; q += 2) {
                bool lower = present[q], upper = present[q + 1];
                if (upper)
                    y[b] += sum[q + 1];
                sum[q / 2] = !upper ? sum[q] : lower ? sum[q] + sum[q + 1] : sum[q + 1];
                present[q / 2] = lower || upper;
            }
    }
}

/* SPDX-License-Identifier: 0BSD */
#include "kit.h"

float kit_squared_distance(size_t d, const float *x, const float *y)
{
    enum { LANES = 16 };
    float sums[LANES] = {0};
    size_t k = 0;
    for (; k + LANES <= d; k += LANES) {
        for (size_t l = 0; l < LANES; l++) {
            float difference = x[k + l] - y[k + l];
            sums[l] += difference * difference;
        }
    }
    for (size_t l = 0; k < d; k++, l++)
        sums[l] += (x[k] - y[k]) * (x[k] - y[k]);
    for (size_t half = LANES / 2; half > 0; half /= 2)
        for (size_t l = 0; l < half; l++)
            sums[l] += sums[l + half];
    return sums[0];
}

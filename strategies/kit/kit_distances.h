/* SPDX-License-Identifier: 0BSD
 *
 * kit_distances.h - norms and distances between rows. See kit.h for the conventions. */
#ifndef FB_KIT_DISTANCES_H
#define FB_KIT_DISTANCES_H

#include <stddef.h>
#include <stdint.h>

#include "kit_services.h"

#ifdef __cplusplus
extern "C" {
#endif

/* L2 norms of the rows. */
void kit_norms(const kit_matrix *matrix, double *ret_norms);

/* Lowers nearest[i] to the cosine distance 1 - cos(row i, row `chosen`) where that is smaller.
 * Distances below 1e-5 count as 0 (rounding, not difference); a row of norm 0 has distance 1 to
 * every row but itself. `norms` are those of kit_norms. */
void kit_cosine_nearest(const kit_matrix *matrix, const double *norms, size_t chosen,
                        double *nearest);

/* The squared Euclidean distance of two vectors of width d, summed in float over 16 lanes (lane l
 * has the elements k with k mod 16 = l), which are then added in halves: fast without a product of
 * matrices, relative error below 1e-5 up to d = 100,000, and exactly 0 for equal vectors. */
float kit_squared_distance(size_t d, const float *x, const float *y);

#ifdef __cplusplus
}
#endif

#endif

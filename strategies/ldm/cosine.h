/* SPDX-License-Identifier: 0BSD
 *
 * cosine.h - cosine distances between the rows of a matrix. */
#ifndef FB_LDM_COSINE_H
#define FB_LDM_COSINE_H

#include "kit.h"

/* L2 norms of the rows. */
void ldm_norms(const kit_matrix *matrix, double *ret_norms);

/* Lowers nearest[i] to the cosine distance 1 - cos(row i, row `chosen`) where that is smaller.
 * Distances below 1e-5 count as 0 (rounding, not difference); a row of norm 0 has distance 1 to
 * every row but itself. `norms` are those of ldm_norms. */
void ldm_cosine_nearest(const kit_matrix *matrix, const double *norms, size_t chosen,
                        double *nearest);

#endif

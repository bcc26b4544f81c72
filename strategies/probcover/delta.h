/* SPDX-License-Identifier: 0BSD
 *
 * delta.h - the radius of ProbCover's balls (Yehuda et al. 2022, section 3.4). */
#ifndef FB_PROBCOVER_DELTA_H
#define FB_PROBCOVER_DELTA_H

#include "kit.h"

/* The largest of 0.05, 0.10, ..., 1.00 for which at least 95 % of the balls around the rows, of
 * norm 1 or 0, hold rows of one k-means cluster only; 0.05 when there is none. The k-means has
 * `classes` clusters, the best of 10 runs, and takes stream 0. */
int delta_find(const fb_host *host, const kit_matrix *rows, size_t classes, double *ret_delta);

#endif

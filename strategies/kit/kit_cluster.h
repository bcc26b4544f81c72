/* SPDX-License-Identifier: 0BSD
 *
 * kit_cluster.h - centres that cover or spread over points. See kit.h for the conventions. */
#ifndef FB_KIT_CLUSTER_H
#define FB_KIT_CLUSTER_H

#include <stddef.h>
#include <stdint.h>

#include "kit_choose.h"
#include "kit_points.h"

#ifdef __cplusplus
extern "C" {
#endif

/* K-centre greedy (Gonzalez 1985): writes `count` (<= n) different rows of the points, each the one
 * whose nearest centre is the farthest (ties go to the smaller row), the centres being the `given`
 * ones, as wide as the points, and the rows already chosen. Without given centres (rows.rows = 0)
 * the first is row 0.
 *
 * The choice is that of all n x (given + count) distances, in double; most are not computed, see
 * k_centre.c. O(n + (given + count) d) memory. */
int kit_k_centre(const fb_host *host, const kit_points *points, const kit_points *given,
                 size_t count, uint32_t *ret_rows);

/* The seeding of k-means++ (Arthur & Vassilvitskii 2007): writes `count` (1 .. n) different rows of
 * the points. `first` is the first one or, with KIT_NONE, each row is with equal probability. Each
 * next one is drawn with probability proportional to its squared distance to the nearest row
 * already chosen; when all of these are 0, with equal probability among the rest. *ret_distinct is
 * how many were drawn until then: no two of those are equal points, and all others equal one of
 * them (up to the rounding of distances). Row number k takes its random numbers from draw k of the
 * stream. O(n + count d) memory; spread.c says how most distances are left out. */
int kit_spread(const fb_host *host, const kit_points *points, size_t first, size_t count,
               uint32_t stream, uint32_t *ret_rows, size_t *ret_distinct);

#ifdef __cplusplus
}
#endif

#endif

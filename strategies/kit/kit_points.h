/* SPDX-License-Identifier: 0BSD
 *
 * kit_points.h - the points that kit_cluster.h is about, which may be outer products, and their
 * squared distances. See kit.h for the conventions. */
#ifndef FB_KIT_POINTS_H
#define FB_KIT_POINTS_H

#include "kit_services.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Points between which squared distances are measured: the rows x_i of a matrix or, with `factors`,
 * the outer products f_i x_i' of the rows of two (which are never written out). Since the scalar
 * product of two of those is (f_i . f_j) (x_i . x_j), their squared distance is
 *
 *     |f_i|^2 |x_i|^2 + |f_j|^2 |x_j|^2 - 2 (f_i . f_j) (x_i . x_j), 0 when rounding makes it less
 *
 * in float32, each scalar product being one chain of fused multiply-adds: symmetric, exactly 0
 * between equal points, and the same bits everywhere. */
typedef struct kit_points {
    kit_matrix rows;
    kit_matrix factors;   /* as many rows; data NULL: there are none */
    const float *squares; /* (n) squared norms */
} kit_points;

/* Points of the rows and, unless it is NULL, the factors, which the points go on using.
 * FB_PLUGIN_ENUMERIC, naming `what` and the row, for one so long that squared distances might
 * overflow (norms above some 6e18). */
int kit_points_make(const fb_host *host, const char *what, const kit_matrix *rows,
                    const kit_matrix *factors, kit_points *ret_points);

#ifdef __cplusplus
}
#endif

#endif

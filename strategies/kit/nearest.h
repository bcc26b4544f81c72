/* SPDX-License-Identifier: 0BSD
 *
 * nearest.h - the squared distance of each point to the nearest of a growing list of centres,
 * brought up to date only for the points that are asked for: what k_centre.c and spread.c stand on.
 * Not installed.
 *
 * A greedy method looks at few of its points in each step. What an earlier step has left of the
 * others is not useless: a distance to the nearest of some of the centres is an upper bound of the
 * distance to the nearest of all. */
#ifndef FB_NEAREST_H
#define FB_NEAREST_H

#include <stddef.h>
#include <stdint.h>

#include "kit_points.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { KIT_NEAREST_GROUP = 512 }; /* points that are brought up to date together */

typedef struct kit_nearest {
    kit_points points;
    size_t centre_count;
    /* Of each point (n): the squared distance to the nearest of the first seen[i] centres, INFINITY
     * before the first. The caller may read both, and lower a distance to what it knows better. */
    float *distances;
    uint32_t *seen;

    /* Its own. */
    const fb_host *host;
    size_t swept; /* all points have seen so many centres */
    size_t stride; /* floats between the lines of the two panels */
    float *row_panel, *factor_panel, *centre_squares; /* the centres, a column each */
    float *gathered_rows, *gathered_factors, *gathered_squares, *gathered_distances; /* a group */
    size_t piece_columns;
    float *dots, *factor_dots; /* of the pieces of a loop */
} kit_nearest;

/* No centres yet, room for `capacity`. Memory: O(n + capacity (d + c)) numbers, where d and c are
 * the widths of rows and factors. */
int kit_nearest_init(const fb_host *host, const kit_points *points, size_t capacity,
                     kit_nearest *ret_nearest);

/* Appends row `row` of `from`, which is as wide, to the centres. */
void kit_nearest_add(kit_nearest *self, const kit_points *from, size_t row);

/* Lets all points see the first `end` centres. */
int kit_nearest_see_all(kit_nearest *self, size_t end);

/* The same for `count` (<= KIT_NEAREST_GROUP) of the points. Best when they have seen about as
 * many: what one of them has not seen is computed for each. */
int kit_nearest_see(kit_nearest *self, const uint32_t *rows, size_t count, size_t end);

/* The squared distance of a point to the nearest of the centres first, first+1, ... (INFINITY when
 * there are none), of differences and in double, which is what `distances` are only up to rounding.
 * O(d c) time a centre. Changes nothing and may be called in the body of a parallel_for. */
double kit_nearest_measure(const kit_nearest *self, size_t row, size_t first);

/* By how much `distances` may be off for points and centres whose squared norms are at most
 * `largest`, by the rounding of scalar products and of what is made of them. */
double kit_nearest_doubt(const kit_nearest *self, float largest);

#ifdef __cplusplus
}
#endif

#endif

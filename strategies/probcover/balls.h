/* SPDX-License-Identifier: 0BSD
 *
 * balls.h - which rows lie within delta of each other, counted without a list of all pairs.
 *
 * Row x covers row y when kit_squared_distance(x, y) < delta^2. Products of matrices find nearly
 * all of them; where rounding leaves a doubt, the distance itself is asked. */
#ifndef FB_PROBCOVER_BALLS_H
#define FB_PROBCOVER_BALLS_H

#include <stdatomic.h>
#include <stdbool.h>

#include "kit.h"

typedef struct balls {
    const fb_host *host;
    kit_matrix rows; /* (n, d), of norm 1 or 0 */
    double square;   /* of delta */
    atomic_uint *degrees; /* (n): rows that the row covers and that are not yet covered */
    bool *covered;     /* (n) */

    /* Its own. */
    kit_products products;
    float *squares;        /* (n) squared norms: 1 or 0 */
    float *near_rows;      /* some rows of the list `near`, side by side */
    float *fresh_rows;     /* some rows of the list `fresh`, with their squared norms */
    float *fresh_squares;
    float *distances;      /* (n) squared distances to the chosen row */
    uint32_t *near, *fresh; /* (n) rows that may cover newly covered ones, and these */
} balls;

/* Counts the degrees of all rows, where those that a row of `known` (m, d) covers are covered. */
int balls_init(const fb_host *host, const kit_matrix *rows, const kit_matrix *known, double delta,
               balls *ret_balls);

/* Covers what the row covers. */
int balls_cover(balls *b, size_t row);

#endif

/* SPDX-License-Identifier: 0BSD
 *
 * kit_choose.h - the best k, and weighted draws. See kit.h for the conventions. */
#ifndef FB_KIT_CHOOSE_H
#define FB_KIT_CHOOSE_H

#include <stddef.h>
#include <stdint.h>

#include "flipbench/strategy.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum kit_order {
    KIT_SMALLEST_FIRST,
    KIT_LARGEST_FIRST
} kit_order;

/* Writes the k (<= n) rows with the first scores in the given order, best first; ties go to the
 * smaller row. With k = n this is a sort; else time goes as n + k log k log(n / k) on scores in no
 * order. Allocates nothing. Infinite scores are as good as others; one that is NaN is
 * FB_PLUGIN_ENUMERIC, naming its row. */
int kit_top_k(const fb_host *host, const double *scores, size_t n, size_t k, kit_order order,
              uint32_t *ret_rows);

/* The same, as sample ids of the round: its batch, best first. */
int kit_select_top(const fb_host *host, const fb_round *round, const double *scores,
                   kit_order order, uint32_t *ret_ids);

/* No row, no index. */
#define KIT_NONE SIZE_MAX

/* Draws an index with probability proportional to its weight (>= 0): the first one at which the
 * running sum exceeds u times the total, u in [0, 1). Never one of weight 0; the last positive one
 * when rounding leaves the running sum short. KIT_NONE when no weight is positive. */
size_t kit_weighted_draw(const double *weights, size_t n, double u);

#ifdef __cplusplus
}
#endif

#endif

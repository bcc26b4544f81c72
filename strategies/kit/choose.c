/* SPDX-License-Identifier: 0BSD */
#include <math.h>
#include <stdbool.h>

#include "kit.h"

/* The best k rows seen so far, as a heap whose first row is the worst of them: both rows below
 * row i, 2 i + 1 and 2 i + 2, come before it. */
typedef struct heap {
    const double *scores;
    kit_order order;
    uint32_t *rows;
    size_t count;
} heap;

static bool comes_before(const heap *h, uint32_t a, uint32_t b)
{
    double x = h->scores[a], y = h->scores[b];
    if (x != y)
        return h->order == KIT_SMALLEST_FIRST ? x < y : x > y;
    return a < b;
}

/* Moves the row at `at` down to where it is in order with those below it. */
static void sift_down(const heap *h, size_t at)
{
    uint32_t row = h->rows[at];
    for (size_t below = 2 * at + 1; below < h->count; below = 2 * at + 1) {
        if (below + 1 < h->count && comes_before(h, h->rows[below], h->rows[below + 1]))
            below++; /* the worse of the two */
        if (comes_before(h, h->rows[below], row))
            break;
        h->rows[at] = h->rows[below];
        at = below;
    }
    h->rows[at] = row;
}

/* From a heap to the best first: the worst goes to the end, and so on. */
static void sort_heap(heap *h)
{
    while (h->count > 1) {
        uint32_t worst = h->rows[0];
        h->count--;
        h->rows[0] = h->rows[h->count];
        h->rows[h->count] = worst;
        sift_down(h, 0);
    }
}

int kit_top_k(const fb_host *host, const double *scores, size_t n, size_t k, kit_order order,
              uint32_t *ret_rows)
{
    for (size_t i = 0; i < n; i++)
        if (isnan(scores[i]))
            return host->fail(host, FB_PLUGIN_ENUMERIC, "the score of row %zu is not a number", i);
    heap best = {scores, order, ret_rows, k};
    for (size_t i = 0; i < k; i++)
        ret_rows[i] = (uint32_t)i;
    for (size_t i = k / 2; i-- > 0;)
        sift_down(&best, i);
    for (size_t i = k; k > 0 && i < n; i++)
        if (comes_before(&best, (uint32_t)i, ret_rows[0])) {
            ret_rows[0] = (uint32_t)i;
            sift_down(&best, 0);
        }
    sort_heap(&best);
    return FB_PLUGIN_OK;
}

int kit_select_top(const fb_host *host, const fb_round *round, const double *scores,
                   kit_order order, uint32_t *ret_ids)
{
    int rc = kit_top_k(host, scores, round->pool_count, round->batch, order, ret_ids);
    if (rc == FB_PLUGIN_OK)
        kit_rows_to_ids(round, ret_ids);
    return rc;
}

size_t kit_weighted_draw(const double *weights, size_t n, double u)
{
    double total = 0;
    for (size_t i = 0; i < n; i++)
        total += weights[i];
    double target = u * total, sum = 0;
    size_t last = KIT_NONE;
    for (size_t i = 0; i < n; i++) {
        if (!(weights[i] > 0))
            continue;
        sum += weights[i];
        last = i;
        if (sum > target)
            break;
    }
    return last;
}

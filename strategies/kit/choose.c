/* SPDX-License-Identifier: 0BSD */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kit.h"

typedef struct ranked {
    double key; /* smallest first */
    uint32_t row;
} ranked;

static int by_key_then_row(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

int kit_top_k(const fb_host *host, const double *scores, size_t n, size_t k, kit_order order,
              uint32_t *ret_rows)
{
    ranked *ranking = host->alloc(host, n, sizeof *ranking);
    if (!ranking)
        return kit_fail_memory(host, "a ranking");
    for (size_t i = 0; i < n; i++) {
        if (isnan(scores[i]))
            return host->fail(host, FB_PLUGIN_ENUMERIC, "the score of row %zu is not a number", i);
        double key = order == KIT_SMALLEST_FIRST ? scores[i] : -scores[i];
        ranking[i] = (ranked){key, (uint32_t)i};
    }
    qsort(ranking, n, sizeof *ranking, by_key_then_row);
    for (size_t i = 0; i < k; i++)
        ret_rows[i] = ranking[i].row;
    return FB_PLUGIN_OK;
}

int kit_select_top(const fb_host *host, const fb_round *round, const double *scores,
                   kit_order order, uint32_t *ret_ids)
{
    int rc = kit_top_k(host, scores, round->pool_count, round->batch, order, ret_ids);
    for (size_t i = 0; rc == FB_PLUGIN_OK && i < round->batch; i++)
        ret_ids[i] = round->pool_ids[ret_ids[i]];
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

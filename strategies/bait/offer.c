/* SPDX-License-Identifier: 0BSD */
#include "offer.h"

#include <stdbool.h>
#include <string.h>

#include "kernels.h"

/* The rows of a matrix in a matrix of their own. */
static int take_rows(const fb_host *host, const kit_matrix *from, const uint32_t *rows,
                     size_t count, kit_matrix *ret_matrix)
{
    float *data = host->alloc(host, count, from->columns * sizeof *data);
    if (!data)
        return kit_fail_memory(host, "a part of the sub-pool");
    for (size_t i = 0; i < count; i++)
        memcpy(data + i * from->columns, kit_row(from, rows[i]), from->columns * sizeof *data);
    *ret_matrix = (kit_matrix){data, count, from->columns};
    return FB_PLUGIN_OK;
}

/* Cuts the offer down to `count` random rows: those whose ids draw the smallest numbers. */
static int sample_pool(const fb_host *host, const fb_round *round, size_t count, bait_offer *o)
{
    size_t n = round->pool_count, kept = 0;
    double *draws = host->alloc(host, n, sizeof *draws);
    bool *drawn = host->alloc(host, n, sizeof *drawn);
    uint32_t *rows = host->alloc(host, count, sizeof *rows);
    if (!draws || !drawn || !rows)
        return kit_fail_memory(host, "a part of the sub-pool");
    for (size_t i = 0; i < n; i++)
        host->random_uniform(host, 0, 0, round->pool_ids[i], 1, draws + i);
    int rc = kit_top_k(host, draws, n, count, KIT_SMALLEST_FIRST, rows);
    if (rc != FB_PLUGIN_OK)
        return rc;
    for (size_t i = 0; i < count; i++)
        drawn[rows[i]] = true;
    for (size_t i = 0; i < n; i++)
        if (drawn[i])
            rows[kept++] = (uint32_t)i;
    o->rows = rows;
    rc = take_rows(host, &o->x, rows, count, &o->x);
    return rc == FB_PLUGIN_OK ? take_rows(host, &o->p, rows, count, &o->p) : rc;
}

/* The labelled samples and their probabilities, as the head gives them. */
static int take_labeled(const fb_host *host, size_t d, size_t classes, bait_offer *o)
{
    kit_matrix weights, bias, x;
    int rc = kit_get_matrix(host, "labeled_embeddings", 0, &x);
    if (rc == FB_PLUGIN_OK)
        rc = kit_get_matrix(host, "head_weights", 0, &weights);
    if (rc == FB_PLUGIN_OK)
        rc = kit_get_matrix(host, "head_bias", 0, &bias);
    if (rc != FB_PLUGIN_OK)
        return rc;
    if (x.columns != d || weights.rows != d || weights.columns != classes ||
        bias.columns != classes)
        return host->fail(host, FB_PLUGIN_EINVAL,
                          "embeddings are %zu wide and there are %zu classes, but labelled "
                          "embeddings are %zu wide and the head is (%zu, %zu) with %zu biases",
                          d, classes, x.columns, weights.rows, weights.columns, bias.columns);
    float *p = host->alloc(host, x.rows, classes * sizeof *p);
    if (!p)
        return kit_fail_memory(host, "the labelled samples' probabilities");
    rc = kit_dense(host, x.data, x.rows, d, weights.data, bias.data, classes, p);
    if (rc != FB_PLUGIN_OK)
        return rc;
    kernels_log_softmax(x.rows, classes, p, classes, p, classes);
    kernels_exp(x.rows * classes, p, p);
    o->labeled_x = x;
    o->labeled_p = (kit_matrix){p, x.rows, classes};
    return FB_PLUGIN_OK;
}

int bait_take_offer(const fb_host *host, const fb_round *round, size_t pool, bait_offer *ret_offer)
{
    size_t limit = pool > round->batch ? pool : round->batch;
    bait_offer o = {0};
    int rc = kit_get_matrix(host, "embeddings", 0, &o.x);
    if (rc == FB_PLUGIN_OK)
        rc = kit_get_matrix(host, "probabilities", 0, &o.p);
    if (rc == FB_PLUGIN_OK && round->labeled_count > 0)
        rc = take_labeled(host, o.x.columns, o.p.columns, &o);
    if (rc == FB_PLUGIN_OK && pool > 0 && limit < round->pool_count)
        rc = sample_pool(host, round, limit, &o);
    if (rc == FB_PLUGIN_OK)
        *ret_offer = o;
    return rc;
}

/* SPDX-License-Identifier: 0BSD */
#include "linkage.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "kernels.h"

/* Cluster `from` became a part of `into`. */
typedef struct merge {
    uint32_t from, into;
    float height; /* their distance; not below those of the merges that made the two */
    uint32_t order;
} merge;

/* Clusters go by one of their rows. */
typedef struct linkage {
    const fb_host *host;
    float *centred;  /* (m, d) rows less their mean */
    kit_matrix rows; /* the same */
    float *squares;  /* (m) squared norms */
    float *triangle; /* distance of i and j < i at i (i - 1) / 2 + j */
    uint32_t *active; /* the clusters that are left, ascending */
    size_t active_count;
    uint32_t *sizes; /* (m) */
    float *heights;  /* (m) of the merge that made the cluster */
    uint32_t *chain; /* each one's nearest cluster is the next one */
    size_t chain_count;
    merge *merges;
    size_t merge_count;
} linkage;

static int linkage_alloc(const fb_host *host, const kit_matrix *rows, linkage *ret_linkage)
{
    size_t m = rows->rows, d = rows->columns;
    linkage l = {
        .host = host,
        .centred = host->alloc(host, m, d * sizeof(float)),
        .squares = host->alloc(host, m, sizeof(float)),
        .triangle = host->alloc(host, m * (m - 1) / 2 + 1, sizeof(float)),
        .active = host->alloc(host, m, sizeof(uint32_t)),
        .sizes = host->alloc(host, m, sizeof(uint32_t)),
        .heights = host->alloc(host, m, sizeof(float)),
        .chain = host->alloc(host, m, sizeof(uint32_t)),
        .merges = host->alloc(host, m, sizeof(merge)),
    };
    if (!l.centred || !l.squares || !l.triangle || !l.active || !l.sizes || !l.heights ||
        !l.chain || !l.merges)
        return host->fail(host, FB_PLUGIN_ENOMEM,
                          "out of memory for the distances of %zu candidates; a smaller query has "
                          "fewer",
                          m);
    l.rows = (kit_matrix){l.centred, m, d};
    *ret_linkage = l;
    return FB_PLUGIN_OK;
}

/* ---- distances ------------------------------------------------------------------------------ */

/* Copies the rows less their mean: products then have the digits that distances need. */
static int centre_rows(linkage *l, const kit_matrix *rows)
{
    size_t m = rows->rows, d = rows->columns;
    double *mean = l->host->alloc(l->host, d, sizeof *mean);
    if (!mean)
        return kit_fail_memory(l->host, "a mean");
    for (size_t i = 0; i < m; i++)
        for (size_t k = 0; k < d; k++)
            mean[k] += kit_row(rows, i)[k];
    for (size_t i = 0; i < m; i++) {
        float *to = l->centred + i * d;
        for (size_t k = 0; k < d; k++)
            to[k] = (float)(kit_row(rows, i)[k] - mean[k] / (double)m);
        double square = kernels_norm2(d, to);
        if (!(square < (double)FLT_MAX / 8))
            return l->host->fail(l->host, FB_PLUGIN_ENUMERIC,
                                 "an embedding is %g from the mean of the candidates', too far for "
                                 "squared distances in float32: it must be below 6e18",
                                 sqrt(square));
        l->squares[i] = (float)square;
    }
    return FB_PLUGIN_OK;
}

static float *triangle_row(const linkage *l, size_t i)
{
    return l->triangle + i * (i - 1) / 2;
}

/* A kit_products_body. Where rows are so near that the product has lost digits, their distance is
 * summed anew. */
static void store_distances(void *argument, size_t row, size_t first, size_t count,
                            const float *products)
{
    linkage *l = argument;
    float *out = triangle_row(l, row) + first;
    for (size_t i = 0; i < count; i++) {
        float squares = l->squares[row] + l->squares[first + i];
        float square = squares - 2 * products[i];
        if (square < squares / 16)
            square = kit_squared_distance(l->rows.columns, kit_row(&l->rows, row),
                                          kit_row(&l->rows, first + i));
        out[i] = sqrtf(square);
    }
}

static int measure(linkage *l)
{
    kit_products products;
    int rc = kit_products_init(l->host, l->rows.rows, l->rows.rows, &products);
    return rc == FB_PLUGIN_OK ? kit_products_run_before(&products, &l->rows, store_distances, l)
                              : rc;
}

/* ---- chains of nearest neighbours ----------------------------------------------------------- */

static float *distance_of(const linkage *l, size_t i, size_t j)
{
    return i > j ? triangle_row(l, i) + j : triangle_row(l, j) + i;
}

/* The cluster nearest to `tip`; `before` where it is as near as any. */
static uint32_t nearest_cluster(const linkage *l, uint32_t tip, uint32_t before)
{
    const float *row = triangle_row(l, tip);
    uint32_t nearest = before;
    float least = before == tip ? INFINITY : *distance_of(l, tip, before);
    size_t i = 0;
    for (; l->active[i] < tip; i++) {
        if (row[l->active[i]] < least) {
            nearest = l->active[i];
            least = row[nearest];
        }
    }
    for (i++; i < l->active_count; i++) {
        float distance = triangle_row(l, l->active[i])[tip];
        if (distance < least) {
            nearest = l->active[i];
            least = distance;
        }
    }
    return nearest;
}

/* Takes a cluster off the active ones, and writes its mean distances into those of `into`. */
static void merge_clusters(linkage *l, uint32_t from, uint32_t into)
{
    float height = *distance_of(l, from, into);
    height = fmaxf(height, fmaxf(l->heights[from], l->heights[into]));
    double share = (double)l->sizes[from] / ((double)l->sizes[from] + (double)l->sizes[into]);
    size_t kept = 0;
    for (size_t i = 0; i < l->active_count; i++) {
        uint32_t other = l->active[i];
        if (other == from)
            continue;
        l->active[kept++] = other;
        if (other == into)
            continue;
        float *mean = distance_of(l, into, other);
        *mean = (float)(share * *distance_of(l, from, other) + (1 - share) * *mean);
    }
    l->active_count = kept;
    l->sizes[into] += l->sizes[from];
    l->heights[into] = height;
    l->merges[l->merge_count] = (merge){from, into, height, (uint32_t)l->merge_count};
    l->merge_count++;
}

/* Follows nearest neighbours until two are each other's, which are merged: no other cluster can
 * come between them, because means of distances are never below the least. */
static void extend_chain(linkage *l)
{
    if (l->chain_count == 0)
        l->chain[l->chain_count++] = l->active[0];
    for (;;) {
        uint32_t tip = l->chain[l->chain_count - 1];
        uint32_t before = l->chain_count > 1 ? l->chain[l->chain_count - 2] : tip;
        uint32_t nearest = nearest_cluster(l, tip, before);
        if (nearest == before) {
            l->chain_count -= 2;
            /* Distances of the larger row lie side by side. */
            merge_clusters(l, tip < before ? tip : before, tip < before ? before : tip);
            return;
        }
        l->chain[l->chain_count++] = nearest;
    }
}

/* ---- the cut -------------------------------------------------------------------------------- */

static int lower_merge(const void *a, const void *b)
{
    const merge *x = a, *y = b;
    if (x->height != y->height)
        return x->height < y->height ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

static uint32_t root(uint32_t *parents, uint32_t row)
{
    while (parents[row] != row)
        row = parents[row] = parents[parents[row]];
    return row;
}

/* Makes the lowest merges and numbers what comes of them. */
static void cut(linkage *l, size_t count, uint32_t *ret_labels)
{
    size_t m = l->rows.rows;
    uint32_t *parents = l->chain, *numbers = l->sizes, next = 0; /* no longer needed */
    qsort(l->merges, l->merge_count, sizeof *l->merges, lower_merge);
    for (size_t i = 0; i < m; i++) {
        parents[i] = (uint32_t)i;
        numbers[i] = UINT32_MAX;
    }
    for (size_t i = 0; i < m - count; i++)
        parents[root(parents, l->merges[i].from)] = root(parents, l->merges[i].into);
    for (size_t i = 0; i < m; i++) {
        uint32_t *number = &numbers[root(parents, (uint32_t)i)];
        if (*number == UINT32_MAX)
            *number = next++;
        ret_labels[i] = *number;
    }
}

int linkage_cut(const fb_host *host, const kit_matrix *rows, size_t count, uint32_t *ret_labels)
{
    linkage l = {0};
    int rc = linkage_alloc(host, rows, &l);
    if (rc == FB_PLUGIN_OK)
        rc = centre_rows(&l, rows);
    if (rc == FB_PLUGIN_OK)
        rc = measure(&l);
    if (rc != FB_PLUGIN_OK)
        return rc;
    for (size_t i = 0; i < rows->rows; i++) {
        l.active[i] = (uint32_t)i;
        l.sizes[i] = 1;
    }
    l.active_count = rows->rows;
    while (l.active_count > 1) {
        if (host->cancelled(host))
            return FB_PLUGIN_ECANCELLED;
        extend_chain(&l);
    }
    cut(&l, count, ret_labels);
    return FB_PLUGIN_OK;
}

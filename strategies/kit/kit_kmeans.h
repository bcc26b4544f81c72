/* SPDX-License-Identifier: 0BSD
 *
 * kit_kmeans.h - clusters of rows: k-means++ and Lloyd's iteration. See kit.h for the conventions.
 *
 * The bits are the same everywhere and depend on rows, options and the host's random numbers alone.
 */
#ifndef FB_KIT_KMEANS_H
#define FB_KIT_KMEANS_H

#include <stddef.h>
#include <stdint.h>

#include "kit_services.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct kit_kmeans_options {
    size_t k;          /* clusters wanted, at least 1 */
    size_t iterations; /* of a run, at most; at least 1 */
    size_t runs;       /* at least 1; of the results, the first of the smallest inertia is taken */
    uint32_t stream;   /* the host's: run r takes its random numbers from stream + r */
} kit_kmeans_options;

/* The members of cluster c, ascending, are members[starts[c]] .. members[starts[c + 1] - 1]. */
typedef struct kit_clusters {
    size_t count;       /* of clusters */
    float *centres;     /* (count, d) */
    uint32_t *labels;   /* (rows): the cluster of each row */
    uint32_t *members;  /* (rows) */
    size_t *starts;     /* (count + 1) */
    double inertia;     /* sum of the squared distances between rows and their centres */
    size_t iterations;  /* that were made */
} kit_clusters;

/* Clusters at least one row: kit_lloyd from the centres of kit_spread (kit_cluster.h). There are
 * fewer clusters than k when there are fewer different rows; with k of them or fewer, each is a
 * cluster. FB_PLUGIN_ENUMERIC for a row that is too long for kit_points_make.
 * O(runs (rows + k d)) memory. */
int kit_kmeans(const fb_host *host, const kit_matrix *rows, const kit_kmeans_options *options,
               kit_clusters *ret_clusters);

/* Lloyd's iteration from the given centres (count, d): centres become the means of their rows, rows
 * go to the nearest centre, ties to the smaller cluster, until no row changes its cluster or
 * `iterations` are over. Before that, a cluster without rows takes the row farthest from its own
 * centre, ties to the smaller row; it stays empty when all rows lie on their centres. Means are
 * sums in double in order of the rows; nearest is by kit_products, whose rounding can prefer a
 * centre that is farther by 1e-6 of the squared norms; these have to be finite as float. */
int kit_lloyd(const fb_host *host, const kit_matrix *rows, const kit_matrix *centres,
              size_t iterations, kit_clusters *ret_clusters);

#ifdef __cplusplus
}
#endif

#endif

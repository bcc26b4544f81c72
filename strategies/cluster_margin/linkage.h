/* SPDX-License-Identifier: 0BSD
 *
 * linkage.h - clusters by average linkage (UPGMA; Sokal & Michener 1958). */
#ifndef FB_CLUSTER_MARGIN_LINKAGE_H
#define FB_CLUSTER_MARGIN_LINKAGE_H

#include "kit.h"

/* Merges the rows, two clusters at a time, those whose members have the smallest mean Euclidean
 * distance, until `count` (1 .. rows) clusters are left, and writes the cluster of each row.
 * Clusters are numbered in order of their first rows.
 *
 * The merges are found by chains of nearest neighbours (Murtagh 1983) in O(rows^2) time besides the
 * distances. Equal distances: the smaller row, or the one before in the chain. Memory: rows * (rows
 * - 1) / 2 floats. FB_PLUGIN_ENUMERIC when squared distances could exceed float32. */
int linkage_cut(const fb_host *host, const kit_matrix *rows, size_t count, uint32_t *ret_labels);

#endif

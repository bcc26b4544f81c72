/* SPDX-License-Identifier: 0BSD
 *
 * kit.h - small parts that query strategies are made of: all of the kit's headers.
 *
 * Include <flipbench/kit.h> and link what `pkg-config flipbench-kit` names: the kit becomes a part
 * of the plugin. What follows holds wherever a comment does not say otherwise.
 *
 * Rows are positions in the sub-pool: row i is sample pool_ids[i], and pool_ids ascend, so that
 * "the smaller sample id" is "the smaller row". Matrices are row-major without gaps; a kit_matrix,
 * kit_stack or kit_points refers to memory that is not its own. Numbers that come in are finite, as
 * the host's services are. The same numbers give the same bits on every processor, with every
 * compiler and on any number of threads; sums are in double and in order of the index.
 *
 * Memory is host->alloc's and lives for the round. Functions that can fail return FB_PLUGIN_OK or a
 * negative code, after the reason has been given to the host: return it as it is. The code is
 * FB_PLUGIN_ENOMEM for a lack of memory, FB_PLUGIN_ECANCELLED from what may take long when the run
 * is being stopped, and what a comment names. Outputs are called ret_...; after a failure numbers,
 * pointers and structs are as they were, and arrays may be written in part.
 *
 * A function that takes no host, neither by itself nor within a struct, calls none and may be
 * called in the body of a parallel_for. All others are for create, select and scores themselves;
 * they may run a parallel_for of their own. */
#ifndef FB_KIT_H
#define FB_KIT_H

#include "kit_choose.h"
#include "kit_cluster.h"
#include "kit_distances.h"
#include "kit_instance.h"
#include "kit_kmeans.h"
#include "kit_linear.h"
#include "kit_numbers.h"
#include "kit_points.h"
#include "kit_predictions.h"
#include "kit_products.h"
#include "kit_ranked.h"
#include "kit_representation.h"
#include "kit_services.h"

#endif

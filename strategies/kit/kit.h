/* SPDX-License-Identifier: 0BSD
 *
 * kit.h - small parts that query strategies are made of: all of the kit's headers.
 *
 * Rows are positions in the sub-pool (row i is sample pool_ids[i], and pool_ids ascend), so "the
 * smaller sample id" is "the smaller row". Sums are in double and in order of the index: the same
 * bits everywhere. Memory comes from the host and lives for the round. Functions that can fail
 * return 0 or a negative code after the reason has been given to the host: return it as it is.
 * Functions that take no host may be called in the body of a parallel_for. */
#ifndef FB_KIT_H
#define FB_KIT_H

#include "kit_choose.h"
#include "kit_cluster.h"
#include "kit_distances.h"
#include "kit_kmeans.h"
#include "kit_linear.h"
#include "kit_nearest.h"
#include "kit_numbers.h"
#include "kit_points.h"
#include "kit_predictions.h"
#include "kit_products.h"
#include "kit_ranked.h"
#include "kit_representation.h"
#include "kit_services.h"

#endif

/* SPDX-License-Identifier: 0BSD
 *
 * kit.h - small parts that query strategies are made of.
 *
 * Rows are positions in the sub-pool (row i is sample pool_ids[i], and pool_ids ascend), so "the
 * smaller sample id" is "the smaller row". Sums are in double and in order of the index: the same
 * bits everywhere. Memory comes from the host and lives for the round. Functions that can fail
 * return 0 or a negative code after the reason has been given to the host: return it as it is. */
#ifndef FB_KIT_H
#define FB_KIT_H

#include <stddef.h>
#include <stdint.h>

#include "flipbench/strategy.h"

/* ---- services as C arrays ------------------------------------------------------------------- */

/* A read-only float32 matrix, row-major without gaps. */
typedef struct kit_matrix {
    const float *data;
    size_t rows, columns;
} kit_matrix;

/* Takes a float32 service of two dimensions, or of one (rows = 1). */
int kit_get_matrix(const fb_host *host, const char *service, uint64_t count,
                   kit_matrix *ret_matrix);

/* Takes a uint32 service of one dimension: "labels", "labeled_ids". */
int kit_get_numbers(const fb_host *host, const char *service, const uint32_t **ret_numbers,
                    size_t *ret_count);

static inline const float *kit_row(const kit_matrix *matrix, size_t row)
{
    return matrix->data + row * matrix->columns;
}

/* ---- choosing ------------------------------------------------------------------------------- */

typedef enum kit_order {
    KIT_SMALLEST_FIRST,
    KIT_LARGEST_FIRST
} kit_order;

/* Writes the k (<= n) rows with the first scores in the given order, best first; ties go to the
 * smaller row. With k = n this is a sort. A score that is NaN is a failure that names its row. */
int kit_top_k(const fb_host *host, const double *scores, size_t n, size_t k, kit_order order,
              uint32_t *ret_rows);

/* The same, as sample ids of the round: its batch, best first. */
int kit_select_top(const fb_host *host, const fb_round *round, const double *scores,
                   kit_order order, uint32_t *ret_ids);

#define KIT_NONE SIZE_MAX

/* Draws an index with probability proportional to its weight (>= 0): the first one at which the
 * running sum exceeds u times the total, u in [0, 1). Never one of weight 0; the last positive one
 * when rounding leaves the running sum short. KIT_NONE when no weight is positive. */
size_t kit_weighted_draw(const double *weights, size_t n, double u);

/* ---- an instance that keeps its scores ------------------------------------------------------ */

/* What a strategy that ranks by one number needs between select and scores. */
typedef struct kit_scored {
    const fb_host *host;
    double *scores; /* (pool_count), set by kit_scored_alloc */
} kit_scored;

/* fb_strategy.create, .scores and .destroy for such a strategy; the host owns all memory. */
int kit_scored_create(const fb_host *host, const fb_value *values, void **ret_instance);
int kit_scored_scores(void *instance, const fb_round *round, double *ret_scores);
void kit_scored_destroy(void *instance);

/* Room for the round's scores, zeroed. */
int kit_scored_alloc(kit_scored *self, const fb_round *round);

/* FB_PLUGIN_ENOMEM with a sentence. */
int kit_fail_memory(const fb_host *host, const char *what);

/* ---- numbers -------------------------------------------------------------------------------- */

/* Entropy in nats of a row of `count` probabilities, as given; 0 log 0 = 0. */
double kit_entropy(const float *probabilities, size_t count);

/* L2 norms of the rows. */
void kit_norms(const kit_matrix *matrix, double *ret_norms);

/* Lowers nearest[i] to the cosine distance 1 - cos(row i, row `chosen`) where that is smaller.
 * Distances below 1e-5 count as 0 (rounding, not difference); a row of norm 0 has distance 1 to
 * every row but itself. `norms` are those of kit_norms. */
void kit_cosine_nearest(const kit_matrix *matrix, const double *norms, size_t chosen,
                        double *nearest);

/* A dense layer on `count` rows of width d: out (count, width) = rows weights (d, width) + bias
 * (width). Each number is one chain of fused multiply-adds that starts at its bias, so it does not
 * depend on which rows or columns are computed together. */
int kit_dense(const fb_host *host, const float *rows, size_t count, size_t d, const float *weights,
              const float *bias, size_t width, float *out);

/* The position of the largest of `count` values; ties go to the smaller one. */
uint32_t kit_argmax(const float *values, size_t count);

#endif

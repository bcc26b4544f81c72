/* SPDX-License-Identifier: 0BSD
 *
 * kit_services.h - services as C arrays, and an instance that keeps its scores. See kit.h for the
 * conventions. */
#ifndef FB_KIT_SERVICES_H
#define FB_KIT_SERVICES_H

#include <stddef.h>
#include <stdint.h>

#include "flipbench/strategy.h"

#ifdef __cplusplus
extern "C" {
#endif

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

/* Float32 matrices of one size: row `row` of layer `layer` is kit_stack_row. */
typedef struct kit_stack {
    const float *data;
    size_t layers, rows, columns;
    size_t row_stride, layer_stride; /* floats from one row or layer to the next */
} kit_stack;

/* Takes a float32 service of three dimensions ("mc_probabilities"), or of two as one layer. */
int kit_get_stack(const fb_host *host, const char *service, uint64_t count, kit_stack *ret_stack);

static inline const float *kit_stack_row(const kit_stack *stack, size_t layer, size_t row)
{
    return stack->data + layer * stack->layer_stride + row * stack->row_stride;
}

/* FB_PLUGIN_ENOMEM with a sentence. */
int kit_fail_memory(const fb_host *host, const char *what);

/* What a strategy that ranks by one number needs between select and scores. */
typedef struct kit_scored {
    const fb_host *host;
    uint64_t count; /* set by kit_scored_create_counted (kit_ranked.h), else 0 */
    double *scores; /* (pool_count), set by kit_scored_alloc */
} kit_scored;

/* fb_strategy.create, .scores and .destroy for such a strategy; the host owns all memory. */
int kit_scored_create(const fb_host *host, const fb_value *values, void **ret_instance);
int kit_scored_scores(void *instance, const fb_round *round, double *ret_scores);
void kit_scored_destroy(void *instance);

/* Room for the round's scores, zeroed. */
int kit_scored_alloc(kit_scored *self, const fb_round *round);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: 0BSD
 *
 * kit_services.h - services as C arrays. See kit.h for the conventions. */
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

/* Row `row` (columns). */
static inline const float *kit_row(const kit_matrix *matrix, size_t row)
{
    return matrix->data + row * matrix->columns;
}

/* The functions below take a service of strategy.h by its name and, where it has one, its count (0
 * where not). What they give stays valid for the round. They fail as host->get does, and with
 * FB_PLUGIN_EINVAL for a service of another type or number of dimensions.
 *
 * A float32 service of two dimensions, or of one (rows = 1). */
int kit_get_matrix(const fb_host *host, const char *service, uint64_t count,
                   kit_matrix *ret_matrix);

/* A uint32 service of one dimension (ret_count): "labels", "labeled_ids". */
int kit_get_numbers(const fb_host *host, const char *service, const uint32_t **ret_numbers,
                    size_t *ret_count);

/* Float32 matrices of one size, one after the other or parts of them. */
typedef struct kit_stack {
    const float *data;
    size_t layers, rows, columns;
    size_t row_stride, layer_stride; /* floats from one row or layer to the next */
} kit_stack;

/* A float32 service of three dimensions ("mc_probabilities"), or of two as one layer. */
int kit_get_stack(const fb_host *host, const char *service, uint64_t count, kit_stack *ret_stack);

/* Row `row` of a layer (columns). */
static inline const float *kit_stack_row(const kit_stack *stack, size_t layer, size_t row)
{
    return stack->data + layer * stack->layer_stride + row * stack->row_stride;
}

/* FB_PLUGIN_ENOMEM, after the sentence "out of memory for `what`". */
int kit_fail_memory(const fb_host *host, const char *what);

#ifdef __cplusplus
}
#endif

#endif

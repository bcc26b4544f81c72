/* SPDX-License-Identifier: 0BSD
 *
 * kit_products.h - scalar products of many rows with many others, a block at a time: what distances
 * to centres, neighbours and balls are made of, without an array of all pairs. See kit.h for the
 * conventions. */
#ifndef FB_KIT_PRODUCTS_H
#define FB_KIT_PRODUCTS_H

#include <stddef.h>

#include "kit_services.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Working memory: kit_products_init once, then any number of products. */
typedef struct kit_products {
    const fb_host *host;
    float *buffer;       /* (chunk, block) */
    size_t chunk, block; /* left and right rows that are taken at a time */
} kit_products;

/* For products of about so many left and right rows; others are taken in as small pieces. At most 1
 * MB. */
int kit_products_init(const fb_host *host, size_t left_rows, size_t right_rows,
                      kit_products *ret_products);

/* Takes the products of the left row `row` with the right rows first .. first+count-1. For one left
 * row the calls come in order of `first`; different ones are taken at once, on several threads, so
 * that it may write only what belongs to `row` (or atomically, where order does not matter), and
 * may not call the host. */
typedef void (*kit_products_body)(void *argument, size_t row, size_t first, size_t count,
                                  const float *products);

/* Hands to `body` the products of all left rows with all right ones. Each is one chain of fused
 * multiply-adds in order of the columns, started at 0: the same bits for (x, y) as for (y, x). */
int kit_products_run(const kit_products *products, const kit_matrix *left, const kit_matrix *right,
                     kit_products_body body, void *argument);

/* The same for the pairs of one matrix: each row with the rows before it. */
int kit_products_run_before(const kit_products *products, const kit_matrix *matrix,
                            kit_products_body body, void *argument);

#ifdef __cplusplus
}
#endif

#endif

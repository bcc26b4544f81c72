/* SPDX-License-Identifier: 0BSD
 *
 * product.h - out = left right, in packed blocks that stay in the caches, tile by tile.
 *
 * The operands are whatever can be packed: a matrix, its transpose, the patches of images. */
#ifndef FB_KERNELS_PRODUCT_H
#define FB_KERNELS_PRODUCT_H

#include "tile.h"

SIMD_INLINE size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* memcpy of a few floats. */
SIMD_INLINE void copy_floats(float *to, const float *from, size_t count)
{
    size_t i = 0;
    for (; i + V_WIDTH <= count; i += V_WIDTH)
        v_store(to + i, v_load(from + i));
    for (; i + 4 <= count; i += 4)
        memcpy(to + i, from + i, sizeof(float[4]));
    for (; i < count; i++)
        to[i] = from[i];
}

/* Packs `count` rows of the left operand from `row` on, for the steps [k, k + depth): row i, step
 * p goes to panel[i * LEFT_STRIDE + p] (TILE_BY_ROW) or panel[p * TILE_ROWS + i] (TILE_BY_STEP). */
typedef void product_pack_left(const void *operand, size_t row, size_t count, size_t k,
                               size_t depth, float *panel);

/* Packs the right operand's columns [column, column + count), count <= TILE_COLUMNS, for the steps
 * [k, k + depth): step p, column j goes to panel[p * TILE_COLUMNS + j]; columns beyond `count` are
 * written with anything finite. */
typedef void product_pack_right(const void *operand, size_t column, size_t count, size_t k,
                                size_t depth, float *panel);

/* Where the result's rows [row, row + count) start, in floats from `out`. */
typedef void product_place_rows(const void *places, size_t row, size_t count, size_t *ret_places);

typedef struct product {
    size_t m, n, k;
    product_pack_left *pack_left;
    const void *left;
    tile_layout layout;
    product_pack_right *pack_right;
    const void *right;
    /* Not NULL: the right operand is also a plain (k x n) matrix with rows direct_stride apart, to
     * be read in place rather than packed. */
    const float *direct;
    size_t direct_stride;
    /* Element (i, j) is out[i * row_stride + j * column_stride]. */
    float *out;
    size_t row_stride, column_stride;
    /* Not NULL: the rows start where this says instead; column_stride is 1. */
    product_place_rows *place_rows;
    const void *places;
    bool accumulate;   /* the sums start at `out` rather than at 0 */
    const float *bias; /* (n) added to each row at the end; NULL: none */
    bool relu;         /* at the very end */
} product;

/* 0 or FB_ENOMEM. Each element is one chain of fused multiply-adds in order of k. */
int ISA(product)(const product *p);

/* A matrix operand, row-major: `data` at the first element. */
typedef struct product_matrix {
    const float *data;
    size_t stride;
} product_matrix;

/* The left operand as an (m x k) matrix, for TILE_BY_ROW (gemm.c). */
product_pack_left ISA(pack_left_matrix);

/* The right operand as a (k x n) matrix, and as the transpose of an (n x k) one. */
product_pack_right ISA(pack_right_matrix), ISA(pack_right_transposed);

#endif

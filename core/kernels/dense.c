/* SPDX-License-Identifier: 0BSD
 *
 * dense.c - the backward pass of a dense layer, a few rows of the weights at a time: what a row
 * gives to dx, its gradient and its update follow each other while it is in the cache. */
#include "product.h"
#include "transpose.h"

/* Rows of the weights at a time: whole tiles and whole vectors of every instruction set; and where dy
 * is too large to be packed but once. */
enum { ROWS = 48, ROWS_OF_LARGE = 768 };

_Static_assert((int)ROWS % (int)TILE_ROWS == 0 && (int)ROWS % (int)V_WIDTH == 0,
               "a block is whole tiles");

/* dy, packed once as the right operand of both products. */
typedef struct packed_dy {
    const float *by_unit;   /* (batch, units) in panels of TILE_COLUMNS units */
    const float *by_sample; /* (units, batch) in panels of TILE_COLUMNS samples */
} packed_dy;

static size_t whole_panels(size_t columns)
{
    return (columns + TILE_COLUMNS - 1) / TILE_COLUMNS * TILE_COLUMNS;
}

/* Whether both forms of dy and a left panel of x fit the scratch. */
static bool fits(const kernels_dense *dense)
{
    const size_t room = (size_t)BLOCK_K * BLOCK_N;
    return dense->batch <= BLOCK_K && dense->units <= room &&
           whole_panels(dense->units) * dense->batch + whole_panels(dense->batch) * dense->units <=
               room;
}

static packed_dy pack_dy(const kernels_dense *dense, const float *dy, float *scratch)
{
    const product_matrix matrix = {dy, dense->units};
    const packed_dy packed = {scratch, scratch + whole_panels(dense->units) * dense->batch};
    for (size_t j = 0; j < dense->units; j += TILE_COLUMNS)
        ISA(pack_right_matrix)(&matrix, j, smaller(TILE_COLUMNS, dense->units - j), 0,
                               dense->batch, scratch + j * dense->batch);
    scratch += whole_panels(dense->units) * dense->batch;
    for (size_t j = 0; j < dense->batch; j += TILE_COLUMNS)
        ISA(pack_right_transposed)(&matrix, j, smaller(TILE_COLUMNS, dense->batch - j), 0,
                                   dense->units, scratch + j * dense->units);
    return packed;
}

/* The weights' rows of the next block: a product walks along many rows at once, which the processor
 * does not foresee. */
static void fetch_rows(const kernels_dense *dense, size_t row, const float *weights)
{
    enum { LINE = 16 };
    const size_t end = smaller(row + ROWS, dense->in) * dense->units;
    for (size_t i = row * dense->units; i < end; i += LINE)
        SIMD_PREFETCH(weights + i);
}

/* dx (batch, in)'s columns row .. row+rows-1: the transpose of weights dy'. */
static void input_gradient(const kernels_dense *dense, size_t row, size_t rows,
                           const packed_dy *dy, const float *weights, float *dx)
{
    float turned[ROWS * TILE_COLUMNS];
    tile t = {
        .layout = TILE_BY_ROW,
        .depth = dense->units,
        .left_stride = dense->units,
        .right_stride = TILE_COLUMNS,
        .out_stride = TILE_COLUMNS,
    };
    for (size_t j = 0; j < dense->batch; j += TILE_COLUMNS) {
        t.columns = smaller(TILE_COLUMNS, dense->batch - j);
        t.right = dy->by_sample + j * dense->units;
        for (size_t i = 0; i < rows; i += TILE_ROWS) {
            t.rows = smaller(TILE_ROWS, rows - i);
            t.left = weights + (row + i) * dense->units;
            t.out = turned + i * TILE_COLUMNS;
            ISA(tile)(&t);
        }
        transpose(rows, t.columns, turned, TILE_COLUMNS, dx + j * dense->in + row, dense->in);
    }
}

/* Step p of the panel is rows row .. row+rows-1 of x' at sample p. */
static void pack_x(const kernels_dense *dense, size_t row, size_t rows, const float *x,
                   float *panel)
{
    const float *from = x + row;
    if (rows == TILE_ROWS) {
        for (size_t p = 0; p < dense->batch; p++)
            memcpy(panel + p * TILE_ROWS, from + p * dense->in, sizeof(float[TILE_ROWS]));
        return;
    }
    for (size_t p = 0; p < dense->batch; p++)
        memcpy(panel + p * TILE_ROWS, from + p * dense->in, rows * sizeof(float));
}

/* gradient (rows, units) = the rows row .. row+rows-1 of x' dy. */
static void weight_gradient(const kernels_dense *dense, size_t row, size_t rows, const float *x,
                            const packed_dy *dy, float *left, float *gradient)
{
    tile t = {
        .layout = TILE_BY_STEP,
        .depth = dense->batch,
        .left = left,
        .left_stride = TILE_ROWS,
        .right_stride = TILE_COLUMNS,
    };
    for (size_t i = 0; i < rows; i += TILE_ROWS) {
        t.rows = smaller(TILE_ROWS, rows - i);
        pack_x(dense, row + i, t.rows, x, left);
        for (size_t j = 0; j < dense->units; j += TILE_COLUMNS) {
            float aside[TILE_ROWS * TILE_COLUMNS], *out = gradient + i * dense->units + j;
            t.columns = smaller(TILE_COLUMNS, dense->units - j);
            t.right = dy->by_unit + j * dense->batch;
            bool whole = t.columns == TILE_COLUMNS || t.columns == V_WIDTH;
            t.out = whole ? out : aside;
            t.out_stride = whole ? dense->units : TILE_COLUMNS;
            ISA(tile)(&t);
            for (size_t r = 0; r < t.rows && !whole; r++)
                memcpy(out + r * dense->units, aside + r * TILE_COLUMNS,
                       t.columns * sizeof(float));
        }
    }
}

/* The same where dy is packed for every block. */
static int large_gradients(const kernels_dense *dense, const float *x, const float *dy,
                           const float *weights, float *dx, float *d_weights,
                           kernels_dense_update *update, void *context)
{
    const size_t batch = dense->batch, in = dense->in, units = dense->units;
    for (size_t row = 0; row < in; row += ROWS_OF_LARGE) {
        const size_t rows = smaller(ROWS_OF_LARGE, in - row);
        float *gradient = update ? d_weights : d_weights + row * units;
        int rc = 0;
        if (dx)
            rc = ISA(gemm)(false, true, batch, rows, units, dy, units, weights + row * units,
                           units, 0, dx + row, in);
        if (!rc)
            rc = ISA(gemm)(true, false, rows, units, batch, x + row, in, dy, units, 0, gradient,
                           units);
        if (rc)
            return rc;
        if (update)
            update(context, row * units, rows * units, gradient);
    }
    return 0;
}

int ISA(dense_gradients)(const kernels_dense *dense, const float *x, const float *dy,
                         const float *weights, float *dx, float *d_weights,
                         kernels_dense_update *update, void *context)
{
    if (!fits(dense))
        return large_gradients(dense, x, dy, weights, dx, d_weights, update, context);
    kernels_scratch *scratch = kernels_scratch_get();
    if (!scratch)
        return FB_ENOMEM;
    const packed_dy packed = pack_dy(dense, dy, scratch->right);
    for (size_t row = 0; row < dense->in; row += ROWS) {
        const size_t rows = smaller(ROWS, dense->in - row);
        float *gradient = update ? d_weights : d_weights + row * dense->units;
        if (dx) {
            fetch_rows(dense, row + rows, weights);
            input_gradient(dense, row, rows, &packed, weights, dx);
        }
        weight_gradient(dense, row, rows, x, &packed, scratch->left, gradient);
        if (update)
            update(context, row * dense->units, rows * dense->units, gradient);
    }
    return 0;
}

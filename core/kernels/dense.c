/* SPDX-License-Identifier: 0BSD
 *
 * dense.c - a dense layer.
 *
 * Backward, a few rows of the weights at a time: what a row gives to dx, its gradient and its
 * update follow each other while it is in the cache. A small layer's operands are read where they
 * are: to pack them would take as long as to multiply. */
#include "product.h"
#include "team.h"
#include "transpose.h"

/* Rows of the weights at a time: whole tiles and whole vectors of every instruction set; and
 * where dy is too large to be packed but once. */
enum { ROWS = 48, ROWS_OF_LARGE = 768 };

_Static_assert((int)ROWS % (int)TILE_ROWS == 0 && (int)ROWS % (int)V_WIDTH == 0,
               "a block is whole tiles");

/* The largest small layer. */
enum { FEW_INPUTS = BLOCK_K, FEW_UNITS = 256 };

/* Whether a tile may write its whole vectors into a matrix. */
static bool is_whole(const tile *t)
{
    return t->columns == TILE_COLUMNS || t->columns == V_WIDTH;
}

/* y's columns of a tile: all rows. */
static void forward_columns(const kernels_dense *dense, tile *t, const float *x,
                            const float *bias, float *y)
{
    float aside[TILE_ROWS * TILE_COLUMNS] = {0};
    const bool whole = is_whole(t);
    t->out_stride = whole ? dense->units : TILE_COLUMNS;
    for (size_t i = 0; i < dense->batch; i += TILE_ROWS) {
        float *out = y + i * dense->units;
        t->rows = smaller(TILE_ROWS, dense->batch - i);
        t->left = x + i * dense->in;
        t->out = whole ? out : aside;
        for (size_t r = 0; r < t->rows; r++)
            copy_floats(t->out + r * t->out_stride, bias, t->columns);
        ISA(tile)(t);
        for (size_t r = 0; r < t->rows && !whole; r++)
            copy_floats(out + r * dense->units, aside + r * TILE_COLUMNS, t->columns);
    }
}

static int small_forward(const kernels_dense *dense, const float *x, const float *weights,
                         const float *bias, bool relu, float *y)
{
    const product_matrix matrix = {weights, dense->units};
    kernels_scratch *scratch = kernels_scratch_borrow();
    if (!scratch)
        return FB_ENOMEM;
    tile t = {
        .layout = TILE_BY_ROW,
        .depth = dense->in,
        .left_stride = dense->in,
        .accumulate = true,
        .relu = relu,
    };
    for (size_t j = 0; j < dense->units; j += TILE_COLUMNS) {
        t.columns = smaller(TILE_COLUMNS, dense->units - j);
        const bool whole = t.columns == TILE_COLUMNS;
        if (!whole)
            ISA(pack_right_matrix)(&matrix, j, t.columns, 0, dense->in, scratch->right);
        t.right = whole ? weights + j : scratch->right;
        t.right_stride = whole ? dense->units : TILE_COLUMNS;
        forward_columns(dense, &t, x, bias + j, y + j);
    }
    kernels_scratch_return(scratch);
    return 0;
}

int ISA(dense_forward)(const kernels_dense *dense, const float *x, const float *weights,
                       const float *bias, bool relu, float *y)
{
    const size_t batch = dense->batch, in = dense->in, units = dense->units;
    const bool alone = team_size_for((double)batch * (double)in * (double)units) == 1;
    if (in <= FEW_INPUTS && units <= FEW_UNITS && alone)
        return small_forward(dense, x, weights, bias, relu, y);
    for (size_t i = 0; i < batch; i++)
        memcpy(y + i * units, bias, units * sizeof *y);
    const product_matrix left = {x, in}, right = {weights, units};
    const product p = {
        .m = batch,
        .n = units,
        .k = in,
        .pack_left = ISA(pack_left_matrix),
        .left = &left,
        .layout = TILE_BY_ROW,
        .pack_right = ISA(pack_right_matrix),
        .right = &right,
        .direct = weights,
        .direct_stride = units,
        .out = y,
        .row_stride = units,
        .column_stride = 1,
        .accumulate = true,
        .relu = relu,
    };
    return ISA(product)(&p);
}

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

static packed_dy pack_dy(const kernels_dense *dense, const float *dy, bool wants_dx,
                         float *scratch)
{
    const product_matrix matrix = {dy, dense->units};
    const packed_dy packed = {scratch, scratch + whole_panels(dense->units) * dense->batch};
    for (size_t j = 0; j < dense->units; j += TILE_COLUMNS)
        ISA(pack_right_matrix)(&matrix, j, smaller(TILE_COLUMNS, dense->units - j), 0,
                               dense->batch, scratch + j * dense->batch);
    scratch += whole_panels(dense->units) * dense->batch;
    for (size_t j = 0; wants_dx && j < dense->batch; j += TILE_COLUMNS)
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
        copy_floats(panel + p * TILE_ROWS, from + p * dense->in, rows);
}

/* gradient (rows, units) = the rows row .. row+rows-1 of x' dy. */
static void weight_gradient(const kernels_dense *dense, size_t row, size_t rows, const float *x,
                            const packed_dy *dy, float *left, float *gradient)
{
    const bool in_place = dense->in <= FEW_INPUTS;
    tile t = {
        .layout = TILE_BY_STEP,
        .depth = dense->batch,
        .left = left,
        .left_stride = in_place ? dense->in : TILE_ROWS,
        .right_stride = TILE_COLUMNS,
    };
    for (size_t i = 0; i < rows; i += TILE_ROWS) {
        t.rows = smaller(TILE_ROWS, rows - i);
        if (in_place)
            t.left = x + row + i;
        else
            pack_x(dense, row + i, t.rows, x, left);
        for (size_t j = 0; j < dense->units; j += TILE_COLUMNS) {
            float aside[TILE_ROWS * TILE_COLUMNS], *out = gradient + i * dense->units + j;
            t.columns = smaller(TILE_COLUMNS, dense->units - j);
            t.right = dy->by_unit + j * dense->batch;
            const bool whole = is_whole(&t);
            t.out = whole ? out : aside;
            t.out_stride = whole ? dense->units : TILE_COLUMNS;
            ISA(tile)(&t);
            for (size_t r = 0; r < t.rows && !whole; r++)
                copy_floats(out + r * dense->units, aside + r * TILE_COLUMNS, t.columns);
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
    kernels_scratch *scratch = kernels_scratch_borrow();
    if (!scratch)
        return FB_ENOMEM;
    const packed_dy packed = pack_dy(dense, dy, dx != NULL, scratch->right);
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
    kernels_scratch_return(scratch);
    return 0;
}

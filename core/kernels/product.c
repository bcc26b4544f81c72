/* SPDX-License-Identifier: 0BSD */
#include "product.h"
#include "team.h"
#include "transpose.h"

/* The length of equal blocks, each a multiple of `unit` and at most `limit`, that cover `total`.
 */
static size_t block_length(size_t total, size_t limit, size_t unit)
{
    size_t blocks = (total + limit - 1) / limit;
    size_t length = blocks > 1 ? (total + blocks - 1) / blocks : total;
    return (length + unit - 1) / unit * unit;
}

/* The block of `right` that the scratch holds: columns [column, column + columns), steps [k, k +
 * depth). */
typedef struct block {
    size_t column, columns, k, depth;
    bool first, last; /* along k */
} block;

/* Whether a tile's columns are read in place: packing does not pay for few rows. */
static bool is_direct(const product *p, size_t columns)
{
    enum { FEW_ROWS = 256 };
    return p->direct && p->m <= FEW_ROWS && columns == TILE_COLUMNS;
}

static void pack_block(const product *p, const block *b, kernels_scratch *scratch)
{
    for (size_t j = 0; j < b->columns; j += TILE_COLUMNS) {
        size_t columns = smaller(TILE_COLUMNS, b->columns - j);
        if (!is_direct(p, columns))
            p->pack_right(p->right, b->column + j, columns, b->k, b->depth,
                          scratch->right + j * b->depth);
    }
    if (p->bias) {
        memset(scratch->bias, 0, sizeof scratch->bias);
        memcpy(scratch->bias, p->bias + b->column, b->columns * sizeof(float));
    }
}

/* The rows of the result that a panel of left rows gives, in floats from `out`. */
static void find_places(const product *p, size_t row, size_t rows, size_t *ret_places)
{
    if (p->place_rows) {
        p->place_rows(p->places, row, rows, ret_places);
        return;
    }
    for (size_t i = 0; i < rows; i++)
        ret_places[i] = (row + i) * p->row_stride;
}

/* A tile that does not lie in `out` as whole vectors is done in the scratch and copied; `out` is
 * the column's. */
static void run_aside(const product *p, tile *t, const size_t *places, float *out, float *aside)
{
    for (size_t i = 0; t->accumulate && i < t->rows; i++)
        for (size_t j = 0; j < t->columns; j++)
            aside[i * TILE_COLUMNS + j] = out[places[i] + j * p->column_stride];
    t->out = aside;
    t->out_stride = TILE_COLUMNS;
    ISA(tile)(t);
    if (p->column_stride == 1) {
        for (size_t i = 0; i < t->rows; i++)
            memcpy(out + places[i], aside + i * TILE_COLUMNS, t->columns * sizeof(float));
        return;
    }
    for (size_t j = 0; j < t->columns; j++)
        for (size_t i = 0; i < t->rows; i++)
            out[places[i] + j * p->column_stride] = aside[i * TILE_COLUMNS + j];
}

/* The rows [row, row + rows) of the block, whose left panel is packed. */
static void run_rows(const product *p, const block *b, size_t row, size_t rows,
                     kernels_scratch *scratch)
{
    tile t = {
        .layout = p->layout,
        .rows = rows,
        .depth = b->depth,
        .left = scratch->left,
        .left_stride = p->layout == TILE_BY_ROW ? LEFT_STRIDE : TILE_ROWS,
        .accumulate = p->accumulate || !b->first,
        .relu = p->relu && b->last,
    };
    size_t places[TILE_ROWS];
    find_places(p, row, rows, places);
    for (size_t j = 0; j < b->columns; j += TILE_COLUMNS) {
        t.columns = smaller(TILE_COLUMNS, b->columns - j);
        bool direct = is_direct(p, t.columns);
        t.right = direct ? p->direct + b->k * p->direct_stride + b->column + j
                         : scratch->right + j * b->depth;
        t.right_stride = direct ? p->direct_stride : TILE_COLUMNS;
        t.bias = p->bias && b->last ? scratch->bias + j : NULL;

        float *out = p->out + (b->column + j) * p->column_stride;
        bool whole = t.columns == TILE_COLUMNS || t.columns == V_WIDTH;
        if (whole && p->column_stride == 1 && !p->place_rows) {
            t.out = out + places[0];
            t.out_stride = p->row_stride;
            ISA(tile)(&t);
        } else {
            run_aside(p, &t, places, out, scratch->tile);
        }
    }
}

/* A part of the result: rows [row, row_end), columns [column, column_end). */
typedef struct part {
    size_t row, row_end, column, column_end;
} part;

static int run_part(const product *p, part of)
{
    kernels_scratch *scratch = kernels_scratch_borrow();
    if (!scratch)
        return FB_ENOMEM;
    size_t column_step = block_length(of.column_end - of.column, BLOCK_N, TILE_COLUMNS);
    size_t k_step = block_length(p->k, BLOCK_K, 1);

    for (size_t column = of.column; column < of.column_end; column += column_step) {
        size_t k = 0;
        do { /* once even for k = 0, which still writes `out` */
            block b = {
                .column = column,
                .columns = smaller(column_step, of.column_end - column),
                .k = k,
                .depth = smaller(k_step, p->k - k),
                .first = k == 0,
                .last = k + k_step >= p->k,
            };
            pack_block(p, &b, scratch);
            for (size_t row = of.row; row < of.row_end; row += TILE_ROWS) {
                size_t rows = smaller(TILE_ROWS, of.row_end - row);
                p->pack_left(p->left, row, rows, k, b.depth, scratch->left);
                run_rows(p, &b, row, rows, scratch);
            }
            k += k_step;
        } while (k < p->k);
    }
    kernels_scratch_return(scratch);
    return 0;
}

/* A product shared among threads: the longer side of the result is cut. */
typedef struct shared_product {
    const product *p;
    size_t shares;
    int status[TEAM_MAX];
} shared_product;

static void run_share(void *context, size_t index)
{
    shared_product *shared = context;
    const product *p = shared->p;
    part of = {0, p->m, 0, p->n};
    if (p->m >= p->n)
        team_share(p->m, TILE_ROWS, shared->shares, index, &of.row, &of.row_end);
    else
        team_share(p->n, TILE_COLUMNS, shared->shares, index, &of.column, &of.column_end);
    shared->status[index] = run_part(p, of);
}

int ISA(product)(const product *p)
{
    shared_product shared = {.p = p};
    shared.shares = team_size_for((double)p->m * (double)p->n * (double)p->k);
    if (shared.shares == 1)
        return run_part(p, (part){0, p->m, 0, p->n});
    team_run(shared.shares, run_share, &shared);
    for (size_t i = 0; i < shared.shares; i++)
        if (shared.status[i])
            return shared.status[i];
    return 0;
}

void ISA(pack_right_matrix)(const void *operand, size_t column, size_t count, size_t k,
                            size_t depth, float *panel)
{
    const product_matrix *matrix = operand;
    const float *from = matrix->data + k * matrix->stride + column;
    if (count == TILE_COLUMNS) {
        for (size_t p = 0; p < depth; p++)
            memcpy(panel + p * TILE_COLUMNS, from + p * matrix->stride,
                   sizeof(float[TILE_COLUMNS]));
        return;
    }
    for (size_t p = 0; p < depth; p++) {
        for (size_t j = count / V_WIDTH * V_WIDTH; j < TILE_COLUMNS; j += V_WIDTH)
            v_store(panel + p * TILE_COLUMNS + j, v_set1(0.0f));
        copy_floats(panel + p * TILE_COLUMNS, from + p * matrix->stride, count);
    }
}

void ISA(pack_right_transposed)(const void *operand, size_t column, size_t count, size_t k,
                                size_t depth, float *panel)
{
    const product_matrix *matrix = operand;
    const float *from = matrix->data + column * matrix->stride + k;
    if (count < TILE_COLUMNS)
        memset(panel, 0, depth * sizeof(float[TILE_COLUMNS]));
    transpose(count, depth, from, matrix->stride, panel, TILE_COLUMNS);
}

/* SPDX-License-Identifier: 0BSD
 *
 * gemm.c - the product of matrices: which operand goes to the left, and how each is packed. */
#include "product.h"

/* Asks for the cache lines of a row's part, which may lie behind the end of its matrix. */
static void fetch_early(const float *row, size_t offset, size_t count)
{
    enum { LINE = 64 };
    const uintptr_t begin = (uintptr_t)row + offset * sizeof(float);
    for (uintptr_t at = begin; at < begin + count * sizeof(float); at += LINE)
        __builtin_prefetch((const void *)at, 0, 2);
}

/* The left operand as an (m x k) matrix: rows are contiguous in k. The rows that will be packed
 * next are fetched while these are used. */
void ISA(pack_left_matrix)(const void *operand, size_t row, size_t count, size_t k, size_t depth,
                           float *panel)
{
    const product_matrix *matrix = operand;
    for (size_t i = 0; i < count; i++)
        memcpy(panel + i * LEFT_STRIDE, matrix->data + (row + i) * matrix->stride + k,
               depth * sizeof(float));
    for (size_t i = 0; i < count; i++)
        fetch_early(matrix->data, (row + TILE_ROWS + i) * matrix->stride + k, depth);
}

/* The left operand as the transpose of a (k x m) matrix: each step of k has the rows side by side.
 */
static void pack_left_transposed(const void *operand, size_t row, size_t count, size_t k,
                                 size_t depth, float *panel)
{
    const product_matrix *matrix = operand;
    const float *from = matrix->data + k * matrix->stride + row;
    if (count == TILE_ROWS) {
        for (size_t p = 0; p < depth; p++)
            memcpy(panel + p * TILE_ROWS, from + p * matrix->stride, sizeof(float[TILE_ROWS]));
        return;
    }
    for (size_t p = 0; p < depth; p++)
        memcpy(panel + p * TILE_ROWS, from + p * matrix->stride, count * sizeof(float));
}

static void set_left(product *p, const product_matrix *matrix, bool trans)
{
    p->left = matrix;
    p->pack_left = trans ? pack_left_transposed : ISA(pack_left_matrix);
    p->layout = trans ? TILE_BY_STEP : TILE_BY_ROW;
}

static void set_right(product *p, const product_matrix *matrix, bool trans)
{
    p->right = matrix;
    p->pack_right = trans ? ISA(pack_right_transposed) : ISA(pack_right_matrix);
    p->direct = trans ? NULL : matrix->data;
    p->direct_stride = matrix->stride;
}

int ISA(gemm)(bool trans_a, bool trans_b, size_t m, size_t n, size_t k, const float *a, size_t lda,
              const float *b, size_t ldb, float beta, float *c, size_t ldc)
{
    const product_matrix a_matrix = {a, lda}, b_matrix = {b, ldb};
    product p = {.k = k, .out = c, .accumulate = beta != 0};
    /* To pack a large transposed B for few rows costs more than to use them. Then the transposed
     * product is computed, C' = B' A', with B on the left where its rows are right: a b = b a in
     * every bit. */
    bool exchange = trans_b && m < k / 2;
    if (exchange) {
        p.m = n;
        p.n = m;
        set_left(&p, &b_matrix, false);
        set_right(&p, &a_matrix, !trans_a);
        p.row_stride = 1;
        p.column_stride = ldc;
    } else {
        p.m = m;
        p.n = n;
        set_left(&p, &a_matrix, trans_a);
        set_right(&p, &b_matrix, trans_b);
        p.row_stride = ldc;
        p.column_stride = 1;
    }
    return ISA(product)(&p);
}

/* Rows of a matrix that lie anywhere in it. */
typedef struct listed_rows {
    product_matrix matrix;
    const uint32_t *rows;
} listed_rows;

static void pack_left_listed(const void *operand, size_t row, size_t count, size_t k, size_t depth,
                             float *panel)
{
    const listed_rows *listed = operand;
    for (size_t i = 0; i < count; i++)
        memcpy(panel + i * LEFT_STRIDE,
               listed->matrix.data + listed->rows[row + i] * listed->matrix.stride + k,
               depth * sizeof(float));
}

int ISA(gemm_rows)(const uint32_t *rows, size_t m, size_t n, size_t k, const float *a, size_t lda,
                   const float *b, size_t ldb, float *c, size_t ldc)
{
    const listed_rows listed = {{a, lda}, rows};
    const product_matrix b_matrix = {b, ldb};
    product p = {
        .m = m,
        .n = n,
        .k = k,
        .left = &listed,
        .pack_left = pack_left_listed,
        .layout = TILE_BY_ROW,
        .out = c,
        .row_stride = ldc,
        .column_stride = 1,
        .accumulate = true,
    };
    set_right(&p, &b_matrix, false);
    return ISA(product)(&p);
}

/* SPDX-License-Identifier: 0BSD
 *
 * gemm_double.c - the product of matrices in double. The left operand is read in place; of the
 * right one a panel of a few columns at a time is packed on the stack, so nothing is allocated. */
#include "simd_double.h"
#include "table.h"

#if defined(SIMD_AVX512)
#define ROWS 12
#define VECTORS 2
#elif defined(SIMD_AVX2)
#define ROWS 6
#define VECTORS 2
#elif defined(SIMD_NEON)
#define ROWS 6
#define VECTORS 4
#else
#define ROWS 4
#define VECTORS 2
#endif
enum {
    COLUMNS = VECTORS * VD_WIDTH,
    FEW_ROWS = ROWS > 4 ? ROWS / 3 : 1, /* of the tiles at the lower edge */
    DEPTH = 128,     /* steps of k at a time: a panel of 16 KB, and as much of the left rows */
    ROW_BLOCK = 480, /* left rows that stay in L2 while panel after panel meets them */
};

/* An operand: element (i, j) is data[i * row + j * column]. */
typedef struct strided {
    const double *data;
    size_t row, column;
} strided;

static strided make_strided(const double *data, size_t ld, bool trans)
{
    return trans ? (strided){data, 1, ld} : (strided){data, ld, 1};
}

static strided part(const strided *s, size_t i, size_t j)
{
    return (strided){s->data + i * s->row + j * s->column, s->row, s->column};
}

/* A panel of `columns` columns and `depth` rows, times `scale`; those beyond are zeros. */
static void pack(const strided *b, size_t depth, size_t columns, double scale,
                 double panel[DEPTH * COLUMNS])
{
    for (size_t p = 0; p < depth; p++) {
        const double *from = b->data + p * b->row;
        double *to = panel + p * COLUMNS;
        if (columns == COLUMNS && b->column == 1)
            for (size_t j = 0; j < COLUMNS; j++)
                to[j] = scale * from[j];
        else
            for (size_t j = 0; j < COLUMNS; j++)
                to[j] = j < columns ? scale * from[j * b->column] : 0;
    }
}

/* c (rows, COLUMNS) = the chains of `depth` products that start at c, or at 0. The number of rows
 * is known to the compiler, so that the sums live in registers. */
SIMD_INLINE void multiply(size_t rows, size_t depth, const double *a, size_t row, size_t step,
                          const double *panel, bool add, double *c, size_t ldc)
{
    v_f64 sum[ROWS][VECTORS];
    SIMD_UNROLL
    for (size_t i = 0; i < rows; i++) {
        SIMD_UNROLL
        for (size_t v = 0; v < VECTORS; v++)
            sum[i][v] = add ? vd_load(c + i * ldc + v * VD_WIDTH) : vd_set1(0);
    }
    for (size_t p = 0; p < depth; p++, a += step, panel += COLUMNS) {
        v_f64 b[VECTORS];
        SIMD_UNROLL
        for (size_t v = 0; v < VECTORS; v++)
            b[v] = vd_load(panel + v * VD_WIDTH);
        SIMD_UNROLL
        for (size_t i = 0; i < rows; i++) {
            v_f64 left = vd_set1(a[i * row]);
            SIMD_UNROLL
            for (size_t v = 0; v < VECTORS; v++)
                sum[i][v] = vd_fma(left, b[v], sum[i][v]);
        }
    }
    SIMD_UNROLL
    for (size_t i = 0; i < rows; i++) {
        SIMD_UNROLL
        for (size_t v = 0; v < VECTORS; v++)
            vd_store(c + i * ldc + v * VD_WIDTH, sum[i][v]);
    }
}

/* Both ways that a left operand can lie, for the two numbers of rows. */
static void multiply_most(size_t depth, const strided *a, const double *panel, bool add, double *c,
                          size_t ldc)
{
    if (a->column == 1)
        multiply(ROWS, depth, a->data, a->row, 1, panel, add, c, ldc);
    else
        multiply(ROWS, depth, a->data, 1, a->column, panel, add, c, ldc);
}

static void multiply_few(size_t depth, const strided *a, const double *panel, bool add, double *c,
                         size_t ldc)
{
    if (a->column == 1)
        multiply(FEW_ROWS, depth, a->data, a->row, 1, panel, add, c, ldc);
    else
        multiply(FEW_ROWS, depth, a->data, 1, a->column, panel, add, c, ldc);
}

static void multiply_one(size_t depth, const strided *a, const double *panel, bool add, double *c,
                         size_t ldc)
{
    multiply(1, depth, a->data, a->row, a->column, panel, add, c, ldc);
}

/* Rows of c times one panel, whole tiles of columns. */
static void run_panel(size_t rows, size_t depth, const strided *a, const double *panel, bool add,
                      double *c, size_t ldc)
{
    size_t i = 0;
    for (; i + ROWS <= rows; i += ROWS) {
        strided tile = part(a, i, 0);
        multiply_most(depth, &tile, panel, add, c + i * ldc, ldc);
    }
    for (; i + FEW_ROWS <= rows; i += FEW_ROWS) {
        strided tile = part(a, i, 0);
        multiply_few(depth, &tile, panel, add, c + i * ldc, ldc);
    }
    for (; i < rows; i++) {
        strided tile = part(a, i, 0);
        multiply_one(depth, &tile, panel, add, c + i * ldc, ldc);
    }
}

/* The same for fewer columns than a panel has: in memory of whole tiles, and copied. */
static void run_narrow_panel(size_t rows, size_t columns, size_t depth, const strided *a,
                             const double *panel, bool add, double *c, size_t ldc)
{
    double aside[ROWS * COLUMNS] = {0};
    for (size_t first = 0; first < rows; first += ROWS) {
        size_t count = rows - first < ROWS ? rows - first : ROWS;
        for (size_t i = 0; add && i < count; i++)
            memcpy(aside + i * COLUMNS, c + (first + i) * ldc, columns * sizeof *c);
        strided tile = part(a, first, 0);
        run_panel(count, depth, &tile, panel, add, aside, COLUMNS);
        for (size_t i = 0; i < count; i++)
            memcpy(c + (first + i) * ldc, aside + i * COLUMNS, columns * sizeof *c);
    }
}

void ISA(gemm_double)(bool trans_a, bool trans_b, size_t m, size_t n, size_t k, double scale,
                      const double *a, size_t lda, const double *b, size_t ldb, bool add,
                      double *c, size_t ldc)
{
    const strided left = make_strided(a, lda, trans_a), right = make_strided(b, ldb, trans_b);
    double panel[DEPTH * COLUMNS];
    for (size_t i = 0; i < m && !add && k == 0; i++)
        memset(c + i * ldc, 0, n * sizeof *c);
    for (size_t i = 0; i < m; i += ROW_BLOCK) {
        size_t rows = m - i < ROW_BLOCK ? m - i : ROW_BLOCK;
        for (size_t p = 0; p < k; p += DEPTH) {
            size_t depth = k - p < DEPTH ? k - p : DEPTH;
            const strided block = part(&left, i, p);
            for (size_t j = 0; j < n; j += COLUMNS) {
                size_t columns = n - j < COLUMNS ? n - j : COLUMNS;
                const strided source = part(&right, p, j);
                pack(&source, depth, columns, scale, panel);
                if (columns == COLUMNS)
                    run_panel(rows, depth, &block, panel, add || p > 0, c + i * ldc + j, ldc);
                else
                    run_narrow_panel(rows, columns, depth, &block, panel, add || p > 0,
                                     c + i * ldc + j, ldc);
            }
        }
    }
}

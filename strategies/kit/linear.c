/* SPDX-License-Identifier: 0BSD
 *
 * linear.c - products, Cholesky factors and inverses, in blocks that are matrix products. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "kernels.h"
#include "kit.h"

enum { BLOCK = 64 };

static size_t block_end(size_t first, size_t n)
{
    return n - first < BLOCK ? n : first + BLOCK;
}

/* Runs a body over the blocks of n rows, on the host's threads where there is a host. */
static void each_block(const fb_host *host, size_t n, fb_loop_body body, void *argument)
{
    size_t blocks = (n + BLOCK - 1) / BLOCK;
    if (host)
        host->parallel_for(host, blocks, 1, body, argument);
    else if (blocks)
        body(argument, 0, blocks);
}

/* ---- products ------------------------------------------------------------------------------- */

/* Rows first .. first+count-1 of the product. */
static void multiply_rows(const kit_multiplication *p, size_t first, size_t count)
{
    kernels_gemm_double(p->a_transposed, p->b_transposed, count, p->n, p->k, p->scale,
                        p->a + first * (p->a_transposed ? 1 : p->a_stride), p->a_stride, p->b,
                        p->b_stride, p->add, p->c + first * p->c_stride, p->c_stride);
}

static void multiply_columns(const kit_multiplication *p, size_t first, size_t count)
{
    kernels_gemm_double(p->a_transposed, p->b_transposed, p->m, count, p->k, p->scale, p->a,
                        p->a_stride, p->b + first * (p->b_transposed ? p->b_stride : 1),
                        p->b_stride, p->add, p->c + first, p->c_stride);
}

/* fb_loop_body over blocks of the longer side. */
static void multiply_blocks(void *argument, size_t first, size_t count)
{
    const kit_multiplication *p = argument;
    size_t length = p->m >= p->n ? p->m : p->n;
    size_t from = first * BLOCK, to = (first + count) * BLOCK;
    if (to > length)
        to = length;
    if (p->m >= p->n)
        multiply_rows(p, from, to - from);
    else
        multiply_columns(p, from, to - from);
}

void kit_multiply(const fb_host *host, const kit_multiplication *product)
{
    kit_multiplication p = *product;
    each_block(host, p.m >= p.n ? p.m : p.n, multiply_blocks, &p);
}

/* ---- Cholesky ------------------------------------------------------------------------------- */

/* A factorisation under way: columns before `first` are done, those before `end` are this step's.
 */
typedef struct cholesky {
    size_t n, first, end;
    double *a;
    double transposed[BLOCK * BLOCK]; /* of the step's diagonal block of L */
} cholesky;

/* The row's diagonal is to be a square root of what its own row of L leaves of it. */
static bool set_pivot(const cholesky *c, size_t i)
{
    double *row = c->a + i * c->n, pivot = row[i], whole;
    for (size_t k = c->first; k < i; k++)
        pivot -= row[k] * row[k];
    whole = pivot;
    for (size_t k = 0; k < i; k++)
        whole += row[k] * row[k];
    row[i] = sqrt(pivot);
    return pivot > (double)c->n * DBL_EPSILON * whole && isfinite(pivot);
}

/* Factors the diagonal block; the row at which that fails, n when it does not. */
static size_t factor_diagonal(cholesky *c)
{
    for (size_t i = c->first; i < c->end; i++) {
        double *row = c->a + i * c->n;
        for (size_t j = c->first; j < i; j++) {
            const double *above = c->a + j * c->n;
            double sum = row[j];
            for (size_t k = c->first; k < j; k++)
                sum -= row[k] * above[k];
            row[j] = sum / above[j];
        }
        if (!set_pivot(c, i))
            return i;
        memset(row + i + 1, 0, (c->n - i - 1) * sizeof *row);
        for (size_t j = c->first; j <= i; j++)
            c->transposed[(j - c->first) * BLOCK + i - c->first] = row[j];
    }
    return c->n;
}

/* fb_loop_body over blocks of the rows below: their part of L is A L'^-1. */
static void factor_below(void *argument, size_t first, size_t count)
{
    const cholesky *c = argument;
    size_t width = c->end - c->first, end = c->end + (first + count) * BLOCK;
    for (size_t i = c->end + first * BLOCK; i < c->n && i < end; i++) {
        double *row = c->a + i * c->n + c->first;
        for (size_t k = 0; k < width; k++) {
            const double *column = c->transposed + k * BLOCK;
            row[k] /= column[k];
            for (size_t j = k + 1; j < width; j++)
                row[j] -= row[k] * column[j];
        }
    }
}

/* fb_loop_body over the same: what is left of the matrix, up to the diagonal. */
static void subtract_below(void *argument, size_t first, size_t count)
{
    const cholesky *c = argument;
    for (size_t b = first; b < first + count; b++) {
        size_t row = c->end + b * BLOCK, row_end = block_end(row, c->n);
        kernels_gemm_double(false, true, row_end - row, row_end - c->end, c->end - c->first, -1,
                            c->a + row * c->n + c->first, c->n, c->a + c->end * c->n + c->first,
                            c->n, true, c->a + row * c->n + c->end, c->n);
    }
}

int kit_cholesky(const fb_host *host, const char *what, size_t n, double *a)
{
    cholesky c = {.n = n, .a = a};
    for (c.first = 0; c.first < n; c.first = c.end) {
        c.end = block_end(c.first, n);
        size_t row = factor_diagonal(&c);
        if (row < n)
            return host ? host->fail(host, FB_PLUGIN_ENUMERIC,
                                     "%s is not positive definite to working precision: row %zu "
                                     "of %zu depends on those before it",
                                     what, row, n)
                        : FB_PLUGIN_ENUMERIC;
        each_block(host, n - c.end, factor_below, &c);
        each_block(host, n - c.end, subtract_below, &c);
    }
    return FB_PLUGIN_OK;
}

/* ---- triangular systems --------------------------------------------------------------------- */

static void subtract_row(size_t columns, double factor, const double *from, double *row)
{
    for (size_t j = 0; j < columns; j++)
        row[j] -= factor * from[j];
}

static void divide_row(size_t columns, double by, double *row)
{
    for (size_t j = 0; j < columns; j++)
        row[j] /= by;
}

void kit_lower_solve(size_t n, const double *l, size_t l_stride, size_t columns, double *b,
                     size_t b_stride)
{
    for (size_t first = 0; first < n; first += BLOCK) {
        size_t end = block_end(first, n);
        kernels_gemm_double(false, false, end - first, columns, first, -1, l + first * l_stride,
                            l_stride, b, b_stride, true, b + first * b_stride, b_stride);
        for (size_t i = first; i < end; i++) {
            for (size_t k = first; k < i; k++)
                subtract_row(columns, l[i * l_stride + k], b + k * b_stride, b + i * b_stride);
            divide_row(columns, l[i * l_stride + i], b + i * b_stride);
        }
    }
}

void kit_lower_solve_transposed(size_t n, const double *l, size_t l_stride, size_t columns,
                                double *b, size_t b_stride)
{
    for (size_t blocks = (n + BLOCK - 1) / BLOCK; blocks-- > 0;) {
        size_t first = blocks * BLOCK, end = block_end(first, n);
        kernels_gemm_double(true, false, end - first, columns, n - end, -1,
                            l + end * l_stride + first, l_stride, b + end * b_stride, b_stride,
                            true, b + first * b_stride, b_stride);
        for (size_t i = end; i-- > first;) {
            for (size_t k = end; --k > i;)
                subtract_row(columns, l[k * l_stride + i], b + k * b_stride, b + i * b_stride);
            divide_row(columns, l[i * l_stride + i], b + i * b_stride);
        }
    }
}

/* ---- inverses ------------------------------------------------------------------------------- */

typedef struct inversion {
    size_t n;
    const double *l;
    double *inverse;
} inversion;

/* fb_loop_body over blocks of columns: from the diagonal down they need only the part of L that
 * lies below and to the right of it. */
static void invert_columns(void *argument, size_t first, size_t count)
{
    const inversion *v = argument;
    size_t n = v->n;
    for (size_t b = first; b < first + count; b++) {
        size_t column = b * BLOCK, columns = block_end(column, n) - column;
        const double *l = v->l + column * n + column;
        double *part = v->inverse + column * n + column;
        for (size_t i = 0; i < n - column; i++) {
            memset(part + i * n, 0, columns * sizeof *part);
            if (i < columns)
                part[i * n + i] = 1;
        }
        kit_lower_solve(n - column, l, n, columns, part, n);
        kit_lower_solve_transposed(n - column, l, n, columns, part, n);
    }
}

void kit_cholesky_inverse(const fb_host *host, size_t n, const double *l, double *ret_inverse)
{
    inversion v = {n, l, ret_inverse};
    each_block(host, n, invert_columns, &v);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            ret_inverse[j * n + i] = ret_inverse[i * n + j];
}

static void swap_rows(size_t n, double *x, double *y)
{
    for (size_t j = 0; j < n; j++) {
        double kept = x[j];
        x[j] = y[j];
        y[j] = kept;
    }
}

/* Scales the rows of a so that their largest magnitudes lie in [1/2, 1), and those of the identity
 * that becomes the inverse with them. */
static void begin_inverse(size_t n, double *a, double *inverse)
{
    memset(inverse, 0, n * n * sizeof *inverse);
    for (size_t i = 0; i < n; i++) {
        double largest = 0;
        int exponent;
        for (size_t j = 0; j < n; j++)
            largest = fmax(largest, fabs(a[i * n + j]));
        frexp(largest, &exponent);
        inverse[i * n + i] = ldexp(1, -exponent);
        for (size_t j = 0; j < n; j++)
            a[i * n + j] = ldexp(a[i * n + j], -exponent);
    }
}

/* Makes column k of `a` that of the identity; false when no row has a pivot. */
static bool eliminate(size_t n, size_t k, double *a, double *inverse)
{
    size_t best = k;
    for (size_t i = k + 1; i < n; i++)
        if (fabs(a[i * n + k]) > fabs(a[best * n + k]))
            best = i;
    double pivot = fabs(a[best * n + k]);
    if (!(pivot > (double)n * DBL_EPSILON) || !isfinite(pivot))
        return false;
    if (best != k) {
        swap_rows(n, a + best * n, a + k * n);
        swap_rows(n, inverse + best * n, inverse + k * n);
    }
    divide_row(n, a[k * n + k], inverse + k * n);
    divide_row(n, a[k * n + k], a + k * n);
    for (size_t i = 0; i < n; i++) {
        double factor = a[i * n + k];
        if (i == k)
            continue;
        subtract_row(n, factor, a + k * n, a + i * n);
        subtract_row(n, factor, inverse + k * n, inverse + i * n);
    }
    return true;
}

int kit_inverse(const fb_host *host, const char *what, size_t n, double *a, double *ret_inverse)
{
    begin_inverse(n, a, ret_inverse);
    for (size_t k = 0; k < n; k++)
        if (!eliminate(n, k, a, ret_inverse))
            return host ? host->fail(host, FB_PLUGIN_ENUMERIC,
                                     "%s is singular to working precision: column %zu of %zu "
                                     "depends on those before it",
                                     what, k, n)
                        : FB_PLUGIN_ENUMERIC;
    return FB_PLUGIN_OK;
}

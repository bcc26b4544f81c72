/* SPDX-License-Identifier: 0BSD
 *
 * kit_linear.h - dense linear algebra in double: products, Cholesky, inverses, eigenvectors,
 * principal axes. See kit.h for the conventions.
 *
 * Matrices are row-major; without a stride their rows follow one another. Every sum runs in the
 * order of its index and blocks have fixed sizes, so the bits depend neither on the processor nor
 * on the compiler nor on the number of threads. Large ones are shared among threads by
 * host->parallel_for; where a function takes NULL for its host, it works on the calling thread
 * alone and gives no sentence, which is how a body of parallel_for may call it.
 *
 * Matrices that are singular, or so close to it that rounding decides, are FB_PLUGIN_ENUMERIC with
 * a sentence in which `what` names the matrix. The contents are then lost. */
#ifndef FB_KIT_LINEAR_H
#define FB_KIT_LINEAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kit_services.h"

#ifdef __cplusplus
extern "C" {
#endif

/* C (m, n) = A (scale B), or C + A (scale B) where `add`. Each element is one chain of fused
 * multiply-adds in order of k, started at 0 or at C. C overlaps neither operand. */
typedef struct kit_multiplication {
    size_t m, n, k;
    const double *a; /* (m, k), or (k, m) where it is transposed */
    size_t a_stride; /* numbers from one row, as it lies in memory, to the next */
    bool a_transposed;
    const double *b; /* (k, n), or (n, k) where it is transposed */
    size_t b_stride;
    bool b_transposed;
    double scale;
    bool add;
    double *c;
    size_t c_stride;
} kit_multiplication;

/* `host` may be NULL. */
void kit_multiply(const fb_host *host, const kit_multiplication *product);

/* The Cholesky factor of a symmetric positive definite matrix, in place: a = L L' with L lower
 * triangular, zeros above. Only the lower triangle is read. Not positive definite: a pivot is at
 * most n 2^-52 times what stood on the diagonal. `host` may be NULL. */
int kit_cholesky(const fb_host *host, const char *what, size_t n, double *a);

/* b (n, columns) = L^-1 b and L'^-1 b: one after the other they solve L L' x = b. */
void kit_lower_solve(size_t n, const double *l, size_t l_stride, size_t columns, double *b,
                     size_t b_stride);
void kit_lower_solve_transposed(size_t n, const double *l, size_t l_stride, size_t columns,
                                double *b, size_t b_stride);

/* (L L')^-1 (n, n), symmetric in every bit, of a Cholesky factor. `host` may be NULL. */
void kit_cholesky_inverse(const fb_host *host, size_t n, const double *l, double *ret_inverse);

/* The inverse of any square matrix, by Gauss and Jordan with row pivots after the rows are scaled
 * by powers of 2 to one size; `a` is overwritten. For small matrices, and for those that are not
 * positive definite. `host` may be NULL. */
int kit_inverse(const fb_host *host, const char *what, size_t n, double *a, double *ret_inverse);

/* Eigenvalues (n), largest first, and eigenvectors of a symmetric matrix, in place: row i of `a`
 * becomes the unit eigenvector of value i, its entry of the largest magnitude (the first of equals)
 * positive. Householder's tridiagonal form, then implicit QL: O(n^3), a fraction of a second for
 * n = 500. FB_PLUGIN_ECANCELLED when the run is being stopped, FB_PLUGIN_ENUMERIC for a matrix
 * that is not finite. */
int kit_eigen(const fb_host *host, size_t n, double *a, double *ret_values);

/* The k (<= d) principal axes of the rows of x (n, d), the direction of the largest variance first,
 * with the sign of kit_eigen: ret_axes (k, d) has orthonormal rows. ret_mean (d) gets the mean of
 * the rows; when it is NULL the axes are about the origin instead: those on which the rows
 * themselves, not their deviations, leave the least behind. ret_variances (k), which may be NULL,
 * are mean squares along the axes (divided by n). O(n d^2 + d^3) time, 16 d^2 bytes. */
int kit_pca(const fb_host *host, const kit_matrix *x, size_t k, double *ret_mean,
            double *ret_axes, double *ret_variances);

#ifdef __cplusplus
}
#endif

#endif

/* cholesky.h - symmetric positive definite systems of doubles (internal to nn). */
#ifndef FB_NN_CHOLESKY_H
#define FB_NN_CHOLESKY_H

#include <stddef.h>

/* The upper triangle of A (size, size) becomes U with A = U'U; the rest is not read. A pivot that
 * is rounding noise, below 1e-14 of A's diagonal there, is raised to that. The diagonal must be
 * above 0. */
void cholesky_factorize(size_t size, double *a);

/* Solves U'U y = y in place. */
void cholesky_solve(size_t size, const double *u, double *y);

#endif

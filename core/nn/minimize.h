/* minimize.h - the minimum of a smooth, strictly convex function of many doubles (internal to nn).
 *
 * Newton's method where the function gives its Hessian, else L-BFGS (Nocedal 1980; Nocedal & Wright
 * 2006, Algorithm 7.4). Both search along their direction by the slope: near the minimum the
 * function's values differ by less than their rounding errors, and its slopes do not, so that the
 * gradient can be brought down to the tolerances asked for. */
#ifndef FB_NN_MINIMIZE_H
#define FB_NN_MINIMIZE_H

#include <stddef.h>

#include "status.h"

typedef struct minimize_problem {
    size_t size; /* of the argument and of the gradient */
    void *context;

    /* The function's value at x (size), and its gradient there (size). */
    double (*value)(void *context, const double *x, double *ret_gradient);

    /* The upper triangle, with the diagonal, of the Hessian at x, into (size, size) zeros. NULL:
     * L-BFGS. */
    void (*hessian)(void *context, const double *x, double *hessian);

    /* For L-BFGS, which needs the fewer iterations the closer this is: `prepare` looks at x, now
     * and then; `precondition` multiplies a vector by about the inverse of the Hessian there, by a
     * positive definite matrix. */
    void (*prepare)(void *context, const double *x);
    void (*precondition)(void *context, double *vector);

    const double *tolerance; /* (size) the minimum is where |gradient[i]| <= tolerance[i], all i */
    size_t limit;            /* iterations, at most */

    /* Called after each iteration, from 0; a non-zero return stops with FB_ECANCELLED. May be
     * NULL. */
    int (*progress)(void *context, size_t iteration, double value);
} minimize_problem;

typedef struct minimize_result {
    double value;
    size_t iterations;
    double gradient; /* the largest magnitude in the gradient */
} minimize_result;

/* Moves x (size) from a start to the minimum. FB_ENUMERIC when the tolerances are not reached
 * within the limit, or at all; the sentence says how large the gradient still is. After a failure
 * x is the best point so far. */
int minimize_convex(const minimize_problem *problem, double *x, minimize_result *ret_result,
                    fb_error *err);

#endif

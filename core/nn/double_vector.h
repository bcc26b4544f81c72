/* double_vector.h - loops over doubles for the linear network's solver (internal to nn). Every sum
 * has one order, which the compiler may not change, so the bits are always the same. */
#ifndef FB_NN_DOUBLE_VECTOR_H
#define FB_NN_DOUBLE_VECTOR_H

#include <math.h>
#include <stddef.h>

/* The sum of a[i] b[i], in eight partial sums: i % 8 tells which. One sum would wait for each
 * addition before the next. */
static inline double double_dot(size_t count, const double *restrict a, const double *restrict b)
{
    double sums[8] = {0};
    size_t i = 0;
    for (; i + 8 <= count; i += 8)
        for (size_t lane = 0; lane < 8; lane++)
            sums[lane] += a[i + lane] * b[i + lane];
    for (size_t lane = 0; i < count; i++, lane++)
        sums[lane] += a[i] * b[i];
    return ((sums[0] + sums[4]) + (sums[2] + sums[6])) +
           ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

/* y[i] += factor x[i]. */
static inline void double_add_scaled(size_t count, double factor, const double *restrict x,
                                     double *restrict y)
{
    for (size_t i = 0; i < count; i++)
        y[i] += factor * x[i];
}

/* The same for four rows x, `ld` apart, one after the other. */
static inline void double_add_scaled4(size_t count, const double factors[4],
                                      const double *restrict x, size_t ld, double *restrict y)
{
    double f0 = factors[0], f1 = factors[1], f2 = factors[2], f3 = factors[3];
    const double *x1 = x + ld, *x2 = x + 2 * ld, *x3 = x + 3 * ld;
    for (size_t i = 0; i < count; i++)
        y[i] = (((y[i] + f0 * x[i]) + f1 * x1[i]) + f2 * x2[i]) + f3 * x3[i];
}

/* The largest magnitude; NaN when a number is one. */
static inline double double_largest(size_t count, const double *x)
{
    double largest = 0.0;
    for (size_t i = 0; i < count; i++)
        if (!(fabs(x[i]) <= largest))
            largest = isnan(largest) ? largest : fabs(x[i]);
    return largest;
}

#endif

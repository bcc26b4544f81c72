/* SPDX-License-Identifier: 0BSD
 *
 * logarithm.h - the natural logarithm in double precision, by the series of elementary.c. Inline,
 * so that an instruction set that has a fused multiply-add uses it. */
#ifndef FB_KERNELS_LOGARITHM_H
#define FB_KERNELS_LOGARITHM_H

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

/* x = f 2^e with 0.5 <= f < 1, for 0 < x < infinity. */
static inline double split_double(double x, int *ret_e)
{
    const int tiny = x < DBL_MIN ? 54 : 0;
    uint64_t bits;
    if (tiny)
        x *= 0x1p54;
    memcpy(&bits, &x, sizeof bits);
    *ret_e = (int)(bits >> 52) - 1022 - tiny;
    bits = (bits & 0xfffffffffffff) | 0x3fe0000000000000;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* As kernels_log_double. */
static inline double log_double(double x)
{
    /* ln 2 in two parts: n * LN2_HIGH is exact for |n| < 2^20. */
    const double ln2_high = 0x1.62e42feep-1, ln2_low = 0x1.a39ef35793c76p-33;
    if (isnan(x) || x < 0)
        return (double)NAN;
    if (x == 0)
        return -(double)INFINITY;
    if (isinf(x))
        return x;

    int e;
    double f = split_double(x, &e); /* exact, as are the steps up to f */
    if (f < 0x1.6a09e667f3bcdp-1) {
        f *= 2;
        e--;
    }
    f -= 1;

    double s = f / (f + 2), s2 = s * s, p = 0;
    for (int k = 23; k >= 3; k -= 2)
        p = fma(p, s2, 2.0 / k);
    double y = fma(-s, fma(-p, s2, f), f);
    return fma(e, ln2_high, fma(e, ln2_low, y));
}

#endif

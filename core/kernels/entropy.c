/* SPDX-License-Identifier: 0BSD
 *
 * entropy.c - the terms -p log p in double, many at a time, with the logarithm of logarithm.h.
 *
 * The compiler makes vectors of the loop, which holds no branch and touches one array. The bits go
 * through unions because gcc does not make vectors of a memcpy. */
#include "simd.h"
#include "table.h"

SIMD_INLINE uint64_t bits_of(double x)
{
    const union { double number; uint64_t bits; } both = {.number = x};
    return both.bits;
}

SIMD_INLINE double of_bits(uint64_t x)
{
    const union { uint64_t bits; double number; } both = {.bits = x};
    return both.number;
}

void ISA(entropy_terms)(size_t count, double *p)
{
    /* As in logarithm.h, where e and f are explained: p = 2^e (1 + f), 1 + f in [0.707, 1.414]. A p
     * of 0 gets a finite logarithm. */
    const double ln2_high = 0x1.62e42feep-1, ln2_low = 0x1.a39ef35793c76p-33;
    const uint64_t sqrt_half = 0x3fe6a09e667f3bcd, one = 0x3ff0000000000000;
    const uint64_t mantissa = 0x000fffffffffffff;
    const uint64_t whole = 0x4330000000000000; /* of 2^52, to which small integers add as bits */
    for (size_t i = 0; i < count; i++) {
        const double x = p[i];
        const uint64_t scaled = bits_of(x) + (one - sqrt_half);
        const double e = of_bits(scaled >> 52 | whole) - (0x1p52 + 1023);
        const double f = of_bits((scaled & mantissa) + sqrt_half) - 1;
        const double s = f / (f + 2), s2 = s * s;
        double q = 0;
        SIMD_UNROLL
        for (int k = 23; k >= 3; k -= 2)
            q = fma(q, s2, 2.0 / k);
        double y = fma(-s, fma(-q, s2, f), f);
        y = fma(e, ln2_high, fma(e, ln2_low, y));
        p[i] = -x * y;
    }
}

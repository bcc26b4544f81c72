/* SPDX-License-Identifier: 0BSD
 *
 * screen.h - what the files of the screen share. */
#ifndef FB_KERNELS_SCREEN_INTERNAL_H
#define FB_KERNELS_SCREEN_INTERNAL_H

#include "table.h"

#ifdef KERNELS_ISA
#include "simd.h"
#endif

enum { SCREEN_HEADS = KERNELS_SCREEN_HEADS, SCREEN_PANEL = KERNELS_SCREEN_PANEL };

/* Fine integers: of a row at most FINE_ROW, of a head SCREEN_COARSE_UNIT times a coarse one, which
 * is at most 127. A product of a row and a head is below 2^28, of two heads 2^30. */
enum {
    SCREEN_FINE_ROW = 8191,
    SCREEN_COARSE_UNIT = 256,
    SCREEN_FINE_HEAD = 127 * SCREEN_COARSE_UNIT,
    SCREEN_DEPTH_UNIT = 32
};

/* So that coarse sums fit 31 bits, and those of a panel the scratch. */
enum { SCREEN_INPUTS_MAX = 65536, SCREEN_CLASSES_MAX = 512 };

static inline size_t screen_depth(size_t inputs)
{
    return (inputs + SCREEN_DEPTH_UNIT - 1) / SCREEN_DEPTH_UNIT * SCREEN_DEPTH_UNIT;
}

#ifdef KERNELS_ISA

/* The exact product of two rows of fine integers; depth is a multiple of SCREEN_DEPTH_UNIT, and
 * `safe`, which is one too, products make no sum of a lane overflow: a lane takes one of 16. */
SIMD_INLINE int64_t screen_dot(size_t depth, size_t safe, const int16_t *x, const int16_t *y)
{
#if defined(SIMD_AVX512)
    __m512i total = _mm512_setzero_si512();
    for (size_t k = 0; k < depth;) {
        const size_t end = depth - k < safe ? depth : k + safe;
        __m512i sum = _mm512_setzero_si512();
        for (; k < end; k += SCREEN_DEPTH_UNIT)
            sum = _mm512_add_epi32(sum, _mm512_madd_epi16(_mm512_loadu_si512(x + k),
                                                          _mm512_loadu_si512(y + k)));
        total = _mm512_add_epi64(total, _mm512_cvtepi32_epi64(_mm512_castsi512_si256(sum)));
        total = _mm512_add_epi64(total, _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64(sum, 1)));
    }
    return _mm512_reduce_add_epi64(total);
#else
    (void)safe;
    int64_t total = 0;
    for (size_t k = 0; k < depth; k++)
        total += x[k] * y[k];
    return total;
#endif
}

#endif

#endif

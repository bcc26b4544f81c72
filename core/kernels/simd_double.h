/* SPDX-License-Identifier: 0BSD
 *
 * simd_double.h - one vector of doubles, for every instruction set: what simd.h is for floats, of
 * VD_WIDTH lanes. */
#ifndef FB_KERNELS_SIMD_DOUBLE_H
#define FB_KERNELS_SIMD_DOUBLE_H

#include "simd.h"

#if defined(SIMD_AVX512)

enum { VD_WIDTH = 8 };
typedef __m512d v_f64;

SIMD_INLINE v_f64 vd_load(const double *p) { return _mm512_loadu_pd(p); }
SIMD_INLINE void vd_store(double *p, v_f64 a) { _mm512_storeu_pd(p, a); }
SIMD_INLINE v_f64 vd_set1(double a) { return _mm512_set1_pd(a); }
SIMD_INLINE v_f64 vd_fma(v_f64 a, v_f64 b, v_f64 c) { return _mm512_fmadd_pd(a, b, c); }

#elif defined(SIMD_AVX2)

enum { VD_WIDTH = 4 };
typedef __m256d v_f64;

SIMD_INLINE v_f64 vd_load(const double *p) { return _mm256_loadu_pd(p); }
SIMD_INLINE void vd_store(double *p, v_f64 a) { _mm256_storeu_pd(p, a); }
SIMD_INLINE v_f64 vd_set1(double a) { return _mm256_set1_pd(a); }
SIMD_INLINE v_f64 vd_fma(v_f64 a, v_f64 b, v_f64 c) { return _mm256_fmadd_pd(a, b, c); }

#elif defined(SIMD_NEON)

enum { VD_WIDTH = 2 };
typedef float64x2_t v_f64;

SIMD_INLINE v_f64 vd_load(const double *p) { return vld1q_f64(p); }
SIMD_INLINE void vd_store(double *p, v_f64 a) { vst1q_f64(p, a); }
SIMD_INLINE v_f64 vd_set1(double a) { return vdupq_n_f64(a); }
SIMD_INLINE v_f64 vd_fma(v_f64 a, v_f64 b, v_f64 c) { return vfmaq_f64(c, a, b); }

#else

enum { VD_WIDTH = 1 };
typedef double v_f64;

SIMD_INLINE v_f64 vd_load(const double *p) { return *p; }
SIMD_INLINE void vd_store(double *p, v_f64 a) { *p = a; }
SIMD_INLINE v_f64 vd_set1(double a) { return a; }
SIMD_INLINE v_f64 vd_fma(v_f64 a, v_f64 b, v_f64 c) { return fma(a, b, c); }

#endif

#endif

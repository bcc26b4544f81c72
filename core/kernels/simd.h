/* SPDX-License-Identifier: 0BSD
 *
 * simd.h - one vector of floats, for every instruction set.
 *
 * A file that includes this header is compiled once per instruction set (see meson.build) and sees
 * a vector of V_WIDTH lanes: 16 with AVX-512, 8 with AVX2 and FMA, 4 with NEON, 1 in plain C
 * (which is also x86-64-v2: without a fused multiply-add of its own it has to be right, not fast).
 * KERNELS_SCALAR asks for plain C whatever the compiler's target. Each operation is one IEEE 754
 * operation a lane, so that a sequence of them gives the same bits everywhere; only the payload
 * and sign of a NaN are the machine's own. */
#ifndef FB_KERNELS_SIMD_H
#define FB_KERNELS_SIMD_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__GNUC__)
#define SIMD_INLINE static inline __attribute__((always_inline, unused))
#else
#define SIMD_INLINE static inline
#endif

/* Before a loop whose body must end up in registers: unrolls it completely. */
#if defined(__clang__)
#define SIMD_UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define SIMD_UNROLL _Pragma("GCC unroll 16")
#else
#define SIMD_UNROLL
#endif

/* Asks for the cache line of an address that will be read soon. */
#if defined(__GNUC__)
#define SIMD_PREFETCH(address) __builtin_prefetch((address), 0, 2)
#else
#define SIMD_PREFETCH(address) ((void)(address))
#endif

/* Every set offers, besides load, store and arithmetic:
 *   v_fma(a, b, c) = a b + c and v_fnma(a, b, c) = c - a b, rounded once;
 *   v_max(a, b) = a > b ? a : b and v_min(a, b) = a < b ? a : b, so that a NaN in b stays;
 *   v_less, v_equal: false for a NaN; v_select, v_select_int(mask, a, b) = mask ? a : b;
 *   integers of 32 bits that wrap; v_mul_high: the upper half of the unsigned product;
 *   v_shift_right brings in zeros; v_from_int takes them as signed;
 *   v_at_least(a, b): a >= b of unsigned integers;
 *   v_load_bytes makes an integer of each of V_WIDTH bytes, v_store_bytes keeps the lowest ones;
 *   v_bits and v_from_bits reinterpret;
 *   v_zip_low(a, b) = a0 b0 a1 b1 ... of the lower halves, v_zip_high of the upper ones; a
 *   vector of one lane has none (see transpose.h). */

#if defined(__AVX512F__) && !defined(KERNELS_SCALAR)

#define SIMD_AVX512

#include <immintrin.h>

enum { V_WIDTH = 16 };
typedef __m512 v_f32;
typedef __m512i v_i32;
typedef __mmask16 v_mask;

SIMD_INLINE v_f32 v_load(const float *p) { return _mm512_loadu_ps(p); }
SIMD_INLINE void v_store(float *p, v_f32 a) { _mm512_storeu_ps(p, a); }
SIMD_INLINE v_f32 v_set1(float a) { return _mm512_set1_ps(a); }
SIMD_INLINE v_f32 v_add(v_f32 a, v_f32 b) { return _mm512_add_ps(a, b); }
SIMD_INLINE v_f32 v_sub(v_f32 a, v_f32 b) { return _mm512_sub_ps(a, b); }
SIMD_INLINE v_f32 v_mul(v_f32 a, v_f32 b) { return _mm512_mul_ps(a, b); }
SIMD_INLINE v_f32 v_div(v_f32 a, v_f32 b) { return _mm512_div_ps(a, b); }
SIMD_INLINE v_f32 v_sqrt(v_f32 a) { return _mm512_sqrt_ps(a); }
SIMD_INLINE v_f32 v_fma(v_f32 a, v_f32 b, v_f32 c) { return _mm512_fmadd_ps(a, b, c); }
SIMD_INLINE v_f32 v_fnma(v_f32 a, v_f32 b, v_f32 c) { return _mm512_fnmadd_ps(a, b, c); }
SIMD_INLINE v_f32 v_max(v_f32 a, v_f32 b) { return _mm512_max_ps(a, b); }
SIMD_INLINE v_f32 v_min(v_f32 a, v_f32 b) { return _mm512_min_ps(a, b); }
SIMD_INLINE v_mask v_less(v_f32 a, v_f32 b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
SIMD_INLINE v_mask v_equal(v_f32 a, v_f32 b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
SIMD_INLINE v_f32 v_select(v_mask m, v_f32 a, v_f32 b) { return _mm512_mask_blend_ps(m, b, a); }
SIMD_INLINE v_i32 v_load_int(const uint32_t *p) { return _mm512_loadu_si512(p); }
SIMD_INLINE void v_store_int(uint32_t *p, v_i32 a) { _mm512_storeu_si512(p, a); }
SIMD_INLINE v_i32 v_set1_int(int32_t a) { return _mm512_set1_epi32(a); }
SIMD_INLINE v_i32 v_add_int(v_i32 a, v_i32 b) { return _mm512_add_epi32(a, b); }
SIMD_INLINE v_i32 v_sub_int(v_i32 a, v_i32 b) { return _mm512_sub_epi32(a, b); }
SIMD_INLINE v_i32 v_mul_int(v_i32 a, v_i32 b) { return _mm512_mullo_epi32(a, b); }
SIMD_INLINE v_i32 v_mul_high(v_i32 a, v_i32 b)
{
    const v_i32 even = _mm512_mul_epu32(a, b);
    const v_i32 odd = _mm512_mul_epu32(_mm512_srli_epi64(a, 32), _mm512_srli_epi64(b, 32));
    return _mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64(even, 32), odd);
}
SIMD_INLINE v_i32 v_and(v_i32 a, v_i32 b) { return _mm512_and_si512(a, b); }
SIMD_INLINE v_i32 v_or(v_i32 a, v_i32 b) { return _mm512_or_si512(a, b); }
SIMD_INLINE v_i32 v_xor(v_i32 a, v_i32 b) { return _mm512_xor_si512(a, b); }
#define v_shift_left(a, n) _mm512_slli_epi32((a), (n))
#define v_shift_right(a, n) _mm512_srli_epi32((a), (n))
SIMD_INLINE v_mask v_equal_int(v_i32 a, v_i32 b) { return _mm512_cmpeq_epi32_mask(a, b); }
SIMD_INLINE v_mask v_at_least(v_i32 a, v_i32 b) { return _mm512_cmpge_epu32_mask(a, b); }
SIMD_INLINE v_i32 v_load_bytes(const uint8_t *p)
{
    return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p));
}
SIMD_INLINE void v_store_bytes(uint8_t *p, v_i32 a)
{
    _mm_storeu_si128((__m128i *)(void *)p, _mm512_cvtepi32_epi8(a));
}
SIMD_INLINE v_f32 v_from_int(v_i32 a) { return _mm512_cvtepi32_ps(a); }
SIMD_INLINE v_i32 v_select_int(v_mask m, v_i32 a, v_i32 b)
{
    return _mm512_mask_blend_epi32(m, b, a);
}
SIMD_INLINE v_f32 v_zip_low(v_f32 a, v_f32 b)
{
    const v_i32 order = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    return _mm512_permutex2var_ps(a, order, b);
}
SIMD_INLINE v_f32 v_zip_high(v_f32 a, v_f32 b)
{
    const v_i32 order =
        _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    return _mm512_permutex2var_ps(a, order, b);
}
SIMD_INLINE v_i32 v_bits(v_f32 a) { return _mm512_castps_si512(a); }
SIMD_INLINE v_f32 v_from_bits(v_i32 a) { return _mm512_castsi512_ps(a); }

#elif defined(__AVX2__) && defined(__FMA__) && !defined(KERNELS_SCALAR)

#define SIMD_AVX2

#include <immintrin.h>

enum { V_WIDTH = 8 };
typedef __m256 v_f32;
typedef __m256i v_i32;
typedef __m256 v_mask;

SIMD_INLINE v_f32 v_load(const float *p) { return _mm256_loadu_ps(p); }
SIMD_INLINE void v_store(float *p, v_f32 a) { _mm256_storeu_ps(p, a); }
SIMD_INLINE v_f32 v_set1(float a) { return _mm256_set1_ps(a); }
SIMD_INLINE v_f32 v_add(v_f32 a, v_f32 b) { return _mm256_add_ps(a, b); }
SIMD_INLINE v_f32 v_sub(v_f32 a, v_f32 b) { return _mm256_sub_ps(a, b); }
SIMD_INLINE v_f32 v_mul(v_f32 a, v_f32 b) { return _mm256_mul_ps(a, b); }
SIMD_INLINE v_f32 v_div(v_f32 a, v_f32 b) { return _mm256_div_ps(a, b); }
SIMD_INLINE v_f32 v_sqrt(v_f32 a) { return _mm256_sqrt_ps(a); }
SIMD_INLINE v_f32 v_fma(v_f32 a, v_f32 b, v_f32 c) { return _mm256_fmadd_ps(a, b, c); }
SIMD_INLINE v_f32 v_fnma(v_f32 a, v_f32 b, v_f32 c) { return _mm256_fnmadd_ps(a, b, c); }
SIMD_INLINE v_f32 v_max(v_f32 a, v_f32 b) { return _mm256_max_ps(a, b); }
SIMD_INLINE v_f32 v_min(v_f32 a, v_f32 b) { return _mm256_min_ps(a, b); }
SIMD_INLINE v_mask v_less(v_f32 a, v_f32 b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
SIMD_INLINE v_mask v_equal(v_f32 a, v_f32 b) { return _mm256_cmp_ps(a, b, _CMP_EQ_OQ); }
SIMD_INLINE v_f32 v_select(v_mask m, v_f32 a, v_f32 b) { return _mm256_blendv_ps(b, a, m); }
SIMD_INLINE v_i32 v_load_int(const uint32_t *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}
SIMD_INLINE void v_store_int(uint32_t *p, v_i32 a)
{
    _mm256_storeu_si256((__m256i *)(void *)p, a);
}
SIMD_INLINE v_i32 v_set1_int(int32_t a) { return _mm256_set1_epi32(a); }
SIMD_INLINE v_i32 v_add_int(v_i32 a, v_i32 b) { return _mm256_add_epi32(a, b); }
SIMD_INLINE v_i32 v_sub_int(v_i32 a, v_i32 b) { return _mm256_sub_epi32(a, b); }
SIMD_INLINE v_i32 v_mul_int(v_i32 a, v_i32 b) { return _mm256_mullo_epi32(a, b); }
SIMD_INLINE v_i32 v_mul_high(v_i32 a, v_i32 b)
{
    const v_i32 even = _mm256_mul_epu32(a, b);
    const v_i32 odd = _mm256_mul_epu32(_mm256_srli_epi64(a, 32), _mm256_srli_epi64(b, 32));
    return _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xAA);
}
SIMD_INLINE v_i32 v_and(v_i32 a, v_i32 b) { return _mm256_and_si256(a, b); }
SIMD_INLINE v_i32 v_or(v_i32 a, v_i32 b) { return _mm256_or_si256(a, b); }
SIMD_INLINE v_i32 v_xor(v_i32 a, v_i32 b) { return _mm256_xor_si256(a, b); }
#define v_shift_left(a, n) _mm256_slli_epi32((a), (n))
#define v_shift_right(a, n) _mm256_srli_epi32((a), (n))
SIMD_INLINE v_mask v_equal_int(v_i32 a, v_i32 b)
{
    return _mm256_castsi256_ps(_mm256_cmpeq_epi32(a, b));
}
SIMD_INLINE v_mask v_at_least(v_i32 a, v_i32 b)
{
    return _mm256_castsi256_ps(_mm256_cmpeq_epi32(_mm256_max_epu32(a, b), a));
}
SIMD_INLINE v_i32 v_load_bytes(const uint8_t *p)
{
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p));
}
SIMD_INLINE void v_store_bytes(uint8_t *p, v_i32 a)
{
    const __m256i low = _mm256_and_si256(a, _mm256_set1_epi32(255));
    const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(low),
                                           _mm256_extracti128_si256(low, 1));
    _mm_storel_epi64((__m128i *)(void *)p, _mm_packus_epi16(words, words));
}
SIMD_INLINE v_f32 v_from_int(v_i32 a) { return _mm256_cvtepi32_ps(a); }
SIMD_INLINE v_i32 v_select_int(v_mask m, v_i32 a, v_i32 b)
{
    return _mm256_blendv_epi8(b, a, _mm256_castps_si256(m));
}
SIMD_INLINE v_f32 v_zip_low(v_f32 a, v_f32 b)
{
    return _mm256_permute2f128_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b), 0x20);
}
SIMD_INLINE v_f32 v_zip_high(v_f32 a, v_f32 b)
{
    return _mm256_permute2f128_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b), 0x31);
}
SIMD_INLINE v_i32 v_bits(v_f32 a) { return _mm256_castps_si256(a); }
SIMD_INLINE v_f32 v_from_bits(v_i32 a) { return _mm256_castsi256_ps(a); }

#elif defined(__aarch64__) && !defined(KERNELS_SCALAR)

#define SIMD_NEON

#include <arm_neon.h>

enum { V_WIDTH = 4 };
typedef float32x4_t v_f32;
typedef uint32x4_t v_i32;
typedef uint32x4_t v_mask;

SIMD_INLINE v_f32 v_load(const float *p) { return vld1q_f32(p); }
SIMD_INLINE void v_store(float *p, v_f32 a) { vst1q_f32(p, a); }
SIMD_INLINE v_f32 v_set1(float a) { return vdupq_n_f32(a); }
SIMD_INLINE v_f32 v_add(v_f32 a, v_f32 b) { return vaddq_f32(a, b); }
SIMD_INLINE v_f32 v_sub(v_f32 a, v_f32 b) { return vsubq_f32(a, b); }
SIMD_INLINE v_f32 v_mul(v_f32 a, v_f32 b) { return vmulq_f32(a, b); }
SIMD_INLINE v_f32 v_div(v_f32 a, v_f32 b) { return vdivq_f32(a, b); }
SIMD_INLINE v_f32 v_sqrt(v_f32 a) { return vsqrtq_f32(a); }
SIMD_INLINE v_f32 v_fma(v_f32 a, v_f32 b, v_f32 c) { return vfmaq_f32(c, a, b); }
SIMD_INLINE v_f32 v_fnma(v_f32 a, v_f32 b, v_f32 c) { return vfmsq_f32(c, a, b); }
SIMD_INLINE v_mask v_less(v_f32 a, v_f32 b) { return vcltq_f32(a, b); }
SIMD_INLINE v_mask v_equal(v_f32 a, v_f32 b) { return vceqq_f32(a, b); }
SIMD_INLINE v_f32 v_select(v_mask m, v_f32 a, v_f32 b) { return vbslq_f32(m, a, b); }
SIMD_INLINE v_f32 v_max(v_f32 a, v_f32 b) { return v_select(v_less(b, a), a, b); }
SIMD_INLINE v_f32 v_min(v_f32 a, v_f32 b) { return v_select(v_less(a, b), a, b); }
SIMD_INLINE v_i32 v_load_int(const uint32_t *p) { return vld1q_u32(p); }
SIMD_INLINE void v_store_int(uint32_t *p, v_i32 a) { vst1q_u32(p, a); }
SIMD_INLINE v_i32 v_set1_int(int32_t a) { return vdupq_n_u32((uint32_t)a); }
SIMD_INLINE v_i32 v_add_int(v_i32 a, v_i32 b) { return vaddq_u32(a, b); }
SIMD_INLINE v_i32 v_sub_int(v_i32 a, v_i32 b) { return vsubq_u32(a, b); }
SIMD_INLINE v_i32 v_mul_int(v_i32 a, v_i32 b) { return vmulq_u32(a, b); }
SIMD_INLINE v_i32 v_mul_high(v_i32 a, v_i32 b)
{
    return vcombine_u32(vshrn_n_u64(vmull_u32(vget_low_u32(a), vget_low_u32(b)), 32),
                        vshrn_n_u64(vmull_u32(vget_high_u32(a), vget_high_u32(b)), 32));
}
SIMD_INLINE v_i32 v_and(v_i32 a, v_i32 b) { return vandq_u32(a, b); }
SIMD_INLINE v_i32 v_or(v_i32 a, v_i32 b) { return vorrq_u32(a, b); }
SIMD_INLINE v_i32 v_xor(v_i32 a, v_i32 b) { return veorq_u32(a, b); }
#define v_shift_left(a, n) vshlq_n_u32((a), (n))
#define v_shift_right(a, n) vshrq_n_u32((a), (n))
SIMD_INLINE v_mask v_equal_int(v_i32 a, v_i32 b) { return vceqq_u32(a, b); }
SIMD_INLINE v_mask v_at_least(v_i32 a, v_i32 b) { return vcgeq_u32(a, b); }
SIMD_INLINE v_i32 v_load_bytes(const uint8_t *p)
{
    uint32_t bytes;
    memcpy(&bytes, p, sizeof bytes);
    return vmovl_u16(vget_low_u16(vmovl_u8(vcreate_u8(bytes))));
}
SIMD_INLINE void v_store_bytes(uint8_t *p, v_i32 a)
{
    const uint16x4_t words = vmovn_u32(a);
    const uint8x8_t narrow = vmovn_u16(vcombine_u16(words, words));
    const uint32_t bytes = vget_lane_u32(vreinterpret_u32_u8(narrow), 0);
    memcpy(p, &bytes, sizeof bytes);
}
SIMD_INLINE v_f32 v_from_int(v_i32 a) { return vcvtq_f32_s32(vreinterpretq_s32_u32(a)); }
SIMD_INLINE v_i32 v_select_int(v_mask m, v_i32 a, v_i32 b) { return vbslq_u32(m, a, b); }
SIMD_INLINE v_f32 v_zip_low(v_f32 a, v_f32 b) { return vzip1q_f32(a, b); }
SIMD_INLINE v_f32 v_zip_high(v_f32 a, v_f32 b) { return vzip2q_f32(a, b); }
SIMD_INLINE v_i32 v_bits(v_f32 a) { return vreinterpretq_u32_f32(a); }
SIMD_INLINE v_f32 v_from_bits(v_i32 a) { return vreinterpretq_f32_u32(a); }

#else

#define SIMD_SCALAR

enum { V_WIDTH = 1 };
typedef float v_f32;
typedef uint32_t v_i32;
typedef int v_mask;

SIMD_INLINE v_f32 v_load(const float *p) { return *p; }
SIMD_INLINE void v_store(float *p, v_f32 a) { *p = a; }
SIMD_INLINE v_f32 v_set1(float a) { return a; }
SIMD_INLINE v_f32 v_add(v_f32 a, v_f32 b) { return a + b; }
SIMD_INLINE v_f32 v_sub(v_f32 a, v_f32 b) { return a - b; }
SIMD_INLINE v_f32 v_mul(v_f32 a, v_f32 b) { return a * b; }
SIMD_INLINE v_f32 v_div(v_f32 a, v_f32 b) { return a / b; }
SIMD_INLINE v_f32 v_sqrt(v_f32 a) { return sqrtf(a); }
SIMD_INLINE v_f32 v_fma(v_f32 a, v_f32 b, v_f32 c) { return fmaf(a, b, c); }
SIMD_INLINE v_f32 v_fnma(v_f32 a, v_f32 b, v_f32 c) { return fmaf(-a, b, c); }
SIMD_INLINE v_f32 v_max(v_f32 a, v_f32 b) { return a > b ? a : b; }
SIMD_INLINE v_f32 v_min(v_f32 a, v_f32 b) { return a < b ? a : b; }
SIMD_INLINE v_mask v_less(v_f32 a, v_f32 b) { return a < b; }
SIMD_INLINE v_mask v_equal(v_f32 a, v_f32 b) { return a == b; }
SIMD_INLINE v_f32 v_select(v_mask m, v_f32 a, v_f32 b) { return m ? a : b; }
SIMD_INLINE v_i32 v_load_int(const uint32_t *p) { return *p; }
SIMD_INLINE void v_store_int(uint32_t *p, v_i32 a) { *p = a; }
SIMD_INLINE v_i32 v_set1_int(int32_t a) { return (uint32_t)a; }
SIMD_INLINE v_i32 v_add_int(v_i32 a, v_i32 b) { return a + b; }
SIMD_INLINE v_i32 v_sub_int(v_i32 a, v_i32 b) { return a - b; }
SIMD_INLINE v_i32 v_mul_int(v_i32 a, v_i32 b) { return a * b; }
SIMD_INLINE v_i32 v_mul_high(v_i32 a, v_i32 b) { return (uint32_t)((uint64_t)a * b >> 32); }
SIMD_INLINE v_i32 v_and(v_i32 a, v_i32 b) { return a & b; }
SIMD_INLINE v_i32 v_or(v_i32 a, v_i32 b) { return a | b; }
SIMD_INLINE v_i32 v_xor(v_i32 a, v_i32 b) { return a ^ b; }
#define v_shift_left(a, n) ((a) << (n))
#define v_shift_right(a, n) ((a) >> (n))
SIMD_INLINE v_mask v_equal_int(v_i32 a, v_i32 b) { return a == b; }
SIMD_INLINE v_mask v_at_least(v_i32 a, v_i32 b) { return a >= b; }
SIMD_INLINE v_i32 v_load_bytes(const uint8_t *p) { return *p; }
SIMD_INLINE void v_store_bytes(uint8_t *p, v_i32 a) { *p = (uint8_t)a; }
SIMD_INLINE v_f32 v_from_int(v_i32 a)
{
    int32_t i;
    memcpy(&i, &a, sizeof i);
    return (float)i;
}
SIMD_INLINE v_i32 v_select_int(v_mask m, v_i32 a, v_i32 b) { return m ? a : b; }
SIMD_INLINE v_i32 v_bits(v_f32 a)
{
    uint32_t bits;
    memcpy(&bits, &a, sizeof bits);
    return bits;
}
SIMD_INLINE v_f32 v_from_bits(v_i32 a)
{
    float value;
    memcpy(&value, &a, sizeof value);
    return value;
}

#endif

#endif

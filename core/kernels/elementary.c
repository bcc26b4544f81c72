/* SPDX-License-Identifier: 0BSD
 *
 * elementary.c - exp, log, the sine and cosine of a random angle, and what is made of them.
 *
 * Each polynomial is the function's Taylor series (or, for the logarithm, that of the inverse
 * hyperbolic tangent), cut where the next term lies below float's precision on the reduced range,
 * so that no coefficient needs a table or a source. */
#include "logarithm.h"
#include "simd.h"
#include "table.h"

#include <float.h>

/* ln 2 in two parts: n * LN2_HIGH is exact for |n| < 2^9. */
static const float LN2_HIGH = 0x1.62e4p-1f;
static const float LN2_LOW = 0x1.7f7d1cp-20f;
static const float LOG2_E = 0x1.715476p+0f;

/* Adding it rounds a number below 2^22 to the nearest integer, which is then in the low bits. */
static const float ROUNDER = 0x1.8p23f;

/* 2^n for -126 <= n <= 127. */
SIMD_INLINE v_f32 power_of_two(v_i32 n)
{
    return v_from_bits(v_shift_left(v_add_int(n, v_set1_int(127)), 23));
}

/* exp(x) = 2^n exp(r) with n = round(x / ln 2) and |r| <= ln(2) / 2. */
SIMD_INLINE v_f32 exp_lanes(v_f32 x)
{
    v_f32 bounded = v_max(v_set1(-104.0f), v_min(v_set1(89.0f), x));
    v_f32 shifted = v_fma(bounded, v_set1(LOG2_E), v_set1(ROUNDER));
    v_f32 n = v_sub(shifted, v_set1(ROUNDER));
    v_f32 r = v_fnma(n, v_set1(LN2_LOW), v_fnma(n, v_set1(LN2_HIGH), bounded));

    v_f32 p = v_set1(1.0f / 5040);
    p = v_fma(p, r, v_set1(1.0f / 720));
    p = v_fma(p, r, v_set1(1.0f / 120));
    p = v_fma(p, r, v_set1(1.0f / 24));
    p = v_fma(p, r, v_set1(1.0f / 6));
    p = v_fma(p, r, v_set1(0.5f));
    p = v_fma(p, v_mul(r, r), r);
    p = v_add(p, v_set1(1.0f));

    /* Two factors, since 2^n itself may be out of range. n + 256 is positive: its half is a shift.
     */
    v_i32 whole = v_sub_int(v_bits(shifted), v_bits(v_set1(ROUNDER)));
    v_i32 half = v_sub_int(v_shift_right(v_add_int(whole, v_set1_int(256)), 1), v_set1_int(128));
    v_f32 y = v_mul(v_mul(p, power_of_two(half)), power_of_two(v_sub_int(whole, half)));
    y = v_select(v_less(y, v_set1(FLT_MIN)), v_set1(0.0f), y);
    return v_select(v_equal(x, x), y, v_set1(NAN));
}

/* log(x) = e ln 2 + log(1 + f) with x = 2^e (1 + f) and 1 + f in [0.707, 1.414]. With s = f / (2 +
 * f), log(1 + f) = 2 atanh(s) = f - s (f - R), R = 2 (s^2/3 + s^4/5 + ...): the rounding errors of
 * s count only in the small second term. */
SIMD_INLINE v_f32 log_lanes(v_f32 x)
{
    const int32_t sqrt_half = 0x3f3504f3; /* the bits of 0.707 */
    v_mask tiny = v_less(x, v_set1(FLT_MIN));
    v_i32 bits = v_bits(v_select(tiny, v_mul(x, v_set1(0x1p24f)), x));
    v_f32 correction = v_select(tiny, v_set1(-24.0f), v_set1(0.0f));

    /* The exponent of x / sqrt(1/2), from the bits; the 128 keeps it positive under the shift. */
    v_i32 above = v_sub_int(bits, v_set1_int(sqrt_half));
    v_i32 exponent = v_sub_int(v_shift_right(v_add_int(above, v_set1_int(128 << 23)), 23),
                               v_set1_int(128));
    v_f32 e = v_add(v_from_int(exponent), correction);
    v_f32 f = v_sub(v_from_bits(v_sub_int(bits, v_shift_left(exponent, 23))), v_set1(1.0f));

    v_f32 s = v_div(f, v_add(f, v_set1(2.0f)));
    v_f32 s2 = v_mul(s, s);
    v_f32 p = v_set1(2.0f / 11);
    p = v_fma(p, s2, v_set1(2.0f / 9));
    p = v_fma(p, s2, v_set1(2.0f / 7));
    p = v_fma(p, s2, v_set1(2.0f / 5));
    p = v_fma(p, s2, v_set1(2.0f / 3));
    v_f32 y = v_fnma(s, v_fnma(p, s2, f), f);
    y = v_fma(e, v_set1(LN2_HIGH), v_fma(e, v_set1(LN2_LOW), y));

    y = v_select(v_equal(x, v_set1(INFINITY)), v_set1(INFINITY), y);
    y = v_select(v_equal(x, v_set1(0.0f)), v_set1(-INFINITY), y);
    /* What is neither below 0 nor equal to itself is a NaN; both end as the same NaN. */
    y = v_select(v_less(x, v_set1(0.0f)), v_set1(NAN), y);
    return v_select(v_equal(x, x), y, v_set1(NAN));
}

/* Applies a function of lanes to an array; the last few numbers go through a full vector. */
#define MAP_LANES(function, count, x, out)                                                         \
    do {                                                                                           \
        size_t at_ = 0;                                                                            \
        for (; at_ + V_WIDTH <= (count); at_ += V_WIDTH)                                           \
            v_store((out) + at_, function(v_load((x) + at_)));                                     \
        if (at_ < (count)) {                                                                       \
            float tail_[V_WIDTH] = {0};                                                            \
            memcpy(tail_, (x) + at_, ((count) - at_) * sizeof(float));                             \
            v_store(tail_, function(v_load(tail_)));                                               \
            memcpy((out) + at_, tail_, ((count) - at_) * sizeof(float));                           \
        }                                                                                          \
    } while (0)

void ISA(exp)(size_t count, const float *x, float *out)
{
    MAP_LANES(exp_lanes, count, x, out);
}

void ISA(log)(size_t count, const float *x, float *out)
{
    MAP_LANES(log_lanes, count, x, out);
}

/* Sine and cosine of 2 pi turn / 2^24. The nearest quarter turn is split off in integers, exactly;
 * the rest lies within pi/4. */
SIMD_INLINE void sin_cos_lanes(v_i32 turn, v_f32 *ret_sin, v_f32 *ret_cos)
{
    v_i32 quarter = v_shift_right(v_add_int(turn, v_set1_int(1 << 21)), 22);
    v_i32 rest = v_sub_int(turn, v_shift_left(quarter, 22));
    v_f32 a = v_mul(v_from_int(rest), v_set1(0x1.921fb6p+0f / (1 << 22)));
    v_f32 a2 = v_mul(a, a);

    v_f32 s = v_set1(1.0f / 362880);
    s = v_fma(s, a2, v_set1(-1.0f / 5040));
    s = v_fma(s, a2, v_set1(1.0f / 120));
    s = v_fma(s, a2, v_set1(-1.0f / 6));
    s = v_fma(v_mul(s, a2), a, a);

    v_f32 c = v_set1(-1.0f / 3628800);
    c = v_fma(c, a2, v_set1(1.0f / 40320));
    c = v_fma(c, a2, v_set1(-1.0f / 720));
    c = v_fma(c, a2, v_set1(1.0f / 24));
    c = v_fma(c, a2, v_set1(-0.5f));
    c = v_fma(c, a2, v_set1(1.0f));

    /* Odd quarters exchange the two; the signs are those of the quadrant. */
    v_mask odd = v_equal_int(v_and(quarter, v_set1_int(1)), v_set1_int(1));
    v_i32 sin_sign = v_shift_left(v_and(quarter, v_set1_int(2)), 30);
    v_i32 cos_sign = v_shift_left(v_and(v_add_int(quarter, v_set1_int(1)), v_set1_int(2)), 30);
    *ret_sin = v_from_bits(v_xor(v_bits(v_select(odd, c, s)), sin_sign));
    *ret_cos = v_from_bits(v_xor(v_bits(v_select(odd, s, c)), cos_sign));
}

enum { NORMAL_BLOCK = 64 }; /* pairs; a multiple of every V_WIDTH */

/* Box-Muller on pairs that are already apart: u = (radius word's 24 bits + 1/2) / 2^24. */
static void normal_block(const uint32_t radius_bits[NORMAL_BLOCK],
                         const uint32_t angle_bits[NORMAL_BLOCK], float ret_cos[NORMAL_BLOCK],
                         float ret_sin[NORMAL_BLOCK])
{
    for (size_t i = 0; i < NORMAL_BLOCK; i += V_WIDTH) {
        v_i32 k = v_shift_right(v_load_int(radius_bits + i), 8);
        v_i32 odd = v_or(v_shift_left(k, 1), v_set1_int(1));
        v_f32 u = v_mul(v_from_int(odd), v_set1(0x1p-25f));
        v_f32 radius = v_sqrt(v_mul(v_set1(-2.0f), log_lanes(u)));
        v_f32 sine, cosine;
        sin_cos_lanes(v_shift_right(v_load_int(angle_bits + i), 8), &sine, &cosine);
        v_store(ret_cos + i, v_mul(radius, cosine));
        v_store(ret_sin + i, v_mul(radius, sine));
    }
}

void ISA(normal)(size_t count, const uint32_t *bits, float *out)
{
    for (size_t done = 0; done < count / 2; done += NORMAL_BLOCK) {
        size_t pairs = count / 2 - done < NORMAL_BLOCK ? count / 2 - done : NORMAL_BLOCK;
        uint32_t radius_bits[NORMAL_BLOCK] = {0}, angle_bits[NORMAL_BLOCK] = {0};
        float cosines[NORMAL_BLOCK], sines[NORMAL_BLOCK];
        for (size_t i = 0; i < pairs; i++) {
            radius_bits[i] = bits[2 * (done + i)];
            angle_bits[i] = bits[2 * (done + i) + 1];
        }
        normal_block(radius_bits, angle_bits, cosines, sines);
        for (size_t i = 0; i < pairs; i++) {
            out[2 * (done + i)] = cosines[i];
            out[2 * (done + i) + 1] = sines[i];
        }
    }
}

/* The largest number of a row; a NaN does not count. */
static float find_largest(size_t count, const float *x)
{
    float lanes[V_WIDTH], largest = -INFINITY;
    if (count < V_WIDTH) {
        for (size_t i = 0; i < count; i++)
            largest = x[i] > largest ? x[i] : largest;
        return largest;
    }
    v_f32 so_far = v_set1(-INFINITY);
    for (size_t i = 0; i + V_WIDTH <= count; i += V_WIDTH)
        so_far = v_max(v_load(x + i), so_far);
    so_far = v_max(v_load(x + count - V_WIDTH), so_far);
    v_store(lanes, so_far);
    for (size_t half = V_WIDTH / 2; half > 0; half /= 2)
        for (size_t i = 0; i < half; i++)
            lanes[i] = lanes[i + half] > lanes[i] ? lanes[i + half] : lanes[i];
    return lanes[0];
}

/* The rows of a softmax that are summed side by side: a sum alone would wait for each addition. */
enum { SOFTMAX_ROWS = 8 };

/* out[i] = exp(x[i] - shift). */
SIMD_INLINE void shifted_exponentials(size_t count, const float *x, float shift, float *out)
{
    const v_f32 shifts = v_set1(shift);
    if (count < V_WIDTH) {
        float lanes[V_WIDTH] = {0};
        memcpy(lanes, x, count * sizeof *x);
        v_store(lanes, exp_lanes(v_sub(v_load(lanes), shifts)));
        memcpy(out, lanes, count * sizeof *out);
        return;
    }
    size_t i = 0;
    for (; i + V_WIDTH <= count; i += V_WIDTH)
        v_store(out + i, exp_lanes(v_sub(v_load(x + i), shifts)));
    if (i < count) { /* some of them twice */
        i = count - V_WIDTH;
        v_store(out + i, exp_lanes(v_sub(v_load(x + i), shifts)));
    }
}

/* Of each row, the sum of exp(x[i] - shift) in double, in order of i. */
static void sum_exponentials(size_t rows, size_t columns, const float *x, size_t ldx,
                             const float shift[SOFTMAX_ROWS], double ret_sum[SOFTMAX_ROWS])
{
    enum { BLOCK = 64 };
    float terms[SOFTMAX_ROWS][BLOCK] = {{0}};
    double sum[SOFTMAX_ROWS] = {0};
    for (size_t done = 0; done < columns; done += BLOCK) {
        const size_t n = columns - done < BLOCK ? columns - done : BLOCK;
        for (size_t r = 0; r < rows; r++)
            shifted_exponentials(n, x + r * ldx + done, shift[r], terms[r]);
        for (size_t i = 0; i < n; i++)
            for (size_t r = 0; r < SOFTMAX_ROWS; r++)
                sum[r] += (double)terms[r][i];
    }
    memcpy(ret_sum, sum, sizeof sum);
}

void ISA(log_softmax)(size_t rows, size_t columns, const float *x, size_t ldx, float *out,
                      size_t ldo)
{
    for (size_t done = 0; done < rows; done += SOFTMAX_ROWS) {
        const size_t n = rows - done < SOFTMAX_ROWS ? rows - done : SOFTMAX_ROWS;
        const float *from = x + done * ldx;
        float largest[SOFTMAX_ROWS] = {0};
        double sum[SOFTMAX_ROWS];
        for (size_t r = 0; r < n; r++)
            largest[r] = find_largest(columns, from + r * ldx);
        sum_exponentials(n, columns, from, ldx, largest, sum);
        for (size_t r = 0; r < n; r++) {
            const float log_sum = (float)log_double(sum[r]);
            for (size_t c = 0; c < columns; c++)
                out[(done + r) * ldo + c] = from[r * ldx + c] - largest[r] - log_sum;
        }
    }
}

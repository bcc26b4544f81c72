/* SPDX-License-Identifier: 0BSD
 *
 * winograd_transform.h - the transforms of Winograd's F(4x4, 3x3) (Lavin & Gray 2016), a vector of
 * channels at a time.
 *
 * With the interpolation points 0, 1, -1, 2, -2 and infinity, four outputs y of a kernel w over six
 * inputs d are y = A'[(G w) . (B' d)], and in two dimensions each transform is applied to columns,
 * then rows. The gradients use the adjoints: dd = B[(G w) . (A dy)], dw = G'[(B' d) . (A dy)].
 *
 * Each function transforms one line; `from` and `to` are the distances, in vectors, between its
 * elements. Every element is a fixed sequence of IEEE operations, so that all instruction sets
 * agree. */
#ifndef FB_KERNELS_WINOGRAD_TRANSFORM_H
#define FB_KERNELS_WINOGRAD_TRANSFORM_H

#include "simd.h"

/* B': six inputs to six points. */
SIMD_INLINE void input_to_points(const v_f32 *d, size_t from, v_f32 *p, size_t to)
{
    const v_f32 two = v_set1(2.0f), four = v_set1(4.0f), five = v_set1(5.0f);
    const v_f32 d0 = d[0], d1 = d[from], d2 = d[2 * from], d3 = d[3 * from], d4 = d[4 * from],
                d5 = d[5 * from];
    const v_f32 even = v_fnma(four, d2, d4), odd = v_fnma(four, d1, d3);
    const v_f32 even2 = v_sub(d4, d2), odd2 = v_sub(d3, d1);
    p[0] = v_fma(four, d0, v_fnma(five, d2, d4));
    p[to] = v_add(even, odd);
    p[2 * to] = v_sub(even, odd);
    p[3 * to] = v_fma(two, odd2, even2);
    p[4 * to] = v_fnma(two, odd2, even2);
    p[5 * to] = v_fma(four, d1, v_fnma(five, d3, d5));
}

/* B, its adjoint: six points to six inputs. */
SIMD_INLINE void points_to_input(const v_f32 *p, size_t from, v_f32 *d, size_t to)
{
    const v_f32 two = v_set1(2.0f), four = v_set1(4.0f), five = v_set1(5.0f);
    const v_f32 p0 = p[0], p5 = p[5 * from];
    const v_f32 sum = v_add(p[from], p[2 * from]), difference = v_sub(p[from], p[2 * from]);
    const v_f32 sum2 = v_add(p[3 * from], p[4 * from]);
    const v_f32 difference2 = v_sub(p[3 * from], p[4 * from]);
    d[0] = v_mul(four, p0);
    d[to] = v_fnma(two, difference2, v_mul(four, v_sub(p5, difference)));
    d[2 * to] = v_sub(v_fnma(four, sum, v_fnma(five, p0, v_set1(0.0f))), sum2);
    d[3 * to] = v_fma(two, difference2, v_fnma(five, p5, difference));
    d[4 * to] = v_add(p0, v_add(sum, sum2));
    d[5 * to] = p5;
}

/* A': six points to four outputs. */
SIMD_INLINE void points_to_output(const v_f32 *p, size_t from, v_f32 *y, size_t to)
{
    const v_f32 sum = v_add(p[from], p[2 * from]), difference = v_sub(p[from], p[2 * from]);
    const v_f32 sum2 = v_add(p[3 * from], p[4 * from]);
    const v_f32 difference2 = v_sub(p[3 * from], p[4 * from]);
    y[0] = v_add(p[0], v_add(sum, sum2));
    y[to] = v_fma(v_set1(2.0f), difference2, difference);
    y[2 * to] = v_fma(v_set1(4.0f), sum2, sum);
    y[3 * to] = v_add(v_fma(v_set1(8.0f), difference2, difference), p[5 * from]);
}

/* A, its adjoint: four outputs to six points. */
SIMD_INLINE void output_to_points(const v_f32 *y, size_t from, v_f32 *p, size_t to)
{
    const v_f32 y0 = y[0], y1 = y[from], y2 = y[2 * from], y3 = y[3 * from];
    const v_f32 even = v_add(y0, y2), odd = v_add(y1, y3);
    const v_f32 even2 = v_fma(v_set1(4.0f), y2, y0);
    const v_f32 odd2 = v_fma(v_set1(8.0f), y3, v_add(y1, y1));
    p[0] = y0;
    p[to] = v_add(even, odd);
    p[2 * to] = v_sub(even, odd);
    p[3 * to] = v_add(even2, odd2);
    p[4 * to] = v_sub(even2, odd2);
    p[5 * to] = y3;
}

/* G: three weights to six points. */
SIMD_INLINE void weights_to_points(const v_f32 *w, size_t from, v_f32 *p, size_t to)
{
    const v_f32 sixth = v_set1(1.0f / 6.0f), twelfth = v_set1(1.0f / 12.0f);
    const v_f32 w0 = w[0], w1 = w[from], w2 = w[2 * from];
    const v_f32 even = v_mul(sixth, v_add(w0, w2)), odd = v_mul(sixth, w1);
    const v_f32 even2 = v_fma(v_set1(1.0f / 24.0f), w0, v_mul(sixth, w2));
    const v_f32 odd2 = v_mul(twelfth, w1);
    p[0] = v_mul(v_set1(0.25f), w0);
    p[to] = v_sub(v_set1(0.0f), v_add(even, odd));
    p[2 * to] = v_sub(odd, even);
    p[3 * to] = v_add(even2, odd2);
    p[4 * to] = v_sub(even2, odd2);
    p[5 * to] = w2;
}

/* G', its adjoint: six points to three weights. */
SIMD_INLINE void points_to_weights(const v_f32 *p, size_t from, v_f32 *w, size_t to)
{
    const v_f32 sixth = v_set1(1.0f / 6.0f), twelfth = v_set1(1.0f / 12.0f);
    const v_f32 sum = v_add(p[from], p[2 * from]), difference = v_sub(p[2 * from], p[from]);
    const v_f32 sum2 = v_add(p[3 * from], p[4 * from]);
    const v_f32 difference2 = v_sub(p[3 * from], p[4 * from]);
    w[0] = v_fma(v_set1(1.0f / 24.0f), sum2, v_fnma(sixth, sum, v_mul(v_set1(0.25f), p[0])));
    w[to] = v_fma(twelfth, difference2, v_mul(sixth, difference));
    w[2 * to] = v_fma(sixth, sum2, v_fnma(sixth, sum, p[5 * from]));
}

#endif

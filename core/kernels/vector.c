/* SPDX-License-Identifier: 0BSD
 *
 * vector.c - one pass over arrays: pixels to floats, and the optimiser's step. */
#include "simd.h"
#include "table.h"

void ISA(convert_u8)(size_t count, const uint8_t *x, float scale, float *out)
{
    for (size_t i = 0; i < count; i++)
        out[i] = scale * (float)x[i];
}

typedef struct adam_constants {
    v_f32 beta1, beta2, rest1, rest2, learning_rate, epsilon;
} adam_constants;

SIMD_INLINE void adam_lanes(const adam_constants *c, const float *gradient, float *weights,
                            float *first_moment, float *second_moment)
{
    v_f32 g = v_load(gradient);
    v_f32 m = v_fma(c->rest1, g, v_mul(c->beta1, v_load(first_moment)));
    v_f32 v = v_fma(v_mul(c->rest2, g), g, v_mul(c->beta2, v_load(second_moment)));
    v_f32 step = v_div(m, v_add(v_sqrt(v), c->epsilon));
    v_store(first_moment, m);
    v_store(second_moment, v);
    v_store(weights, v_fnma(c->learning_rate, step, v_load(weights)));
}

void ISA(adam)(size_t count, const kernels_adam_step *step, const float *gradient, float *weights,
               float *first_moment, float *second_moment)
{
    const adam_constants constants = {
        .beta1 = v_set1(step->beta1),
        .beta2 = v_set1(step->beta2),
        .rest1 = v_set1(1.0f - step->beta1),
        .rest2 = v_set1(1.0f - step->beta2),
        .learning_rate = v_set1(step->learning_rate),
        .epsilon = v_set1(step->epsilon),
    };
    size_t i = 0;
    for (; i + V_WIDTH <= count; i += V_WIDTH)
        adam_lanes(&constants, gradient + i, weights + i, first_moment + i, second_moment + i);
    if (i < count) {
        float g[V_WIDTH] = {0}, w[V_WIDTH] = {0}, m[V_WIDTH] = {0}, v[V_WIDTH] = {0};
        size_t bytes = (count - i) * sizeof(float);
        memcpy(g, gradient + i, bytes);
        memcpy(w, weights + i, bytes);
        memcpy(m, first_moment + i, bytes);
        memcpy(v, second_moment + i, bytes);
        adam_lanes(&constants, g, w, m, v);
        memcpy(weights + i, w, bytes);
        memcpy(first_moment + i, m, bytes);
        memcpy(second_moment + i, v, bytes);
    }
}

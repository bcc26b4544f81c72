/* SPDX-License-Identifier: 0BSD
 *
 * vector.c - one pass over arrays: pixels to floats, dropout, sums, and the optimisers' steps. */
#include "simd.h"
#include "table.h"

void ISA(convert_u8)(size_t count, const uint8_t *x, float scale, float *out)
{
    const v_f32 factor = v_set1(scale);
    size_t i = 0;
    for (; i + V_WIDTH <= count; i += V_WIDTH)
        v_store(out + i, v_mul(factor, v_from_int(v_load_bytes(x + i))));
    for (; i < count; i++)
        out[i] = scale * (float)x[i];
}

void ISA(scale_kept)(size_t count, const float *x, const uint8_t *keep, float scale, float *y)
{
    const v_f32 kept = v_set1(scale), dropped = v_set1(0.0f);
    size_t i = 0;
    for (; i + V_WIDTH <= count; i += V_WIDTH) {
        const v_mask drops = v_equal_int(v_load_bytes(keep + i), v_set1_int(0));
        v_store(y + i, v_mul(v_load(x + i), v_select(drops, dropped, kept)));
    }
    for (; i < count; i++)
        y[i] = x[i] * (keep[i] ? scale : 0.0f);
}

void ISA(relu_gradient)(size_t count, const float *y, float *dy)
{
    const v_f32 zero = v_set1(0.0f);
    size_t i = 0;
    for (; i + V_WIDTH <= count; i += V_WIDTH)
        v_store(dy + i, v_select(v_less(zero, v_load(y + i)), v_load(dy + i), zero));
    for (; i < count; i++)
        dy[i] = y[i] > 0.0f ? dy[i] : 0.0f;
}

/* The sums of a few vectors of columns side by side: each is a chain of its own. */
SIMD_INLINE void sum_vectors(size_t rows, size_t columns, size_t vectors, const float *x,
                             bool add, float *out)
{
    enum { MOST = 4 };
    v_f32 sum[MOST];
    SIMD_UNROLL
    for (size_t v = 0; v < vectors; v++)
        sum[v] = add ? v_load(out + v * V_WIDTH) : v_set1(0.0f);
    for (size_t i = 0; i < rows; i++, x += columns) {
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++)
            sum[v] = v_add(sum[v], v_load(x + v * V_WIDTH));
    }
    SIMD_UNROLL
    for (size_t v = 0; v < vectors; v++)
        v_store(out + v * V_WIDTH, sum[v]);
}

/* Of fewer columns than a vector has. */
static void sum_few(size_t rows, size_t columns, size_t count, const float *x, bool add,
                    float *out)
{
    float sum[V_WIDTH] = {0};
    if (add)
        memcpy(sum, out, count * sizeof *out);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < count; j++)
            sum[j] += x[i * columns + j];
    memcpy(out, sum, count * sizeof *out);
}

void ISA(sum_rows)(size_t rows, size_t columns, const float *x, bool add, float *out)
{
    size_t j = 0;
    for (; j + 4 * V_WIDTH <= columns; j += 4 * V_WIDTH)
        sum_vectors(rows, columns, 4, x + j, add, out + j);
    for (; j + 2 * V_WIDTH <= columns; j += 2 * V_WIDTH)
        sum_vectors(rows, columns, 2, x + j, add, out + j);
    for (; j + V_WIDTH <= columns; j += V_WIDTH)
        sum_vectors(rows, columns, 1, x + j, add, out + j);
    if (j < columns)
        sum_few(rows, columns, columns - j, x + j, add, out + j);
}

typedef struct adam_constants {
    v_f32 beta1, beta2, rest1, rest2, learning_rate, epsilon, decay, shrink;
} adam_constants;

SIMD_INLINE void adam_lanes(const adam_constants *c, const float *gradient, float *weights,
                            float *first_moment, float *second_moment)
{
    v_f32 w = v_load(weights);
    v_f32 g = v_fma(c->decay, w, v_load(gradient));
    v_f32 m = v_fma(c->rest1, g, v_mul(c->beta1, v_load(first_moment)));
    v_f32 v = v_fma(v_mul(c->rest2, g), g, v_mul(c->beta2, v_load(second_moment)));
    v_f32 step = v_div(m, v_add(v_sqrt(v), c->epsilon));
    v_store(first_moment, m);
    v_store(second_moment, v);
    v_store(weights, v_fnma(c->learning_rate, step, v_fnma(c->shrink, w, w)));
}

void ISA(adam)(size_t count, const kernels_adam_step *step, const float *gradient, float *weights,
               float *first_moment, float *second_moment)
{
    const adam_constants constants = {
        .beta1 = v_set1((float)step->beta1),
        .beta2 = v_set1((float)step->beta2),
        .rest1 = v_set1((float)(1.0 - step->beta1)),
        .rest2 = v_set1((float)(1.0 - step->beta2)),
        .learning_rate = v_set1(step->learning_rate),
        .epsilon = v_set1(step->epsilon),
        .decay = v_set1(step->decay),
        .shrink = v_set1(step->shrink),
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

/* A rule that keeps one number for each weight, on a vector of them. */
typedef void update_rule(const void *constants, const float *gradient, float *weights,
                         float *state);

/* Applies a rule to arrays; the last few numbers go through a full vector. */
SIMD_INLINE void update(size_t count, update_rule *rule, const void *constants,
                        const float *gradient, float *weights, float *state)
{
    size_t i = 0;
    for (; i + V_WIDTH <= count; i += V_WIDTH)
        rule(constants, gradient + i, weights + i, state + i);
    if (i < count) {
        float g[V_WIDTH] = {0}, w[V_WIDTH] = {0}, s[V_WIDTH] = {0};
        size_t bytes = (count - i) * sizeof(float);
        memcpy(g, gradient + i, bytes);
        memcpy(w, weights + i, bytes);
        memcpy(s, state + i, bytes);
        rule(constants, g, w, s);
        memcpy(weights + i, w, bytes);
        memcpy(state + i, s, bytes);
    }
}

typedef struct sgd_constants {
    v_f32 learning_rate, momentum, decay;
} sgd_constants;

/* The gradient with its weight decay; the velocity moves on. */
SIMD_INLINE v_f32 move_velocity(const sgd_constants *c, const float *gradient, v_f32 weights,
                                float *velocity)
{
    v_f32 g = v_fma(c->decay, weights, v_load(gradient));
    v_store(velocity, v_fma(c->momentum, v_load(velocity), g));
    return g;
}

SIMD_INLINE void sgd_lanes(const void *constants, const float *gradient, float *weights,
                           float *velocity)
{
    const sgd_constants *c = constants;
    v_f32 w = v_load(weights);
    move_velocity(c, gradient, w, velocity);
    v_store(weights, v_fnma(c->learning_rate, v_load(velocity), w));
}

SIMD_INLINE void nesterov_lanes(const void *constants, const float *gradient, float *weights,
                                float *velocity)
{
    const sgd_constants *c = constants;
    v_f32 w = v_load(weights);
    v_f32 g = move_velocity(c, gradient, w, velocity);
    v_f32 step = v_fma(c->momentum, v_load(velocity), g);
    v_store(weights, v_fnma(c->learning_rate, step, w));
}

void ISA(sgd)(size_t count, const kernels_sgd_step *step, const float *gradient, float *weights,
              float *velocity)
{
    const sgd_constants constants = {
        .learning_rate = v_set1(step->learning_rate),
        .momentum = v_set1(step->momentum),
        .decay = v_set1(step->decay),
    };
    if (step->nesterov)
        update(count, nesterov_lanes, &constants, gradient, weights, velocity);
    else
        update(count, sgd_lanes, &constants, gradient, weights, velocity);
}

typedef struct rmsprop_constants {
    v_f32 learning_rate, rho, rest, epsilon, decay;
} rmsprop_constants;

SIMD_INLINE void rmsprop_lanes(const void *constants, const float *gradient, float *weights,
                               float *mean_square)
{
    const rmsprop_constants *c = constants;
    v_f32 w = v_load(weights);
    v_f32 g = v_fma(c->decay, w, v_load(gradient));
    v_f32 v = v_fma(v_mul(c->rest, g), g, v_mul(c->rho, v_load(mean_square)));
    v_store(mean_square, v);
    v_store(weights, v_fnma(c->learning_rate, v_div(g, v_add(v_sqrt(v), c->epsilon)), w));
}

void ISA(rmsprop)(size_t count, const kernels_rmsprop_step *step, const float *gradient,
                  float *weights, float *mean_square)
{
    const rmsprop_constants constants = {
        .learning_rate = v_set1(step->learning_rate),
        .rho = v_set1((float)step->rho),
        .rest = v_set1((float)(1.0 - step->rho)),
        .epsilon = v_set1(step->epsilon),
        .decay = v_set1(step->decay),
    };
    update(count, rmsprop_lanes, &constants, gradient, weights, mean_square);
}

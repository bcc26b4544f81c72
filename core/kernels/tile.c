/* SPDX-License-Identifier: 0BSD */
#include "tile.h"

/* The body for numbers that the compiler knows, so that the loops over rows and vectors unroll and
 * `sum` lives in registers. */
SIMD_INLINE void multiply(const tile *t, size_t rows, size_t vectors, size_t row_step,
                          size_t k_step)
{
    v_f32 sum[TILE_ROWS][TILE_VECTORS];
    SIMD_UNROLL
    for (size_t i = 0; i < rows; i++) {
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++)
            sum[i][v] = t->accumulate ? v_load(t->out + i * t->out_stride + v * V_WIDTH)
                                      : v_set1(0.0f);
    }

    const float *left = t->left, *right = t->right;
    const size_t depth = t->depth, right_stride = t->right_stride;
    for (size_t p = 0; p < depth; p++, left += k_step, right += right_stride) {
        v_f32 b[TILE_VECTORS];
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++)
            b[v] = v_load(right + v * V_WIDTH);
        SIMD_UNROLL
        for (size_t i = 0; i < rows; i++) {
            v_f32 a = v_set1(left[i * row_step]);
            SIMD_UNROLL
            for (size_t v = 0; v < vectors; v++)
                sum[i][v] = v_fma(a, b[v], sum[i][v]);
        }
    }

    float *out = t->out;
    const float *bias = t->bias;
    const size_t out_stride = t->out_stride;
    const bool relu = t->relu;
    SIMD_UNROLL
    for (size_t i = 0; i < rows; i++) {
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++) {
            v_f32 y = sum[i][v];
            if (bias)
                y = v_add(y, v_load(bias + v * V_WIDTH));
            if (relu)
                y = v_max(v_set1(0.0f), y);
            v_store(out + i * out_stride + v * V_WIDTH, y);
        }
    }
}

/* One function for each number of rows, layout and width: all the vectors of a tile, or one. */
#define DEFINE_TILE(rows)                                                                          \
    static void multiply_##rows(const tile *t)                                                     \
    {                                                                                              \
        bool narrow = t->columns <= V_WIDTH;                                                       \
        if (t->layout == TILE_BY_ROW && narrow)                                                    \
            multiply(t, rows, 1, t->left_stride, 1);                                               \
        else if (t->layout == TILE_BY_ROW)                                                         \
            multiply(t, rows, TILE_VECTORS, t->left_stride, 1);                                    \
        else if (narrow)                                                                           \
            multiply(t, rows, 1, 1, t->left_stride);                                               \
        else                                                                                       \
            multiply(t, rows, TILE_VECTORS, 1, t->left_stride);                                    \
    }

DEFINE_TILE(1)
DEFINE_TILE(2)
DEFINE_TILE(3)
DEFINE_TILE(4)
#if TILE_ROWS > 4
DEFINE_TILE(5)
DEFINE_TILE(6)
#endif
#if TILE_ROWS > 6
DEFINE_TILE(7)
DEFINE_TILE(8)
#endif
#if TILE_ROWS > 8
DEFINE_TILE(9)
DEFINE_TILE(10)
DEFINE_TILE(11)
DEFINE_TILE(12)
#endif

static void (*const BY_ROWS[TILE_ROWS + 1])(const tile *t) = {
    NULL, multiply_1, multiply_2, multiply_3, multiply_4,
#if TILE_ROWS > 4
    multiply_5, multiply_6,
#endif
#if TILE_ROWS > 6
    multiply_7, multiply_8,
#endif
#if TILE_ROWS > 8
    multiply_9, multiply_10, multiply_11, multiply_12,
#endif
};

void ISA(tile)(const tile *t)
{
    BY_ROWS[t->rows](t);
}

/* SPDX-License-Identifier: 0BSD
 *
 * distance.c - squared distances from the products of a matrix multiplication. */
#include "simd.h"
#include "table.h"

/* Squares of so many rows side by side: one chain alone would wait for each of its steps. */
enum { CHAINS = 8 };

void ISA(row_squares)(size_t rows, size_t columns, const float *x, float *squares)
{
    size_t i = 0;
    for (; i + CHAINS <= rows; i += CHAINS) {
        const float *row = x + i * columns;
        float sum[CHAINS] = {0};
        for (size_t k = 0; k < columns; k++) {
            SIMD_UNROLL
            for (size_t c = 0; c < CHAINS; c++)
                sum[c] = fmaf(row[c * columns + k], row[c * columns + k], sum[c]);
        }
        memcpy(squares + i, sum, sizeof sum);
    }
    for (; i < rows; i++) {
        float sum = 0;
        for (size_t k = 0; k < columns; k++)
            sum = fmaf(x[i * columns + k], x[i * columns + k], sum);
        squares[i] = sum;
    }
}

/* The least squared distance of one row to V_WIDTH centres, lane by lane, and to those of `least`.
 */
SIMD_INLINE v_f32 lower(v_f32 least, v_f32 product, float row_square, const float *squares)
{
    const v_f32 sum = v_add(v_set1(row_square), v_load(squares));
    return v_min(v_sub(sum, v_mul(v_set1(2.0f), product)), least);
}

static float least_lane(v_f32 vector)
{
    float lanes[V_WIDTH];
    v_store(lanes, vector);
    float least = lanes[0];
    for (size_t i = 1; i < V_WIDTH; i++)
        least = lanes[i] < least ? lanes[i] : least;
    return least;
}

void ISA(lower_distances)(const kernels_products *p, float *distances)
{
    for (size_t i = 0; i < p->rows; i++) {
        const float *dots = p->dots + i * p->columns;
        const float *factors = p->factors ? p->factors + i * p->columns : NULL;
        v_f32 lanes = v_set1(INFINITY);
        size_t j = 0;
        for (; j + V_WIDTH <= p->columns; j += V_WIDTH) {
            v_f32 product = v_load(dots + j);
            if (factors)
                product = v_mul(v_load(factors + j), product);
            lanes = lower(lanes, product, p->row_squares[i], p->column_squares + j);
        }
        float least = least_lane(lanes);
        for (; j < p->columns; j++) {
            float product = factors ? factors[j] * dots[j] : dots[j];
            float distance = p->row_squares[i] + p->column_squares[j] - 2.0f * product;
            least = distance < least ? distance : least;
        }
        least = least > 0.0f ? least : 0.0f;
        distances[i] = least < distances[i] ? least : distances[i];
    }
}

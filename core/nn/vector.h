/* vector.h - small loops over floats that several layers share (internal to nn). The compiler
 * makes them SIMD; every element is computed by itself or in order of rows, so the bits are always
 * the same. */
#ifndef FB_NN_VECTOR_H
#define FB_NN_VECTOR_H

#include <stddef.h>
#include <string.h>

/* x = max(x, 0); a NaN stays, so that it is found in the loss. */
static inline void vector_relu(size_t count, float *x)
{
    for (size_t i = 0; i < count; i++)
        x[i] = x[i] < 0.0f ? 0.0f : x[i];
}

/* x = scale * x. */
static inline void vector_scale(size_t count, float scale, float *x)
{
    for (size_t i = 0; i < count; i++)
        x[i] *= scale;
}

/* The ReLU's gradient, in place: dy is 0 where the output y is. */
static inline void vector_relu_gradient(size_t count, const float *restrict y, float *restrict dy)
{
    for (size_t i = 0; i < count; i++)
        dy[i] = y[i] > 0.0f ? dy[i] : 0.0f;
}

/* Every row of out (rows, columns) becomes `row`. */
static inline void vector_fill_rows(size_t rows, size_t columns, const float *restrict row,
                                    float *restrict out)
{
    for (size_t r = 0; r < rows; r++)
        memcpy(out + r * columns, row, columns * sizeof *row);
}

/* Adds the rows of x (rows, columns) to sum (columns), in order of the row. */
static inline void vector_add_rows(size_t rows, size_t columns, const float *restrict x,
                                   float *restrict sum)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++)
            sum[c] += x[r * columns + c];
}

/* sum (columns) = the sum of the rows of x (rows, columns), in order of the row. */
static inline void vector_sum_rows(size_t rows, size_t columns, const float *restrict x,
                                   float *restrict sum)
{
    memset(sum, 0, columns * sizeof *sum);
    vector_add_rows(rows, columns, x, sum);
}

#endif

/* SPDX-License-Identifier: 0BSD
 *
 * transpose.h - a matrix to its transpose, squares of vectors at a time. */
#ifndef FB_KERNELS_TRANSPOSE_H
#define FB_KERNELS_TRANSPOSE_H

#include "simd.h"

/* V_WIDTH vectors, a square, to its transpose. Each round interleaves the upper half of the rows
 * with the lower; log2(V_WIDTH) rounds make it. */
SIMD_INLINE void transpose_vectors(v_f32 row[V_WIDTH])
{
#ifdef SIMD_SCALAR
    (void)row;
#else
    SIMD_UNROLL
    for (size_t round = 1; round < V_WIDTH; round *= 2) {
        v_f32 next[V_WIDTH];
        SIMD_UNROLL
        for (size_t i = 0; i < V_WIDTH / 2; i++) {
            next[2 * i] = v_zip_low(row[i], row[i + V_WIDTH / 2]);
            next[2 * i + 1] = v_zip_high(row[i], row[i + V_WIDTH / 2]);
        }
        SIMD_UNROLL
        for (size_t i = 0; i < V_WIDTH; i++)
            row[i] = next[i];
    }
#endif
}

/* to (columns x rows) = the transpose of from (rows x columns), rows from_stride and to_stride
 * apart. */
static inline void transpose(size_t rows, size_t columns, const float *from, size_t from_stride,
                             float *to, size_t to_stride)
{
    const size_t whole_rows = rows / V_WIDTH * V_WIDTH, whole_columns = columns / V_WIDTH * V_WIDTH;
    for (size_t i = 0; i < whole_rows; i += V_WIDTH)
        for (size_t j = 0; j < whole_columns; j += V_WIDTH) {
            v_f32 row[V_WIDTH];
            SIMD_UNROLL
            for (size_t r = 0; r < V_WIDTH; r++)
                row[r] = v_load(from + (i + r) * from_stride + j);
            transpose_vectors(row);
            SIMD_UNROLL
            for (size_t r = 0; r < V_WIDTH; r++)
                v_store(to + (j + r) * to_stride + i, row[r]);
        }
    for (size_t i = 0; i < rows; i++)
        for (size_t j = i < whole_rows ? whole_columns : 0; j < columns; j++)
            to[j * to_stride + i] = from[i * from_stride + j];
}

#endif

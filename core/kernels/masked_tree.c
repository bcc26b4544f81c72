/* SPDX-License-Identifier: 0BSD */
#include "masked_tree.h"

/* The functions below are bodies for a tile of `rows` rows and `vectors` vectors, numbers that the
 * compiler knows, so that its sums live in registers from the first input of a pattern to the last
 * addition on its way up. */
typedef v_f32 tile_sum[TILE_ROWS][TILE_VECTORS];

/* Adds the product of one input's numbers and weights. */
SIMD_INLINE void add_input(size_t rows, size_t vectors, const float *left, const float *right,
                           tile_sum sum)
{
    v_f32 b[TILE_VECTORS];
    SIMD_UNROLL
    for (size_t v = 0; v < vectors; v++)
        b[v] = v_load(right + v * V_WIDTH);
    SIMD_UNROLL
    for (size_t i = 0; i < rows; i++) {
        const v_f32 a = v_set1(left[i]);
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++)
            sum[i][v] = v_fma(a, b[v], sum[i][v]);
    }
}

/* Of the inputs begin .. end-1. Their numbers lie anywhere: they are asked for in time. */
SIMD_INLINE void sum_inputs(const masked_tree *t, size_t rows, size_t vectors, size_t begin,
                            size_t end, tile_sum sum)
{
    const float *const left = t->left, *right = t->right + begin * TILE_COLUMNS;
    const uint32_t *const order = t->order;
    const size_t stride = t->left_stride;
    SIMD_UNROLL
    for (size_t i = 0; i < rows; i++) {
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++)
            sum[i][v] = v_set1(0.0f);
    }
    for (size_t p = begin; p < end; p++, right += TILE_COLUMNS) {
        const float *const later = left + order[p + MASKED_AHEAD] * stride;
        SIMD_PREFETCH(later);
        SIMD_PREFETCH(later + rows - 1);
        add_input(rows, vectors, left + order[p] * stride, right, sum);
    }
}

/* to = from + sum; `to` is a tile in memory, or NULL: the sum itself. `from` NULL: nothing. */
SIMD_INLINE void add_tile(size_t rows, size_t vectors, const float *from, float *to, tile_sum sum)
{
    SIMD_UNROLL
    for (size_t i = 0; i < rows; i++) {
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++) {
            const size_t at = (i * vectors + v) * V_WIDTH;
            const v_f32 x = from ? v_add(v_load(from + at), sum[i][v]) : sum[i][v];
            if (to)
                v_store(to + at, x);
            else
                sum[i][v] = x;
        }
    }
}

/* A pattern's sum on its way up. */
SIMD_INLINE void climb(const masked_tree *t, const masked_leaf *leaf, size_t rows, size_t vectors,
                       tile_sum sum)
{
    const size_t size = rows * vectors * V_WIDTH;
    for (size_t h = 0; leaf->kept >> h; h++) {
        if (leaf->kept >> h & 1)
            add_tile(rows, vectors, t->y + h * size, t->y + h * size, sum);
        if (leaf->joined >> h & 1)
            add_tile(rows, vectors, t->nodes + h * size, NULL, sum);
    }
    if (leaf->stored != MASKED_NOWHERE)
        add_tile(rows, vectors, NULL, t->nodes + leaf->stored * size, sum);
}

SIMD_INLINE void sum_leaves(const masked_tree *t, size_t rows, size_t vectors)
{
    size_t begin = 0;
    for (size_t i = 0; i < t->leaf_count; i++) {
        const masked_leaf *const leaf = &t->leaves[i];
        tile_sum sum;
        sum_inputs(t, rows, vectors, begin, leaf->end, sum);
        climb(t, leaf, rows, vectors, sum);
        begin = leaf->end;
    }
}

/* One function for each number of rows and width: all the vectors of a tile, or one. */
#define DEFINE_TREE(rows)                                                                          \
    static void sum_leaves_##rows(const masked_tree *t)                                            \
    {                                                                                              \
        if (t->columns <= V_WIDTH)                                                                 \
            sum_leaves(t, rows, 1);                                                                \
        else                                                                                       \
            sum_leaves(t, rows, TILE_VECTORS);                                                     \
    }

DEFINE_TREE(1)
DEFINE_TREE(2)
DEFINE_TREE(3)
DEFINE_TREE(4)
#if TILE_ROWS > 4
DEFINE_TREE(5)
DEFINE_TREE(6)
#endif
#if TILE_ROWS > 6
DEFINE_TREE(7)
DEFINE_TREE(8)
#endif
#if TILE_ROWS > 8
DEFINE_TREE(9)
DEFINE_TREE(10)
DEFINE_TREE(11)
DEFINE_TREE(12)
#endif

static void (*const BY_ROWS[TILE_ROWS + 1])(const masked_tree *t) = {
    NULL, sum_leaves_1, sum_leaves_2, sum_leaves_3, sum_leaves_4,
#if TILE_ROWS > 4
    sum_leaves_5, sum_leaves_6,
#endif
#if TILE_ROWS > 6
    sum_leaves_7, sum_leaves_8,
#endif
#if TILE_ROWS > 8
    sum_leaves_9, sum_leaves_10, sum_leaves_11, sum_leaves_12,
#endif
};

void ISA(masked_tree)(const masked_tree *t)
{
    BY_ROWS[t->rows](t);
}

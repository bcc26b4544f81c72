/* SPDX-License-Identifier: 0BSD
 *
 * scratch.h - the memory into which the operands of a product are packed. */
#ifndef FB_KERNELS_SCRATCH_H
#define FB_KERNELS_SCRATCH_H

/* A product is cut into blocks that stay in the caches: BLOCK_K steps of k and BLOCK_N columns of
 * the right operand (480 KB, for L2), TILE_ROWS_MAX rows of the left one (16 KB, for L1).
 * LEFT_STRIDE is an odd number of cache lines, so that the rows of a panel fall into different
 * cache sets. */
enum {
    BLOCK_K = 320,
    BLOCK_N = 384,
    TILE_ROWS_MAX = 12,
    TILE_COLUMNS_MAX = 32,
    LEFT_STRIDE = 336
};

typedef struct kernels_scratch {
    float right[BLOCK_K * BLOCK_N];
    float left[TILE_ROWS_MAX * LEFT_STRIDE];
    float tile[TILE_ROWS_MAX * TILE_COLUMNS_MAX];
    float bias[BLOCK_N];
} kernels_scratch;

/* A scratch, aligned to 64 bytes, with anything in it, until it is returned; NULL when memory is
 * short. There are never more than were borrowed at one time. */
kernels_scratch *kernels_scratch_borrow(void);
void kernels_scratch_return(kernels_scratch *scratch);

#endif

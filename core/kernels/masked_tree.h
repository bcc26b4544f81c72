/* SPDX-License-Identifier: 0BSD
 *
 * masked_tree.h - a tile of a product under several masks: the sums of a block's patterns and the
 * way up their tree (internal to masked.c, which explains it). */
#ifndef FB_KERNELS_MASKED_TREE_H
#define FB_KERNELS_MASKED_TREE_H

#include "tile.h"

/* A pattern that inputs of the block have. Its sum goes up the tree, height after height, for as
 * long as it meets sums that are there. */
typedef struct masked_leaf {
    uint32_t end;   /* its inputs end here; they begin where those of the leaf before end */
    uint8_t kept;   /* bit h: at height h it is an upper half, so that y of mask h takes it */
    uint8_t joined; /* bit h: and then the lower half, nodes[h], is added to it */
    uint8_t stored; /* the height at which it waits in `nodes` for its upper half */
} masked_leaf;
enum { MASKED_NOWHERE = 255 }; /* of `stored` */

/* So many inputs ahead, numbers are asked for. */
enum { MASKED_AHEAD = 20 };

/* Some rows by some units, for the inputs of one block. */
typedef struct masked_tree {
    size_t rows, columns;       /* 1 .. TILE_ROWS, 1 .. TILE_COLUMNS */
    size_t size;                /* floats in a tile: rows of whole vectors, without gaps */
    const masked_leaf *leaves;
    size_t leaf_count;
    const uint32_t *order;      /* which inputs they are, and MASKED_AHEAD more */
    const float *left;          /* input i's numbers, TILE_ROWS of them, are at i * left_stride */
    size_t left_stride;
    const float *right;         /* (inputs of the block, TILE_COLUMNS) */
    float *nodes;               /* a tile a height */
    float *y;                   /* a tile a mask */
} masked_tree;

/* Adds to y what each mask keeps. */
void ISA(masked_tree)(const masked_tree *t);

#endif

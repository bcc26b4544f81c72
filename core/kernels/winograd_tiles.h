/* SPDX-License-Identifier: 0BSD
 *
 * winograd_tiles.h - Winograd's tiles: where they lie, and what takes their pixels to points and
 * the points back. Compiled once per instruction set, as winograd.c is. */
#ifndef FB_KERNELS_WINOGRAD_TILES_H
#define FB_KERNELS_WINOGRAD_TILES_H

#include "table.h"
#include "winograd.h"

enum { TILE = 4, PATCH = 6, POINTS = WINOGRAD_POINTS };

/* A convolution cut into tiles. */
typedef struct tiling {
    const kernels_conv *conv;
    size_t out_height, out_width;
    size_t rows, columns; /* of tiles, an image */
    size_t count;         /* of tiles, all images */
    size_t group;         /* tiles at a time */
} tiling;

/* One number for each (point, tile of the group, channel or filter): the planes of the points are a
 * few lines more apart than they are long, so that they do not fall into the same cache sets. */
typedef struct planes {
    float *data;
    size_t width;    /* channels or filters */
    size_t distance; /* between the planes of two points */
} planes;

/* What becomes of the sums of a convolution. */
typedef struct finish {
    const float *bias; /* may be NULL */
    bool relu;
    bool pool;
    float *y;
    uint8_t *winner; /* of pooling; may be NULL */
} finish;

/* The gradient of what a convolution gave: of y or, with `winner`, of the pooled y. */
typedef struct output_gradient {
    const float *dy;
    const uint8_t *winner; /* NULL: no pooling */
} output_gradient;

/* `count` images of a convolution, cut for the forward or the backward pass. */
tiling ISA(winograd_cut)(const kernels_conv *conv, size_t count, bool gradients);

/* The input of tile `which` to its points, all channels, at place `slot` of the group. */
void ISA(winograd_transform_input)(const tiling *t, const float *x, size_t which, const planes *to,
                                   size_t slot);

/* A tile's points to its output: bias, ReLU, pooling, and the part that lies in the image. */
void ISA(winograd_transform_output)(const tiling *t, const planes *from, size_t slot, size_t which,
                                    const finish *f);

/* The gradient of a tile's output to its points. */
void ISA(winograd_transform_d_output)(const tiling *t, const output_gradient *from, size_t which,
                                      const planes *to, size_t slot);

/* Adds a tile's share to the gradient of the channels [begin, end) of the input. */
void ISA(winograd_add_d_input)(const tiling *t, const planes *from, size_t slot, size_t which,
                               size_t begin, size_t end, float *dx);

/* Adds to d_bias of a pooled convolution. The sum runs over the pixels before pooling in their
 * order, as the sum of what pooling spreads does, but only winners add to it. */
void ISA(winograd_add_winners)(const tiling *t, size_t count, const output_gradient *from,
                               float *d_bias);

#endif

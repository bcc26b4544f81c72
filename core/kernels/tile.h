/* SPDX-License-Identifier: 0BSD
 *
 * tile.h - the innermost product: a few rows times a few vectors of columns, held in registers. */
#ifndef FB_KERNELS_TILE_H
#define FB_KERNELS_TILE_H

#include "scratch.h"
#include "simd.h"
#include "table.h"

#include <stdbool.h>

/* The largest tile whose sums, one row of B and one number of A fit the registers. */
#if defined(SIMD_AVX512)
#define TILE_ROWS 12
#define TILE_VECTORS 2
#elif defined(SIMD_AVX2)
#define TILE_ROWS 6
#define TILE_VECTORS 2
#elif defined(SIMD_NEON)
#define TILE_ROWS 8
#define TILE_VECTORS 3
#else
#define TILE_ROWS 4
#define TILE_VECTORS 4
#endif
enum { TILE_COLUMNS = TILE_VECTORS * V_WIDTH };

_Static_assert(TILE_ROWS <= TILE_ROWS_MAX && (int)TILE_COLUMNS <= (int)TILE_COLUMNS_MAX &&
                   (int)BLOCK_N % (int)TILE_COLUMNS == 0,
               "the scratch fits every instruction set");

/* How a panel of left rows lies in memory, left_stride apart: row after row, or step after step of
 * k. Packed ones have LEFT_STRIDE or TILE_ROWS between. One is the cheap one to pack where the
 * source is contiguous in k, the other where it is contiguous in the rows. */
typedef enum tile_layout { TILE_BY_ROW = 0, TILE_BY_STEP = 1 } tile_layout;

typedef struct tile {
    tile_layout layout;
    size_t rows, columns;    /* 1 .. TILE_ROWS, 1 .. TILE_COLUMNS */
    size_t depth;            /* steps of k */
    const float *left;       /* the panel */
    size_t left_stride;      /* between its rows (TILE_BY_ROW) or steps (TILE_BY_STEP) */
    const float *right;      /* (depth x TILE_COLUMNS), rows right_stride apart */
    size_t right_stride;
    float *out;              /* (rows x the whole vectors with `columns`), out_stride apart */
    size_t out_stride;
    bool accumulate;         /* the sums start at `out` rather than at 0 */
    const float *bias;       /* (TILE_COLUMNS) added at the end; NULL: none */
    bool relu;               /* at the very end; a NaN stays a NaN */
} tile;

/* out = left right, each element one chain of fused multiply-adds in order of k. Whole vectors are
 * written: up to V_WIDTH - 1 floats beyond `columns`. */
void ISA(tile)(const tile *t);

#endif

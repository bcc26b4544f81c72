/* SPDX-License-Identifier: 0BSD
 *
 * masked.c - a product under several dropout masks at once.
 *
 * With m masks an input has one of 2^m patterns. The patterns are the leaves of a binary tree, in
 * their order; a node's sum is that of its two halves, and what mask b keeps is the sum of the
 * upper halves at height b. So every input is multiplied once, and the rest are additions of whole
 * tiles, about two a pattern: with 9216 inputs and 8 masks that keep 3/4 of them, a sixth of the
 * work of 8 products.
 *
 * The rows stay where they are and the tree reads them through the order of the inputs; the weights
 * are packed in this order, because all rows share them. */
#include "masked_tree.h"

#include <string.h>

enum {
    DEPTH = KERNELS_MASKED_DEPTH,
    UNITS = 192, /* columns at a time */
    ROWS = 48,   /* rows at a time: whole cache lines, and whole tiles */
    PATTERNS = 1 << KERNELS_MASKS_MAX
};
_Static_assert(UNITS / 2 % TILE_COLUMNS == 0 && ROWS % TILE_ROWS == 0, "blocks are whole tiles");

/* ---- the scratch --------------------------------------------------------------------------- */

/* The inputs order[begin .. begin+depth-1], and the patterns that they have. */
typedef struct block {
    size_t begin, depth;
    const masked_leaf *leaves;
    size_t leaf_count;
} block;

typedef struct workspace {
    float *rows;         /* (groups of ROWS, inputs, ROWS) */
    uint32_t *order;     /* (inputs) sorted by pattern, and MASKED_AHEAD zeros */
    block *blocks;       /* (block_count) */
    masked_leaf *leaves; /* of all blocks: at most one a pattern, and one more a block */
    float *weights;      /* some units of all inputs, sorted: in each block of inputs (column tiles,
                            depth, TILE_COLUMNS) */
    float *nodes;        /* masks tiles: sums on the way up the tree */
    float *y;            /* (row tiles, column tiles, masks) tiles */
} workspace;

static size_t rounded_up(size_t count, size_t unit)
{
    return (count + unit - 1) / unit * unit;
}

static size_t block_count(const kernels_masked *m)
{
    return (m->inputs + DEPTH - 1) / DEPTH;
}

/* A first call with base NULL measures. The sizes do not depend on the instruction set. */
static size_t lay_out(const kernels_masked *m, float *base, workspace *w)
{
    const size_t units = m->units < UNITS ? rounded_up(m->units, UNITS / 2) : UNITS;
    const size_t blocks = block_count(m);
    const size_t sizes[] = {rounded_up(m->rows, ROWS) * m->inputs,
                            m->inputs + MASKED_AHEAD,
                            blocks * sizeof(block) / sizeof(float),
                            (blocks + PATTERNS) * sizeof(masked_leaf) / sizeof(float),
                            m->inputs * units,
                            m->masks * TILE_ROWS_MAX * TILE_COLUMNS_MAX,
                            ROWS * units * m->masks};
    enum { PARTS = sizeof sizes / sizeof *sizes };
    size_t at[PARTS + 1] = {0};
    for (size_t i = 0; i < PARTS; i++)
        at[i + 1] = at[i] + rounded_up(sizes[i], 16);
    if (base)
        *w = (workspace){base + at[0],
                         (uint32_t *)(void *)(base + at[1]),
                         (block *)(void *)(base + at[2]),
                         (masked_leaf *)(void *)(base + at[3]),
                         base + at[4],
                         base + at[5],
                         base + at[6]};
    return at[PARTS];
}

size_t ISA(masked_scratch)(const kernels_masked *m)
{
    return lay_out(m, NULL, NULL);
}

/* ---- rows ---------------------------------------------------------------------------------- */

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* A few rows at a time, so that the lines read stay in the first-level cache. */
void ISA(masked_load)(const kernels_masked *m, size_t first, size_t count, const float *x,
                      float *scratch)
{
    enum { TOGETHER = 16 };
    const size_t inputs = m->inputs;
    workspace w;
    lay_out(m, scratch, &w);
    for (size_t row = first, rows; row < first + count; row += rows) {
        const size_t at = row % ROWS;
        rows = smaller(smaller(TOGETHER, ROWS - at), first + count - row);
        const float *from = x + (row - first) * inputs;
        float *to = w.rows + (row - at) * inputs + at;
        for (size_t i = 0; i < inputs; i++)
            for (size_t r = 0; r < rows; r++)
                to[i * ROWS + r] = from[r * inputs + i];
    }
}

/* ---- a block of inputs --------------------------------------------------------------------- */

/* What the blocks are parts of: units unit .. unit+units-1. */
typedef struct columns {
    const kernels_masked *m;
    const workspace *w;
    size_t unit, units;
    size_t tiles; /* column tiles */
} columns;

static size_t tile_columns(const columns *c, size_t j)
{
    return smaller(TILE_COLUMNS, c->units - j * TILE_COLUMNS);
}

/* Floats in a row of the column tile j: whole vectors. */
static size_t tile_width(const columns *c, size_t j)
{
    return tile_columns(c, j) <= V_WIDTH ? (size_t)V_WIDTH : TILE_COLUMNS;
}

/* Where the weights of a block's column tile are. */
static float *tile_weights(const columns *c, const block *b, size_t j)
{
    return c->w->weights + (b->begin * c->tiles + j * b->depth) * TILE_COLUMNS;
}

/* Where the tiles of y begin, of all masks, for a row tile and a column tile. */
static float *tile_y(const columns *c, size_t i, size_t j)
{
    return c->w->y + (i * c->tiles + j) * c->m->masks * TILE_ROWS * TILE_COLUMNS;
}

/* An input's weights are read together, because the next input's may be anywhere. */
static void pack_weights(const columns *c, const block *b, const float *weights)
{
    const size_t last = c->tiles - 1, rest = tile_columns(c, last);
    for (size_t p = 0; p < b->depth; p++) {
        const float *from = weights + c->w->order[b->begin + p] * c->m->units + c->unit;
        for (size_t j = 0; j < last; j++)
            memcpy(tile_weights(c, b, j) + p * TILE_COLUMNS, from + j * TILE_COLUMNS,
                   sizeof(float[TILE_COLUMNS]));
        float *to = tile_weights(c, b, last) + p * TILE_COLUMNS;
        memcpy(to, from + last * TILE_COLUMNS, rest * sizeof *to);
        memset(to + rest, 0, (TILE_COLUMNS - rest) * sizeof *to);
    }
}

/* Adds the block's sums for `rows` rows, a group of them or less, to y. */
static void run_block(const columns *c, const block *b, size_t row, size_t rows)
{
    for (size_t j = 0; j < c->tiles; j++)
        for (size_t i = 0; i * TILE_ROWS < rows; i++) {
            const size_t tile_rows = smaller(TILE_ROWS, rows - i * TILE_ROWS);
            const masked_tree t = {
                .rows = tile_rows,
                .columns = tile_columns(c, j),
                .size = tile_rows * tile_width(c, j),
                .leaves = b->leaves,
                .leaf_count = b->leaf_count,
                .order = c->w->order + b->begin,
                .left = c->w->rows + row * c->m->inputs + i * TILE_ROWS,
                .left_stride = ROWS,
                .right = tile_weights(c, b, j),
                .nodes = c->w->nodes,
                .y = tile_y(c, i, j),
            };
            ISA(masked_tree)(&t);
        }
}

/* ---- all of it ----------------------------------------------------------------------------- */

/* Sorts the inputs by pattern, those of a pattern in their order; start[p] is where p's begin. */
static void sort_inputs(const kernels_masked *m, const uint8_t *patterns, uint32_t *order,
                        size_t start[PATTERNS + 1])
{
    size_t next[PATTERNS + 1] = {0};
    for (size_t i = 0; i < m->inputs; i++)
        next[patterns[i] + 1]++;
    for (size_t p = 0; p < PATTERNS; p++)
        next[p + 1] += next[p];
    memcpy(start, next, sizeof next);
    for (size_t i = 0; i < m->inputs; i++)
        order[next[patterns[i]]++] = (uint32_t)i;
    memset(order + m->inputs, 0, MASKED_AHEAD * sizeof *order);
}

/* The leaf of a pattern in a block whose patterns' inputs begin at start[]. */
static masked_leaf make_leaf(const size_t *start, size_t pattern, size_t masks)
{
    masked_leaf leaf = {.end = (uint32_t)start[pattern + 1], .stored = MASKED_NOWHERE};
    for (size_t h = 0; h < masks; h++) {
        const size_t half = (size_t)1 << h, node = pattern >> h << h;
        if (pattern & half) {
            leaf.kept |= (uint8_t)half;
            if (start[node - half] < start[node])
                leaf.joined |= (uint8_t)half;
        } else if (start[node + half] < start[node + 2 * half]) {
            leaf.stored = (uint8_t)h;
            break;
        }
    }
    return leaf;
}

/* Cuts the sorted inputs into blocks. */
static void make_blocks(const kernels_masked *m, const size_t start[PATTERNS + 1],
                        const workspace *w)
{
    masked_leaf *leaf = w->leaves;
    for (size_t i = 0; i < block_count(m); i++) {
        const size_t begin = i * DEPTH;
        block b = {.begin = begin, .depth = smaller(DEPTH, m->inputs - begin), .leaves = leaf};
        size_t within[PATTERNS + 1];
        for (size_t p = 0; p <= PATTERNS; p++)
            within[p] = start[p] < begin ? 0 : smaller(start[p] - begin, b.depth);
        for (size_t p = 0; p < PATTERNS; p++)
            if (within[p] < within[p + 1])
                *leaf++ = make_leaf(within, p, m->masks);
        b.leaf_count = (size_t)(leaf - b.leaves);
        w->blocks[i] = b;
    }
}

/* Copies the tiles of y to the matrices that they are parts of, (all_rows, units) a mask. */
static void unpack(const columns *c, size_t row, size_t rows, size_t all_rows, float *y)
{
    const size_t units = c->m->units;
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < c->tiles; j++) {
            const size_t i = r / TILE_ROWS, width = tile_width(c, j);
            const size_t size = smaller(TILE_ROWS, rows - i * TILE_ROWS) * width;
            const float *from = tile_y(c, i, j) + r % TILE_ROWS * width;
            float *to = y + (row + r) * units + c->unit + j * TILE_COLUMNS;
            for (size_t mask = 0; mask < c->m->masks; mask++)
                memcpy(to + mask * all_rows * units, from + mask * size,
                       tile_columns(c, j) * sizeof *to);
        }
}

static void run_columns(const columns *c, size_t all_rows, const float *weights, float *y)
{
    const size_t blocks = block_count(c->m);
    for (size_t b = 0; b < blocks; b++)
        pack_weights(c, &c->w->blocks[b], weights);
    for (size_t row = 0; row < all_rows; row += ROWS) {
        const size_t rows = smaller(ROWS, all_rows - row);
        memset(c->w->y, 0, ROWS * c->tiles * TILE_COLUMNS * c->m->masks * sizeof *c->w->y);
        for (size_t b = 0; b < blocks; b++)
            run_block(c, &c->w->blocks[b], row, rows);
        unpack(c, row, rows, all_rows, y);
    }
}

void ISA(masked_run)(const kernels_masked *m, size_t rows, const uint8_t *patterns,
                     const float *weights, float *y, float *scratch)
{
    workspace w;
    size_t start[PATTERNS + 1];
    lay_out(m, scratch, &w);
    sort_inputs(m, patterns, w.order, start);
    make_blocks(m, start, &w);
    for (size_t unit = 0; unit < m->units; unit += UNITS) {
        const size_t units = smaller(UNITS, m->units - unit);
        const columns c = {m, &w, unit, units, (units + TILE_COLUMNS - 1) / TILE_COLUMNS};
        run_columns(&c, rows, weights, y);
    }
}

/* SPDX-License-Identifier: 0BSD
 *
 * masked.c - a product under several dropout masks at once.
 *
 * With m masks an input has one of 2^m patterns. The patterns are the leaves of a binary tree, in
 * their order; a node's sum is that of its two halves, and what mask b keeps is the sum of the
 * upper halves at height b. So every input is multiplied once, and the rest are additions of whole
 * tiles, about two a pattern: with 9216 inputs and 8 masks that keep 3/4 of them, a sixth of the
 * work of 8 products. */
#include "tile.h"

#include <string.h>

enum {
    DEPTH = KERNELS_MASKED_DEPTH,
    UNITS = 192, /* columns at a time */
    ROWS = 48,   /* rows at a time: whole cache lines, and whole tiles */
    PATTERNS = 1 << KERNELS_MASKS_MAX
};
_Static_assert(UNITS / 2 % TILE_COLUMNS == 0 && ROWS % TILE_ROWS == 0, "blocks are whole tiles");

/* ---- the scratch --------------------------------------------------------------------------- */

typedef struct workspace {
    float *rows;     /* (groups of ROWS, inputs, ROWS) */
    uint32_t *order; /* (inputs) sorted by pattern */
    float *weights;  /* some units of all inputs, sorted: in each block of inputs (column tiles,
                        depth, TILE_COLUMNS) */
    float *left;     /* (row tiles, depth, TILE_ROWS): a block's inputs of a group of rows */
    float *nodes;    /* (masks + 1) tiles: sums on the way up the tree */
    float *y;        /* (row tiles, column tiles, masks) tiles */
} workspace;

static size_t rounded_up(size_t count, size_t unit)
{
    return (count + unit - 1) / unit * unit;
}

/* A first call with base NULL measures. The sizes do not depend on the instruction set. */
static size_t lay_out(const kernels_masked *m, float *base, workspace *w)
{
    const size_t units = m->units < UNITS ? rounded_up(m->units, UNITS / 2) : UNITS;
    const size_t sizes[] = {rounded_up(m->rows, ROWS) * m->inputs,
                            m->inputs,
                            m->inputs * units,
                            (size_t)ROWS * DEPTH,
                            (m->masks + 1) * TILE_ROWS_MAX * TILE_COLUMNS_MAX,
                            ROWS * units * m->masks};
    enum { PARTS = sizeof sizes / sizeof *sizes };
    size_t at[PARTS + 1] = {0};
    for (size_t i = 0; i < PARTS; i++)
        at[i + 1] = at[i] + rounded_up(sizes[i], 16);
    if (base)
        *w = (workspace){base + at[0], (uint32_t *)(void *)(base + at[1]), base + at[2],
                         base + at[3], base + at[4], base + at[5]};
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

/* ---- one tile under all masks -------------------------------------------------------------- */

/* A tile of the product, some rows by some units, for the inputs of one block. */
typedef struct tile_sums {
    tile t;              /* `out` and `depth` are each product's own */
    const float *left, *right;
    const size_t *start; /* (patterns + 1) where each pattern's inputs begin in the block */
    size_t size;         /* floats in a tile: whole vectors, without gaps */
    float *nodes;        /* one tile a height */
    float *y;            /* one tile a mask */
} tile_sums;

static void add_tile(size_t size, const float *x, float *sum)
{
    for (size_t i = 0; i < size; i += V_WIDTH)
        v_store(sum + i, v_add(v_load(sum + i), v_load(x + i)));
}

static void multiply(const tile_sums *s, size_t begin, size_t end, float *out)
{
    tile t = s->t;
    t.depth = end - begin;
    t.left = s->left + begin * TILE_ROWS;
    t.right = s->right + begin * TILE_COLUMNS;
    t.out = out;
    ISA(tile)(&t);
}

/* Writes to `out` the sum over the inputs of the patterns first .. first + 2^height - 1, of which
 * there is at least one, and adds what the lowest `height` masks keep of it to their y. */
static void sum_patterns(const tile_sums *s, size_t height, size_t first, float *out)
{
    if (height == 0) {
        multiply(s, s->start[first], s->start[first + 1], out);
        return;
    }
    height--;
    const size_t middle = first + ((size_t)1 << height), end = middle + ((size_t)1 << height);
    const bool lower = s->start[first] < s->start[middle];
    if (lower)
        sum_patterns(s, height, first, out);
    if (s->start[middle] == s->start[end])
        return;
    float *kept = lower ? s->nodes + height * s->size : out;
    sum_patterns(s, height, middle, kept);
    add_tile(s->size, kept, s->y + height * s->size);
    if (lower)
        add_tile(s->size, kept, out);
}

/* ---- a block of inputs --------------------------------------------------------------------- */

/* The inputs order[begin .. begin+depth-1]. */
typedef struct block {
    size_t begin, depth;
    size_t start[PATTERNS + 1]; /* as in tile_sums */
} block;

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

/* The group of rows that begins at `row`. */
static void pack_rows(const columns *c, const block *b, size_t row)
{
    const float *rows = c->w->rows + row * c->m->inputs;
    for (size_t p = 0; p < b->depth; p++) {
        const float *from = rows + (size_t)c->w->order[b->begin + p] * ROWS;
        float *to = c->w->left + p * TILE_ROWS;
        for (size_t i = 0; i < ROWS; i += TILE_ROWS)
            memcpy(to + i * b->depth, from + i, sizeof(float[TILE_ROWS]));
    }
}

/* Adds the block's sums for `rows` rows, a group of them or less, to y. */
static void run_block(const columns *c, const block *b, size_t row, size_t rows)
{
    pack_rows(c, b, row);
    for (size_t j = 0; j < c->tiles; j++)
        for (size_t i = 0; i * TILE_ROWS < rows; i++) {
            const tile t = {
                .layout = TILE_BY_STEP,
                .rows = smaller(TILE_ROWS, rows - i * TILE_ROWS),
                .columns = tile_columns(c, j),
                .left_stride = TILE_ROWS,
                .right_stride = TILE_COLUMNS,
                .out_stride = tile_width(c, j),
            };
            const tile_sums s = {
                .t = t,
                .left = c->w->left + i * TILE_ROWS * b->depth,
                .right = tile_weights(c, b, j),
                .start = b->start,
                .size = t.rows * t.out_stride,
                .nodes = c->w->nodes,
                .y = tile_y(c, i, j),
            };
            sum_patterns(&s, c->m->masks, 0, s.nodes + c->m->masks * s.size);
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
}

/* Cuts out the next block; false behind the last. A first call takes a zeroed one. */
static bool next_block(const kernels_masked *m, const size_t start[PATTERNS + 1], block *b)
{
    b->begin += b->depth;
    b->depth = smaller(DEPTH, m->inputs - b->begin);
    for (size_t p = 0; p <= PATTERNS; p++)
        b->start[p] = start[p] < b->begin ? 0 : smaller(start[p] - b->begin, b->depth);
    return b->depth > 0;
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

static void run_columns(const columns *c, const size_t start[PATTERNS + 1], size_t all_rows,
                        const float *weights, float *y)
{
    for (block b = {0}; next_block(c->m, start, &b);)
        pack_weights(c, &b, weights);
    for (size_t row = 0; row < all_rows; row += ROWS) {
        const size_t rows = smaller(ROWS, all_rows - row);
        memset(c->w->y, 0, ROWS * c->tiles * TILE_COLUMNS * c->m->masks * sizeof *c->w->y);
        for (block b = {0}; next_block(c->m, start, &b);)
            run_block(c, &b, row, rows);
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
    for (size_t unit = 0; unit < m->units; unit += UNITS) {
        const size_t units = smaller(UNITS, m->units - unit);
        const columns c = {m, &w, unit, units, (units + TILE_COLUMNS - 1) / TILE_COLUMNS};
        run_columns(&c, start, rows, weights, y);
    }
}

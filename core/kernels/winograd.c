/* SPDX-License-Identifier: 0BSD
 *
 * winograd.c - convolutions by Winograd's F(4x4, 3x3): the output is cut into tiles of 4 x 4, each
 * of which needs 6 x 6 of the input; at each of the 36 points of a tile the convolution is a plain
 * product over the channels.
 *
 * Tiles are taken in groups that stay in the L2 cache: transform the group's inputs, do the 36
 * products, transform back. Nothing depends on the size of a group: a product's sums run over the
 * channels; the weights' gradient adds the tiles in their order (image, row, column), group after
 * group; the input's gradient adds the overlapping tiles in that order too. */
#include "winograd.h"

#include "product.h"
#include "team.h"
#include "winograd_tiles.h"
#include "winograd_transform.h"

/* ---- the scratch and the memory ------------------------------------------------------------ */

typedef struct workspace {
    planes input, output, d_input;
} workspace;

static planes take_planes(float **scratch, size_t width, size_t group)
{
    planes p = {*scratch, width, width * group + WINOGRAD_PAD};
    *scratch += POINTS * p.distance;
    return p;
}

/* The planes of groups of `group` tiles. */
static workspace lay_out(const kernels_conv *conv, size_t group, bool gradients, float *scratch)
{
    workspace w = {0};
    w.input = take_planes(&scratch, conv->channels, group);
    w.output = take_planes(&scratch, conv->filters, group);
    if (gradients)
        w.d_input = take_planes(&scratch, conv->channels, group);
    return w;
}

/* A (rows, columns) matrix for each point, as panels of neighbouring columns: a panel's rows lie
 * one after the other, which is how a product reads and writes them. */
typedef struct matrices {
    float *data;
    size_t rows, columns;
    size_t distance; /* between the matrices of two points */
} matrices;

/* Columns of the panel that starts where `left` columns are left. */
static size_t panel_columns(size_t left)
{
    return left >= TILE_COLUMNS ? TILE_COLUMNS : V_WIDTH;
}

/* The weights in the forward pass. */
static matrices weights_of(const kernels_winograd *w)
{
    return (matrices){w->memory, w->conv.channels, w->conv.filters,
                      winograd_weight_distance(&w->conv)};
}

/* In the backward pass: the weights, transposed, and the sums of their gradient. */
static matrices turned_weights_of(const kernels_winograd *w)
{
    return (matrices){w->memory, w->conv.filters, w->conv.channels,
                      winograd_weight_distance(&w->conv)};
}

static matrices d_weights_of(const kernels_winograd *w)
{
    const size_t distance = winograd_weight_distance(&w->conv);
    return (matrices){w->memory + POINTS * distance, w->conv.channels, w->conv.filters, distance};
}

static float *d_bias_of(const kernels_winograd *w)
{
    return w->memory + 2 * POINTS * winograd_weight_distance(&w->conv);
}

/* ---- transforms of the weights ------------------------------------------------------------- */

/* Where the vector of columns from `column` on is in a matrix whose row is `row`. */
static size_t place_in_panels(const matrices *m, size_t row, size_t column)
{
    const size_t whole = m->columns / TILE_COLUMNS * TILE_COLUMNS;
    const size_t width = column < whole ? TILE_COLUMNS : V_WIDTH;
    const size_t in_panel = column < whole ? column % TILE_COLUMNS : 0;
    return (column - in_panel) * m->rows + row * width + in_panel;
}

/* The nine (rows, columns) matrices of the kernel to those of the points. */
static void transform_weights(const float *weights, const matrices *to)
{
    const size_t plane = to->rows * to->columns;
    for (size_t i = 0; i < to->rows; i++)
        for (size_t j = 0; j < to->columns; j += V_WIDTH, weights += V_WIDTH) {
            v_f32 w[9], half[18], points[POINTS];
            float *out = to->data + place_in_panels(to, i, j);
            for (size_t x = 0; x < 9; x++)
                w[x] = v_load(weights + x * plane);
            for (size_t x = 0; x < 3; x++)
                weights_to_points(w + x, 3, half + x, 3);
            for (size_t x = 0; x < PATCH; x++)
                weights_to_points(half + x * 3, 1, points + x * PATCH, 1);
            for (size_t x = 0; x < POINTS; x++)
                v_store(out + x * to->distance, points[x]);
        }
}

static void transform_d_weights(const matrices *from, float *d_weights)
{
    const size_t plane = from->rows * from->columns;
    for (size_t i = 0; i < from->rows; i++)
        for (size_t j = 0; j < from->columns; j += V_WIDTH, d_weights += V_WIDTH) {
            v_f32 points[POINTS], half[18], w[9];
            const float *in = from->data + place_in_panels(from, i, j);
            for (size_t x = 0; x < POINTS; x++)
                points[x] = v_load(in + x * from->distance);
            for (size_t x = 0; x < PATCH; x++)
                points_to_weights(points + x, PATCH, half + x, PATCH);
            for (size_t x = 0; x < 3; x++)
                points_to_weights(half + x * PATCH, 1, w + x * 3, 1);
            for (size_t x = 0; x < 9; x++)
                v_store(d_weights + x * plane, w[x]);
        }
}

/* Each (channels, filters) matrix of the kernel to its transpose, in squares that stay in the
 * cache. */
static void turn_weights(const kernels_conv *conv, const float *weights, float *turned)
{
    enum { SQUARE = 16 };
    const size_t channels = conv->channels, filters = conv->filters, plane = channels * filters;
    for (size_t x = 0; x < 9; x++, weights += plane, turned += plane)
        for (size_t c = 0; c < channels; c += SQUARE)
            for (size_t k = 0; k < filters; k += SQUARE)
                for (size_t i = c; i < c + SQUARE; i++)
                    for (size_t j = k; j < k + SQUARE; j++)
                        turned[j * channels + i] = weights[i * filters + j];
}

/* ---- the products at the points ------------------------------------------------------------ */

/* The rows of one panel of columns; `t` has all but the rows. */
static void multiply_panel(tile t, size_t rows, size_t left_row_step)
{
    const float *left = t.left;
    float *out = t.out;
    for (size_t i = 0; i < rows; i += TILE_ROWS) {
        t.rows = smaller(TILE_ROWS, rows - i);
        t.left = left + i * left_row_step;
        t.out = out + i * t.out_stride;
        ISA(tile)(&t);
    }
}

/* At the points [begin, end): to (tiles, width) = from (tiles, depth) matrix (depth, width). */
static void multiply_tiles(const planes *from, const matrices *by, const planes *to, size_t tiles,
                           size_t begin, size_t end)
{
    tile t = {.layout = TILE_BY_ROW, .depth = by->rows, .left_stride = by->rows,
              .out_stride = by->columns};
    for (size_t x = begin; x < end; x++)
        for (size_t j = 0; j < by->columns; j += t.columns) {
            t.columns = panel_columns(by->columns - j);
            t.left = from->data + x * from->distance;
            t.right = by->data + x * by->distance + j * by->rows;
            t.right_stride = t.columns;
            t.out = to->data + x * to->distance + j;
            multiply_panel(t, tiles, by->rows);
        }
}

/* At the points [begin, end): d_weights (channels, filters) += input' (channels, tiles) d_output
 * (tiles, filters). */
static void add_weight_products(const planes *input, const planes *d_output, size_t tiles,
                                const matrices *to, size_t begin, size_t end)
{
    tile t = {.layout = TILE_BY_STEP, .depth = tiles, .left_stride = to->rows,
              .right_stride = to->columns, .accumulate = true};
    for (size_t x = begin; x < end; x++)
        for (size_t j = 0; j < to->columns; j += t.columns) {
            t.columns = panel_columns(to->columns - j);
            t.left = input->data + x * input->distance;
            t.right = d_output->data + x * d_output->distance + j;
            t.out = to->data + x * to->distance + j * to->rows;
            t.out_stride = t.columns;
            multiply_panel(t, to->rows, 1);
        }
}

/* ---- the convolutions ----------------------------------------------------------------------
 *
 * Each stage of a group is shared among threads so that no sum changes its order: transforms by
 * tile, products by point, what overlapping tiles add to the input's gradient by channel. */

typedef struct group {
    const tiling *t;
    const workspace *w;
    size_t first, tiles, shares;
    const float *x;
    const finish *f;             /* forward */
    matrices weights;            /* forward; gradients: turned */
    const output_gradient *from; /* gradients */
    matrices d_weights;
    float *dx;
} group;

static size_t shares_for(const tiling *t)
{
    return team_size_for((double)t->group * POINTS * (double)t->conv->channels *
                         (double)t->conv->filters);
}

static void share_inputs(void *context, size_t index)
{
    const group *g = context;
    size_t i, end;
    team_share(g->tiles, 1, g->shares, index, &i, &end);
    for (; i < end; i++) {
        ISA(winograd_transform_input)(g->t, g->x, g->first + i, &g->w->input, i);
        if (g->from)
            ISA(winograd_transform_d_output)(g->t, g->from, g->first + i, &g->w->output, i);
    }
}

static void share_products(void *context, size_t index)
{
    const group *g = context;
    size_t begin, end;
    team_share(POINTS, 1, g->shares, index, &begin, &end);
    multiply_tiles(&g->w->input, &g->weights, &g->w->output, g->tiles, begin, end);
}

static void share_gradient_products(void *context, size_t index)
{
    const group *g = context;
    const workspace *w = g->w;
    size_t begin, end;
    team_share(POINTS, 1, g->shares, index, &begin, &end);
    add_weight_products(&w->input, &w->output, g->tiles, &g->d_weights, begin, end);
    if (g->dx)
        multiply_tiles(&w->output, &g->weights, &w->d_input, g->tiles, begin, end);
}

static void share_outputs(void *context, size_t index)
{
    const group *g = context;
    size_t i, end;
    team_share(g->tiles, 1, g->shares, index, &i, &end);
    for (; i < end; i++)
        ISA(winograd_transform_output)(g->t, &g->w->output, i, g->first + i, g->f);
}

static void share_d_inputs(void *context, size_t index)
{
    const group *g = context;
    size_t begin, end;
    team_share(g->t->conv->channels, V_WIDTH, g->shares, index, &begin, &end);
    for (size_t i = 0; i < g->tiles; i++)
        ISA(winograd_add_d_input)(g->t, &g->w->d_input, i, g->first + i, begin, end, g->dx);
}

void ISA(winograd_begin_forward)(const kernels_winograd *w, const float *weights)
{
    const matrices points = weights_of(w);
    transform_weights(weights, &points);
}

void ISA(winograd_forward)(const kernels_winograd *w, size_t count, const float *x,
                           const float *bias, float *y, uint8_t *winner)
{
    const tiling t = ISA(winograd_cut)(&w->conv, count, false);
    const workspace space = lay_out(&w->conv, t.group, false, w->scratch);
    const finish f = {.bias = bias, .relu = w->relu, .pool = w->pool, .y = y, .winner = winner};
    group g = {.t = &t, .w = &space, .shares = shares_for(&t), .x = x, .f = &f,
               .weights = weights_of(w)};
    for (; g.first < t.count; g.first += t.group) {
        g.tiles = smaller(t.group, t.count - g.first);
        team_run(g.shares, share_inputs, &g);
        team_run(g.shares, share_products, &g);
        team_run(g.shares, share_outputs, &g);
    }
}

void ISA(winograd_begin_gradients)(const kernels_winograd *w, const float *weights)
{
    const matrices turned = turned_weights_of(w), d_weights = d_weights_of(w);
    if (weights) { /* the transposes lie for a moment where the sums will */
        turn_weights(&w->conv, weights, d_weights.data);
        transform_weights(d_weights.data, &turned);
    }
    memset(d_weights.data, 0, POINTS * d_weights.distance * sizeof(float));
    memset(d_bias_of(w), 0, w->conv.filters * sizeof(float));
}

void ISA(winograd_gradients)(const kernels_winograd *w, size_t count, const float *x,
                             const float *dy, const uint8_t *winner, float *dx)
{
    const kernels_conv *conv = &w->conv;
    const tiling t = ISA(winograd_cut)(conv, count, true);
    const workspace space = lay_out(conv, t.group, true, w->scratch);
    const output_gradient from = {dy, w->pool ? winner : NULL};
    group g = {.t = &t, .w = &space, .shares = shares_for(&t), .x = x, .from = &from, .dx = dx,
               .weights = turned_weights_of(w), .d_weights = d_weights_of(w)};
    if (dx)
        memset(dx, 0, count * conv->height * conv->width * conv->channels * sizeof(float));
    for (; g.first < t.count; g.first += t.group) {
        g.tiles = smaller(t.group, t.count - g.first);
        team_run(g.shares, share_inputs, &g);
        team_run(g.shares, share_gradient_products, &g);
        if (dx)
            team_run(g.shares, share_d_inputs, &g);
    }
    if (w->bias && w->pool)
        ISA(winograd_add_winners)(&t, count, &from, d_bias_of(w));
    else if (w->bias)
        ISA(sum_rows)(count * t.out_height * t.out_width, conv->filters, dy, true, d_bias_of(w));
}

void ISA(winograd_end_gradients)(const kernels_winograd *w, float *d_weights, float *d_bias)
{
    const matrices sums = d_weights_of(w);
    transform_d_weights(&sums, d_weights);
    if (w->bias)
        memcpy(d_bias, d_bias_of(w), w->conv.filters * sizeof(float));
}

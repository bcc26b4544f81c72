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
#include "winograd_transform.h"

enum { TILE = 4, PATCH = 6, POINTS = WINOGRAD_POINTS };

/* A convolution cut into tiles. */
typedef struct tiling {
    const kernels_conv *conv;
    size_t out_height, out_width;
    size_t rows, columns; /* of tiles, an image */
    size_t count;         /* of tiles, all images */
    size_t group;         /* tiles at a time */
} tiling;

/* Where a tile is: its first output pixel. */
typedef struct tile_place {
    size_t image, row, column;
} tile_place;

/* One number for each (point, tile of the group, channel or filter): the planes of the points are a
 * few lines more apart than they are long, so that they do not fall into the same cache sets. */
typedef struct planes {
    float *data;
    size_t width;    /* channels or filters */
    size_t distance; /* between the planes of two points */
} planes;

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

/* ---- tiles --------------------------------------------------------------------------------- */

static tiling cut(const kernels_conv *conv, size_t count, bool gradients)
{
    tiling t = {.conv = conv,
                .out_height = conv->height + 2 * conv->padding - 2,
                .out_width = conv->width + 2 * conv->padding - 2,
                .group = winograd_group(conv, gradients)};
    t.rows = (t.out_height + TILE - 1) / TILE;
    t.columns = (t.out_width + TILE - 1) / TILE;
    t.count = count * t.rows * t.columns;
    return t;
}

static tile_place place_of(const tiling *t, size_t which)
{
    size_t in_image = which % (t->rows * t->columns);
    return (tile_place){which / (t->rows * t->columns), in_image / t->columns * TILE,
                        in_image % t->columns * TILE};
}

/* The part [begin, end) of `length` places from `first` on that lies in 0 .. limit-1. */
typedef struct span {
    size_t begin, end;
} span;

static span inside(size_t first, size_t padding, size_t length, size_t limit)
{
    size_t begin = first < padding ? padding - first : 0;
    size_t reach = limit + padding > first ? limit + padding - first : 0;
    return (span){begin, reach < length ? reach : length};
}

/* ---- transforms of one tile ----------------------------------------------------------------
 *
 * Each takes a vector of channels through its columns, then its rows, and loads and stores on the
 * way: what is between, `half`, is more than the registers hold, and should be all that is. */

/* A rectangle of pixels in an image, of which the rows and columns in the spans exist. */
typedef struct patch {
    ptrdiff_t first;                  /* element of its first pixel; may lie outside the array */
    ptrdiff_t row_stride, column_stride;
    span rows, columns;
} patch;

static bool is_whole(const patch *p, size_t size)
{
    return p->rows.begin == 0 && p->rows.end == size && p->columns.begin == 0 &&
           p->columns.end == size;
}

SIMD_INLINE bool has_pixel(const patch *p, size_t row, size_t column)
{
    return row >= p->rows.begin && row < p->rows.end && column >= p->columns.begin &&
           column < p->columns.end;
}

SIMD_INLINE ptrdiff_t pixel_at(const patch *p, size_t row, size_t column)
{
    return p->first + (ptrdiff_t)row * p->row_stride + (ptrdiff_t)column * p->column_stride;
}

/* A vector of each pixel of a patch that is not whole. The transforms know whole patches only:
 * others are copied here, where the pixels that they lack are 0. */
typedef struct whole_patch {
    float pixels[POINTS * V_WIDTH];
} whole_patch;

static const patch WHOLE = {.row_stride = PATCH * V_WIDTH, .column_stride = V_WIDTH};

SIMD_INLINE void copy_in(const patch *p, const float *images, whole_patch *to)
{
    for (size_t i = p->rows.begin; i < p->rows.end; i++)
        for (size_t j = p->columns.begin; j < p->columns.end; j++)
            v_store(to->pixels + pixel_at(&WHOLE, i, j), v_load(images + pixel_at(p, i, j)));
}

SIMD_INLINE void copy_out(const patch *p, const whole_patch *from, float *images)
{
    for (size_t i = p->rows.begin; i < p->rows.end; i++)
        for (size_t j = p->columns.begin; j < p->columns.end; j++)
            v_store(images + pixel_at(p, i, j), v_load(from->pixels + pixel_at(&WHOLE, i, j)));
}

/* The input that a tile needs. */
static patch input_patch(const tiling *t, tile_place place)
{
    const kernels_conv *conv = t->conv;
    const ptrdiff_t channels = (ptrdiff_t)conv->channels, row = (ptrdiff_t)conv->width * channels;
    const ptrdiff_t padding = (ptrdiff_t)conv->padding;
    return (patch){
        .first = ((ptrdiff_t)(place.image * conv->height + place.row) - padding) * row +
                 ((ptrdiff_t)place.column - padding) * channels,
        .row_stride = row,
        .column_stride = channels,
        .rows = inside(place.row, conv->padding, PATCH, conv->height),
        .columns = inside(place.column, conv->padding, PATCH, conv->width),
    };
}

/* A tile's output. */
static patch output_patch(const tiling *t, tile_place place)
{
    const size_t filters = t->conv->filters;
    const size_t pixel = (place.image * t->out_height + place.row) * t->out_width + place.column;
    return (patch){
        .first = (ptrdiff_t)(pixel * filters),
        .row_stride = (ptrdiff_t)(t->out_width * filters),
        .column_stride = (ptrdiff_t)filters,
        .rows = {0, smaller(TILE, t->out_height - place.row)},
        .columns = {0, smaller(TILE, t->out_width - place.column)},
    };
}

/* The pooled output of a tile: half as many pixels, an odd last row or column left out. */
static patch pooled_patch(const tiling *t, tile_place place)
{
    const size_t filters = t->conv->filters, height = t->out_height / 2, width = t->out_width / 2;
    const size_t row = place.row / 2, column = place.column / 2;
    return (patch){
        .first = (ptrdiff_t)(((place.image * height + row) * width + column) * filters),
        .row_stride = (ptrdiff_t)(width * filters),
        .column_stride = (ptrdiff_t)filters,
        .rows = {0, smaller(TILE / 2, height - row)},
        .columns = {0, smaller(TILE / 2, width - column)},
    };
}

static void input_vector_to_points(const patch *p, const float *x, float *to, size_t distance)
{
    v_f32 half[POINTS];
    SIMD_UNROLL
    for (size_t j = 0; j < PATCH; j++) {
        v_f32 column[PATCH];
        SIMD_UNROLL
        for (size_t i = 0; i < PATCH; i++)
            column[i] = v_load(x + pixel_at(p, i, j));
        input_to_points(column, 1, half + j, PATCH);
    }
    SIMD_UNROLL
    for (size_t i = 0; i < PATCH; i++) {
        v_f32 row[PATCH];
        input_to_points(half + i * PATCH, 1, row, 1);
        SIMD_UNROLL
        for (size_t j = 0; j < PATCH; j++)
            v_store(to + (i * PATCH + j) * distance, row[j]);
    }
}

/* A tile's input to its points, all channels. */
static void transform_input(const tiling *t, const float *x, size_t which, const planes *to,
                            size_t slot)
{
    const patch p = input_patch(t, place_of(t, which));
    float *points = to->data + slot * to->width;
    if (is_whole(&p, PATCH)) {
        for (size_t c = 0; c < to->width; c += V_WIDTH)
            input_vector_to_points(&p, x + c, points + c, to->distance);
        return;
    }
    whole_patch copy = {0};
    for (size_t c = 0; c < to->width; c += V_WIDTH) {
        copy_in(&p, x + c, &copy);
        input_vector_to_points(&WHOLE, copy.pixels, points + c, to->distance);
    }
}

/* Points to the 4 x 4 outputs of a vector of filters. */
SIMD_INLINE void points_to_output_vector(const float *from, size_t distance, v_f32 *out)
{
    v_f32 half[TILE * PATCH];
    SIMD_UNROLL
    for (size_t j = 0; j < PATCH; j++) {
        v_f32 column[PATCH];
        SIMD_UNROLL
        for (size_t i = 0; i < PATCH; i++)
            column[i] = v_load(from + (i * PATCH + j) * distance);
        points_to_output(column, 1, half + j, PATCH);
    }
    SIMD_UNROLL
    for (size_t i = 0; i < TILE; i++)
        points_to_output(half + i * PATCH, 1, out + i * TILE, 1);
}

/* What becomes of the sums of a convolution. */
typedef struct finish {
    const float *bias; /* may be NULL */
    bool relu;
    bool pool;
    float *y;
    uint8_t *winner; /* of pooling; may be NULL */
} finish;

SIMD_INLINE void store_whole_tile(const patch *p, const v_f32 *out, float *y)
{
    SIMD_UNROLL
    for (size_t i = 0; i < TILE * TILE; i++)
        v_store(y + pixel_at(p, i / TILE, i % TILE), out[i]);
}

SIMD_INLINE void store_tile(const patch *p, const v_f32 *out, float *y)
{
    whole_patch copy;
    if (is_whole(p, TILE)) {
        store_whole_tile(p, out, y);
        return;
    }
    store_whole_tile(&WHOLE, out, copy.pixels);
    copy_out(p, &copy, y);
}

/* The largest of a 2 x 2 square, `square` pointing to its first, and which of the four it is: the
 * first in reading order, or 4 where a ReLU stopped them all. */
SIMD_INLINE v_f32 pool_square(const v_f32 *square, bool relu, uint8_t *winner)
{
    const v_f32 a = square[0], b = square[1], c = square[TILE], d = square[TILE + 1];
    const v_f32 top = v_max(b, a), bottom = v_max(d, c), largest = v_max(bottom, top);
    if (winner) {
        uint32_t which[V_WIDTH];
        const v_i32 in_top = v_select_int(v_less(a, b), v_set1_int(1), v_set1_int(0));
        const v_i32 in_bottom = v_select_int(v_less(c, d), v_set1_int(3), v_set1_int(2));
        v_i32 place = v_select_int(v_less(top, bottom), in_bottom, in_top);
        if (relu)
            place = v_select_int(v_less(v_set1(0.0f), largest), place, v_set1_int(4));
        v_store_int(which, place);
        for (size_t i = 0; i < V_WIDTH; i++)
            winner[i] = (uint8_t)which[i];
    }
    return largest;
}

/* `p` is the tile in the pooled output. */
SIMD_INLINE void store_pooled_tile(const patch *p, const v_f32 *out, bool relu, float *y,
                                   uint8_t *winner)
{
    SIMD_UNROLL
    for (size_t i = 0; i < TILE; i++)
        if (has_pixel(p, i / 2, i % 2)) {
            const ptrdiff_t at = pixel_at(p, i / 2, i % 2);
            v_store(y + at, pool_square(out + i / 2 * 2 * TILE + i % 2 * 2, relu,
                                        winner + at));
        }
}

/* What the pooled output of a tile is where nobody asks for the winners: the largest is found first,
 * because neither bias nor ReLU changes which it is, and a quarter of them remains to be done. */
SIMD_INLINE void pool_tile(const patch *p, const v_f32 *out, v_f32 shift, bool relu, float *y)
{
    SIMD_UNROLL
    for (size_t i = 0; i < TILE; i++)
        if (has_pixel(p, i / 2, i % 2)) {
            v_f32 largest = pool_square(out + i / 2 * 2 * TILE + i % 2 * 2, false, NULL);
            largest = v_add(largest, shift);
            if (relu)
                largest = v_max(v_set1(0.0f), largest);
            v_store(y + pixel_at(p, i / 2, i % 2), largest);
        }
}

/* A tile's points to its output: bias, ReLU, pooling, and the part that lies in the image. */
static void transform_output(const tiling *t, const planes *from, size_t slot, size_t which,
                             const finish *f)
{
    const tile_place place = place_of(t, which);
    const patch p = f->pool ? pooled_patch(t, place) : output_patch(t, place);
    const float *points = from->data + slot * from->width;
    for (size_t k = 0; k < from->width; k += V_WIDTH) {
        v_f32 out[TILE * TILE];
        points_to_output_vector(points + k, from->distance, out);
        const v_f32 shift = f->bias ? v_load(f->bias + k) : v_set1(0.0f);
        if (f->pool && !f->winner) {
            pool_tile(&p, out, shift, f->relu, f->y + k);
            continue;
        }
        SIMD_UNROLL
        for (size_t i = 0; i < TILE * TILE; i++) {
            out[i] = v_add(out[i], shift);
            if (f->relu)
                out[i] = v_max(v_set1(0.0f), out[i]);
        }
        if (f->pool)
            store_pooled_tile(&p, out, f->relu, f->y + k, f->winner + k);
        else
            store_tile(&p, out, f->y + k);
    }
}

SIMD_INLINE void d_output_vector_to_points(const v_f32 *out, float *to, size_t distance)
{
    v_f32 half[PATCH * TILE];
    SIMD_UNROLL
    for (size_t j = 0; j < TILE; j++)
        output_to_points(out + j, TILE, half + j, TILE);
    SIMD_UNROLL
    for (size_t i = 0; i < PATCH; i++) {
        v_f32 row[PATCH];
        output_to_points(half + i * TILE, 1, row, 1);
        SIMD_UNROLL
        for (size_t j = 0; j < PATCH; j++)
            v_store(to + (i * PATCH + j) * distance, row[j]);
    }
}

/* The gradient of what a convolution gave: of y or, with `winner`, of the pooled y. */
typedef struct output_gradient {
    const float *dy;
    const uint8_t *winner; /* NULL: no pooling */
} output_gradient;

/* The gradient of a pooled pixel goes to the one of the four that won. */
SIMD_INLINE void spread_pooled(v_f32 dy, const uint8_t *winner, v_f32 *square)
{
    uint32_t which[V_WIDTH];
    for (size_t i = 0; i < V_WIDTH; i++)
        which[i] = winner[i];
    const v_i32 place = v_load_int(which);
    SIMD_UNROLL
    for (size_t i = 0; i < 4; i++)
        square[i / 2 * TILE + i % 2] =
            v_select(v_equal_int(place, v_set1_int((int32_t)i)), dy, v_set1(0.0f));
}

SIMD_INLINE void load_pooled_tile(const patch *p, const output_gradient *from, size_t filter,
                                  v_f32 *out)
{
    SIMD_UNROLL
    for (size_t i = 0; i < TILE; i++) {
        v_f32 *square = out + i / 2 * 2 * TILE + i % 2 * 2;
        if (has_pixel(p, i / 2, i % 2)) {
            const ptrdiff_t at = pixel_at(p, i / 2, i % 2) + (ptrdiff_t)filter;
            spread_pooled(v_load(from->dy + at), from->winner + at, square);
        } else {
            square[0] = square[1] = square[TILE] = square[TILE + 1] = v_set1(0.0f);
        }
    }
}

SIMD_INLINE void load_whole_tile(const patch *p, const float *dy, v_f32 *out)
{
    SIMD_UNROLL
    for (size_t i = 0; i < TILE * TILE; i++)
        out[i] = v_load(dy + pixel_at(p, i / TILE, i % TILE));
}

SIMD_INLINE void load_tile(const patch *p, const float *dy, v_f32 *out)
{
    if (is_whole(p, TILE)) {
        load_whole_tile(p, dy, out);
        return;
    }
    whole_patch copy = {0};
    copy_in(p, dy, &copy);
    load_whole_tile(&WHOLE, copy.pixels, out);
}

/* The gradient of a tile's output to its points. */
static void transform_d_output(const tiling *t, const output_gradient *from, size_t which,
                               const planes *to, size_t slot)
{
    const tile_place place = place_of(t, which);
    const patch p = from->winner ? pooled_patch(t, place) : output_patch(t, place);
    float *points = to->data + slot * to->width;
    for (size_t k = 0; k < to->width; k += V_WIDTH) {
        v_f32 out[TILE * TILE];
        if (from->winner)
            load_pooled_tile(&p, from, k, out);
        else
            load_tile(&p, from->dy + k, out);
        d_output_vector_to_points(out, points + k, to->distance);
    }
}

/* Adds to d_bias of a pooled convolution. The sum runs over the pixels before pooling in their
 * order, as the sum of what pooling spreads does, but only winners add to it. */
static void add_winners(const tiling *t, size_t count, const output_gradient *from, float *d_bias)
{
    const size_t filters = t->conv->filters, height = t->out_height / 2, width = t->out_width / 2;
    for (size_t k = 0; k < filters; k += V_WIDTH) {
        v_f32 sum = v_load(d_bias + k);
        for (size_t row = 0; row < count * height; row++)
            for (size_t half = 0; half < 2; half++)
                for (size_t column = 0; column < width; column++) {
                    const size_t at = (row * width + column) * filters + k;
                    v_f32 square[TILE + 2];
                    spread_pooled(v_load(from->dy + at), from->winner + at, square);
                    sum = v_add(v_add(sum, square[half * TILE]), square[half * TILE + 1]);
                }
        v_store(d_bias + k, sum);
    }
}

/* Adds the points' share of the gradient to a vector of channels of the input. */
static void add_points_to_d_input(const patch *p, const float *from, size_t distance, float *dx)
{
    v_f32 half[POINTS];
    SIMD_UNROLL
    for (size_t j = 0; j < PATCH; j++) {
        v_f32 column[PATCH];
        SIMD_UNROLL
        for (size_t i = 0; i < PATCH; i++)
            column[i] = v_load(from + (i * PATCH + j) * distance);
        points_to_input(column, 1, half + j, PATCH);
    }
    SIMD_UNROLL
    for (size_t i = 0; i < PATCH; i++) {
        v_f32 row[PATCH];
        points_to_input(half + i * PATCH, 1, row, 1);
        SIMD_UNROLL
        for (size_t j = 0; j < PATCH; j++) {
            float *at = dx + pixel_at(p, i, j);
            v_store(at, v_add(v_load(at), row[j]));
        }
    }
}

/* Adds a tile's share to the gradient of the channels [begin, end) of the input. */
static void add_d_input(const tiling *t, const planes *from, size_t slot, size_t which,
                        size_t begin, size_t end, float *dx)
{
    const patch p = input_patch(t, place_of(t, which));
    const float *points = from->data + slot * from->width;
    if (is_whole(&p, PATCH)) {
        for (size_t c = begin; c < end; c += V_WIDTH)
            add_points_to_d_input(&p, points + c, from->distance, dx + c);
        return;
    }
    whole_patch copy = {0};
    for (size_t c = begin; c < end; c += V_WIDTH) {
        copy_in(&p, dx + c, &copy);
        add_points_to_d_input(&WHOLE, points + c, from->distance, copy.pixels);
        copy_out(&p, &copy, dx + c);
    }
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
        transform_input(g->t, g->x, g->first + i, &g->w->input, i);
        if (g->from)
            transform_d_output(g->t, g->from, g->first + i, &g->w->output, i);
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
        transform_output(g->t, &g->w->output, i, g->first + i, g->f);
}

static void share_d_inputs(void *context, size_t index)
{
    const group *g = context;
    size_t begin, end;
    team_share(g->t->conv->channels, V_WIDTH, g->shares, index, &begin, &end);
    for (size_t i = 0; i < g->tiles; i++)
        add_d_input(g->t, &g->w->d_input, i, g->first + i, begin, end, g->dx);
}

void ISA(winograd_begin_forward)(const kernels_winograd *w, const float *weights)
{
    const matrices points = weights_of(w);
    transform_weights(weights, &points);
}

void ISA(winograd_forward)(const kernels_winograd *w, size_t count, const float *x,
                           const float *bias, float *y, uint8_t *winner)
{
    const tiling t = cut(&w->conv, count, false);
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
    const tiling t = cut(conv, count, true);
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
        add_winners(&t, count, &from, d_bias_of(w));
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

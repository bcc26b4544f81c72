/* SPDX-License-Identifier: 0BSD */
#include "winograd_tiles.h"

#include "product.h"
#include "winograd_transform.h"

/* Where a tile is: its first output pixel. */
typedef struct tile_place {
    size_t image, row, column;
} tile_place;

/* ---- where tiles are ----------------------------------------------------------------------- */

tiling ISA(winograd_cut)(const kernels_conv *conv, size_t count, bool gradients)
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

void ISA(winograd_transform_input)(const tiling *t, const float *x, size_t which, const planes *to,
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

/* What the pooled output of a tile is where nobody asks for the winners: the largest is found
 * first, because neither bias nor ReLU changes which it is, and a quarter of them remains to be
 * done. */
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

void ISA(winograd_transform_output)(const tiling *t, const planes *from, size_t slot, size_t which,
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

void ISA(winograd_transform_d_output)(const tiling *t, const output_gradient *from, size_t which,
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

void ISA(winograd_add_winners)(const tiling *t, size_t count, const output_gradient *from,
                               float *d_bias)
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

void ISA(winograd_add_d_input)(const tiling *t, const planes *from, size_t slot, size_t which,
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

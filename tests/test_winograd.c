/* Winograd's convolutions against the definition in double, under every instruction set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels_probe.h"

/* Bounds of the errors, relative to the size (root mean square) of the exact array: of their own
 * root mean square, and of the largest one. Seen: up to 2.4e-6 and 2.7e-5. */
static const double RMS_TOLERANCE = 3e-6, MAX_TOLERANCE = 4e-5;

/* A convolution's kernels with their memory, for a whole batch or for parts of one. */
static kernels_winograd open_winograd(kernels_conv conv, bool relu, bool pool, bool bias)
{
    return (kernels_winograd){.conv = conv, .relu = relu, .pool = pool, .bias = bias,
                              .memory = guarded(kernels_winograd_memory(&conv, true)),
                              .scratch = guarded(kernels_winograd_scratch(&conv, true))};
}

static void close_winograd(kernels_winograd *w)
{
    release(w->memory, kernels_winograd_memory(&w->conv, true));
    release(w->scratch, kernels_winograd_scratch(&w->conv, true));
}

static void run_forward(const kernels_winograd *w, size_t count, const float *x,
                        const float *weights, const float *bias, float *y, uint8_t *winner)
{
    kernels_winograd_begin_forward(w, weights);
    kernels_winograd_forward(w, count, x, bias, y, winner);
}

/* gradients: of the weights, the bias and the input (NULL: not wanted). */
static void run_gradients(const kernels_winograd *w, size_t count, const float *x,
                          const float *weights, const float *dy, const uint8_t *winner,
                          float *const gradients[3])
{
    kernels_winograd_begin_gradients(w, gradients[2] ? weights : NULL);
    kernels_winograd_gradients(w, count, x, dy, winner, gradients[2]);
    kernels_winograd_end_gradients(w, gradients[0], gradients[1]);
}

/* All arrays of one convolution; sums in double. */
struct fixture {
    kernels_conv conv;
    size_t count, out_height, out_width, x_size, y_size, w_size;
    float *x, *w, *bias, *dy;
    double *y, *dx, *dw, *db;
};

static struct fixture make(kernels_conv conv, size_t count)
{
    struct fixture f = {.conv = conv, .count = count};
    f.out_height = conv.height + 2 * conv.padding - 2;
    f.out_width = conv.width + 2 * conv.padding - 2;
    f.x_size = count * conv.height * conv.width * conv.channels;
    f.y_size = count * f.out_height * f.out_width * conv.filters;
    f.w_size = 9 * conv.channels * conv.filters;
    f.x = random_floats(f.x_size);
    f.w = random_floats(f.w_size);
    f.bias = random_floats(conv.filters);
    f.dy = random_floats(f.y_size);
    f.y = calloc(f.y_size, sizeof *f.y);
    f.dx = calloc(f.x_size, sizeof *f.dx);
    f.dw = calloc(f.w_size, sizeof *f.dw);
    f.db = calloc(conv.filters, sizeof *f.db);
    assert_true(f.y && f.dx && f.dw && f.db);
    return f;
}

static void unmake(struct fixture *f)
{
    float *floats[] = {f->x, f->w, f->bias, f->dy};
    double *doubles[] = {f->y, f->dx, f->dw, f->db};
    for (size_t i = 0; i < 4; i++) {
        free(floats[i]);
        free(doubles[i]);
    }
}

/* One output pixel and one place under the kernel: all channels and filters. */
static void add_products(struct fixture *f, size_t out, size_t in, size_t position)
{
    const kernels_conv *v = &f->conv;
    for (size_t c = 0; c < v->channels; c++)
        for (size_t k = 0; k < v->filters; k++) {
            size_t x = in * v->channels + c, y = out * v->filters + k;
            size_t w = (position * v->channels + c) * v->filters + k;
            f->y[y] += (double)f->x[x] * (double)f->w[w];
            f->dx[x] += (double)f->dy[y] * (double)f->w[w];
            f->dw[w] += (double)f->dy[y] * (double)f->x[x];
        }
}

/* The convolution and its gradients by their definition. */
static void compute_plainly(struct fixture *f)
{
    const kernels_conv *v = &f->conv;
    for (size_t out = 0; out < f->count * f->out_height * f->out_width; out++) {
        size_t image = out / (f->out_height * f->out_width);
        size_t row = out / f->out_width % f->out_height, column = out % f->out_width;
        for (size_t position = 0; position < 9; position++) {
            size_t i = row + position / 3 - v->padding, j = column + position % 3 - v->padding;
            if (i < v->height && j < v->width) /* unsigned: also not below 0 */
                add_products(f, out, (image * v->height + i) * v->width + j, position);
        }
        for (size_t k = 0; k < v->filters; k++) {
            f->y[out * v->filters + k] += (double)f->bias[k];
            f->db[k] += (double)f->dy[out * v->filters + k];
        }
    }
}

static void check_near(const float *got, const double *want, size_t count, bool relu,
                       const char *what)
{
    double size = 0, sum = 0, worst = 0;
    for (size_t i = 0; i < count; i++)
        size += want[i] * want[i];
    for (size_t i = 0; i < count; i++) {
        double exact = relu && want[i] < 0 ? 0 : want[i];
        double error = fabs((double)got[i] - exact);
        sum += error * error;
        worst = error > worst || isnan(error) ? error : worst;
    }
    double rms = sqrt(sum / size), largest = worst / sqrt(size / (double)count);
    if (!(rms <= RMS_TOLERANCE && largest <= MAX_TOLERANCE))
        fail_msg("%s: relative error %g, largest %g", what, rms, largest);
}

static void check_same(float *got, float *first, size_t count, bool is_first, const char *what)
{
    if (is_first)
        memcpy(first, got, count * sizeof *got);
    else if (memcmp(got, first, count * sizeof *got) != 0)
        fail_msg("%s: other bits with %s than with %s", what, kernels_isa(), kernels_isas()[0]);
}

static void check_conv(kernels_conv conv, size_t count)
{
    struct fixture f = make(conv, count);
    size_t sizes[] = {f.y_size, f.w_size, conv.filters, f.x_size};
    float *got[4], *first[4];
    bool relu = count % 2;
    kernels_winograd w = open_winograd(conv, relu, false, true);
    compute_plainly(&f);
    for (size_t i = 0; i < 4; i++) {
        got[i] = guarded(sizes[i]);
        first[i] = guarded(sizes[i]);
    }
    for (size_t isa = 0; kernels_isas()[isa]; isa++) {
        assert_int_equal(kernels_use_isa(kernels_isas()[isa], NULL), 0);
        run_forward(&w, count, f.x, f.w, f.bias, got[0], NULL);
        run_gradients(&w, count, f.x, f.w, f.dy, NULL, got + 1);
        check_near(got[0], f.y, f.y_size, relu, "forward");
        check_near(got[1], f.dw, f.w_size, false, "weight gradient");
        check_near(got[2], f.db, conv.filters, false, "bias gradient");
        check_near(got[3], f.dx, f.x_size, false, "input gradient");
        for (size_t i = 0; i < 4; i++)
            check_same(got[i], first[i], sizes[i], isa == 0, "convolution");
    }
    assert_int_equal(kernels_use_isa(NULL, NULL), 0);
    run_gradients(&w, count, f.x, f.w, f.dy, NULL, (float *[]){got[1], got[2], NULL});
    check_same(got[1], first[1], f.w_size, false, "weight gradient without the input's");
    for (size_t i = 0; i < 4; i++) {
        release(got[i], sizes[i]);
        release(first[i], sizes[i]);
    }
    close_winograd(&w);
    unmake(&f);
}

static void shapes(void **state)
{
    (void)state;
    /* height, width, channels, kernel, padding, filters, stride: whole tiles, parts of tiles,
     * less than one; more tiles than a group; widths that are no multiple of a register tile */
    static const kernels_conv list[] = {
        {6, 6, 16, 3, 0, 16, 1},  {26, 26, 32, 3, 0, 64, 1}, {3, 3, 16, 3, 0, 16, 1},
        {1, 1, 16, 3, 1, 32, 1},  {7, 9, 48, 3, 0, 16, 1},   {8, 8, 16, 3, 1, 48, 1},
        {5, 11, 32, 3, 1, 32, 1}, {4, 4, 80, 3, 1, 96, 1},   {2, 13, 16, 3, 1, 16, 1},
        {10, 3, 16, 3, 0, 16, 1},
    };
    random_from(5);
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        for (size_t count = 1; count <= 3; count += 2)
            check_conv(list[i], count);
}

/* The same image in another batch, and in another place of a group of tiles; and the sums of a
 * batch that comes in parts. */
static void an_image_does_not_depend_on_its_batch(void **state)
{
    (void)state;
    const kernels_conv conv = {9, 10, 32, 3, 1, 48, 1};
    random_from(6);
    struct fixture f = make(conv, 5);
    kernels_winograd w = open_winograd(conv, true, false, true);
    const size_t sizes[] = {f.w_size, conv.filters, f.x_size, f.y_size};
    float *whole[4], *parts[4];
    for (size_t i = 0; i < 4; i++) {
        whole[i] = guarded(sizes[i]);
        parts[i] = guarded(sizes[i]);
    }
    run_forward(&w, 5, f.x, f.w, f.bias, whole[3], NULL);
    run_gradients(&w, 5, f.x, f.w, f.dy, NULL, whole);
    kernels_winograd_begin_forward(&w, f.w);
    for (size_t i = 0; i < 5; i++)
        kernels_winograd_forward(&w, 1, f.x + i * f.x_size / 5, f.bias,
                                 parts[3] + i * f.y_size / 5, NULL);
    kernels_winograd_begin_gradients(&w, f.w);
    for (size_t i = 0, count; i < 5; i += count) {
        count = i == 1 ? 3 : 1;
        const size_t x = i * f.x_size / 5, dy = i * f.y_size / 5;
        kernels_winograd_gradients(&w, count, f.x + x, f.dy + dy, NULL, parts[2] + x);
    }
    kernels_winograd_end_gradients(&w, parts[0], parts[1]);
    for (size_t i = 0; i < 4; i++) {
        assert_memory_equal(parts[i], whole[i], sizes[i] * sizeof(float));
        release(parts[i], sizes[i]);
        release(whole[i], sizes[i]);
    }
    close_winograd(&w);
    unmake(&f);
}

/* Max pooling as it is defined, of y (count, out_height, out_width, filters): the largest, the
 * first of equals, and 4 where a ReLU gave nothing but zeros. */
static void pool_plainly(const struct fixture *f, bool relu, const float *y, float *pooled,
                         uint8_t *winner)
{
    const size_t filters = f->conv.filters, height = f->out_height / 2, width = f->out_width / 2;
    for (size_t at = 0; at < f->count * height * width * filters; at++) {
        size_t k = at % filters, column = at / filters % width, row = at / filters / width % height;
        size_t image = at / filters / width / height;
        pooled[at] = -HUGE_VALF;
        for (size_t i = 0; i < 4; i++) {
            size_t line = image * f->out_height + 2 * row + i / 2;
            float value = y[(line * f->out_width + 2 * column + i % 2) * filters + k];
            if (value > pooled[at]) {
                pooled[at] = value;
                winner[at] = (uint8_t)i;
            }
        }
        if (relu && pooled[at] == 0.0f)
            winner[at] = 4;
    }
}

/* The gradient of y: a pooled pixel's to its winner, zeros elsewhere. */
static void spread_plainly(const struct fixture *f, const float *d_pooled, const uint8_t *winner,
                           float *dy)
{
    const size_t filters = f->conv.filters, height = f->out_height / 2, width = f->out_width / 2;
    memset(dy, 0, f->y_size * sizeof *dy);
    for (size_t at = 0; at < f->count * height * width * filters; at++) {
        size_t k = at % filters, column = at / filters % width, row = at / filters / width % height;
        size_t line = at / filters / width / height * f->out_height + 2 * row + winner[at] / 2;
        if (winner[at] < 4)
            dy[(line * f->out_width + 2 * column + winner[at] % 2) * filters + k] = d_pooled[at];
    }
}

/* Convolution and pooling in one, against the two one after the other: the same bits. `flat`: of
 * images of zeros, whose outputs are all equal. */
static void check_pooled(kernels_conv conv, size_t count, bool relu, bool flat)
{
    struct fixture f = make(conv, count);
    if (flat)
        memset(f.x, 0, f.x_size * sizeof *f.x);
    const size_t size = count * (f.out_height / 2) * (f.out_width / 2) * conv.filters;
    float *y = guarded(f.y_size), *dy = guarded(f.y_size);
    kernels_winograd plain = open_winograd(conv, relu, false, true);
    kernels_winograd both = open_winograd(conv, relu, true, true);
    float *pooled = guarded(size), *got = guarded(size);
    uint8_t *winner = malloc(size), *got_winner = malloc(size + 1);
    assert_true(winner && got_winner);
    const size_t sizes[] = {f.w_size, conv.filters, f.x_size};
    float *want_gradient[3], *got_gradient[3];
    for (size_t i = 0; i < 3; i++) {
        want_gradient[i] = guarded(sizes[i]);
        got_gradient[i] = guarded(sizes[i]);
    }
    for (size_t isa = 0; kernels_isas()[isa]; isa++) {
        assert_int_equal(kernels_use_isa(kernels_isas()[isa], NULL), 0);
        run_forward(&plain, count, f.x, f.w, f.bias, y, NULL);
        pool_plainly(&f, relu, y, pooled, winner);
        run_forward(&both, count, f.x, f.w, f.bias, got, NULL);
        assert_memory_equal(got, pooled, size * sizeof *got);
        memset(got, 0, size * sizeof *got);
        got_winner[size] = 77;
        run_forward(&both, count, f.x, f.w, f.bias, got, got_winner);
        assert_memory_equal(got, pooled, size * sizeof *got);
        assert_memory_equal(got_winner, winner, size);
        assert_int_equal(got_winner[size], 77);

        spread_plainly(&f, f.dy, winner, dy);
        run_gradients(&plain, count, f.x, f.w, dy, NULL, want_gradient);
        run_gradients(&both, count, f.x, f.w, f.dy, winner, got_gradient);
        for (size_t i = 0; i < 3; i++)
            assert_memory_equal(got_gradient[i], want_gradient[i], sizes[i] * sizeof(float));
    }
    assert_int_equal(kernels_use_isa(NULL, NULL), 0);
    for (size_t i = 0; i < 3; i++) {
        release(want_gradient[i], sizes[i]);
        release(got_gradient[i], sizes[i]);
    }
    close_winograd(&plain);
    close_winograd(&both);
    release(y, f.y_size);
    release(dy, f.y_size);
    release(pooled, size);
    release(got, size);
    free(winner);
    free(got_winner);
    unmake(&f);
}

static void pooling_changes_no_bits(void **state)
{
    (void)state;
    /* even and odd outputs: whole tiles, parts of tiles, a tile of which pooling leaves nothing */
    static const kernels_conv list[] = {
        {10, 10, 16, 3, 0, 32, 1}, {4, 4, 16, 3, 0, 16, 1},  {2, 2, 16, 3, 1, 48, 1},
        {7, 5, 32, 3, 1, 16, 1},   {9, 11, 16, 3, 1, 16, 1}, {7, 16, 16, 3, 0, 64, 1},
    };
    random_from(7);
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        for (size_t count = 1; count <= 3; count += 2) {
            check_pooled(list[i], count, true, false);
            check_pooled(list[i], count, false, false);
            check_pooled(list[i], count, true, true);
        }
}

/* Without a bias: as with one of zeros, whose gradient is left alone. */
static void check_no_bias(bool pool)
{
    const kernels_conv conv = {9, 10, 32, 3, 1, 16, 1};
    struct fixture f = make(conv, 2);
    const size_t sizes[] = {f.w_size, conv.filters, f.x_size, f.y_size};
    kernels_winograd with = open_winograd(conv, true, pool, true);
    kernels_winograd without = open_winograd(conv, true, pool, false);
    uint8_t *winner = calloc(f.y_size, 1);
    float *got[4], *want[4];
    assert_non_null(winner);
    memset(f.bias, 0, conv.filters * sizeof *f.bias);
    for (size_t i = 0; i < 4; i++) {
        got[i] = guarded(sizes[i]);
        want[i] = guarded(sizes[i]);
    }
    run_forward(&with, 2, f.x, f.w, f.bias, want[3], winner);
    run_forward(&without, 2, f.x, f.w, NULL, got[3], winner);
    run_gradients(&with, 2, f.x, f.w, f.dy, winner, want);
    run_gradients(&without, 2, f.x, f.w, f.dy, winner, got);
    for (size_t i = 0; i < conv.filters; i++)
        assert_true(got[1][i] == SENTINEL);
    memcpy(got[1], want[1], sizes[1] * sizeof(float));
    for (size_t i = 0; i < 4; i++) {
        assert_memory_equal(got[i], want[i], sizes[i] * sizeof(float));
        release(got[i], sizes[i]);
        release(want[i], sizes[i]);
    }
    close_winograd(&with);
    close_winograd(&without);
    free(winner);
    unmake(&f);
}

static void no_bias(void **state)
{
    (void)state;
    random_from(8);
    check_no_bias(false);
    check_no_bias(true);
}

static void what_fits(void **state)
{
    (void)state;
    assert_true(kernels_winograd_fits(&(kernels_conv){28, 28, 32, 3, 1, 64, 1}));
    assert_false(kernels_winograd_fits(&(kernels_conv){28, 28, 1, 3, 0, 32, 1}));
    assert_false(kernels_winograd_fits(&(kernels_conv){28, 28, 32, 3, 0, 24, 1}));
    assert_false(kernels_winograd_fits(&(kernels_conv){28, 28, 32, 5, 1, 32, 1}));
    assert_false(kernels_winograd_fits(&(kernels_conv){28, 28, 32, 3, 2, 32, 1}));
    assert_false(kernels_winograd_fits(&(kernels_conv){28, 28, 32, 3, 1, 32, 2}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes),
        cmocka_unit_test(an_image_does_not_depend_on_its_batch),
        cmocka_unit_test(pooling_changes_no_bits),
        cmocka_unit_test(no_bias),
        cmocka_unit_test(what_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_layers.c - each layer by itself: its outputs against plain loops in double, its gradients
 * against finite differences of those loops, on random and on worst-case shapes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "network.h"

static uint64_t g_seed;

static double random_number(void) /* in [-1, 1), a float */
{
    g_seed = g_seed * 6364136223846793005u + 1442695040888963407u;
    return (double)(float)(int32_t)(g_seed >> 32) * 0x1p-31;
}

/* `count` random numbers as doubles, and the same as floats. */
typedef struct numbers {
    size_t count;
    double *exact;
    float *rounded;
} numbers;

static numbers make_numbers(size_t count)
{
    numbers n = {count, calloc(count, sizeof(double)), calloc(count, sizeof(float))};
    assert_true(count == 0 || (n.exact && n.rounded));
    for (size_t i = 0; i < count; i++) {
        n.rounded[i] = (float)random_number();
        n.exact[i] = (double)n.rounded[i];
    }
    return n;
}

static void free_numbers(numbers *n)
{
    free(n->exact);
    free(n->rounded);
}

/* ---- plain layers --------------------------------------------------------------------------- */

typedef struct plain_input {
    const nn_layer *layer;
    pass_kind kind;
    size_t rows;
    const double *x, *weights, *bias, *state;
} plain_input;

/* A pixel's value; `fallback` outside of the image. */
static double plain_pixel(const plain_input *p, size_t row, ptrdiff_t i, ptrdiff_t j,
                          size_t channel, double fallback)
{
    nn_shape in = p->layer->in;
    if (i < 0 || j < 0 || i >= (ptrdiff_t)in.height || j >= (ptrdiff_t)in.width)
        return fallback;
    return p->x[((row * in.height + (size_t)i) * in.width + (size_t)j) * in.channels + channel];
}

static double plain_conv(const plain_input *p, size_t row, size_t i, size_t j, size_t filter)
{
    const nn_layer_spec *spec = &p->layer->spec;
    size_t kernel = spec->kernel, channels = p->layer->in.channels;
    ptrdiff_t padding = spec->same ? (ptrdiff_t)kernel / 2 : 0;
    double sum = spec->no_bias ? 0.0 : p->bias[filter];
    for (size_t a = 0; a < kernel; a++)
        for (size_t b = 0; b < kernel; b++)
            for (size_t c = 0; c < channels; c++)
                sum += p->weights[((a * kernel + b) * channels + c) * spec->size + filter] *
                       plain_pixel(p, row, (ptrdiff_t)(i * spec->stride + a) - padding,
                                   (ptrdiff_t)(j * spec->stride + b) - padding, c, 0.0);
    return sum;
}

static double plain_pool(const plain_input *p, size_t row, size_t i, size_t j, size_t channel)
{
    const nn_layer_spec *spec = &p->layer->spec;
    double sum = 0.0, largest = -(double)INFINITY;
    for (size_t a = 0; a < spec->kernel; a++)
        for (size_t b = 0; b < spec->kernel; b++) {
            double value = plain_pixel(p, row, (ptrdiff_t)(i * spec->stride + a),
                                       (ptrdiff_t)(j * spec->stride + b), channel,
                                       (double)NAN);
            sum += value;
            largest = value > largest ? value : largest;
        }
    return spec->kind == NN_MAX_POOL ? largest : sum / (double)(spec->kernel * spec->kernel);
}

static double plain_global(const plain_input *p, size_t row, size_t channel)
{
    nn_shape in = p->layer->in;
    double sum = 0.0;
    for (size_t i = 0; i < in.height; i++)
        for (size_t j = 0; j < in.width; j++)
            sum += plain_pixel(p, row, (ptrdiff_t)i, (ptrdiff_t)j, channel, (double)NAN);
    return sum / (double)(in.height * in.width);
}

/* Mean and biased variance of a channel over rows and pixels. */
static void plain_statistics(const plain_input *p, size_t channel, double *mean, double *variance)
{
    size_t channels = p->layer->in.channels;
    size_t count = p->rows * p->layer->in.height * p->layer->in.width;
    *mean = 0.0;
    *variance = 0.0;
    for (size_t i = 0; i < count; i++)
        *mean += p->x[i * channels + channel] / (double)count;
    for (size_t i = 0; i < count; i++)
        *variance += pow(p->x[i * channels + channel] - *mean, 2) / (double)count;
}

static double plain_norm(const plain_input *p, size_t row, size_t i, size_t j, size_t channel)
{
    size_t channels = p->layer->in.channels;
    double mean, variance;
    if (p->kind == PASS_TRAIN) {
        plain_statistics(p, channel, &mean, &variance);
    } else {
        mean = p->state[channel];
        variance = p->state[channels + channel];
    }
    double x = plain_pixel(p, row, (ptrdiff_t)i, (ptrdiff_t)j, channel, (double)NAN);
    return p->weights[channel] * (x - mean) / sqrt(variance + p->layer->spec.epsilon) +
           p->bias[channel];
}

static double plain_value(const plain_input *p, size_t row, size_t i, size_t j, size_t channel)
{
    switch (p->layer->spec.kind) {
    case NN_CONV:
        return plain_conv(p, row, i, j, channel);
    case NN_MAX_POOL:
    case NN_AVERAGE_POOL:
        return plain_pool(p, row, i, j, channel);
    case NN_GLOBAL_POOL:
        return plain_global(p, row, channel);
    case NN_BATCH_NORM:
        return plain_norm(p, row, i, j, channel);
    default:
        assert_int_equal(p->layer->spec.kind, NN_RELU);
        return fmax(plain_pixel(p, row, (ptrdiff_t)i, (ptrdiff_t)j, channel, (double)NAN), 0.0);
    }
}

static void plain_forward(const plain_input *p, double *y)
{
    nn_shape out = p->layer->out;
    for (size_t row = 0; row < p->rows; row++)
        for (size_t i = 0; i < out.height; i++)
            for (size_t j = 0; j < out.width; j++)
                for (size_t c = 0; c < out.channels; c++, y++) {
                    *y = plain_value(p, row, i, j, c);
                    if (p->layer->spec.relu)
                        *y = fmax(*y, 0.0);
                }
}

/* ---- a layer and its arrays ----------------------------------------------------------------- */

typedef struct layer_case {
    const char *name;
    nn_shape in;
    size_t rows;
    nn_layer_spec spec;
} layer_case;

static const layer_ops *ops_of(nn_layer_kind kind)
{
    static const layer_ops *const ops[] = {
        [NN_CONV] = &layer_conv_ops,
        [NN_MAX_POOL] = &layer_pool_ops,
        [NN_AVERAGE_POOL] = &layer_average_pool_ops,
        [NN_GLOBAL_POOL] = &layer_global_pool_ops,
        [NN_BATCH_NORM] = &layer_batch_norm_ops,
        [NN_RELU] = &layer_relu_ops,
    };
    return ops[kind];
}

typedef struct fixture {
    nn_layer layer;
    layer_pass pass;
    size_t rows;
    numbers x, dy, weights, bias, state;
    float *y, *dx;
    double *plain_y;
} fixture;

static fixture make_fixture(const layer_case *c, nn_engine engine)
{
    fixture f = {
        .layer = {.ops = ops_of(c->spec.kind), .spec = c->spec, .in = c->in},
        .pass = {.kind = PASS_TRAIN, .engine = engine_find(engine), .rows = c->rows},
        .rows = c->rows,
    };
    nn_layer *layer = &f.layer;
    fb_error err = {0};
    if (layer->ops->resolve(layer, &err))
        fail_msg("%s: %s", c->name, err.text);
    f.x = make_numbers(c->rows * nn_shape_size(layer->in));
    f.dy = make_numbers(c->rows * nn_shape_size(layer->out));
    f.weights = make_numbers(layer->weight_count);
    f.bias = make_numbers(layer->bias_count);
    f.state = make_numbers(layer->state_count);
    f.y = calloc(f.dy.count, sizeof *f.y);
    f.dx = calloc(f.x.count, sizeof *f.dx);
    f.plain_y = calloc(f.dy.count, sizeof *f.plain_y);
    layer->weights = f.weights.rounded;
    layer->bias = f.bias.rounded;
    layer->state = f.state.rounded;
    layer->d_weights = calloc(layer->weight_count, sizeof(float));
    layer->d_bias = calloc(layer->bias_count, sizeof(float));
    layer->saved = calloc(layer->saved_count, sizeof(float));
    if (c->spec.kind == NN_CONV) {
        f.pass.scratch = calloc(f.pass.engine->conv_scratch(&layer->conv, true), sizeof(float));
        layer->memory = calloc(f.pass.engine->conv_memory(&layer->conv, true), sizeof(float));
    }
    for (size_t i = f.state.count / 2; i < f.state.count; i++) { /* variances */
        f.state.exact[i] = fabs(f.state.exact[i]);
        f.state.rounded[i] = fabsf(f.state.rounded[i]);
    }
    return f;
}

static void free_fixture(fixture *f)
{
    numbers *all[] = {&f->x, &f->dy, &f->weights, &f->bias, &f->state};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free_numbers(all[i]);
    free(f->y);
    free(f->dx);
    free(f->plain_y);
    free(f->layer.d_weights);
    free(f->layer.d_bias);
    free(f->layer.saved);
    free(f->pass.scratch);
    free(f->layer.memory);
}

static void run_plainly(fixture *f)
{
    const plain_input p = {&f->layer, f->pass.kind, f->rows, f->x.exact, f->weights.exact,
                           f->bias.exact, f->state.exact};
    plain_forward(&p, f->plain_y);
}

static void run_forward(fixture *f)
{
    nn_layer *layer = &f->layer;
    assert_int_equal(layer->ops->forward(layer, &f->pass, f->rows, f->x.rounded, f->y), 0);
}

/* The backward pass may overwrite dy: it gets a copy. */
static void run_backward(fixture *f, float *dx)
{
    nn_layer *layer = &f->layer;
    float *dy = calloc(f->dy.count, sizeof *dy);
    memcpy(dy, f->dy.rounded, f->dy.count * sizeof *dy);
    assert_int_equal(
        layer->ops->backward(layer, &f->pass, f->rows, f->x.rounded, f->y, dy, dx), 0);
    free(dy);
}

/* ---- outputs and gradients ------------------------------------------------------------------ */

static const nn_engine g_engines[] = {NN_PORTABLE, NN_BLAS};

#define CONV(filters, side, ...)                                                                   \
    {                                                                                              \
        .kind = NN_CONV, .size = (filters), .kernel = (side), __VA_ARGS__                          \
    }
#define MAX_POOL(side, step) {.kind = NN_MAX_POOL, .kernel = (side), .stride = (step)}
#define AVERAGE(side, step) {.kind = NN_AVERAGE_POOL, .kernel = (side), .stride = (step)}
#define NORM(...) {.kind = NN_BATCH_NORM, __VA_ARGS__}
#define RELU .relu = true

static const layer_case g_cases[] = {
    {"conv of one pixel", {1, 1, 1}, 1, CONV(1, 1, .stride = 1)},
    {"conv, kernel = input", {3, 3, 2}, 2, CONV(3, 3, RELU)},
    {"conv, kernel over a pixel", {1, 1, 3}, 1, CONV(2, 3, .same = true, .no_bias = true)},
    {"conv, stride 2", {6, 7, 3}, 2, CONV(4, 3, .stride = 2, .same = true, RELU)},
    {"conv, stride 2, even size", {8, 8, 4}, 2, CONV(5, 3, .stride = 2, .same = true)},
    {"conv, stride 2, valid, a row left over", {6, 6, 2}, 1, CONV(3, 3, .stride = 2)},
    {"conv, stride above the kernel", {7, 8, 2}, 2, CONV(3, 2, .stride = 3, .no_bias = true)},
    {"conv, stride above the image", {4, 5, 2}, 2, CONV(3, 3, .stride = 9, .same = true)},
    {"conv 5 x 5, stride 2", {9, 6, 2}, 1, CONV(3, 5, .stride = 2, .same = true, RELU)},
    {"conv 7 x 7, stride 2", {11, 10, 1}, 1, CONV(2, 7, .stride = 2, .same = true)},
    {"conv 1 x 1", {3, 4, 5}, 2, CONV(6, 1, .no_bias = true)},
    {"conv 1 x 1, stride 2", {5, 4, 5}, 2, CONV(6, 1, .stride = 2, .no_bias = true)},
    {"conv 1 x 1, stride 2, many filters", {6, 6, 20}, 2, CONV(40, 1, .stride = 2, RELU)},
    {"conv by Winograd", {5, 6, 16}, 2, CONV(16, 3, .same = true, RELU)},
    {"conv by Winograd, no bias", {5, 6, 16}, 2, CONV(16, 3, .no_bias = true)},
    {"conv 16 to 32, stride 2, no bias", {6, 6, 16}, 2,
     CONV(32, 3, .same = true, .stride = 2, .no_bias = true)},
    {"max pool of one window", {2, 2, 1}, 1, MAX_POOL(0, 0)},
    {"max pool, odd size", {5, 7, 3}, 2, MAX_POOL(0, 0)},
    {"max pool of one pixel", {1, 1, 2}, 2, MAX_POOL(1, 1)},
    {"max pool 3", {7, 9, 2}, 2, MAX_POOL(3, 0)},
    {"max pool 3, stride 2", {7, 8, 5}, 2, MAX_POOL(3, 2)},
    {"max pool 2, stride 1", {4, 3, 17}, 1, MAX_POOL(2, 1)},
    {"max pool, kernel = input", {4, 4, 3}, 2, MAX_POOL(4, 1)},
    {"max pool, stride above the kernel", {8, 7, 2}, 1, MAX_POOL(2, 3)},
    {"average pool", {6, 4, 3}, 2, AVERAGE(0, 0)},
    {"average pool 3, stride 1", {5, 6, 2}, 2, AVERAGE(3, 1)},
    {"average pool, kernel = input", {3, 3, 1}, 1, AVERAGE(3, 0)},
    {"average pool, stride above the kernel", {7, 9, 4}, 2, AVERAGE(2, 4)},
    {"global pool", {4, 5, 3}, 2, {.kind = NN_GLOBAL_POOL}},
    {"global pool of one pixel", {1, 1, 4}, 1, {.kind = NN_GLOBAL_POOL}},
    {"ReLU", {3, 2, 5}, 3, {.kind = NN_RELU}},
    {"batch norm", {3, 4, 5}, 4, NORM(.relu = false)},
    {"batch norm, ReLU", {4, 3, 33}, 3, NORM(RELU)},
    {"batch norm, one row", {5, 4, 2}, 1, NORM(RELU)},
    {"batch norm, one channel", {6, 7, 1}, 3, NORM(.epsilon = 0.1)},
    {"batch norm of features", {1, 1, 40}, 7, NORM(RELU, .momentum = 0.5)},
    {"batch norm of one pixel in one row", {1, 1, 3}, 1, NORM(.relu = false)},
    {"batch norm of many channels", {1, 2, 600}, 3, NORM(RELU, .epsilon = 1.0)},
};
enum { CASE_COUNT = sizeof g_cases / sizeof g_cases[0] };

static double largest_of(const double *x, size_t count)
{
    double largest = 0.0;
    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, fabs(x[i]));
    return largest;
}

static void check_output(const char *name, fixture *f)
{
    run_forward(f);
    run_plainly(f);
    double tolerance = 4e-6 * (0.1 + largest_of(f->plain_y, f->dy.count));
    for (size_t i = 0; i < f->dy.count; i++)
        if (!(fabs((double)f->y[i] - f->plain_y[i]) <= tolerance))
            fail_msg("%s: output %zu is %.9g, expected %.9g", name, i, (double)f->y[i],
                     f->plain_y[i]);
}

/* What the backward pass differentiates: the sum of dy times y. */
static double plain_objective(fixture *f)
{
    double sum = 0.0;
    run_plainly(f);
    for (size_t i = 0; i < f->dy.count; i++)
        sum += f->dy.exact[i] * f->plain_y[i];
    return sum;
}

/* `got` against central differences with respect to the numbers `of`, some of them where there are
 * many. The step is so small that no ReLU and no maximum changes sides. */
static void check_gradient(const char *name, const char *what, fixture *f, numbers *of,
                           const float *got)
{
    enum { CHECKED = 80 };
    const double step = 1e-6;
    size_t stride = of->count / CHECKED + 1;
    double *want = calloc(of->count, sizeof *want);
    for (size_t i = 0; i < of->count; i += stride) {
        double before = of->exact[i];
        of->exact[i] = before + step;
        double above = plain_objective(f);
        of->exact[i] = before - step;
        double below = plain_objective(f);
        of->exact[i] = before;
        want[i] = (above - below) / (2 * step);
    }
    double tolerance = 1e-5 * (0.1 + largest_of(want, of->count));
    for (size_t i = 0; i < of->count; i += stride)
        if (!(fabs((double)got[i] - want[i]) <= tolerance))
            fail_msg("%s: gradient of %s %zu of %zu is %.9g, expected %.9g", name, what, i,
                     of->count, (double)got[i], want[i]);
    free(want);
}

static void check_case(const layer_case *c, nn_engine engine)
{
    fixture f = make_fixture(c, engine);
    nn_layer *layer = &f.layer;
    check_output(c->name, &f);
    run_backward(&f, f.dx);
    check_gradient(c->name, "input", &f, &f.x, f.dx);
    check_gradient(c->name, "weight", &f, &f.weights, layer->d_weights);
    check_gradient(c->name, "bias", &f, &f.bias, layer->d_bias);

    float *d_weights = calloc(layer->weight_count, sizeof *d_weights);
    memcpy(d_weights, layer->d_weights, layer->weight_count * sizeof *d_weights);
    run_backward(&f, NULL);
    assert_memory_equal(layer->d_weights, d_weights, layer->weight_count * sizeof *d_weights);
    free(d_weights);
    free_fixture(&f);
}

static void layers_match_plain_loops(void **state)
{
    (void)state;
    g_seed = 1;
    for (size_t i = 0; i < CASE_COUNT; i++)
        for (size_t e = 0; e < 2; e++)
            check_case(&g_cases[i], g_engines[e]);
}

/* ---- batch normalisation -------------------------------------------------------------------- */

static void batch_norm_evaluates_by_its_state(void **state)
{
    (void)state;
    g_seed = 2;
    for (size_t i = 0; i < CASE_COUNT; i++) {
        if (g_cases[i].spec.kind != NN_BATCH_NORM)
            continue;
        fixture f = make_fixture(&g_cases[i], NN_PORTABLE);
        for (pass_kind kind = PASS_EVALUATE; kind <= PASS_MONTE_CARLO; kind++) {
            f.pass.kind = kind;
            if (kind != PASS_TRAIN)
                check_output(g_cases[i].name, &f);
        }
        free_fixture(&f);
    }
}

/* As PyTorch: running = (1 - momentum) running + momentum new, the variance divided by n - 1. One
 * pixel, which PyTorch refuses, has no variance. */
static void batch_norm_keeps_running_statistics(void **state)
{
    (void)state;
    g_seed = 3;
    for (size_t i = 0; i < CASE_COUNT; i++) {
        if (g_cases[i].spec.kind != NN_BATCH_NORM)
            continue;
        fixture f = make_fixture(&g_cases[i], NN_PORTABLE);
        size_t channels = f.layer.in.channels;
        double count = (double)(f.x.count / channels), momentum = f.layer.spec.momentum;
        const plain_input p = {.layer = &f.layer, .rows = f.rows, .x = f.x.exact};
        assert_true(momentum == (g_cases[i].spec.momentum != 0 ? g_cases[i].spec.momentum : 0.1));
        run_forward(&f);
        for (size_t c = 0; c < channels; c++) {
            double mean, variance;
            plain_statistics(&p, c, &mean, &variance);
            mean = (1 - momentum) * f.state.exact[c] + momentum * mean;
            variance *= count / (count - 1);
            variance = count > 1 ? (1 - momentum) * f.state.exact[channels + c] +
                                       momentum * variance : f.state.exact[channels + c];
            assert_true(fabs((double)f.layer.state[c] - mean) <= 1e-6);
            assert_true(fabs((double)f.layer.state[channels + c] - variance) <= 1e-6);
        }
        free_fixture(&f);
    }
}

static void batch_norm_starts_as_the_identity(void **state)
{
    (void)state;
    const layer_case c = {"batch norm", {2, 3, 4}, 2, NORM(.relu = false)};
    g_seed = 4;
    fixture f = make_fixture(&c, NN_PORTABLE);
    batch_norm_initialize(&f.layer);
    f.pass.kind = PASS_EVALUATE;
    run_forward(&f);
    for (size_t i = 0; i < f.x.count; i++)
        assert_true(fabs((double)f.y[i] - f.x.exact[i] / sqrt(1 + 1e-5)) <= 1e-6);
    free_fixture(&f);
}

/* ---- edges ---------------------------------------------------------------------------------- */

/* Where several pixels are largest, the gradient goes to the first in reading order. */
static void pool_ties_go_to_the_first(void **state)
{
    (void)state;
    static const float x[4][4] = {{1, 1, 1, 1}, {0, 2, 2, 2}, {0, 0, 3, 3}, {0, 0, 0, 4}};
    static const float wanted[4][4] = {{5, 0, 0, 0}, {0, 5, 0, 0}, {0, 0, 5, 0}, {0, 0, 0, 5}};
    for (size_t stride = 1; stride <= 2; stride++) /* any windows, and the usual ones */
        for (size_t i = 0; i < 4; i++) {
            const layer_case c = {"ties", {2, 2, 1}, 1, MAX_POOL(2, stride)};
            fixture f = make_fixture(&c, NN_PORTABLE);
            memcpy(f.x.rounded, x[i], sizeof x[i]);
            f.dy.rounded[0] = 5.0f;
            run_forward(&f);
            assert_true(f.y[0] == (float)(i + 1));
            run_backward(&f, f.dx);
            assert_memory_equal(f.dx, wanted[i], sizeof wanted[i]);
            free_fixture(&f);
        }
}

/* Pixels in several windows gather what each of them sends. */
static void overlapping_windows_add_up(void **state)
{
    (void)state;
    static const float wanted[9] = {0, 0, 0, 0, 10, 0, 0, 0, 0};
    const layer_case c = {"overlap", {3, 3, 1}, 1, MAX_POOL(2, 1)};
    fixture f = make_fixture(&c, NN_PORTABLE);
    for (size_t i = 0; i < 9; i++)
        f.x.rounded[i] = i == 4 ? 1.0f : 0.0f;
    for (size_t i = 0; i < 4; i++)
        f.dy.rounded[i] = (float)(i + 1);
    run_forward(&f);
    run_backward(&f, f.dx);
    assert_memory_equal(f.dx, wanted, sizeof wanted);
    free_fixture(&f);
}

/* A NaN that a ReLU made 0 would not be found in the loss. */
static void relu_keeps_a_nan(void **state)
{
    (void)state;
    const layer_case cases[] = {
        {"ReLU", {1, 1, 3}, 2, {.kind = NN_RELU}},
        {"batch norm", {1, 1, 3}, 2, NORM(RELU)},
        {"conv", {1, 1, 3}, 2, CONV(3, 1, .stride = 2, RELU)},
    };
    g_seed = 5;
    for (size_t i = 0; i < 3; i++) {
        fixture f = make_fixture(&cases[i], NN_PORTABLE);
        f.x.rounded[1] = NAN;
        run_forward(&f);
        assert_true(isnan(f.y[1]));
        free_fixture(&f);
    }
}

static void assert_refused(nn_shape in, nn_layer_spec spec, const char *part)
{
    nn_layer layer = {.ops = ops_of(spec.kind), .spec = spec, .in = in};
    fb_error err = {0};
    assert_int_equal(layer.ops->resolve(&layer, &err), FB_EINVAL);
    if (!strstr(err.text, part))
        fail_msg("expected \"%s\" in \"%s\"", part, err.text);
    assert_int_equal(layer.ops->resolve(&layer, NULL), FB_EINVAL);
}

static void impossible_layers_are_refused(void **state)
{
    (void)state;
    assert_refused((nn_shape){3, 3, 1}, (nn_layer_spec)CONV(1, 5, .stride = 2),
                   "the kernel of 5 is larger than its input of 3 x 3");
    assert_refused((nn_shape){9, 2, 1}, (nn_layer_spec)CONV(1, 3, RELU),
                   "the kernel of 3 is larger than its input of 9 x 2");
    assert_refused((nn_shape){9, 9, 1}, (nn_layer_spec)CONV(1, 4, .same = true), "odd kernel");
    assert_refused((nn_shape){9, 9, 1}, (nn_layer_spec)CONV(0, 3, RELU), "one filter");
    assert_refused((nn_shape){2, 3, 1}, (nn_layer_spec)MAX_POOL(3, 1),
                   "the window of 3 x 3 is larger than its input of 2 x 3");
    assert_refused((nn_shape){1, 1, 8}, (nn_layer_spec)MAX_POOL(0, 0),
                   "the window of 2 x 2 is larger than its input of 1 x 1");
    assert_refused((nn_shape){4, 3, 8}, (nn_layer_spec)AVERAGE(4, 0),
                   "the window of 4 x 4 is larger than its input of 4 x 3");
    assert_refused((nn_shape){1, 1, 1}, (nn_layer_spec)NORM(.momentum = 1.5), "(0, 1], not 1.5");
    assert_refused((nn_shape){1, 1, 1}, (nn_layer_spec)NORM(.momentum = -0.1), "(0, 1]");
    assert_refused((nn_shape){1, 1, 1}, (nn_layer_spec)NORM(.momentum = (double)NAN), "(0, 1]");
    assert_refused((nn_shape){1, 1, 1}, (nn_layer_spec)NORM(.epsilon = -1.0),
                   "at least 1e-30, not -1");
    assert_refused((nn_shape){1, 1, 1}, (nn_layer_spec)NORM(.epsilon = 1e-80),
                   "at least 1e-30, not 1e-80");
    assert_refused((nn_shape){1, 1, 1}, (nn_layer_spec)NORM(.epsilon = (double)INFINITY),
                   "not inf");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_match_plain_loops),
        cmocka_unit_test(batch_norm_evaluates_by_its_state),
        cmocka_unit_test(batch_norm_keeps_running_statistics),
        cmocka_unit_test(batch_norm_starts_as_the_identity),
        cmocka_unit_test(pool_ties_go_to_the_first),
        cmocka_unit_test(overlapping_windows_add_up),
        cmocka_unit_test(relu_keeps_a_nan),
        cmocka_unit_test(impossible_layers_are_refused),
    };
    return cmocka_run_group_tests_name("layers", tests, NULL, NULL);
}

/* bench_kernels.c - the products and convolutions: whether they are right, and how fast, next to
 * OpenBLAS on one thread.
 *
 * usage: bench_kernels [--compare] [NAME]
 *
 * Only the cases whose names contain NAME; FLIPBENCH_ISA chooses the instruction set. Every case is
 * first compared with plain sums in double, at places all over the result; --compare stops there.
 *
 * Ours and OpenBLAS run in turn, because the machine's speed drifts; the best run of each is
 * printed in GFLOP/s. OpenBLAS gets a convolution's patch matrix ready-made and its time is that
 * of the one cblas_sgemm, which is in its favour. */
#include "kernels.h"

#include <cblas.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef enum case_kind {
    GEMM,
    CONV_FORWARD,
    CONV_WEIGHTS,
    CONV_INPUT,
    WINOGRAD_FORWARD
} case_kind;

typedef struct bench_case {
    const char *name;
    case_kind kind;
    bool trans_a, trans_b; /* GEMM */
    size_t m, n, k;        /* GEMM */
    size_t count;          /* convolutions */
    kernels_conv conv;
} bench_case;

#define CONV(side, in_channels, size, pad, step, out_channels)                                      \
    {.height = (side), .width = (side), .channels = (in_channels), .kernel = (size),               \
     .padding = (pad), .filters = (out_channels), .stride = (step)}
#define S_CNN_1 CONV(28, 1, 3, 0, 1, 32)
#define S_CNN_2 CONV(26, 32, 3, 0, 1, 64)
#define SAME_64 CONV(16, 64, 3, 1, 1, 64)
#define SAME_RGB CONV(32, 3, 3, 1, 1, 32)
/* The first convolutions of ResNet-18's stages, and the short cuts beside them. */
#define DOWN_128 CONV(32, 64, 3, 1, 2, 128)
#define DOWN_512 CONV(8, 256, 3, 1, 2, 512)
#define SHORT_128 CONV(32, 64, 1, 0, 2, 128)
#define SHORT_512 CONV(8, 256, 1, 0, 2, 512)
#define POINT_128 CONV(16, 128, 1, 0, 1, 128)

static const bench_case CASES[] = {
    {.name = "square 256", .m = 256, .n = 256, .k = 256},
    {.name = "square 512", .m = 512, .n = 512, .k = 512},
    {.name = "square 1024", .m = 1024, .n = 1024, .k = 1024},
    {.name = "square 1024 transposed b", .trans_b = true, .m = 1024, .n = 1024, .k = 1024},
    {.name = "s-cnn dense forward, 32", .m = 32, .n = 128, .k = 9216},
    {.name = "s-cnn dense forward, 256", .m = 256, .n = 128, .k = 9216},
    {.name = "s-cnn dense weights, 32", .trans_a = true, .m = 9216, .n = 128, .k = 32},
    {.name = "s-cnn dense input, 32", .trans_b = true, .m = 32, .n = 9216, .k = 128},
    {.name = "head 4000 x 512 x 10", .m = 4000, .n = 10, .k = 512},
    {.name = "mlp hidden, 64", .m = 64, .n = 128, .k = 16},
    {.name = "s-cnn conv 1 forward, 32", .kind = CONV_FORWARD, .count = 32, .conv = S_CNN_1},
    {.name = "s-cnn conv 1 weights, 32", .kind = CONV_WEIGHTS, .count = 32, .conv = S_CNN_1},
    {.name = "s-cnn conv 2 forward, 32", .kind = CONV_FORWARD, .count = 32, .conv = S_CNN_2},
    {.name = "s-cnn conv 2 winograd, 32", .kind = WINOGRAD_FORWARD, .count = 32, .conv = S_CNN_2},
    {.name = "s-cnn conv 2 forward, 256", .kind = CONV_FORWARD, .count = 256, .conv = S_CNN_2},
    {.name = "s-cnn conv 2 weights, 32", .kind = CONV_WEIGHTS, .count = 32, .conv = S_CNN_2},
    {.name = "s-cnn conv 2 input, 32", .kind = CONV_INPUT, .count = 32, .conv = S_CNN_2},
    {.name = "same 64 forward, 32", .kind = CONV_FORWARD, .count = 32, .conv = SAME_64},
    {.name = "same 64 winograd, 32", .kind = WINOGRAD_FORWARD, .count = 32, .conv = SAME_64},
    {.name = "same 64 weights, 32", .kind = CONV_WEIGHTS, .count = 32, .conv = SAME_64},
    {.name = "same 64 input, 32", .kind = CONV_INPUT, .count = 32, .conv = SAME_64},
    {.name = "same rgb forward, 32", .kind = CONV_FORWARD, .count = 32, .conv = SAME_RGB},
    {.name = "same rgb weights, 32", .kind = CONV_WEIGHTS, .count = 32, .conv = SAME_RGB},
    {.name = "stride 2, 128 forward, 32", .kind = CONV_FORWARD, .count = 32, .conv = DOWN_128},
    {.name = "stride 2, 128 weights, 32", .kind = CONV_WEIGHTS, .count = 32, .conv = DOWN_128},
    {.name = "stride 2, 128 input, 32", .kind = CONV_INPUT, .count = 32, .conv = DOWN_128},
    {.name = "stride 2, 512 forward, 32", .kind = CONV_FORWARD, .count = 32, .conv = DOWN_512},
    {.name = "stride 2, 512 weights, 32", .kind = CONV_WEIGHTS, .count = 32, .conv = DOWN_512},
    {.name = "stride 2, 512 input, 32", .kind = CONV_INPUT, .count = 32, .conv = DOWN_512},
    {.name = "1x1 stride 2, 128 forward, 32", .kind = CONV_FORWARD, .count = 32, .conv = SHORT_128},
    {.name = "1x1 stride 2, 128 weights, 32", .kind = CONV_WEIGHTS, .count = 32, .conv = SHORT_128},
    {.name = "1x1 stride 2, 128 input, 32", .kind = CONV_INPUT, .count = 32, .conv = SHORT_128},
    {.name = "1x1 stride 2, 512 forward, 32", .kind = CONV_FORWARD, .count = 32, .conv = SHORT_512},
    {.name = "1x1 stride 2, 512 weights, 32", .kind = CONV_WEIGHTS, .count = 32, .conv = SHORT_512},
    {.name = "1x1 stride 2, 512 input, 32", .kind = CONV_INPUT, .count = 32, .conv = SHORT_512},
    {.name = "1x1, 128 forward, 32", .kind = CONV_FORWARD, .count = 32, .conv = POINT_128},
    {.name = "1x1, 128 weights, 32", .kind = CONV_WEIGHTS, .count = 32, .conv = POINT_128},
    {.name = "1x1, 128 input, 32", .kind = CONV_INPUT, .count = 32, .conv = POINT_128},
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Numbers of no particular value, the same every time. */
static float *numbers(size_t count)
{
    float *x = malloc(count * sizeof *x);
    if (!x) {
        fprintf(stderr, "bench_kernels: out of memory\n");
        exit(1);
    }
    for (size_t i = 0; i < count; i++)
        x[i] = (float)(i * 2654435761u % 1000) / 1000.0f - 0.5f;
    return x;
}

/* The operands of the product that the case is: left (m x k), right (k x n), out (m x n), whatever
 * the transposes; a convolution's arrays are no larger, but for images with a stride. */
typedef struct operands {
    size_t m, n, k;
    float *left, *right, *out, *bias;
    kernels_winograd winograd; /* WINOGRAD_FORWARD */
} operands;

static void product_size(const bench_case *c, operands *ret)
{
    const kernels_conv *v = &c->conv;
    if (c->kind == GEMM) {
        ret->m = c->m, ret->n = c->n, ret->k = c->k;
        return;
    }
    size_t pixels = c->count * kernels_conv_out_height(v) * kernels_conv_out_width(v);
    size_t patch = v->kernel * v->kernel;
    switch (c->kind) {
    case GEMM:
        break;
    case CONV_FORWARD:
    case WINOGRAD_FORWARD:
        ret->m = pixels, ret->n = v->filters, ret->k = patch * v->channels;
        break;
    case CONV_WEIGHTS:
        ret->m = patch * v->channels, ret->n = v->filters, ret->k = pixels;
        break;
    case CONV_INPUT:
        ret->m = c->count * v->height * v->width / (v->stride * v->stride);
        ret->n = v->channels, ret->k = patch * v->filters;
        break;
    }
}

static int run_ours(const bench_case *c, const operands *o)
{
    switch (c->kind) {
    case GEMM:
        return kernels_gemm(c->trans_a, c->trans_b, o->m, o->n, o->k, o->left,
                            c->trans_a ? o->m : o->k, o->right, c->trans_b ? o->k : o->n, 0,
                            o->out, o->n);
    case CONV_FORWARD:
        return kernels_conv_forward(&c->conv, c->count, o->left, o->right, o->bias, true, o->out);
    case CONV_WEIGHTS:
        return kernels_conv_weight_gradient(&c->conv, c->count, o->left, o->right, false, o->out,
                                            o->bias);
    case CONV_INPUT:
        return kernels_conv_input_gradient(&c->conv, c->count, o->right, o->left, o->out);
    case WINOGRAD_FORWARD:
        kernels_winograd_begin_forward(&o->winograd, o->right);
        kernels_winograd_forward(&o->winograd, c->count, o->left, o->bias, o->out, NULL);
        return 0;
    }
    return FB_EINVAL;
}

static void run_blas(const bench_case *c, const operands *o)
{
    bool trans_a = c->trans_a || c->kind == CONV_WEIGHTS;
    cblas_sgemm(CblasRowMajor, trans_a ? CblasTrans : CblasNoTrans,
                c->trans_b ? CblasTrans : CblasNoTrans, (int)o->m, (int)o->n, (int)o->k, 1,
                o->left, (int)(trans_a ? o->m : o->k), o->right, (int)(c->trans_b ? o->k : o->n), 0,
                o->out, (int)o->n);
}

/* ---- plain sums in double ------------------------------------------------------------------ */

/* A sum of products, and that of their magnitudes, against which its rounding is measured. */
typedef struct plain_sum {
    double value, magnitude;
} plain_sum;

static void add_product(plain_sum *sum, float a, float b)
{
    sum->value += (double)a * (double)b;
    sum->magnitude += fabs((double)a * (double)b);
}

/* The pixel that output pixel (i, j) of an image meets at (ky, kx) of the kernel; NULL: padding. */
static const float *pixel_under(const kernels_conv *v, const float *images, size_t image, size_t i,
                                size_t j, size_t ky, size_t kx)
{
    size_t row = i * v->stride + ky, column = j * v->stride + kx;
    if (row < v->padding || column < v->padding || row - v->padding >= v->height ||
        column - v->padding >= v->width)
        return NULL;
    size_t pixel = (image * v->height + row - v->padding) * v->width + column - v->padding;
    return images + pixel * v->channels;
}

static plain_sum product_at(const bench_case *c, const operands *o, size_t at)
{
    size_t i = at / o->n, j = at % o->n;
    plain_sum sum = {0};
    for (size_t k = 0; k < o->k; k++)
        add_product(&sum, o->left[c->trans_a ? k * o->m + i : i * o->k + k],
                    o->right[c->trans_b ? j * o->k + k : k * o->n + j]);
    return sum;
}

static plain_sum forward_at(const bench_case *c, const operands *o, size_t at)
{
    const kernels_conv *v = &c->conv;
    size_t height = kernels_conv_out_height(v), width = kernels_conv_out_width(v);
    size_t filter = at % v->filters, pixel = at / v->filters;
    plain_sum sum = {0};
    for (size_t ky = 0; ky < v->kernel; ky++)
        for (size_t kx = 0; kx < v->kernel; kx++) {
            const float *x = pixel_under(v, o->left, pixel / (height * width),
                                         pixel / width % height, pixel % width, ky, kx);
            const float *w = o->right + (ky * v->kernel + kx) * v->channels * v->filters + filter;
            for (size_t k = 0; x && k < v->channels; k++)
                add_product(&sum, x[k], w[k * v->filters]);
        }
    sum.value += (double)o->bias[filter];
    sum.value = sum.value < 0.0 ? 0.0 : sum.value;
    return sum;
}

static plain_sum weight_at(const bench_case *c, const operands *o, size_t at)
{
    const kernels_conv *v = &c->conv;
    size_t height = kernels_conv_out_height(v), width = kernels_conv_out_width(v);
    size_t filter = at % v->filters, channel = at / v->filters % v->channels;
    size_t place = at / v->filters / v->channels;
    plain_sum sum = {0};
    for (size_t pixel = 0; pixel < c->count * height * width; pixel++) {
        const float *x = pixel_under(v, o->left, pixel / (height * width), pixel / width % height,
                                     pixel % width, place / v->kernel, place % v->kernel);
        if (x)
            add_product(&sum, x[channel], o->right[pixel * v->filters + filter]);
    }
    return sum;
}

static plain_sum input_at(const bench_case *c, const operands *o, size_t at)
{
    const kernels_conv *v = &c->conv;
    size_t height = kernels_conv_out_height(v), width = kernels_conv_out_width(v);
    size_t image = at / (v->height * v->width * v->channels);
    size_t channel = at % v->channels;
    const float *wanted = o->left + at - channel; /* only as an address: which pixel it is */
    plain_sum sum = {0};
    for (size_t pixel = 0; pixel < height * width; pixel++)
        for (size_t place = 0; place < v->kernel * v->kernel; place++) {
            if (pixel_under(v, o->left, image, pixel / width, pixel % width, place / v->kernel,
                            place % v->kernel) != wanted)
                continue;
            const float *dy = o->left + (image * height * width + pixel) * v->filters;
            const float *w = o->right + (place * v->channels + channel) * v->filters;
            for (size_t f = 0; f < v->filters; f++)
                add_product(&sum, dy[f], w[f]);
        }
    return sum;
}

static plain_sum plain_at(const bench_case *c, const operands *o, size_t at)
{
    switch (c->kind) {
    case GEMM:
        return product_at(c, o, at);
    case CONV_WEIGHTS:
        return weight_at(c, o, at);
    case CONV_INPUT:
        return input_at(c, o, at);
    default:
        return forward_at(c, o, at);
    }
}

/* Runs the case once and looks at places all over its result: a sum of k terms may be off by the
 * rounding of a random walk of that length, four times over. 1 when it is not right. */
static int compare(const bench_case *c, const operands *o)
{
    enum { PLACES = 97 };
    const double tolerance = 4.0 * 0x1p-24 * sqrt((double)o->k); /* of the sum of magnitudes */
    size_t count = c->kind == CONV_INPUT
                       ? c->count * c->conv.height * c->conv.width * c->conv.channels
                       : o->m * o->n;
    int status = run_ours(c, o);
    for (size_t i = 0; i < PLACES && status == 0; i++) {
        size_t at = i * (count - 1) / (PLACES - 1);
        plain_sum wanted = plain_at(c, o, at);
        double error = fabs((double)o->out[at] - wanted.value);
        if (!(error <= tolerance * (wanted.magnitude + 1.0))) {
            fprintf(stderr, "bench_kernels: %s: element %zu is %.9g, expected %.9g; again: "
                    "bench_kernels --compare '%s'\n", c->name, at, (double)o->out[at],
                    wanted.value, c->name);
            return 1;
        }
    }
    return status;
}

/* ---- a case -------------------------------------------------------------------------------- */

static operands make_operands(const bench_case *c)
{
    operands o = {0};
    product_size(c, &o);
    size_t images = c->count * c->conv.height * c->conv.width * c->conv.channels;
    o.left = numbers(o.m * o.k > images ? o.m * o.k : images);
    o.right = numbers(o.k * o.n);
    o.out = numbers(o.m * o.n > images ? o.m * o.n : images);
    o.bias = numbers(o.n);
    if (c->kind == WINOGRAD_FORWARD) {
        o.winograd = (kernels_winograd){.conv = c->conv, .relu = true};
        o.winograd.memory = numbers(kernels_winograd_memory(&c->conv, false));
        o.winograd.scratch = numbers(kernels_winograd_scratch(&c->conv, false));
    }
    return o;
}

static void free_operands(operands *o)
{
    free(o->left);
    free(o->right);
    free(o->out);
    free(o->bias);
    free(o->winograd.memory);
    free(o->winograd.scratch);
}

static int measure(const bench_case *c, const operands *o)
{
    double flops = 2.0 * (double)o->m * (double)o->n * (double)o->k;
    size_t repeats = 1 + (size_t)(2e8 / flops); /* a few milliseconds at least */
    double best_ours = 1e30, best_blas = 1e30;
    int status = 0;
    for (size_t turn = 0; turn < 12 && status == 0; turn++) {
        double start = now();
        for (size_t i = 0; i < repeats && status == 0; i++)
            status = run_ours(c, o);
        double middle = now();
        for (size_t i = 0; i < repeats; i++)
            run_blas(c, o);
        double end = now();
        best_ours = middle - start < best_ours ? middle - start : best_ours;
        best_blas = end - middle < best_blas ? end - middle : best_blas;
    }
    double work = 1e-9 * flops * (double)repeats;
    printf("%-30s %8.1f %8.1f %8.2f\n", c->name, work / best_ours, work / best_blas,
           best_blas / best_ours);
    return status;
}

static int run_case(const bench_case *c, bool compare_only)
{
    operands o = make_operands(c);
    int status = compare(c, &o);
    if (status == 0 && !compare_only)
        status = measure(c, &o);
    free_operands(&o);
    return status;
}

int main(int argc, char **argv)
{
    bool compare_only = argc > 1 && strcmp(argv[1], "--compare") == 0;
    const char *part = argc > 1 + compare_only ? argv[1 + compare_only] : "";
    size_t cases = 0;
    openblas_set_num_threads(1);
    if (!compare_only) {
        printf("GFLOP/s on one thread, %s; OpenBLAS %s\n", kernels_isa(), openblas_get_corename());
        printf("%-30s %8s %8s %8s\n", "case", "ours", "OpenBLAS", "ratio");
    }
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        if (!strstr(CASES[i].name, part))
            continue;
        int status = run_case(&CASES[i], compare_only);
        if (status < 0)
            fprintf(stderr, "bench_kernels: %s: %s\n", CASES[i].name, fb_status_text(status));
        if (status != 0)
            return 1;
        cases++;
    }
    if (cases == 0)
        fprintf(stderr, "bench_kernels: no case is called '%s'\n", part);
    return cases == 0;
}

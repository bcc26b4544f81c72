/* test_kernels.c - products and convolutions under every instruction set: against plain references
 * in double, bit against bit, and (golden_bits, with the elementary functions) against what every
 * compiler and machine has to give. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernels_probe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

/* --- instruction sets -------------------------------------------------------------------------
 */

static void isa_selection(void **state)
{
    (void)state;
    const char *const *names = kernels_isas();
    assert_non_null(names[0]);
    EACH_ISA(name)
        assert_string_equal(kernels_isa(), *name);

    assert_int_equal(kernels_use_isa(names[0], NULL), 0);
    fb_error err = {0};
    assert_int_equal(kernels_use_isa("z80", &err), FB_EINVAL);
    assert_int_equal(err.status, FB_EINVAL);
    assert_non_null(strstr(err.text, "z80"));
    assert_non_null(strstr(err.text, names[0]));
    assert_string_equal(kernels_isa(), names[0]);
    assert_int_equal(kernels_use_isa(NULL, NULL), 0);
}

/* --- products ---------------------------------------------------------------------------------
 */

typedef struct gemm_case {
    bool trans_a, trans_b;
    size_t m, n, k, lda, ldb, ldc;
    float beta;
} gemm_case;

static void check_against_double(const gemm_case *g, const float *a, const float *b,
                                 const float *c_before, const float *c)
{
    for (size_t i = 0; i < g->m; i++)
        for (size_t j = 0; j < g->n; j++) {
            double sum = g->beta != 0 ? (double)c_before[i * g->ldc + j] : 0, size = fabs(sum);
            for (size_t p = 0; p < g->k; p++) {
                double term = (double)(g->trans_a ? a[p * g->lda + i] : a[i * g->lda + p]) *
                              (double)(g->trans_b ? b[j * g->ldb + p] : b[p * g->ldb + j]);
                sum += term;
                size += fabs(term);
            }
            double tolerance = 0x1p-24 * (double)(g->k + 1) * size;
            assert_near((double)c[i * g->ldc + j], sum, tolerance, "gemm");
        }
}

/* The gaps between the rows of C keep their sentinels, in the plain product as in ours. */
static void check_gemm(const gemm_case *g)
{
    size_t a_size = (g->trans_a ? g->k : g->m) * g->lda;
    size_t b_size = (g->trans_b ? g->n : g->k) * g->ldb;
    size_t c_size = g->m * g->ldc;
    float *a = random_floats(a_size), *b = random_floats(b_size);
    float *before = guarded(c_size), *want = guarded(c_size), *c = guarded(c_size);
    for (size_t i = 0; i < g->m; i++)
        for (size_t j = 0; j < g->n; j++)
            before[i * g->ldc + j] = g->beta != 0 ? random_float() : NAN;

    memcpy(want, before, c_size * sizeof *c);
    kernels_gemm_plain(g->trans_a, g->trans_b, g->m, g->n, g->k, a, g->lda, b, g->ldb, g->beta,
                       want, g->ldc);
    check_against_double(g, a, b, before, want);
    EACH_ISA(name) {
        memcpy(c, before, c_size * sizeof *c);
        int status = kernels_gemm(g->trans_a, g->trans_b, g->m, g->n, g->k, a, g->lda, b, g->ldb,
                                  g->beta, c, g->ldc);
        assert_int_equal(status, 0);
        assert_same_bits(c, want, c_size, "gemm");
    }
    free(a);
    free(b);
    release(before, c_size);
    release(want, c_size);
    release(c, c_size);
}

/* All transposes and both betas; rows `gap` floats longer than they need be. */
static void check_gemm_shape(size_t m, size_t n, size_t k, size_t gap)
{
    for (unsigned kind = 0; kind < 8; kind++) {
        gemm_case g = {.trans_a = kind & 1, .trans_b = kind & 2, .m = m, .n = n, .k = k};
        g.beta = kind & 4 ? 1.0f : 0.0f;
        g.lda = (g.trans_a ? m : k) + gap;
        g.ldb = (g.trans_b ? k : n) + gap;
        g.ldc = n + gap;
        check_gemm(&g);
    }
}

static void gemm_shapes(void **state)
{
    (void)state;
    static const size_t shapes[][3] = {
        {1, 1, 1},    {1, 1, 0},    {3, 5, 0},     {12, 32, 320}, {13, 33, 321}, {24, 64, 640},
        {5, 400, 10}, {2, 385, 3},  {100, 7, 700}, {33, 17, 999}, {1, 10, 1000}, {65, 96, 40},
        {64, 96, 40}, {11, 48, 31}, {7, 768, 20},  {70, 16, 33},  {32, 10, 128}, {1, 1, 5000},
    };
    random_from(1);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        check_gemm_shape(shapes[i][0], shapes[i][1], shapes[i][2], i % 4);
    for (size_t i = 0; i < 60; i++)
        check_gemm_shape(random_size(1, 40), random_size(1, 70), random_size(1, 70),
                         random_size(0, 5));
}

/* Rows of A that are listed, some of them twice, give what a matrix of copies gives. */
static void gemm_of_listed_rows(void **state)
{
    (void)state;
    enum { ROWS = 40, M = 29, N = 45, K = 700 };
    random_from(31);
    float *a = random_floats(ROWS * K), *b = random_floats(K * N), *start = random_floats(M * N);
    float *copies = exact(M * K), *wanted = exact(M * N);
    uint32_t rows[M];
    for (size_t i = 0; i < M; i++) {
        rows[i] = (uint32_t)random_size(0, ROWS - 1);
        memcpy(copies + i * K, a + rows[i] * K, K * sizeof *a);
    }
    memcpy(wanted, start, M * N * sizeof *wanted);
    kernels_gemm_plain(false, false, M, N, K, copies, K, b, N, 1, wanted, N);
    EACH_ISA(isa) {
        float *c = guarded(M * N);
        memcpy(c, start, M * N * sizeof *c);
        assert_int_equal(kernels_gemm_rows(rows, M, N, K, a, K, b, N, c, N), 0);
        assert_same_bits(c, wanted, M * N, *isa);
        release(c, M * N);
    }
    free(wanted);
    free(copies);
    free(start);
    free(b);
    free(a);
}

static void gemm_of_nothing(void **state)
{
    (void)state;
    float *c = guarded(4);
    EACH_ISA(name) {
        assert_int_equal(kernels_gemm(false, false, 0, 4, 3, c, 3, c, 4, 0, c, 4), 0);
        assert_int_equal(kernels_gemm(false, false, 4, 0, 3, c, 3, c, 1, 0, c, 1), 0);
        assert_int_equal(kernels_gemm(false, false, 2, 2, 0, c, 1, c, 2, 1, c, 2), 0);
        for (size_t i = 0; i < 4; i++)
            assert_true(c[i] == SENTINEL);
    }
    release(c, 4);
}

/* A NaN or an infinity times 0 reaches its own row or column of C, and no other. */
static void gemm_not_finite(void **state)
{
    (void)state;
    enum { M = 14, N = 35, K = 9 };
    random_from(2);
    float *a = random_floats(M * K), *b = random_floats(K * N), *c = guarded(M * N);
    a[3 * K + 4] = NAN;
    b[2 * N + 33] = INFINITY;
    a[5 * K + 2] = 0;
    EACH_ISA(name) {
        assert_int_equal(kernels_gemm(false, false, M, N, K, a, K, b, N, 0, c, N), 0);
        for (size_t i = 0; i < M; i++)
            for (size_t j = 0; j < N; j++) {
                float got = c[i * N + j];
                assert_int_equal(isnan(got) != 0, i == 3 || (i == 5 && j == 33));
                if (!isnan(got))
                    assert_int_equal(isinf(got) != 0, j == 33);
            }
    }
    free(a);
    free(b);
    release(c, M * N);
}

static int multiply_in_thread(void *result)
{
    float a[9], b[9];
    for (size_t i = 0; i < 9; i++)
        a[i] = b[i] = (float)i;
    return kernels_gemm(false, false, 3, 3, 3, a, 3, b, 3, 0, result, 3);
}

/* Each thread has a scratch of its own. */
static void gemm_in_threads(void **state)
{
    (void)state;
    float results[4][9], want[9];
    thrd_t threads[4];
    assert_int_equal(multiply_in_thread(want), 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(thrd_create(&threads[i], multiply_in_thread, results[i]), thrd_success);
    for (size_t i = 0; i < 4; i++) {
        int status;
        assert_int_equal(thrd_join(threads[i], &status), thrd_success);
        assert_int_equal(status, 0);
        assert_same_bits(results[i], want, 9, "gemm in a thread");
    }
}

/* --- convolutions -----------------------------------------------------------------------------
 */

typedef struct conv_sizes {
    size_t out_height, out_width, x, y, weights, patch;
} conv_sizes;

static conv_sizes sizes_of(const kernels_conv *v, size_t count)
{
    conv_sizes s = {
        .out_height = (v->height + 2 * v->padding - v->kernel) / v->stride + 1,
        .out_width = (v->width + 2 * v->padding - v->kernel) / v->stride + 1,
        .x = count * v->height * v->width * v->channels,
        .patch = v->kernel * v->kernel * v->channels,
    };
    s.y = count * s.out_height * s.out_width * v->filters;
    s.weights = s.patch * v->filters;
    return s;
}

/* The index in x of what lies under element e of the patch of output pixel q; -1 outside the
 * image. */
static ptrdiff_t under_patch(const kernels_conv *v, const conv_sizes *s, size_t q, size_t e)
{
    size_t row = q / s->out_width % s->out_height * v->stride + e / v->channels / v->kernel;
    size_t column = q % s->out_width * v->stride + e / v->channels % v->kernel;
    if (row < v->padding || row - v->padding >= v->height || column < v->padding ||
        column - v->padding >= v->width)
        return -1;
    size_t image = q / s->out_width / s->out_height;
    size_t pixel = (image * v->height + row - v->padding) * v->width + column - v->padding;
    return (ptrdiff_t)(pixel * v->channels + e % v->channels);
}

/* y in float, as the header defines it; near the sum in double. */
static void plain_forward(const kernels_conv *v, const conv_sizes *s, const float *x,
                          const float *w, const float *bias, bool relu, float *y)
{
    for (size_t i = 0; i < s->y; i++) {
        size_t q = i / v->filters, f = i % v->filters;
        float chain = 0;
        double sum = 0, size = 0;
        for (size_t e = 0; e < s->patch; e++) {
            ptrdiff_t at = under_patch(v, s, q, e);
            float under = at < 0 ? 0 : x[at];
            chain = fmaf(under, w[e * v->filters + f], chain);
            sum += (double)under * (double)w[e * v->filters + f];
            size += fabs((double)under * (double)w[e * v->filters + f]);
        }
        y[i] = bias ? chain + bias[f] : chain;
        sum += bias ? (double)bias[f] : 0;
        size += bias ? fabs((double)bias[f]) : 0;
        assert_near((double)y[i], sum, 0x1p-24 * (double)(s->patch + 1) * size, "forward");
        if (relu && y[i] < 0)
            y[i] = 0;
    }
}

static void plain_weight_gradient(const kernels_conv *v, const conv_sizes *s, const float *x,
                                  const float *dy, float *dw, float *db)
{
    memset(dw, 0, s->weights * sizeof *dw);
    memset(db, 0, v->filters * sizeof *db);
    for (size_t i = 0; i < s->y; i++) {
        size_t q = i / v->filters, f = i % v->filters;
        db[f] += dy[i];
        for (size_t e = 0; e < s->patch; e++) {
            ptrdiff_t at = under_patch(v, s, q, e);
            dw[e * v->filters + f] = fmaf(at < 0 ? 0 : x[at], dy[i], dw[e * v->filters + f]);
        }
    }
}

/* The adjoint of the forward pass in double: what each dy sends back along its products. */
static void check_input_gradient(const kernels_conv *v, const conv_sizes *s, const float *w,
                                 const float *dy, const float *dx)
{
    double *sum = calloc(s->x, sizeof *sum), *size = calloc(s->x, sizeof *size);
    assert_true(sum && size);
    for (size_t i = 0; i < s->y; i++)
        for (size_t e = 0; e < s->patch; e++) {
            ptrdiff_t at = under_patch(v, s, i / v->filters, e);
            if (at < 0)
                continue;
            double term = (double)w[e * v->filters + i % v->filters] * (double)dy[i];
            sum[at] += term;
            size[at] += fabs(term);
        }
    double terms = (double)(v->kernel * v->kernel * v->filters);
    for (size_t i = 0; i < s->x; i++)
        assert_near((double)dx[i], sum[i], 0x1p-24 * terms * size[i], "input gradient");
    free(sum);
    free(size);
}

static void check_weight_gradient(const kernels_conv *v, size_t count, const float *x,
                                  const float *dy)
{
    conv_sizes s = sizes_of(v, count);
    float *want_w = guarded(s.weights), *want_b = guarded(v->filters);
    float *dw = guarded(s.weights), *db = guarded(v->filters);
    plain_weight_gradient(v, &s, x, dy, want_w, want_b);
    EACH_ISA(name) {
        assert_int_equal(kernels_conv_weight_gradient(v, count, x, dy, false, dw, db), 0);
        assert_same_bits(dw, want_w, s.weights, "weight gradient");
        assert_same_bits(db, want_b, v->filters, "bias gradient");
        memset(dw, 0, s.weights * sizeof *dw);
        assert_int_equal(kernels_conv_weight_gradient(v, count, x, dy, false, dw, NULL), 0);
        assert_same_bits(dw, want_w, s.weights, "weight gradient without the bias'");
        conv_sizes part = sizes_of(v, count - 1); /* all images but the last, then that one */
        assert_int_equal(kernels_conv_weight_gradient(v, count - 1, x, dy, false, dw, db), 0);
        assert_int_equal(kernels_conv_weight_gradient(v, 1, x + part.x, dy + part.y, true, dw, db),
                         0);
        assert_same_bits(dw, want_w, s.weights, "weight gradient in parts");
        assert_same_bits(db, want_b, v->filters, "bias gradient in parts");
        size_t first = count / 2; /* images, and then the others; or none at all */
        assert_int_equal(kernels_conv_weight_gradient(v, first, x, dy, false, dw, db), 0);
        assert_int_equal(kernels_conv_weight_gradient(v, count - first, x + first * (s.x / count),
                                                      dy + first * (s.y / count), true, dw, db), 0);
        assert_same_bits(dw, want_w, s.weights, "weight gradient in parts");
        assert_same_bits(db, want_b, v->filters, "bias gradient in parts");
    }
    release(want_w, s.weights);
    release(want_b, v->filters);
    release(dw, s.weights);
    release(db, v->filters);
}

static void check_conv(const kernels_conv *v, size_t count)
{
    conv_sizes s = sizes_of(v, count);
    float *x = random_floats(s.x), *w = random_floats(s.weights);
    float *some_bias = random_floats(v->filters), *bias = v->filters % 3 ? some_bias : NULL;
    float *dy = random_floats(s.y);
    float *y = guarded(s.y), *want = guarded(s.y);
    float *dx = guarded(s.x), *first_dx = guarded(s.x);
    bool relu = count % 2;
    plain_forward(v, &s, x, w, bias, relu, want);
    assert_int_equal(kernels_use_isa(NULL, NULL), 0);
    assert_int_equal(kernels_conv_input_gradient(v, count, w, dy, first_dx), 0);
    check_input_gradient(v, &s, w, dy, first_dx);
    EACH_ISA(name) {
        assert_int_equal(kernels_conv_forward(v, count, x, w, bias, relu, y), 0);
        assert_same_bits(y, want, s.y, "forward");
        assert_int_equal(kernels_conv_input_gradient(v, count, w, dy, dx), 0);
        assert_same_bits(dx, first_dx, s.x, "input gradient");
    }
    check_weight_gradient(v, count, x, dy);
    free(x);
    free(w);
    free(some_bias);
    free(dy);
    release(y, s.y);
    release(want, s.y);
    release(dx, s.x);
    release(first_dx, s.x);
}

static void conv_shapes(void **state)
{
    (void)state;
    /* height, width, channels, kernel, padding, filters, stride */
    static const kernels_conv shapes[] = {
        {28, 28, 1, 3, 0, 32, 1}, {9, 8, 32, 3, 0, 64, 1},  {7, 13, 3, 3, 1, 16, 1},
        {6, 5, 16, 3, 1, 10, 1},  {1, 1, 1, 1, 0, 1, 1},    {1, 1, 5, 3, 1, 3, 1},
        {4, 4, 2, 1, 0, 33, 1},   {5, 6, 7, 5, 2, 9, 1},    {3, 3, 2, 3, 0, 2, 1},
        {4, 5, 3, 2, 3, 4, 1},    {2, 2, 1, 5, 4, 40, 1},   {3, 26, 64, 3, 1, 5, 1},
        {5, 5, 41, 3, 1, 2, 1},   {4, 30, 13, 3, 0, 20, 1}, {3, 4, 2, 1, 2, 3, 1},
        {2, 7, 9, 4, 3, 17, 1},   {8, 8, 32, 3, 1, 48, 2},  {8, 8, 64, 1, 0, 32, 2},
        {7, 9, 16, 3, 1, 33, 2},  {7, 6, 5, 1, 0, 7, 3},    {9, 8, 3, 5, 2, 6, 2},
        {6, 6, 4, 3, 0, 5, 2},    {1, 1, 3, 3, 1, 4, 2},    {1, 1, 2, 1, 0, 3, 9},
        {11, 4, 3, 2, 0, 4, 5},   {3, 3, 2, 3, 0, 2, 2},    {5, 5, 2, 1, 3, 4, 2},
        {4, 7, 3, 2, 3, 4, 3},    {10, 10, 1, 7, 3, 6, 4},  {2, 3, 70, 3, 2, 9, 2},
        {7, 13, 3, 3, 0, 48, 1},  {5, 31, 1, 3, 1, 64, 1},  {1, 1, 3, 3, 1, 32, 1},
        {3, 3, 1, 3, 0, 16, 1},   {32, 9, 3, 3, 1, 80, 1},  {4, 20, 1, 3, 1, 16, 1},
        {1, 13660, 3, 3, 1, 16, 1}, /* its padded image is larger than the scratch */
    };
    random_from(3);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (size_t count = 1; count <= 2; count++)
            check_conv(&shapes[i], count);
    for (size_t i = 0; i < 60; i++) {
        kernels_conv v = {
            .channels = random_size(1, 8),
            .kernel = random_size(1, 4),
            .padding = random_size(0, 3),
            .filters = random_size(1, 20),
            .stride = i < 30 ? 1 : random_size(2, 5),
        };
        v.height = random_size(v.kernel, 9);
        v.width = random_size(v.kernel, 30);
        check_conv(&v, random_size(1, 3));
    }
}

/* A team that works one after the other, the last share first. */
static void run_backwards(void *threads, size_t count, void (*task)(void *context, size_t index),
                          void *context)
{
    *(size_t *)threads += count;
    for (size_t i = count; i-- > 0;)
        task(context, i);
}

static void conv_in_shares(void **state)
{
    (void)state;
    static const kernels_conv shapes[] = {
        {40, 41, 3, 3, 1, 80, 1}, {60, 61, 1, 3, 0, 48, 1}, {30, 31, 2, 3, 0, 70, 1}};
    size_t shares = 0;
    const kernels_team team = {.size = 4, .threads = &shares, .run = run_backwards};
    random_from(12);
    kernels_use_team(&team);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        check_conv(&shapes[i], 3);
    kernels_use_team(NULL);
    assert_true(shares > 0);
}

static void conv_not_finite(void **state)
{
    (void)state;
    const kernels_conv v = {.height = 4, .width = 4, .channels = 1, .kernel = 3, .filters = 2,
                            .stride = 1};
    random_from(4);
    float *x = random_floats(16), *w = random_floats(18), *y = guarded(8);
    const float bias[2] = {0, -INFINITY};
    x[0] = NAN;
    EACH_ISA(name) {
        assert_int_equal(kernels_conv_forward(&v, 1, x, w, bias, true, y), 0);
        assert_true(isnan(y[0]) && isnan(y[1])); /* the ReLU hides no NaN */
        for (size_t i = 2; i < 8; i++)
            assert_true(i % 2 ? y[i] == 0 : y[i] >= 0 && isfinite(y[i]));
    }
    free(x);
    free(w);
    release(y, 8);
}

/* --- the same bits everywhere -----------------------------------------------------------------
 */

enum { GOLDEN = 4096 };

static uint64_t golden_products(uint64_t h, const float *x, float *out)
{
    for (unsigned kind = 0; kind < 4; kind++) {
        int status =
            kernels_gemm(kind & 1, kind & 2, 29, 37, 41, x, 41, x + 1700, 41, 0, out, 37);
        assert_int_equal(status, 0);
        h = hash_bytes(h, out, 29 * 37 * sizeof *out);
    }
    const kernels_conv v = {.height = 9, .width = 10, .channels = 3, .kernel = 3, .padding = 1,
                            .filters = 5, .stride = 1};
    float dw[135], db[5];
    assert_int_equal(kernels_conv_forward(&v, 2, x, x + 600, x + 800, true, out), 0);
    h = hash_bytes(h, out, 900 * sizeof *out);
    assert_int_equal(kernels_conv_weight_gradient(&v, 2, x, x + 1000, false, dw, db), 0);
    h = hash_bytes(hash_bytes(h, dw, sizeof dw), db, sizeof db);
    assert_int_equal(kernels_conv_input_gradient(&v, 2, x + 600, x + 1000, out), 0);
    return hash_bytes(h, out, 540 * sizeof *out);
}

static uint64_t golden_maps(uint64_t h, const uint32_t *bits, const float *x, float *out)
{
    kernels_normal(GOLDEN, bits, out);
    h = hash_bytes(h, out, GOLDEN * sizeof *out);
    kernels_exp(GOLDEN, out, out);
    h = hash_bytes(h, out, GOLDEN * sizeof *out);
    kernels_log(GOLDEN, out, out);
    h = hash_bytes(h, out, GOLDEN * sizeof *out);
    kernels_log_softmax(64, 64, x, 64, out, 64);
    h = hash_bytes(h, out, GOLDEN * sizeof *out);
    const kernels_adam_step step = {0.01f, 0.9, 0.999, 1e-7f, 0, 0};
    float w[100], m[100] = {0}, second[100] = {0};
    memcpy(w, x, sizeof w);
    for (size_t t = 0; t < 3; t++)
        kernels_adam(100, &step, x + 100 * t, w, m, second);
    h = hash_bytes(hash_bytes(hash_bytes(h, w, sizeof w), m, sizeof m), second, sizeof second);
    double dot = kernels_dot(GOLDEN / 2, x, x + GOLDEN / 2);
    h = hash_bytes(h, &dot, sizeof dot);
    for (size_t i = 0; i < 1000; i++) {
        double y[2] = {kernels_exp_double(20 * (double)x[i]),
                       kernels_log_double(2 + (double)x[i])};
        h = hash_bytes(h, y, sizeof y);
    }
    return h;
}

/* The hash of a fixed computation. It may change only together with NN_NUMERICS_VERSION. */
static void golden_bits(void **state)
{
    (void)state;
    static uint32_t bits[GOLDEN];
    static float x[GOLDEN], out[GOLDEN];
    random_from(9);
    for (size_t i = 0; i < GOLDEN; i++) {
        bits[i] = random_bits();
        x[i] = random_float();
    }
    EACH_ISA(name) {
        uint64_t h = golden_maps(golden_products(0xcbf29ce484222325u, x, out), bits, x, out);
        print_message("# %s: %016llx\n", *name, (unsigned long long)h);
        assert_true(h == 0x9b93347f5a028318u);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(isa_selection),
        cmocka_unit_test(gemm_shapes),
        cmocka_unit_test(gemm_of_listed_rows),
        cmocka_unit_test(gemm_of_nothing),
        cmocka_unit_test(gemm_not_finite),
        cmocka_unit_test(gemm_in_threads),
        cmocka_unit_test(conv_shapes),
        cmocka_unit_test(conv_in_shares),
        cmocka_unit_test(conv_not_finite),
        cmocka_unit_test(golden_bits),
    };
    return cmocka_run_group_tests_name("kernels", tests, NULL, NULL);
}

/* test_kernels.c - every kernel under every instruction set: against plain references in double,
 * bit against bit, and (golden_bits) against what every compiler and machine has to give. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernels.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

#define EACH_ISA(name)                                                                             \
    for (const char *const *name = kernels_isas();                                                 \
         *name && kernels_use_isa(*name, NULL) == 0; name++)

/* --- numbers and arrays -----------------------------------------------------------------------
 */

static uint64_t g_seed;

static uint32_t random_bits(void)
{
    g_seed = g_seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(g_seed >> 32);
}

static size_t random_size(size_t low, size_t high)
{
    return low + random_bits() % (high - low + 1);
}

static float random_float(void) /* in [-1, 1), with all of its bits in use */
{
    return (float)(int32_t)random_bits() * 0x1p-31f;
}

enum { GUARD = 64 };
static const float SENTINEL = -12345.75f;

/* `count` floats between two guards of sentinels, which the array itself holds too. */
static float *guarded(size_t count)
{
    float *block = malloc((count + 2 * GUARD) * sizeof *block);
    assert_non_null(block);
    for (size_t i = 0; i < count + 2 * GUARD; i++)
        block[i] = SENTINEL;
    return block + GUARD;
}

/* Exactly `count` floats, so that the address sanitizer sees a read beyond them. */
static float *exact(size_t count)
{
    float *x = malloc(count * sizeof *x);
    assert_true(x || count == 0);
    return x;
}

static float *exact_random(size_t count)
{
    float *x = exact(count);
    for (size_t i = 0; i < count; i++)
        x[i] = random_float();
    return x;
}

static void release(float *x, size_t count)
{
    for (size_t i = 0; i < GUARD; i++) {
        assert_true(x[(ptrdiff_t)i - GUARD] == SENTINEL);
        assert_true(x[count + i] == SENTINEL);
    }
    free(x - GUARD);
}

static void assert_near(double got, double want, double tolerance, const char *what)
{
    if (!(fabs(got - want) <= tolerance))
        fail_msg("%s: %.17g, expected %.17g within %g (FLIPBENCH_ISA=%s)", what, got, want,
                 tolerance, kernels_isa());
}

static void assert_same_bits(const float *got, const float *want, size_t count, const char *what)
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(&got[i], &want[i], sizeof(float)) != 0)
            fail_msg("%s: element %zu of %zu is %a, expected %a (FLIPBENCH_ISA=%s)", what, i,
                     count, (double)got[i], (double)want[i], kernels_isa());
}

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
    float *a = exact_random(a_size), *b = exact_random(b_size);
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
    g_seed = 1;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        check_gemm_shape(shapes[i][0], shapes[i][1], shapes[i][2], i % 4);
    for (size_t i = 0; i < 60; i++)
        check_gemm_shape(random_size(1, 40), random_size(1, 70), random_size(1, 70),
                         random_size(0, 5));
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
    g_seed = 2;
    float *a = exact_random(M * K), *b = exact_random(K * N), *c = guarded(M * N);
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
    float *x = exact_random(s.x), *w = exact_random(s.weights);
    float *some_bias = exact_random(v->filters), *bias = v->filters % 3 ? some_bias : NULL;
    float *dy = exact_random(s.y);
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
    g_seed = 3;
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
    g_seed = 12;
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
    g_seed = 4;
    float *x = exact_random(16), *w = exact_random(18), *y = guarded(8);
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

/* --- exp and log ------------------------------------------------------------------------------
 */

static float from_bits(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

typedef void map(size_t count, const float *x, float *out);

/* Every instruction set gives the bits of the first; returns the first's. */
static float *map_everywhere(map *function, size_t count, const float *x)
{
    float *first = guarded(count), *out = guarded(count);
    assert_int_equal(kernels_use_isa(NULL, NULL), 0);
    function(count, x, first);
    EACH_ISA(name) {
        function(count, x, out);
        assert_same_bits(out, first, count, "map");
        memcpy(out, x, count * sizeof *x); /* in place, and a count that leaves a tail */
        function(count - 3, out, out);
        assert_same_bits(out, first, count - 3, "map in place");
        assert_same_bits(out + count - 3, x + count - 3, 3, "behind the map");
    }
    release(out, count);
    return first;
}

static void exp_accuracy(void **state)
{
    (void)state;
    enum { COUNT = 300000 };
    float *x = exact(COUNT);
    for (size_t i = 0; i < COUNT; i++) /* half over [-104, 90], half over all magnitudes to 128 */
        x[i] = i % 2 ? -104.0f + 194.0f * (float)i / COUNT
                     : from_bits((uint32_t)i * 3719u) * (i % 4 ? 1.0f : -1.0f);
    float *y = map_everywhere(kernels_exp, COUNT, x);
    double worst = 0;
    for (size_t i = 0; i < COUNT; i++) {
        double want = exp((double)x[i]);
        if (want < 0.9999999 * (double)FLT_MIN)
            assert_true(y[i] == 0);
        else if (want > 1.0000001 * (double)FLT_MAX)
            assert_true(y[i] == INFINITY);
        else if (want > 1.0000003 * (double)FLT_MIN && want < 0.9999999 * (double)FLT_MAX)
            worst = fmax(worst, fabs((double)y[i] - want) / want);
    }
    print_message("# exp: largest relative error %.3g\n", worst);
    assert_true(worst < 2e-7);
    free(x);
    release(y, COUNT);
}

static void log_accuracy(void **state)
{
    (void)state;
    enum { COUNT = 300000 };
    float *x = exact(COUNT);
    for (size_t i = 0; i < COUNT; i++) /* half over all positive floats, half near 1 */
        x[i] = i % 2 ? from_bits((uint32_t)i * 7117u % 0x7f800000u + 1)
                     : from_bits(0x3f800000u + (uint32_t)i * 31u - 31u * COUNT / 2);
    float *y = map_everywhere(kernels_log, COUNT, x);
    double worst = 0;
    for (size_t i = 0; i < COUNT; i++) {
        double want = log((double)x[i]), error = fabs((double)y[i] - want);
        worst = fmax(worst, want != 0 ? error / fabs(want) : error);
    }
    print_message("# log: largest relative error %.3g\n", worst);
    assert_true(worst < 2e-7);
    free(x);
    release(y, COUNT);
}

static void exp_and_log_edges(void **state)
{
    (void)state;
    const float x[] = {0.0f,    -0.0f,    1.0f,  INFINITY, -INFINITY,    NAN, -1.0f,
                       FLT_MAX, -FLT_MAX, 88.8f, -87.4f,   FLT_TRUE_MIN, -NAN};
    enum { COUNT = sizeof x / sizeof *x };
    float e[COUNT], l[COUNT];
    EACH_ISA(name) {
        kernels_exp(COUNT, x, e);
        kernels_log(COUNT, x, l);
        assert_true(e[0] == 1 && e[1] == 1 && e[3] == INFINITY && e[4] == 0 && isnan(e[5]));
        assert_true(e[7] == INFINITY && e[8] == 0 && e[9] == INFINITY && e[10] == 0 && e[11] == 1);
        assert_true(l[0] == -INFINITY && l[1] == -INFINITY && l[2] == 0 && l[3] == INFINITY);
        assert_true(isnan(l[4]) && isnan(l[5]) && isnan(l[6]) && isnan(l[8]) && isnan(l[10]));
        assert_true(isnan(e[12]) && isnan(l[12]));
        assert_near((double)l[7], 88.72283905206835, 1e-5, "log of FLT_MAX");
        assert_near((double)l[11], -103.27892990343184, 2e-5, "log of the smallest float");
    }
}

static void doubles(void **state)
{
    (void)state;
    double worst_log = 0, worst_exp = 0;
    for (int i = 1; i < 200000; i++) {
        double x = i % 2 ? ldexp(1 + i / 200000.0, i % 2040 - 1020) : 1 + (i - 100000) * 1e-7;
        if (x != 1)
            worst_log = fmax(worst_log, fabs(kernels_log_double(x) / log(x) - 1));
        double z = -708 + 1417 * (i / 200000.0);
        worst_exp = fmax(worst_exp, fabs(kernels_exp_double(z) / exp(z) - 1));
    }
    print_message("# double: largest error of log %.3g, exp %.3g\n", worst_log, worst_exp);
    assert_true(worst_log < 1e-14 && worst_exp < 1e-14);

    assert_true(kernels_log_double(1) == 0 && kernels_log_double(0) == -(double)INFINITY);
    assert_true(isnan(kernels_log_double(-1)) && isnan(kernels_log_double((double)NAN)));
    assert_true(kernels_log_double((double)INFINITY) == (double)INFINITY);
    assert_near(kernels_log_double(DBL_TRUE_MIN), -744.4400719213812, 1e-11, "log");
    assert_true(kernels_exp_double(0) == 1 && isnan(kernels_exp_double((double)NAN)));
    assert_true(kernels_exp_double((double)INFINITY) == (double)INFINITY);
    assert_true(kernels_exp_double(709.9) == (double)INFINITY);
    assert_true(kernels_exp_double(-(double)INFINITY) == 0 && kernels_exp_double(-708.5) == 0);
}

static void cosines(void **state)
{
    (void)state;
    const double pi = 3.14159265358979323846;
    double worst = 0;
    for (int i = -40000; i <= 40000; i++) {
        double x = i / 10007.0;
        worst = fmax(worst, fabs(kernels_cos_pi_double(x) - cos(pi * x)));
    }
    print_message("# double: largest error of cos %.3g\n", worst);
    assert_true(worst < 2e-15); /* pi x, which cos() is given, is off by 2^-52 itself */

    /* Exact where the cosine is, and to the last digits of a small result. */
    for (int i = -8; i <= 8; i++) {
        static const double quarters[] = {1, 0, -1, 0};
        assert_true(kernels_cos_pi_double(i / 2.0) == quarters[abs(i) % 4]);
    }
    assert_true(kernels_cos_pi_double(0x1p60) == 1);
    double small = kernels_cos_pi_double(0.5 - 0x1p-40), want = pi * 0x1p-40;
    assert_true(fabs(small / want - 1) < 1e-15);
    assert_near(kernels_cos_pi_double(1.0 / 3), 0.5, 2e-16, "cosine of 60 degrees");
    assert_near(kernels_cos_pi_double(0.25), sqrt(0.5), 2e-16, "cosine of 45 degrees");
    assert_true(isnan(kernels_cos_pi_double((double)INFINITY)));
    assert_true(isnan(kernels_cos_pi_double((double)NAN)));
}

/* --- normal numbers ---------------------------------------------------------------------------
 */

static int compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

enum { NORMALS = 200000 };

/* Each number against Box-Muller in double. */
static void check_box_muller(const uint32_t *bits, const float *z)
{
    const double pi = 3.14159265358979323846;
    for (size_t i = 0; i < NORMALS; i += 2) {
        double u = fmin(1, ((bits[i] >> 8) + 0.5) * 0x1p-24), turn = (bits[i + 1] >> 8) * 0x1p-24;
        double radius = sqrt(-2 * log(u));
        /* Near u = 1 the float u is coarse; elsewhere the two agree to float's precision. */
        double tolerance = u > 0.999 ? 1e-3 : 3e-6;
        assert_near((double)z[i], radius * cos(2 * pi * turn), tolerance, "normal");
        assert_near((double)z[i + 1], radius * sin(2 * pi * turn), tolerance, "normal");
    }
}

/* Moments within 4 standard errors, tails, and the Kolmogorov-Smirnov distance: the bits are
 * fixed, so the outcome is too. */
static void check_distribution(float *z)
{
    double sum[5] = {0};
    size_t beyond_3 = 0;
    for (size_t i = 0; i < NORMALS; i++) {
        double x = (double)z[i];
        for (int power = 1; power <= 4; power++)
            sum[power] += pow(x, power) / NORMALS;
        beyond_3 += fabs(x) > 3;
    }
    double root = sqrt(NORMALS);
    assert_near(sum[1], 0, 4 / root, "mean");
    assert_near(sum[2], 1, 4 * sqrt(2) / root, "variance");
    assert_near(sum[3], 0, 4 * sqrt(15) / root, "third moment");
    assert_near(sum[4], 3, 4 * sqrt(96) / root, "fourth moment");
    assert_near((double)beyond_3, 0.0026998 * NORMALS, 4 * sqrt(0.0027 * NORMALS), "beyond 3");

    qsort(z, NORMALS, sizeof *z, compare_floats);
    double distance = 0;
    for (size_t i = 0; i < NORMALS; i++) {
        double below = 0.5 * erfc(-(double)z[i] / sqrt(2));
        distance = fmax(distance, below - (double)i / NORMALS);
        distance = fmax(distance, (double)(i + 1) / NORMALS - below);
    }
    assert_true(distance * root < 1.63); /* the 1 % point */
}

static void normals(void **state)
{
    (void)state;
    static uint32_t bits[NORMALS];
    g_seed = 5;
    for (size_t i = 0; i < NORMALS; i++)
        bits[i] = random_bits();
    const uint32_t edges[] = {0, 0, 0xffffffffu, 0xffffffffu, 255, 0x40000000u, 256, 0x80000000u,
                              0, 0xc0000000u, 0, 0x20000000u, 0, 0x1fffffffu, 0xffffff00u, 1};
    memcpy(bits, edges, sizeof edges);

    float *first = guarded(NORMALS), *z = guarded(NORMALS);
    assert_int_equal(kernels_use_isa(NULL, NULL), 0);
    kernels_normal(NORMALS, bits, first);
    EACH_ISA(name) {
        kernels_normal(NORMALS, bits, z);
        assert_same_bits(z, first, NORMALS, "normal");
        kernels_normal(6, bits + 100, z); /* a number belongs to its words, not to its place */
        assert_same_bits(z, first + 100, 6, "normal");
        kernels_normal(0, bits, z);
    }
    check_box_muller(bits, first);
    assert_near((double)first[0], 5.887050112577374, 1e-6, "the largest");
    assert_true(first[1] == 0);
    check_distribution(first);
    release(first, NORMALS);
    release(z, NORMALS);
}

/* --- the rest ---------------------------------------------------------------------------------
 */

static void check_log_softmax(size_t rows, size_t columns, float scale)
{
    size_t ld = columns + 3, size = rows * ld;
    float *x = exact_random(size), *out = guarded(size), *first = guarded(size);
    for (size_t i = 0; i < size; i++)
        x[i] *= scale;
    assert_int_equal(kernels_use_isa(NULL, NULL), 0);
    kernels_log_softmax(rows, columns, x, ld, first, ld);
    for (size_t r = 0; r < rows; r++) {
        float largest = x[r * ld];
        double sum = 0;
        for (size_t c = 1; c < columns; c++)
            largest = x[r * ld + c] > largest ? x[r * ld + c] : largest;
        for (size_t c = 0; c < columns; c++)
            sum += exp((double)x[r * ld + c] - (double)largest);
        for (size_t c = 0; c < columns; c++) {
            double want = (double)x[r * ld + c] - (double)largest - log(sum);
            assert_near((double)first[r * ld + c], want, 3e-7 * (1 + fabs(want)), "log-softmax");
        }
    }
    EACH_ISA(name) {
        kernels_log_softmax(rows, columns, x, ld, out, ld);
        assert_same_bits(out, first, size, "log-softmax");
    }
    for (size_t i = 0; i < size; i++) /* in place; the gaps keep what they hold */
        out[i] = i % ld < columns ? x[i] : SENTINEL;
    kernels_log_softmax(rows, columns, out, ld, out, ld);
    assert_same_bits(out, first, size, "log-softmax in place");
    free(x);
    release(out, size);
    release(first, size);
}

static void log_softmax(void **state)
{
    (void)state;
    static const size_t columns[] = {1, 2, 10, 64, 65, 1000, 26};
    static const float scales[] = {1, 20, 1e30f};
    g_seed = 6;
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        for (size_t s = 0; s < sizeof scales / sizeof *scales; s++)
            check_log_softmax(i % 2 ? 4 : 17, columns[i], scales[s]);

    EACH_ISA(name) {
        float row[3] = {1, NAN, 2};
        kernels_log_softmax(1, 3, row, 3, row, 3);
        assert_true(isnan(row[0]) && isnan(row[1]) && isnan(row[2]));
        float extreme[3] = {-1e30f, 1e30f, -INFINITY};
        kernels_log_softmax(1, 3, extreme, 3, extreme, 3);
        assert_true(extreme[0] == -2e30f && extreme[1] == 0 && extreme[2] == -INFINITY);
    }
}

static void pixels_and_sums(void **state)
{
    (void)state;
    uint8_t pixels[256 + 7];
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)i;
    EACH_ISA(name) {
        float *out = guarded(sizeof pixels);
        kernels_convert_u8(sizeof pixels, pixels, 1.0f / 255, out);
        for (size_t i = 0; i < sizeof pixels; i++)
            assert_true(out[i] == (float)pixels[i] * (1.0f / 255));
        release(out, sizeof pixels);
    }

    g_seed = 8;
    float *x = exact_random(1001), *y = exact_random(1001);
    double dot = 0, norm2 = 0;
    for (size_t i = 0; i < 1001; i++) {
        dot += (double)x[i] * (double)y[i];
        norm2 += (double)x[i] * (double)x[i];
    }
    assert_true(kernels_dot(1001, x, y) == dot && kernels_norm2(1001, x) == norm2);
    assert_true(kernels_dot(0, x, y) == 0 && kernels_norm2(0, x) == 0);
    free(x);
    free(y);
}

/* --- the optimisers' steps, against the same rules in double -----------------------------------
 */

typedef struct twin {
    double w, first, second; /* weight, first moment or velocity, mean square */
} twin;

static void adam_in_double(const kernels_adam_step *s, double g, twin *t)
{
    double *w = &t->w, *m = &t->first, *v = &t->second;
    g += (double)s->decay * *w;
    *w -= (double)s->shrink * *w;
    *m = s->beta1 * *m + (1 - s->beta1) * g;
    *v = s->beta2 * *v + (1 - s->beta2) * g * g;
    *w -= (double)s->learning_rate * *m / (sqrt(*v) + (double)s->epsilon);
}

static void sgd_in_double(const kernels_sgd_step *s, double g, twin *t)
{
    g += (double)s->decay * t->w;
    t->first = (double)s->momentum * t->first + g;
    double step = s->nesterov ? g + (double)s->momentum * t->first : t->first;
    t->w -= (double)s->learning_rate * step;
}

static void rmsprop_in_double(const kernels_rmsprop_step *s, double g, twin *t)
{
    g += (double)s->decay * t->w;
    t->second = s->rho * t->second + (1 - s->rho) * g * g;
    t->w -= (double)s->learning_rate * g / (sqrt(t->second) + (double)s->epsilon);
}

/* One of the three; the others are NULL. */
typedef struct update_case {
    const kernels_adam_step *adam;
    const kernels_sgd_step *sgd;
    const kernels_rmsprop_step *rmsprop;
} update_case;

static const update_case UPDATES[] = {
    {.adam = &(kernels_adam_step){1e-3f, 0.9, 0.999, 1e-7f, 0, 0}},
    {.adam = &(kernels_adam_step){1e-2f, 0.5, 0.9, 1e-3f, 0.1f, 0}},
    {.adam = &(kernels_adam_step){1e-2f, 0, 0.99, 1e-7f, 0, 0.05f}},
    {.sgd = &(kernels_sgd_step){0.1f, 0, 0, false}},
    {.sgd = &(kernels_sgd_step){0.1f, 0.9f, 0, false}},
    {.sgd = &(kernels_sgd_step){0.1f, 0.9f, 0.05f, true}},
    {.rmsprop = &(kernels_rmsprop_step){1e-3f, 0.9, 1e-7f, 0}},
    {.rmsprop = &(kernels_rmsprop_step){1e-2f, 0.99, 1e-3f, 0.1f}},
};

static void run_update(const update_case *c, size_t count, const float *g, float *w, float *first,
                       float *second)
{
    if (c->adam)
        kernels_adam(count, c->adam, g, w, first, second);
    else if (c->sgd)
        kernels_sgd(count, c->sgd, g, w, first);
    else
        kernels_rmsprop(count, c->rmsprop, g, w, second);
}

static void update_in_double(const update_case *c, double g, twin *t)
{
    if (c->adam)
        adam_in_double(c->adam, g, t);
    else if (c->sgd)
        sgd_in_double(c->sgd, g, t);
    else
        rmsprop_in_double(c->rmsprop, g, t);
}

static void check_update(const update_case *c, size_t count)
{
    enum { STEPS = 5 };
    float *g[STEPS], *start = exact_random(count), *bits = NULL;
    for (size_t t = 0; t < STEPS; t++)
        g[t] = exact_random(count);
    EACH_ISA(name) {
        float *w = guarded(count), *first = guarded(count), *second = guarded(count);
        memcpy(w, start, count * sizeof *w);
        memset(first, 0, count * sizeof *first);
        memset(second, 0, count * sizeof *second);
        for (size_t t = 0; t < STEPS; t++)
            run_update(c, count, g[t], w, first, second);
        for (size_t i = 0; i < count; i++) {
            twin want = {.w = (double)start[i]};
            for (size_t t = 0; t < STEPS; t++)
                update_in_double(c, (double)g[t][i], &want);
            assert_near((double)w[i], want.w, 1e-6, "weight");
            assert_near((double)first[i], want.first, 1e-6, "first moment");
            assert_near((double)second[i], want.second, 1e-6 * want.second, "mean square");
        }
        if (bits)
            assert_same_bits(w, bits, count, "update");
        else
            memcpy(bits = guarded(count), w, count * sizeof *w);
        release(w, count);
        release(first, count);
        release(second, count);
    }
    for (size_t t = 0; t < STEPS; t++)
        free(g[t]);
    free(start);
    release(bits, count);
}

static void updates(void **state)
{
    (void)state;
    g_seed = 7;
    for (size_t i = 0; i < sizeof UPDATES / sizeof *UPDATES; i++) {
        for (size_t count = 1; count <= 40; count++)
            check_update(&UPDATES[i], count);
        check_update(&UPDATES[i], 1000);
    }
}

/* --- the same bits everywhere -----------------------------------------------------------------
 */

static uint64_t hash(uint64_t h, const void *data, size_t bytes) /* FNV-1a */
{
    const unsigned char *p = data;
    for (size_t i = 0; i < bytes; i++)
        h = (h ^ p[i]) * 0x100000001b3u;
    return h;
}

enum { GOLDEN = 4096 };

static uint64_t golden_products(uint64_t h, const float *x, float *out)
{
    for (unsigned kind = 0; kind < 4; kind++) {
        int status =
            kernels_gemm(kind & 1, kind & 2, 29, 37, 41, x, 41, x + 1700, 41, 0, out, 37);
        assert_int_equal(status, 0);
        h = hash(h, out, 29 * 37 * sizeof *out);
    }
    const kernels_conv v = {.height = 9, .width = 10, .channels = 3, .kernel = 3, .padding = 1,
                            .filters = 5, .stride = 1};
    float dw[135], db[5];
    assert_int_equal(kernels_conv_forward(&v, 2, x, x + 600, x + 800, true, out), 0);
    h = hash(h, out, 900 * sizeof *out);
    assert_int_equal(kernels_conv_weight_gradient(&v, 2, x, x + 1000, false, dw, db), 0);
    h = hash(hash(h, dw, sizeof dw), db, sizeof db);
    assert_int_equal(kernels_conv_input_gradient(&v, 2, x + 600, x + 1000, out), 0);
    return hash(h, out, 540 * sizeof *out);
}

static uint64_t golden_maps(uint64_t h, const uint32_t *bits, const float *x, float *out)
{
    kernels_normal(GOLDEN, bits, out);
    h = hash(h, out, GOLDEN * sizeof *out);
    kernels_exp(GOLDEN, out, out);
    h = hash(h, out, GOLDEN * sizeof *out);
    kernels_log(GOLDEN, out, out);
    h = hash(h, out, GOLDEN * sizeof *out);
    kernels_log_softmax(64, 64, x, 64, out, 64);
    h = hash(h, out, GOLDEN * sizeof *out);
    const kernels_adam_step step = {0.01f, 0.9, 0.999, 1e-7f, 0, 0};
    float w[100], m[100] = {0}, second[100] = {0};
    memcpy(w, x, sizeof w);
    for (size_t t = 0; t < 3; t++)
        kernels_adam(100, &step, x + 100 * t, w, m, second);
    h = hash(hash(hash(h, w, sizeof w), m, sizeof m), second, sizeof second);
    double dot = kernels_dot(GOLDEN / 2, x, x + GOLDEN / 2);
    h = hash(h, &dot, sizeof dot);
    for (size_t i = 0; i < 1000; i++) {
        double y[2] = {kernels_exp_double(20 * (double)x[i]),
                       kernels_log_double(2 + (double)x[i])};
        h = hash(h, y, sizeof y);
    }
    return h;
}

/* The hash of a fixed computation. It may change only together with NN_NUMERICS_VERSION. */
static void golden_bits(void **state)
{
    (void)state;
    static uint32_t bits[GOLDEN];
    static float x[GOLDEN], out[GOLDEN];
    g_seed = 9;
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

/* The same for what came later: the optimisers' steps and the cosine. */
static void golden_updates(void **state)
{
    (void)state;
    enum { COUNT = 100, STEPS = 3 };
    g_seed = 10;
    float *start = exact_random(COUNT), *g = exact_random(STEPS * COUNT);
    EACH_ISA(name) {
        uint64_t h = 0xcbf29ce484222325u;
        for (size_t i = 0; i < sizeof UPDATES / sizeof *UPDATES; i++) {
            float w[COUNT], first[COUNT] = {0}, second[COUNT] = {0};
            memcpy(w, start, sizeof w);
            for (size_t t = 0; t < STEPS; t++)
                run_update(&UPDATES[i], COUNT, g + t * COUNT, w, first, second);
            h = hash(hash(hash(h, w, sizeof w), first, sizeof first), second, sizeof second);
        }
        for (size_t i = 0; i < 1000; i++) {
            double y = kernels_cos_pi_double((double)i / 800);
            h = hash(h, &y, sizeof y);
        }
        print_message("# %s: %016llx\n", *name, (unsigned long long)h);
        assert_true(h == 0x9f3a45a76b6893e8u);
    }
    free(start);
    free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(isa_selection),
        cmocka_unit_test(gemm_shapes),
        cmocka_unit_test(gemm_of_nothing),
        cmocka_unit_test(gemm_not_finite),
        cmocka_unit_test(gemm_in_threads),
        cmocka_unit_test(conv_shapes),
        cmocka_unit_test(conv_in_shares),
        cmocka_unit_test(conv_not_finite),
        cmocka_unit_test(exp_accuracy),
        cmocka_unit_test(log_accuracy),
        cmocka_unit_test(exp_and_log_edges),
        cmocka_unit_test(doubles),
        cmocka_unit_test(cosines),
        cmocka_unit_test(normals),
        cmocka_unit_test(log_softmax),
        cmocka_unit_test(updates),
        cmocka_unit_test(pixels_and_sums),
        cmocka_unit_test(golden_bits),
        cmocka_unit_test(golden_updates),
    };
    return cmocka_run_group_tests_name("kernels", tests, NULL, NULL);
}

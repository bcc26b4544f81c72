/* test_kit_linear.c - the kit's linear algebra: known answers, residuals, matrices that are close
 * to singular or are it, principal axes as NumPy gives them, and the same bits everywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "kernels.h"
#include "kit.h"
#include "probe.h"
#include "strategy_probe.h"

/* Runs a test's body in a host and fails with the host's sentence. */
static void run(probe_body body)
{
    fb_error err = {0};
    if (probe_run(body, NULL, 8, 1, NULL, NULL, &err) != 0)
        fail_msg("%s", err.text);
}

/* Runs a body that has to fail with FB_ENUMERIC and a sentence that contains `text`. */
static void run_refused(probe_body body, const char *text)
{
    fb_error err = {0};
    assert_int_equal(probe_run(body, NULL, 8, 1, NULL, NULL, &err), FB_ENUMERIC);
    if (!strstr(err.text, text))
        fail_msg("\"%s\" does not say \"%s\"", err.text, text);
}

static void assert_close(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.17g is not %.17g +- %g", value, expected, tolerance);
}

static double *numbers(size_t count)
{
    double *x = calloc(count ? count : 1, sizeof *x);
    assert_non_null(x);
    return x;
}

/* In [-1, 1). */
static double *random_numbers(size_t count, uint64_t draw)
{
    double *x = numbers(count);
    uint32_t bits;
    for (size_t i = 0; i < count; i++) {
        fb_stream_bits((fb_stream){7}, draw, i, 1, &bits);
        x[i] = (double)(int32_t)bits * 0x1p-31;
    }
    return x;
}

/* A B' of the rows of a (m, k) and b (n, k). */
static double *outer(size_t m, size_t n, size_t k, const double *a, const double *b)
{
    double *c = numbers(m * n);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++)
            for (size_t p = 0; p < k; p++)
                c[i * n + j] += a[i * k + p] * b[j * k + p];
    return c;
}

/* A positive definite matrix of n rows: X X' of n rows of `rank` random numbers, and `more` on the
 * diagonal. */
static double *gram(size_t n, size_t rank, double more, uint64_t draw)
{
    double *x = random_numbers(n * rank, draw), *a = outer(n, n, rank, x, x);
    for (size_t i = 0; i < n; i++)
        a[i * n + i] += more;
    free(x);
    return a;
}

static double *copy(const double *x, size_t count)
{
    double *y = numbers(count);
    memcpy(y, x, count * sizeof *y);
    return y;
}

/* 1 / (i + j + 1): the worse conditioned the larger. */
static double *hilbert(size_t n)
{
    double *a = numbers(n * n);
    for (size_t i = 0; i < n * n; i++)
        a[i] = 1 / (double)(i / n + i % n + 1);
    return a;
}

/* The largest element of A B - I, both symmetric or not. */
static double distance_from_identity(size_t n, const double *a, const double *b)
{
    double largest = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            double sum = i == j ? -1 : 0;
            for (size_t k = 0; k < n; k++)
                sum += a[i * n + k] * b[k * n + j];
            largest = fmax(largest, fabs(sum));
            assert_true(isfinite(sum));
        }
    return largest;
}

/* ---- products ------------------------------------------------------------------------------- */

static void check_product(const fb_host *host, size_t m, size_t n, size_t k)
{
    for (unsigned kind = 0; kind < 8; kind++) {
        kit_multiplication p = {.m = m, .n = n, .k = k, .scale = 0.5, .c_stride = n + 1};
        double *a = random_numbers(m * k, 1), *b = random_numbers(k * n, 2);
        double *c = random_numbers(m * (n + 1), 3), *want = copy(c, m * (n + 1));
        p.a = a;
        p.b = b;
        p.c = c;
        p.a_transposed = kind & 1;
        p.b_transposed = kind & 2;
        p.add = kind & 4;
        p.a_stride = p.a_transposed ? m : k;
        p.b_stride = p.b_transposed ? k : n;
        kit_multiply(host, &p);
        kernels_gemm_double(p.a_transposed, p.b_transposed, m, n, k, p.scale, a, p.a_stride, b,
                            p.b_stride, p.add, want, p.c_stride);
        assert_memory_equal(c, want, m * (n + 1) * sizeof *c);
        free(a);
        free(b);
        free(c);
        free(want);
    }
}

static int products(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    (void)argument;
    check_product(host, 130, 70, 20);
    check_product(host, 70, 130, 20);
    check_product(NULL, 64, 64, 3);
    check_product(host, 1, 0, 3);
    check_product(host, 3, 2, 0);
    return 0;
}

static void products_in_blocks_have_the_bits_of_the_whole(void **state)
{
    (void)state;
    run(products);
}

/* ---- Cholesky ------------------------------------------------------------------------------- */

static int cholesky_known(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    (void)argument;
    double a[9] = {4, 99, 99, 2, 5, 99, -6, 1, 26}; /* what stands above is not read */
    const double l[9] = {2, 0, 0, 1, 2, 0, -3, 2, sqrt(13)};
    assert_int_equal(kit_cholesky(host, "a", 3, a), 0);
    assert_memory_equal(a, l, sizeof l);
    double one = 2.25;
    assert_int_equal(kit_cholesky(NULL, "one", 1, &one), 0);
    assert_true(one == 1.5);
    return kit_cholesky(host, "nothing", 0, NULL);
}

/* 64 rows are a block. */
static int cholesky_residuals(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    (void)argument;
    static const size_t sizes[] = {5, 63, 64, 65, 128, 150};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        size_t n = sizes[s];
        double *a = gram(n, n, 0.1, n), *l = copy(a, n * n);
        assert_int_equal(kit_cholesky(host, "a", n, l), 0);
        double *product = outer(n, n, n, l, l);
        for (size_t i = 0; i < n * n; i++) {
            assert_close(product[i], a[i], 1e-13 * (double)n);
            if (i % n > i / n)
                assert_true(l[i] == 0);
        }
        free(a);
        free(l);
        free(product);
    }
    return 0;
}

static void cholesky_factors(void **state)
{
    (void)state;
    run(cholesky_known);
    run(cholesky_residuals);
}

static int cholesky_indefinite(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    (void)argument;
    return kit_cholesky(host, "the test's", 2, (double[]){1, 2, 2, 1});
}

static int cholesky_low_rank(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    (void)argument;
    double *a = gram(90, 30, 0, 4);
    int rc = kit_cholesky(host, "a", 90, a);
    free(a);
    return rc;
}

static int cholesky_nan(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    (void)argument;
    return kit_cholesky(host, "a", 2, (double[]){1, 0, NAN, 1});
}

static int cholesky_infinite(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    (void)argument;
    return kit_cholesky(host, "a", 1, (double[]){INFINITY});
}

static void cholesky_refuses_what_is_not_positive_definite(void **state)
{
    (void)state;
    run_refused(cholesky_indefinite, "the test's is not positive definite to working precision: "
                                     "row 1 of 2");
    run_refused(cholesky_low_rank, "row 30 of 90");
    run_refused(cholesky_nan, "row 1 of 2");
    run_refused(cholesky_infinite, "row 0 of 1");
    assert_int_equal(kit_cholesky(NULL, "a", 1, (double[]){0}), FB_ENUMERIC);
    /* Small is not singular. */
    double small[4] = {1e-200, 0, 0, 1e100};
    assert_int_equal(kit_cholesky(NULL, "a", 2, small), 0);
}

/* L L' x = b, of more columns than x has. */
static void triangular_systems(void **state)
{
    (void)state;
    enum { N = 140, COLUMNS = 9, STRIDE = 11 };
    double *a = gram(N, N, 0.5, 8), *l = copy(a, N * N);
    double *b = random_numbers(N * STRIDE, 9), *x = copy(b, N * STRIDE);
    assert_int_equal(kit_cholesky(NULL, "a", N, l), 0);
    kit_lower_solve(N, l, N, COLUMNS, x, STRIDE);
    kit_lower_solve_transposed(N, l, N, COLUMNS, x, STRIDE);
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < STRIDE; j++) {
            double sum = 0;
            for (size_t k = 0; k < N && j < COLUMNS; k++)
                sum += a[i * N + k] * x[k * STRIDE + j];
            if (j < COLUMNS)
                assert_close(sum, b[i * STRIDE + j], 1e-11);
            else
                assert_true(x[i * STRIDE + j] == b[i * STRIDE + j]);
        }
    free(a);
    free(l);
    free(b);
    free(x);
}

/* ---- inverses ------------------------------------------------------------------------------- */

static int cholesky_inverses(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    (void)argument;
    static const size_t sizes[] = {1, 7, 64, 65, 150};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        size_t n = sizes[s];
        double *a = gram(n, n, 0.5, n), *l = copy(a, n * n), *inverse = random_numbers(n * n, 1);
        assert_int_equal(kit_cholesky(host, "a", n, l), 0);
        kit_cholesky_inverse(host, n, l, inverse);
        assert_close(distance_from_identity(n, a, inverse), 0, 1e-11);
        for (size_t i = 0; i < n * n; i++)
            assert_true(inverse[i] == inverse[i % n * n + i / n]);
        free(a);
        free(l);
        free(inverse);
    }
    return 0;
}

/* The inverse of Hilbert's matrix of 6 rows is one of integers; its condition is 1.5e7. */
static void check_hilbert_inverse(const double *inverse)
{
    static const double first[6] = {36, -630, 3360, -7560, 7560, -2772};
    for (size_t j = 0; j < 6; j++)
        assert_close(inverse[j] / first[j], 1, 1e-8);
    assert_close(inverse[35] / 698544, 1, 1e-8);
}

static void cholesky_inverse_of_bad_condition(void **state)
{
    (void)state;
    double *a = hilbert(6), inverse[36];
    run(cholesky_inverses);
    assert_int_equal(kit_cholesky(NULL, "Hilbert", 6, a), 0);
    kit_cholesky_inverse(NULL, 6, a, inverse);
    check_hilbert_inverse(inverse);
    free(a);
}

static void inverses_of_any_matrix(void **state)
{
    (void)state;
    double swap[4] = {0, 1, 2, 0}, inverse[36];
    assert_int_equal(kit_inverse(NULL, "swap", 2, swap, inverse), 0);
    assert_memory_equal(inverse, ((double[]){0, 0.5, 1, 0}), 4 * sizeof *inverse);

    /* -I + K, indefinite, and rows of very different sizes. */
    double *a = gram(30, 9, -1, 3);
    for (size_t j = 0; j < 30; j++) {
        a[3 * 30 + j] *= 0x1p100;
        a[7 * 30 + j] *= 0x1p-200;
    }
    double *b = copy(a, 900), *b_inverse = numbers(900);
    assert_int_equal(kit_inverse(NULL, "b", 30, b, b_inverse), 0);
    for (size_t i = 0; i < 30; i++) {
        b_inverse[i * 30 + 3] *= 0x1p100;
        b_inverse[i * 30 + 7] *= 0x1p-200;
        a[3 * 30 + i] *= 0x1p-100;
        a[7 * 30 + i] *= 0x1p200;
    }
    assert_close(distance_from_identity(30, a, b_inverse), 0, 1e-12);
    free(a);
    free(b);
    free(b_inverse);

    double *h = hilbert(6);
    assert_int_equal(kit_inverse(NULL, "Hilbert", 6, h, inverse), 0);
    check_hilbert_inverse(inverse);
    free(h);
    assert_int_equal(kit_inverse(NULL, "nothing", 0, NULL, inverse), 0);
}

static int inverse_of_low_rank(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    (void)argument;
    double *a = gram(12, 8, 0, 5), inverse[144];
    int rc = kit_inverse(host, "the test's", 12, a, inverse);
    free(a);
    return rc;
}

static int inverse_of_zeros(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    (void)argument;
    return kit_inverse(host, "zeros", 2, (double[4]){0}, (double[4]){0});
}

static void inverse_refuses_singular_matrices(void **state)
{
    (void)state;
    double inverse[4];
    run_refused(inverse_of_low_rank, "the test's is singular to working precision: column 8 of 12");
    run_refused(inverse_of_zeros, "column 0 of 2");
    assert_int_equal(kit_inverse(NULL, "a", 1, (double[]){NAN}, inverse), FB_ENUMERIC);
    assert_int_equal(kit_inverse(NULL, "a", 1, (double[]){INFINITY}, inverse), FB_ENUMERIC);
    assert_int_equal(kit_inverse(NULL, "a", 2, (double[]){1, 2, 2, 4}, inverse), FB_ENUMERIC);
}

/* ---- eigenvectors --------------------------------------------------------------------------- */

/* A v = value v, orthonormal, in order, with the right sign; `size` is the largest magnitude of a
 * value. */
static void check_eigen(size_t n, const double *a, const double *rows, const double *values,
                        double size)
{
    for (size_t i = 0; i < n; i++) {
        const double *v = rows + i * n;
        size_t largest = 0;
        assert_true(i == 0 || values[i - 1] >= values[i]);
        for (size_t j = 0; j < n; j++) {
            double sum = 0;
            for (size_t k = 0; k < n; k++)
                sum += a[j * n + k] * v[k];
            assert_close(sum / size, values[i] * v[j] / size, 1e-14 * (double)n);
            if (fabs(v[j]) > fabs(v[largest]))
                largest = j;
        }
        assert_true(v[largest] > 0);
    }
    double *products = outer(n, n, n, rows, rows);
    for (size_t i = 0; i < n * n; i++)
        assert_close(products[i], i / n == i % n, 1e-14 * (double)n);
    free(products);
}

static void eigen(const fb_host *host, size_t n, double *a, double *values, double size)
{
    double *rows = copy(a, n * n);
    assert_int_equal(kit_eigen(host, n, rows, values), 0);
    check_eigen(n, a, rows, values, size);
    free(rows);
}

static int eigen_known(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    (void)argument;
    double values[100], two[4] = {1, 2, 2, 1};
    assert_int_equal(kit_eigen(host, 2, two, values), 0);
    const double half = sqrt(0.5), want[4] = {half, half, half, -half};
    for (size_t i = 0; i < 4; i++)
        assert_close(two[i], want[i], 1e-15);
    assert_close(values[0], 3, 1e-15);
    assert_close(values[1], -1, 1e-15);

    /* Second differences: 2 - 2 cos(pi k / (n + 1)). */
    enum { N = 100 };
    double *a = numbers(N * N);
    for (size_t i = 0; i < N; i++) {
        a[i * N + i] = 2;
        if (i > 0)
            a[i * N + i - 1] = a[(i - 1) * N + i] = -1;
    }
    eigen(host, N, a, values, 4);
    for (size_t i = 0; i < N; i++)
        assert_close(values[i], 2 - 2 * cos(3.14159265358979323846 * (double)(N - i) / (N + 1)),
                     1e-14);
    free(a);
    double one = -7;
    assert_int_equal(kit_eigen(host, 1, &one, values), 0);
    assert_true(one == 1 && values[0] == -7);
    return kit_eigen(host, 0, NULL, NULL);
}

/* Of low rank, repeated, zero, of any size. */
static int eigen_special(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    (void)argument;
    enum { N = 70 };
    double values[N], *zeros = numbers(N * N), *low = gram(N, 5, 0, 6), *full = gram(N, N, -3, 7);
    eigen(host, N, zeros, values, 1);
    assert_true(values[0] == 0 && values[N - 1] == 0);
    for (size_t i = 0; i < N; i++)
        zeros[i * N + i] = -2;
    eigen(host, N, zeros, values, 2);
    assert_true(values[0] == -2 && values[N - 1] == -2);
    eigen(host, N, low, values, 40);
    assert_true(values[4] > 1);
    assert_close(values[5], 0, 1e-13);
    eigen(host, N, full, values, 100);
    for (size_t i = 0; i < N * N; i++)
        full[i] *= 1e200;
    eigen(host, N, full, values, 1e202);
    for (size_t i = 0; i < N * N; i++)
        full[i] *= 0x1p-1000;
    eigen(host, N, full, values, 1e202 * 0x1p-1000);
    free(zeros);
    free(low);
    free(full);
    return 0;
}

static void eigenvectors(void **state)
{
    (void)state;
    run(eigen_known);
    run(eigen_special);
}

static int eigen_nan(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    (void)argument;
    double values[2];
    return kit_eigen(host, 2, (double[]){1, NAN, NAN, 1}, values);
}

static void eigenvectors_of_nan_are_refused(void **state)
{
    (void)state;
    run_refused(eigen_nan, "element (0, 1)");
}

/* ---- principal axes ------------------------------------------------------------------------- */

static void assert_golden(const char *name, const double *got, size_t count)
{
    npy_array want = golden_floats(GOLDEN_DIR, "strategies", name);
    assert_true(count <= want.count);
    for (size_t i = 0; i < count; i++)
        assert_close(got[i], (double)want.f32[i], 2e-7 * fmax(1, fabs((double)want.f32[i])));
    npy_finish(&want);
}

static int pca_golden(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    (void)argument;
    enum { D = 12 };
    npy_array x = golden_floats(GOLDEN_DIR, "strategies", "pca_x");
    kit_matrix matrix = {x.f32, x.shape[0], D};
    double mean[D], axes[D * D], variances[D], few[3 * D];
    assert_int_equal(kit_pca(host, &matrix, D, mean, axes, variances), 0);
    assert_golden("pca_centred_axes", axes, D * D);
    assert_golden("pca_centred_variances", variances, D);
    assert_int_equal(kit_pca(host, &matrix, 3, mean, few, NULL), 0);
    assert_memory_equal(few, axes, sizeof few);
    assert_int_equal(kit_pca(host, &matrix, D, NULL, axes, variances), 0);
    assert_golden("pca_origin_axes", axes, D * D);
    assert_golden("pca_origin_variances", variances, D);
    npy_finish(&x);
    return 0;
}

static void principal_axes_are_those_of_numpy(void **state)
{
    (void)state;
    run(pca_golden);
}

/* Fewer rows than columns, more columns than a block, more rows than a chunk. */
static int pca_shapes(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    (void)argument;
    static const size_t shapes[][2] = {{3, 70}, {1, 5}, {130, 6}, {200, 131}};
    for (size_t s = 0; s < 4; s++) {
        size_t n = shapes[s][0], d = shapes[s][1];
        double *random = random_numbers(n * d, s), *axes = numbers(d * d);
        double *mean = numbers(d), *variances = numbers(d), total = 0, explained = 0;
        float *x = calloc(n * d, sizeof *x);
        assert_non_null(x);
        for (size_t i = 0; i < n * d; i++)
            x[i] = (float)random[i];
        kit_matrix matrix = {x, n, d};
        assert_int_equal(kit_pca(host, &matrix, d, mean, axes, variances), 0);
        for (size_t i = 0; i < n * d; i++)
            total += ((double)x[i] - mean[i % d]) * ((double)x[i] - mean[i % d]) / (double)n;
        for (size_t i = 0; i < d; i++)
            explained += variances[i];
        assert_close(explained, total, 1e-12 * (double)d);
        double *products = outer(d, d, d, axes, axes);
        for (size_t i = 0; i < d * d; i++)
            assert_close(products[i], i / d == i % d, 1e-13 * (double)d);
        free(random);
        free(axes);
        free(mean);
        free(variances);
        free(x);
        free(products);
    }
    return 0;
}

static int pca_too_many(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    (void)argument;
    double axes[9];
    kit_matrix matrix = {(float[]){1, 2, 3, 4}, 2, 2};
    return kit_pca(host, &matrix, 3, NULL, axes, NULL);
}

static void principal_axes_of_any_shape(void **state)
{
    (void)state;
    run(pca_shapes);
    fb_error err = {0};
    assert_int_equal(probe_run(pca_too_many, NULL, 8, 1, NULL, NULL, &err), FB_EINVAL);
    assert_non_null(strstr(err.text, "3 principal axes of 2 rows of 2 numbers"));
}

static int pca_small(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    (void)argument;
    double axes[4];
    kit_matrix matrix = {(float[]){1, 2, 3, 5}, 2, 2};
    return kit_pca(host, &matrix, 2, NULL, axes, NULL);
}

static void memory_that_is_short_is_said(void **state)
{
    (void)state;
    int rc = FB_ENOMEM;
    uint64_t n = 1; /* the first is the probe's own */
    while (rc == FB_ENOMEM) {
        fb_error err = {0};
        fb_alloc_fail_at(++n);
        rc = probe_run(pca_small, NULL, 1, 1, NULL, NULL, &err);
        fb_alloc_fail_at(0);
        assert_true(n < 50);
    }
    assert_int_equal(rc, 0);
    assert_true(n > 4);
}

/* ---- bits ----------------------------------------------------------------------------------- */

static uint64_t hash(uint64_t h, const double *x, size_t count)
{
    const unsigned char *bytes = (const unsigned char *)x;
    for (size_t i = 0; i < count * sizeof *x; i++)
        h = (h ^ bytes[i]) * UINT64_C(1099511628211);
    return h;
}

static int hash_all(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    enum { N = 100 };
    double *a = gram(N, N, 0.5, 10), *l = copy(a, N * N), *inverse = numbers(N * N), values[N];
    uint64_t h = 0;
    assert_int_equal(kit_cholesky(host, "a", N, l), 0);
    h = hash(h, l, N * N);
    kit_cholesky_inverse(host, N, l, inverse);
    h = hash(h, inverse, N * N);
    memcpy(l, a, N * N * sizeof *l);
    assert_int_equal(kit_inverse(host, "a", N, l, inverse), 0);
    h = hash(h, inverse, N * N);
    assert_int_equal(kit_eigen(host, N, a, values), 0);
    h = hash(h, a, N * N);
    *(uint64_t *)argument = hash(h, values, N);
    free(a);
    free(l);
    free(inverse);
    return 0;
}

/* Under every instruction set, and with every compiler: the number was taken once. */
static void bits_are_the_same_everywhere(void **state)
{
    (void)state;
    for (const char *const *isa = kernels_isas(); *isa; isa++) {
        uint64_t h = 0;
        fb_error err = {0};
        assert_int_equal(kernels_use_isa(*isa, &err), 0);
        if (probe_run(hash_all, &h, 8, 1, NULL, NULL, &err) != 0)
            fail_msg("%s", err.text);
        if (h != UINT64_C(0x7b27afca3e85dea8))
            fail_msg("the bits under %s are 0x%llx", *isa, (unsigned long long)h);
    }
    assert_int_equal(kernels_use_isa(NULL, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_in_blocks_have_the_bits_of_the_whole),
        cmocka_unit_test(cholesky_factors),
        cmocka_unit_test(cholesky_refuses_what_is_not_positive_definite),
        cmocka_unit_test(triangular_systems),
        cmocka_unit_test(cholesky_inverse_of_bad_condition),
        cmocka_unit_test(inverses_of_any_matrix),
        cmocka_unit_test(inverse_refuses_singular_matrices),
        cmocka_unit_test(eigenvectors),
        cmocka_unit_test(eigenvectors_of_nan_are_refused),
        cmocka_unit_test(principal_axes_are_those_of_numpy),
        cmocka_unit_test(principal_axes_of_any_shape),
        cmocka_unit_test(memory_that_is_short_is_said),
        cmocka_unit_test(bits_are_the_same_everywhere),
    };
    return cmocka_run_group_tests_name("kit_linear", tests, NULL, NULL);
}

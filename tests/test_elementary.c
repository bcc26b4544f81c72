/* test_elementary.c - exp, log, cosine, normal numbers, softmax and passes over arrays, under every
 * instruction set, against double. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernels_probe.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

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

static void entropy_terms(void **state)
{
    (void)state;
    enum { COUNT = 30011 };
    static double p[COUNT], terms[COUNT];
    for (int i = 0; i < COUNT; i++)
        p[i] = i % 2 ? i / (double)COUNT : ldexp(1 + i / (double)COUNT, -i % 1000);
    p[0] = 0;
    p[1] = 1;
    p[2] = 0.70710678118654752; /* on both sides of where the exponent changes */
    p[3] = 0.70710678118654757;
    p[4] = DBL_MIN;
    p[5] = (double)FLT_TRUE_MIN;
    p[6] = 1e300;
    EACH_ISA(name) {
        memcpy(terms, p, sizeof p);
        kernels_entropy_terms(COUNT, terms);
        assert_true(terms[0] == 0 && !signbit(terms[0]) && terms[1] == 0);
        for (int i = 1; i < COUNT; i++)
            assert_true(terms[i] == -(p[i] * kernels_log_double(p[i])));
    }
    kernels_entropy_terms(0, NULL);
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
    random_from(5);
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
    float *x = random_floats(size), *out = guarded(size), *first = guarded(size);
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
    random_from(6);
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

    random_from(8);
    float *x = random_floats(1001), *y = random_floats(1001);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exp_accuracy),
        cmocka_unit_test(log_accuracy),
        cmocka_unit_test(exp_and_log_edges),
        cmocka_unit_test(doubles),
        cmocka_unit_test(entropy_terms),
        cmocka_unit_test(cosines),
        cmocka_unit_test(normals),
        cmocka_unit_test(log_softmax),
        cmocka_unit_test(pixels_and_sums),
    };
    return cmocka_run_group_tests_name("elementary", tests, NULL, NULL);
}

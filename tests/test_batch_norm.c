/* test_batch_norm.c - the kernels of batch normalisation under every instruction set: against
 * two-pass sums in double, and bit against bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels_probe.h"

static float *floats_about(size_t count, float middle, float radius)
{
    float *x = malloc(count * sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < count; i++)
        x[i] = middle + radius * random_float();
    return x;
}

/* Rows are GAP floats longer than they need be; what is between must stay as it is. */
enum { GAP = 3 };

static float *sentinels(size_t count)
{
    float *x = calloc(count, sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < count; i++)
        x[i] = SENTINEL;
    return x;
}

static void check_gaps(const float *x, size_t rows, size_t channels)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t c = channels; c < channels + GAP; c++)
            assert_true(x[r * (channels + GAP) + c] == SENTINEL);
}

/* ---- mean and variance ---------------------------------------------------------------------- */

static void plain_statistics(size_t rows, size_t stride, const float *x, double *mean,
                             double *variance)
{
    *mean = 0;
    *variance = 0;
    for (size_t r = 0; r < rows; r++)
        *mean += (double)x[r * stride] / (double)rows;
    for (size_t r = 0; r < rows; r++)
        *variance += ((double)x[r * stride] - *mean) * ((double)x[r * stride] - *mean);
    *variance /= (double)rows;
}

/* Checks all instruction sets on x (rows, channels). */
static void check_statistics(size_t rows, size_t channels, const float *x)
{
    float *mean = sentinels(channels + 1), *variance = sentinels(channels + 1);
    float *first_mean = sentinels(channels + 1), *first_variance = sentinels(channels + 1);
    bool is_first = true;
    EACH_ISA(name) {
        kernels_batch_norm_statistics(rows, channels, channels + GAP, x, mean, variance);
        assert_true(mean[channels] == SENTINEL && variance[channels] == SENTINEL);
        for (size_t c = 0; c < channels; c++) {
            double want_mean, want_variance;
            plain_statistics(rows, channels + GAP, x + c, &want_mean, &want_variance);
            assert_near((double)mean[c], want_mean,
                        1e-7 * fabs(want_mean) + 1e-6 * sqrt(want_variance), "mean");
            assert_near((double)variance[c], want_variance,
                        3e-6 * want_variance + 1e-20 * want_mean * want_mean, "variance");
            assert_true(variance[c] >= 0);
        }
        if (is_first) {
            memcpy(first_mean, mean, channels * sizeof *mean);
            memcpy(first_variance, variance, channels * sizeof *variance);
        }
        assert_memory_equal(mean, first_mean, channels * sizeof *mean);
        assert_memory_equal(variance, first_variance, channels * sizeof *variance);
        is_first = false;
    }
    free(mean);
    free(variance);
    free(first_mean);
    free(first_variance);
}

static void statistics(void **state)
{
    (void)state;
    static const size_t shapes[][2] = {
        {1, 1}, {2, 1}, {3, 5}, {31, 16}, {32, 17}, {33, 40}, {64, 3}, {100, 260}, {777, 31},
    };
    random_from(1);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        size_t rows = shapes[i][0], channels = shapes[i][1], count = rows * (channels + GAP);
        const float middles[] = {0, -3, 10000};
        for (size_t m = 0; m < 3; m++) {
            float *x = floats_about(count, middles[m], 1);
            check_statistics(rows, channels, x);
            free(x);
        }
    }
}

/* What the shift and the blocks could get wrong: constants, one pixel unlike all others (first,
 * in the middle, last), blocks of different levels, a slope. */
static void statistics_of_hard_columns(void **state)
{
    (void)state;
    enum { ROWS = 200, COLUMNS = 8, STRIDE = COLUMNS + GAP };
    static float x[ROWS * STRIDE];
    random_from(2);
    for (size_t r = 0; r < ROWS; r++) {
        float *row = x + r * STRIDE;
        row[0] = 0.1f;
        row[1] = 0;
        row[2] = r == 0 ? 1e6f : random_float();
        row[3] = r == 100 ? -1e6f : 7;
        row[4] = r == ROWS - 1 ? 1e-3f : 0;
        row[5] = r / 32 % 2 ? 1000 : -1000;
        row[6] = (float)r * 1e3f;
        row[7] = r == 0 ? 5 : 5.0001f;
    }
    check_statistics(ROWS, COLUMNS, x);
}

/* ---- forward and backward ------------------------------------------------------------------- */

typedef struct fixture {
    size_t rows, channels, stride, size;
    kernels_batch_norm norm;
    float *x, *dy, *mean, *inverse, *gamma, *beta;
    float *y, *dx, *d_gamma, *d_beta;
} fixture;

static fixture make_fixture(size_t rows, size_t channels, bool relu)
{
    fixture f = {.rows = rows, .channels = channels, .stride = channels + GAP};
    f.size = rows * f.stride;
    f.x = floats_about(f.size, 0.5f, 2);
    f.dy = floats_about(f.size, 0.1f, 1);
    f.mean = floats_about(channels, 0.5f, 1);
    f.inverse = floats_about(channels, 1, 0.5f);
    f.gamma = floats_about(channels, 0, 2);
    f.beta = floats_about(channels, 0, 1);
    f.y = sentinels(f.size);
    f.dx = sentinels(f.size);
    f.d_gamma = sentinels(channels + 1);
    f.d_beta = sentinels(channels + 1);
    f.norm = (kernels_batch_norm){.channels = channels, .stride = f.stride, .mean = f.mean,
                                  .inverse = f.inverse, .gamma = f.gamma, .beta = f.beta,
                                  .relu = relu};
    return f;
}

static void free_fixture(fixture *f)
{
    float *all[] = {f->x, f->dy, f->mean, f->inverse, f->gamma, f->beta,
                    f->y, f->dx, f->d_gamma, f->d_beta};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

static void run(fixture *f)
{
    kernels_batch_norm_forward(&f->norm, f->rows, f->x, f->y);
    kernels_batch_norm_gradients(&f->norm, f->rows, f->x, f->dy, f->d_gamma, f->d_beta);
    kernels_batch_norm_input_gradient(&f->norm, f->rows, f->rows, f->x, f->dy, f->d_gamma,
                                      f->d_beta, f->dx);
    assert_true(f->d_gamma[f->channels] == SENTINEL && f->d_beta[f->channels] == SENTINEL);
    check_gaps(f->y, f->rows, f->channels);
    check_gaps(f->dx, f->rows, f->channels);
}

/* One channel by the formulas; the ReLU's mask is that of the y we got. */
static void check_channel(const fixture *f, size_t c)
{
    const double mean = (double)f->mean[c], inverse = (double)f->inverse[c];
    const double gamma = (double)f->gamma[c], beta = (double)f->beta[c];
    double d_gamma = 0, d_beta = 0;
    for (size_t r = 0; r < f->rows; r++) {
        size_t at = r * f->stride + c;
        double normal = ((double)f->x[at] - mean) * inverse, y = gamma * normal + beta;
        if (f->norm.relu && y < 0)
            y = 0;
        assert_near((double)f->y[at], y, 2e-6, "forward");
        double dy = f->norm.relu && !(f->y[at] > 0) ? 0 : (double)f->dy[at];
        d_gamma += dy * normal;
        d_beta += dy;
    }
    double rows = (double)f->rows;
    assert_near((double)f->d_gamma[c], d_gamma, 1e-6 * rows, "gradient of gamma");
    assert_near((double)f->d_beta[c], d_beta, 1e-6 * rows, "gradient of beta");
    for (size_t r = 0; r < f->rows; r++) {
        size_t at = r * f->stride + c;
        double dy = f->norm.relu && !(f->y[at] > 0) ? 0 : (double)f->dy[at];
        double normal = ((double)f->x[at] - mean) * inverse;
        double dx = gamma * inverse * (dy - d_beta / rows - normal * d_gamma / rows);
        assert_near((double)f->dx[at], dx, 1e-5, "gradient of x");
    }
}

static void check_shape(size_t rows, size_t channels, bool relu)
{
    fixture f = make_fixture(rows, channels, relu);
    float *first[4] = {sentinels(f.size), sentinels(f.size), sentinels(channels),
                       sentinels(channels)};
    float *const got[4] = {f.y, f.dx, f.d_gamma, f.d_beta};
    const size_t sizes[4] = {f.size, f.size, channels, channels};
    bool is_first = true;
    EACH_ISA(name) {
        run(&f);
        for (size_t c = 0; c < channels; c++)
            check_channel(&f, c);
        for (size_t i = 0; i < 4; i++) {
            if (is_first)
                memcpy(first[i], got[i], sizes[i] * sizeof(float));
            assert_memory_equal(got[i], first[i], sizes[i] * sizeof(float));
        }
        is_first = false;
    }
    for (size_t i = 0; i < 4; i++)
        free(first[i]);
    free_fixture(&f);
}

static void forward_and_backward(void **state)
{
    (void)state;
    static const size_t shapes[][2] = {
        {1, 1}, {1, 20}, {2, 7}, {32, 16}, {33, 15}, {70, 33}, {5, 300}, {300, 2}, {64, 64},
    };
    random_from(3);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        check_shape(shapes[i][0], shapes[i][1], true);
        check_shape(shapes[i][0], shapes[i][1], false);
    }
}

static void in_place_and_in_parts(void **state)
{
    (void)state;
    enum { ROWS = 41, CHANNELS = 37, CUT = 16, TOP = 13 };
    random_from(4);
    fixture f = make_fixture(ROWS, CHANNELS, true);
    float *x = floats_about(f.size, 0, 1), *d_gamma = sentinels(CHANNELS);
    float *d_beta = sentinels(CHANNELS);
    run(&f);

    /* The first channels by themselves, then the others: the same bits. */
    kernels_batch_norm parts[2] = {f.norm, f.norm};
    parts[0].channels = CUT;
    parts[1] = (kernels_batch_norm){
        .channels = CHANNELS - CUT, .stride = f.stride, .mean = f.mean + CUT,
        .inverse = f.inverse + CUT, .gamma = f.gamma + CUT, .beta = f.beta + CUT, .relu = true};
    kernels_batch_norm_gradients(&parts[0], ROWS, f.x, f.dy, d_gamma, d_beta);
    kernels_batch_norm_gradients(&parts[1], ROWS, f.x + CUT, f.dy + CUT, d_gamma + CUT,
                                 d_beta + CUT);
    assert_memory_equal(d_gamma, f.d_gamma, sizeof(float[CHANNELS]));
    assert_memory_equal(d_beta, f.d_beta, sizeof(float[CHANNELS]));

    /* The rows in two parts and in place. */
    float *dx = f.dy;
    kernels_batch_norm_input_gradient(&f.norm, TOP, ROWS, f.x, dx, d_gamma, d_beta, dx);
    kernels_batch_norm_input_gradient(&f.norm, ROWS - TOP, ROWS, f.x + TOP * f.stride,
                                      dx + TOP * f.stride, d_gamma, d_beta, dx + TOP * f.stride);
    memcpy(x, f.x, f.size * sizeof *x);
    kernels_batch_norm_forward(&f.norm, ROWS, x, x);
    for (size_t r = 0; r < ROWS; r++) {
        assert_memory_equal(dx + r * f.stride, f.dx + r * f.stride, sizeof(float[CHANNELS]));
        assert_memory_equal(x + r * f.stride, f.y + r * f.stride, sizeof(float[CHANNELS]));
    }
    free(x);
    free(d_gamma);
    free(d_beta);
    free_fixture(&f);
}

static void a_nan_stays_in_its_channel(void **state)
{
    (void)state;
    enum { ROWS = 40, CHANNELS = 20 };
    random_from(5);
    fixture f = make_fixture(ROWS, CHANNELS, true);
    f.x[7 * f.stride + 3] = NAN;
    EACH_ISA(name) {
        kernels_batch_norm_statistics(ROWS, CHANNELS, f.stride, f.x, f.mean, f.inverse);
        for (size_t c = 0; c < CHANNELS; c++) {
            assert_int_equal(isnan(f.mean[c]) != 0, c == 3);
            assert_int_equal(isnan(f.inverse[c]) != 0, c == 3);
        }
        kernels_batch_norm_forward(&f.norm, ROWS, f.x, f.y);
        for (size_t i = 0; i < f.size; i++) /* the ReLU hides no NaN */
            assert_int_equal(isnan(f.y[i]) != 0, i % f.stride == 3);
    }
    free_fixture(&f);
}

/* ---- the same bits everywhere --------------------------------------------------------------- */

/* The hash of a fixed computation. It may change only together with NN_NUMERICS_VERSION. */
static void golden_bits(void **state)
{
    (void)state;
    enum { ROWS = 150, CHANNELS = 21 };
    random_from(6);
    fixture f = make_fixture(ROWS, CHANNELS, true);
    EACH_ISA(name) {
        kernels_batch_norm_statistics(ROWS, CHANNELS, f.stride, f.x, f.mean, f.inverse);
        run(&f);
        uint64_t h = hash_bytes(0xcbf29ce484222325u, f.mean, sizeof(float[CHANNELS]));
        h = hash_bytes(h, f.inverse, sizeof(float[CHANNELS]));
        h = hash_bytes(hash_bytes(h, f.y, f.size * sizeof *f.y), f.dx, f.size * sizeof *f.dx);
        h = hash_bytes(h, f.d_gamma, sizeof(float[CHANNELS]));
        h = hash_bytes(h, f.d_beta, sizeof(float[CHANNELS]));
        print_message("# %s: %016llx\n", *name, (unsigned long long)h);
        assert_true(h == 0x828cfb4a315e9437u);
    }
    free_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statistics),
        cmocka_unit_test(statistics_of_hard_columns),
        cmocka_unit_test(forward_and_backward),
        cmocka_unit_test(in_place_and_in_parts),
        cmocka_unit_test(a_nan_stays_in_its_channel),
        cmocka_unit_test(golden_bits),
    };
    return cmocka_run_group_tests_name("batch_norm", tests, NULL, NULL);
}

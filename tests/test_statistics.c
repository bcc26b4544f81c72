/* Statistics against numbers worked out by hand, from tables, and from books. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <gsl/gsl_errno.h>
#include <math.h>

#include "alloc.h"
#include "axis.h"
#include "compare.h"
#include "statistics.h"

#define assert_near(value, expected, tol) near((value), (expected), (tol), #value, __LINE__)

static void near(double value, double expected, double tol, const char *what, int line)
{
    if (!(fabs(value - expected) <= tol))
        fail_msg("line %d: %s is %.17g, expected %.17g within %g",
                 line, what, value, expected, tol);
}

/* Darwin's maize: cross- minus self-fertilised, in eighths of an inch (Fisher 1935, The Design of
 * Experiments, section 21). */
static const double darwin[15] = {49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48};

static void test_moments(void **state)
{
    (void)state;
    const double x[8] = {2, 4, 4, 4, 5, 5, 7, 9};
    stat_moments m = stat_describe(x, 8);
    assert_int_equal(m.count, 8);
    assert_near(m.mean, 5, 0);
    assert_near(m.sd, sqrt(32.0 / 7), 1e-15);
    m = stat_describe(x, 1);
    assert_near(m.mean, 2, 0);
    assert_true(isnan(m.sd));
    assert_true(isnan(stat_describe(x, 0).mean));
}

static void test_aubc(void **state)
{
    (void)state;
    const double x[3] = {20, 40, 80}, y[3] = {0.5, 0.7, 0.9};
    assert_near(stat_aubc(x, y, 3), (20 * 0.6 + 40 * 0.8) / 60, 1e-15);
    assert_near(stat_aubc(x, y, 2), 0.6, 1e-15);
    assert_true(isnan(stat_aubc(x, y, 1)));
    const double flat[3] = {0.25, 0.25, 0.25};
    assert_near(stat_aubc(x, flat, 3), 0.25, 1e-15);
}

static void test_paired_t(void **state)
{
    (void)state;
    /* The penalty example of the BADGE and LDM papers' matrices: B - A at three counted steps. */
    const double a[3][5] = {{.60, .61, .59, .62, .60}, {.70, .72, .71, .73, .70},
                            {.80, .81, .79, .82, .80}};
    const double b[3][5] = {{.60, .60, .60, .61, .61}, {.73, .74, .75, .75, .74},
                            {.81, .83, .80, .83, .82}};
    const double expected[3] = {0, 6.7082, 5.7155};
    for (int step = 0; step < 3; step++) {
        double d[5];
        for (int r = 0; r < 5; r++)
            d[r] = b[step][r] - a[step][r];
        stat_test test = stat_paired_t(d, 5);
        assert_near(test.t, expected[step], 5e-5);
        assert_true((fabs(test.t) > 2.776) == (test.p < 0.05));
    }
    stat_test test = stat_paired_t(darwin, 15);
    assert_near(test.t, 2.148, 5e-4); /* Fisher: t = 2.148, P just below 5 % */
    assert_near(test.p, 0.0497, 5e-5);
}

static void test_paired_t_degenerate(void **state)
{
    (void)state;
    const double up[3] = {0.1, 0.1, 0.1}, zero[3] = {0, 0, 0}, down[2] = {-2, -2};
    assert_near(stat_paired_t(up, 3).p, 0, 0);
    assert_true(stat_paired_t(up, 3).t > 0 && isinf(stat_paired_t(up, 3).t));
    assert_true(stat_paired_t(down, 2).t < 0 && stat_paired_t(down, 2).p == 0);
    assert_near(stat_paired_t(zero, 3).p, 1, 0);
    assert_near(stat_paired_t(zero, 3).t, 0, 0);
    assert_true(isnan(stat_paired_t(up, 1).p));
    assert_true(isnan(stat_paired_t(up, 0).t));
}

static void test_half_width(void **state)
{
    (void)state;
    /* Student's 97.5 % points of every table: 12.706, 2.776, 2.262 for 1, 4, 9 degrees of freedom.
     * */
    const struct {
        size_t n;
        double t;
    } rows[] = {{2, 12.706}, {5, 2.776}, {10, 2.262}};
    for (size_t i = 0; i < 3; i++) {
        stat_moments m = {.count = rows[i].n, .mean = 0, .sd = 1};
        assert_near(stat_half_width(m, 0.95) * sqrt((double)rows[i].n), rows[i].t, 5e-4);
    }
    assert_true(isnan(stat_half_width((stat_moments){.count = 1}, 0.95)));
}

static void test_sign_flip(void **state)
{
    (void)state;
    const double one_way[5] = {1, 2, 3, 4, 5}, mixed[3] = {-1, 2, 3}, zero[4] = {0, 0, 0, 0};
    assert_near(stat_sign_flip(one_way, 5), 2.0 / 32, 0);
    assert_near(stat_sign_flip(mixed, 3), 4.0 / 8, 0); /* sums of size 4, 4, 6, 6 of eight */
    assert_near(stat_sign_flip(zero, 4), 1, 0);
    assert_near(stat_sign_flip(darwin, 15), 1726.0 / 32768, 0); /* Fisher's count */
    /* Sums of .9 that come out a rounding below it: 6 of 8, but 5 when compared as they are. */
    const double tied[4] = {-0.7, 0.9, 0.9, -0.2};
    assert_near(stat_sign_flip(tied, 4), 6.0 / 8, 0);
    assert_true(isnan(stat_sign_flip(zero, 0)));
}

static void test_sign_flip_limits(void **state)
{
    (void)state;
    double ones[STAT_EXACT_LIMIT + 1];
    for (size_t i = 0; i <= STAT_EXACT_LIMIT; i++)
        ones[i] = 1;
    for (size_t n = 1; n <= STAT_EXACT_LIMIT; n++)
        assert_near(stat_sign_flip(ones, n), stat_sign_flip_smallest(n), 0);
    assert_true(isnan(stat_sign_flip(ones, STAT_EXACT_LIMIT + 1)));
    assert_near(stat_sign_flip_smallest(5), 0.0625, 0);
    assert_true(stat_sign_flip_smallest(6) < 0.05);
    assert_near(stat_sign_flip_smallest(5000), 0, 0);
}

/* Random flips come near what going through all of them gives. */
static void test_sign_flip_drawn(void **state)
{
    (void)state;
    const double d[12] = {.3, -.1, .2, .4, -.2, .1, .25, .05, -.15, .35, .1, -.05};
    double exact = stat_sign_flip(d, 12), drawn = stat_sign_flip_drawn(d, 12, 20000, 1);
    assert_near(drawn, exact, 4 * sqrt(exact * (1 - exact) / 20000));
    assert_near(drawn, stat_sign_flip_drawn(d, 12, 20000, 1), 0);
    double ones[30];
    for (size_t i = 0; i < 30; i++)
        ones[i] = 1;
    assert_near(stat_sign_flip_drawn(ones, 30, 999, 1), 0.001, 1e-15); /* never again: (0 + 1) / 1000 */
    assert_true(isnan(stat_sign_flip_drawn(ones, 0, 999, 1)));
}

static void test_holm(void **state)
{
    (void)state;
    const double p[6] = {0.01, 0.04, (double)NAN, 0.03, 0.005, 0.9};
    const double expected[6] = {0.04, 0.09, 0, 0.09, 0.025, 0.9};
    double adjusted[6];
    assert_int_equal(stat_holm(p, 6, adjusted, NULL), FB_OK);
    for (size_t i = 0; i < 6; i++)
        if (i == 2)
            assert_true(isnan(adjusted[i]));
        else
            assert_near(adjusted[i], expected[i], 1e-15);
    const double large[2] = {0.6, 0.7}; /* capped at 1, and never decreasing */
    assert_int_equal(stat_holm(large, 2, adjusted, NULL), FB_OK);
    assert_near(adjusted[0], 1, 0);
    assert_near(adjusted[1], 1, 0);
    assert_int_equal(stat_holm(large, 0, adjusted, NULL), FB_OK);
    fb_alloc_fail_at(1);
    fb_error err;
    assert_int_equal(stat_holm(large, 2, adjusted, &err), FB_ENOMEM);
    fb_alloc_fail_at(0);
}

static void test_horizon(void **state)
{
    (void)state;
    const size_t all[4] = {11, 11, 11, 11};
    const size_t one_failed[4] = {11, 3, 11, 11};
    const size_t begun[4] = {11, 6, 6, 6}; /* 1 x 10 against 4 x 5 */
    const size_t even[2] = {11, 6};        /* 1 x 10 against 2 x 5: the longer one */
    const size_t first_round[3] = {1, 0, 1}, nothing[2] = {0, 0};
    assert_int_equal(compare_horizon(all, 4), 11);
    assert_int_equal(compare_horizon(one_failed, 4), 11);
    assert_int_equal(compare_horizon(begun, 4), 6);
    assert_int_equal(compare_horizon(even, 2), 11);
    assert_int_equal(compare_horizon(first_round, 3), 1);
    assert_int_equal(compare_horizon(nothing, 2), 0);
}

static void test_axis(void **state)
{
    (void)state;
    const struct {
        double low, high, step;
        long first, last;
    } rows[] = {{20, 220, 50, 1, 4}, {0, 1, 0.2, 0, 5}, {49.3, 90.1, 10, 5, 9},
                {0.1, 0.3, 0.05, 2, 6}, {100, 100000, 20000, 1, 5}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        axis a = axis_make(rows[i].low, rows[i].high, 6);
        assert_near(a.step, rows[i].step, rows[i].step * 1e-12);
        assert_int_equal(axis_first(a), rows[i].first);
        assert_int_equal(axis_last(a), rows[i].last);
    }
    axis point = axis_make(20, 20, 6);
    assert_true(point.low < 20 && point.high > 20);
    axis zero = axis_make(0, 0, 6);
    assert_true(zero.low < 0 && zero.high > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moments),          cmocka_unit_test(test_aubc),
        cmocka_unit_test(test_paired_t),         cmocka_unit_test(test_paired_t_degenerate),
        cmocka_unit_test(test_half_width),       cmocka_unit_test(test_sign_flip),
        cmocka_unit_test(test_sign_flip_limits),
        cmocka_unit_test(test_sign_flip_drawn), cmocka_unit_test(test_holm),
        cmocka_unit_test(test_horizon),          cmocka_unit_test(test_axis),
    };
    gsl_set_error_handler_off();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

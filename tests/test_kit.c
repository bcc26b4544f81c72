#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kernels.h"
#include "kit.h"
#include "probe.h"

/* Runs a test's body in a host and fails with the host's sentence. */
static void run(probe_body body)
{
    fb_error err = {0};
    if (probe_run(body, NULL, 8, 1, NULL, NULL, &err) != 0)
        fail_msg("%s", err.text);
}

static void assert_close(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.17g is not %.17g +- %g", value, expected, tolerance);
}

/* ---- choosing ------------------------------------------------------------------------------- */

static int top_k(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    (void)argument;
    const double scores[7] = {2, -1, 5, 2, 5, -1, 0};
    const uint32_t smallest[7] = {1, 5, 6, 0, 3, 2, 4}, largest[7] = {2, 4, 0, 3, 6, 1, 5};
    for (size_t k = 0; k <= 7; k++) {
        uint32_t rows[7];
        assert_int_equal(kit_top_k(host, scores, 7, k, KIT_SMALLEST_FIRST, rows), 0);
        assert_memory_equal(rows, smallest, k * sizeof *rows);
        assert_int_equal(kit_top_k(host, scores, 7, k, KIT_LARGEST_FIRST, rows), 0);
        assert_memory_equal(rows, largest, k * sizeof *rows);
    }
    return 0;
}

static void top_k_breaks_ties_by_row(void **state)
{
    (void)state;
    run(top_k);
}

static int top_k_nan(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    (void)argument;
    uint32_t rows[3];
    return kit_top_k(host, (double[]){0, NAN, 1}, 3, 3, KIT_SMALLEST_FIRST, rows);
}

static void top_k_refuses_nan(void **state)
{
    (void)state;
    fb_error err = {0};
    assert_int_equal(probe_run(top_k_nan, NULL, 8, 1, NULL, NULL, &err), FB_ENUMERIC);
    assert_non_null(strstr(err.text, "row 1"));
}

static void weighted_draw_takes_the_row_of_the_running_sum(void **state)
{
    (void)state;
    const double weights[6] = {0, 1, 0, 2, 1, 0};
    assert_int_equal(kit_weighted_draw(weights, 6, 0), 1);
    assert_int_equal(kit_weighted_draw(weights, 6, 0.2499), 1);
    assert_int_equal(kit_weighted_draw(weights, 6, 0.25), 3);
    assert_int_equal(kit_weighted_draw(weights, 6, 0.7499), 3);
    assert_int_equal(kit_weighted_draw(weights, 6, 0.75), 4);
    assert_int_equal(kit_weighted_draw(weights, 6, 1 - 0x1p-53), 4);
}

static void weighted_draw_never_gives_a_weight_of_zero(void **state)
{
    (void)state;
    const double none[3] = {0, 0, 0}, one[3] = {0, 1e-300, 0};
    assert_true(kit_weighted_draw(none, 3, 0.5) == KIT_NONE);
    assert_true(kit_weighted_draw(none, 0, 0.5) == KIT_NONE);
    assert_int_equal(kit_weighted_draw(one, 3, 0), 1);
    assert_int_equal(kit_weighted_draw(one, 3, 1 - 0x1p-53), 1);
    /* The target rounds up to the total itself: no running sum exceeds it. */
    const double tiny[3] = {0x1p-1074, 0, 0};
    assert_int_equal(kit_weighted_draw(tiny, 3, 0.9), 0);
}

/* ---- numbers -------------------------------------------------------------------------------- */

static void entropy_of_certainty_is_zero(void **state)
{
    (void)state;
    assert_close(kit_entropy((float[]){0, 1, 0}, 3), 0, 0);
    assert_close(kit_entropy((float[]){0.25f, 0.25f, 0.25f, 0.25f}, 4), 1.3862943611198906, 1e-15);
    assert_close(kit_entropy((float[]){0.5f, 0, 0.5f}, 3), 0.69314718055994531, 1e-15);
}

static void margin_of_one_class_and_of_more(void **state)
{
    (void)state;
    assert_close(kit_margin((float[]){1}, 1), 1, 0);
    assert_close(kit_margin((float[]){0.5f, 0.125f, 0.375f}, 3), 0.125, 0);
    assert_close(kit_margin((float[]){0.25f, 0.375f, 0.375f}, 3), 0, 0);
}

static void argmax_takes_the_smaller_class_on_a_tie(void **state)
{
    (void)state;
    assert_int_equal(kit_argmax((float[]){1, 3, 3, 2}, 4), 1);
    assert_int_equal(kit_argmax((float[]){-1}, 1), 0);
}

static int dense(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    (void)argument;
    const float x[2][3] = {{1, 2, 3}, {4, 5, 6}}, weights[3][2] = {{1, 0}, {0, 1}, {2, -1}},
                bias[2] = {0.5f, -0.5f};
    float out[4];
    int rc = kit_dense(host, &x[0][0], 2, 3, &weights[0][0], bias, 2, out);
    const float expected[4] = {7.5f, -1.5f, 16.5f, -1.5f};
    assert_memory_equal(out, expected, sizeof expected);
    return rc;
}

static void dense_adds_the_bias(void **state)
{
    (void)state;
    run(dense);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(top_k_breaks_ties_by_row),
        cmocka_unit_test(top_k_refuses_nan),
        cmocka_unit_test(weighted_draw_takes_the_row_of_the_running_sum),
        cmocka_unit_test(weighted_draw_never_gives_a_weight_of_zero),
        cmocka_unit_test(entropy_of_certainty_is_zero),
        cmocka_unit_test(margin_of_one_class_and_of_more),
        cmocka_unit_test(argmax_takes_the_smaller_class_on_a_tie),
        cmocka_unit_test(dense_adds_the_bias),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

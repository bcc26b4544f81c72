/* Interquartile means, bootstrap, Bayesian signed ranks, profiles and the penalty matrix, against
 * published numbers and ones worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <math.h>

#include "grid.h"
#include "penalty.h"
#include "profile.h"
#include "robust.h"
#include "stream.h"

#define assert_near(value, expected, tol) near((value), (expected), (tol), #value, __LINE__)

static void near(double value, double expected, double tol, const char *what, int line)
{
    if (!(fabs(value - expected) <= tol))
        fail_msg("line %d: %s is %.17g, expected %.17g within %g",
                 line, what, value, expected, tol);
}

/* ---- interquartile means -------------------------------------------------------------------- */

static void iqm_cuts_a_quarter_at_each_end(void **state)
{
    (void)state;
    const double x[8] = {.5, .1, 9, .3, .4, .2, .6, .7};
    double iqm;
    assert_int_equal(robust_iqm(x, 8, &iqm, NULL), 0);
    assert_near(iqm, .45, 1e-15);
    assert_int_equal(robust_iqm(x, 3, &iqm, NULL), 0); /* nothing to cut */
    assert_near(iqm, 3.2, 1e-15);
    assert_int_equal(robust_iqm(x, 0, &iqm, NULL), 0);
    assert_true(isnan(iqm));
}

/* Two strata whose values do not vary inside: the estimate never moves. */
static void bootstrap_keeps_strata(void **state)
{
    (void)state;
    const double values[6] = {1, 1, 1, 5, 5, 5};
    const size_t sizes[2] = {3, 3};
    const robust_strata strata = {values, sizes, 2};
    robust_estimate e;
    assert_int_equal(robust_estimate_iqm(&strata, 500, .95, 1, &e, NULL), 0);
    assert_near(e.iqm, 3, 0);
    assert_near(e.percentile.low, 3, 0);
    assert_near(e.percentile.high, 3, 0);
}

/* The mean of n normal values: its interval is nearly mean +- 1.96 sd / sqrt(n), and BCa's nearly
 * the same because nothing is skewed. IQM has about 1.19 times the variance of the mean. */
static void bootstrap_of_normal_values(void **state)
{
    (void)state;
    enum { N = 400 };
    double values[N];
    for (size_t i = 0; i < N; i++) { /* normal quantiles by bisection: no draw, no skew */
        double low = -9, high = 9, share = ((double)i + 0.5) / N;
        for (int step = 0; step < 60; step++) {
            double middle = (low + high) / 2;
            *(0.5 * erfc(-middle / sqrt(2)) < share ? &low : &high) = middle;
        }
        values[i] = 10 + low;
    }
    const size_t size = N;
    const robust_strata strata = {values, &size, 1};
    robust_estimate e, again, other;
    assert_int_equal(robust_estimate_iqm(&strata, 10000, .95, 7, &e, NULL), 0);
    assert_near(e.iqm, 10, 1e-9);
    double half = 1.96 * sqrt(1.19 / N);
    assert_near(e.percentile.low, 10 - half, 0.1 * half);
    assert_near(e.percentile.high, 10 + half, 0.1 * half);
    assert_near(e.bca.low, e.percentile.low, 0.1 * half);
    assert_near(e.bca.high, e.percentile.high, 0.1 * half);
    assert_int_equal(robust_estimate_iqm(&strata, 10000, .95, 7, &again, NULL), 0);
    assert_near(again.bca.low, e.bca.low, 0);
    assert_int_equal(robust_estimate_iqm(&strata, 10000, .95, 8, &other, NULL), 0);
    assert_true(other.bca.low != e.bca.low);
}

static void bootstrap_of_one_value(void **state)
{
    (void)state;
    const double value = 2;
    const size_t size = 1;
    const robust_strata strata = {&value, &size, 1};
    robust_estimate e;
    assert_int_equal(robust_estimate_iqm(&strata, 100, .95, 1, &e, NULL), 0);
    assert_near(e.iqm, 2, 0);
    assert_true(isnan(e.percentile.low) && isnan(e.bca.high));
}

/* Means of n values have a normal spread of sd / sqrt(n), with the sd of the values themselves. */
static void band_of_means(void **state)
{
    (void)state;
    enum { ROWS = 40 };
    double x[ROWS][2], low[2], high[2];
    for (size_t i = 0; i < ROWS; i++) {
        x[i][0] = 5;
        x[i][1] = (double)i;
    }
    assert_int_equal(robust_mean_band(x[0], ROWS, 2, 4000, .95, 3, low, high, NULL), 0);
    assert_near(low[0], 5, 1e-12);
    assert_near(high[0], 5, 1e-12);
    double half = 1.96 * sqrt((ROWS * ROWS - 1) / 12.0 / ROWS);
    assert_near(low[1], 19.5 - half, 0.15);
    assert_near(high[1], 19.5 + half, 0.15);
}

/* Why there is no bootstrap below ten trials: of means of five normal values, percentile intervals
 * at 95 % hold the true one in 83 % of all samples. */
static void percentile_intervals_of_five_are_too_short(void **state)
{
    (void)state;
    enum { ROWS = 5, SAMPLES = 1500 };
    static double x[ROWS][SAMPLES], low[SAMPLES], high[SAMPLES];
    fb_stream stream = fb_stream_make(5, "normal", NULL, 0);
    size_t covered = 0;
    for (size_t i = 0; i < ROWS; i++) /* Box and Muller */
        for (size_t s = 0; s < SAMPLES; s++)
            x[i][s] = sqrt(-2 * log(1 - fb_stream_uniform(stream, 2 * i, s))) *
                      cos(2 * acos(-1) * fb_stream_uniform(stream, 2 * i + 1, s));
    assert_int_equal(robust_mean_band(x[0], ROWS, SAMPLES, 1000, .95, 3, low, high, NULL), 0);
    for (size_t s = 0; s < SAMPLES; s++)
        covered += low[s] <= 0 && 0 <= high[s];
    assert_near((double)covered / SAMPLES, .83, 4 * sqrt(.83 * .17 / SAMPLES));
}

/* ---- Bayesian signed ranks ------------------------------------------------------------------ */

static void signed_ranks_know_the_side(void **state)
{
    (void)state;
    double z[10], opposite[10];
    for (size_t i = 0; i < 10; i++) {
        z[i] = 0.05 + 0.001 * (double)i;
        opposite[i] = -z[i];
    }
    robust_signed_rank right, left, rope;
    assert_int_equal(robust_bayes_signed_rank(z, 10, .01, 5000, 3, &right, NULL), 0);
    assert_int_equal(robust_bayes_signed_rank(opposite, 10, .01, 5000, 3, &left, NULL), 0);
    assert_near(right.right, left.left, 0); /* the same draws, mirrored */
    assert_true(right.right > 0.99);
    for (size_t i = 0; i < 10; i++)
        z[i] = 0.001 * (double)i;
    assert_int_equal(robust_bayes_signed_rank(z, 10, .01, 5000, 3, &rope, NULL), 0);
    assert_true(rope.rope > 0.99);
    assert_near(rope.right + rope.rope + rope.left, 1, 1e-12);
}

/* One difference z above 2 rope, beside z0 = 0: theta_right = 1 - w0^2, for pairs with z0 too reach
 * z > 2 rope. It wins when w0 < sqrt(1/2); w0 ~ Beta(1/2, 1), whose distribution is sqrt: the share
 * is 2^(-1/4). */
static void signed_ranks_of_one_difference(void **state)
{
    (void)state;
    const double z = 0.05;
    robust_signed_rank r;
    assert_int_equal(robust_bayes_signed_rank(&z, 1, .01, 50000, 5, &r, NULL), 0);
    double expected = pow(2, -0.25), sd = sqrt(expected * (1 - expected) / 50000);
    assert_near(r.right, expected, 4 * sd);
    assert_near(r.left, 0, 0);
}

/* One difference of exactly 2 rope: beside z0 it lies on the bound, so half of 2 w0 w1 goes to each
 * side, and theta_right = w1^2 + w0 w1 beats w0^2 + w0 w1 when w0 < 1/2: the share is sqrt(1/2). */
static void signed_ranks_share_the_bound(void **state)
{
    (void)state;
    const double z = 0.02;
    robust_signed_rank r;
    assert_int_equal(robust_bayes_signed_rank(&z, 1, .01, 50000, 5, &r, NULL), 0);
    double expected = sqrt(0.5), sd = sqrt(expected * (1 - expected) / 50000);
    assert_near(r.right, expected, 4 * sd);
    assert_near(r.left, 0, 0);
}

/* ---- profiles ------------------------------------------------------------------------------- */

/* Costs of three solvers on four problems (Dolan & More's form). */
static void ratio_profile(void **state)
{
    (void)state;
    const double inf = (double)INFINITY;
    const double costs[12] = {10, 20, 40, 30, 15, 60, 8, 8, inf, 100, 50, 200};
    const double taus[3] = {1, 2, 4};
    const double expected[3][3] = {{.5, .75, 0}, {1, 1, 0}, {1, 1, .75}};
    for (size_t t = 0; t < 3; t++)
        for (size_t s = 0; s < 3; s++)
            assert_near(profile_ratio(costs, 4, 3, s, taus[t]), expected[t][s], 0);
    const double unsolved[4] = {1, 1, inf, inf};
    assert_near(profile_ratio(unsolved, 2, 2, 0, 1000), .5, 0); /* stays in the denominator */
    const double untried[2] = {(double)NAN, 3};
    assert_true(isnan(profile_ratio(untried, 1, 2, 0, 1)));
    assert_near(profile_ratio(untried, 1, 2, 1, 1), 1, 0);
}

static void gap_profile(void **state)
{
    (void)state;
    const double gaps[5] = {0, 0.01, 0.02, 0.2, (double)NAN};
    assert_near(profile_gap(gaps, 5, 0), .25, 0);
    assert_near(profile_gap(gaps, 5, .02), .75, 0);
    assert_near(profile_gap(gaps, 5, 1), 1, 0);
    assert_near(profile_gap_area(gaps, 5, .1), (1 + .9 + .8 + 0) / 4, 1e-15);
    assert_true(isnan(profile_gap(gaps + 4, 1, 1)));
}

/* ---- penalty -------------------------------------------------------------------------------- */

enum { TRIALS = 5, ROUNDS_MAX = 9 };

/* Two strategies in one setting. */
typedef struct duel {
    report_data data;
    report_setting setting;
    report_strategy strategies[2];
    report_cell cells[2 * TRIALS];
    report_round rounds[2 * TRIALS][ROUNDS_MAX];
} duel;

/* accuracy[strategy][round][trial] of the rounds after round 0, which is the same for all. */
static void duel_init(duel *d, const double (*accuracy)[ROUNDS_MAX][TRIALS], size_t rounds)
{
    *d = (duel){.setting = {.name = "s", .dataset = "data", .network = "net"},
                .strategies = {{"A", "a", "{}"}, {"B", "b", "{}"}}};
    for (size_t c = 0; c < 2 * TRIALS; c++) {
        size_t who = c / TRIALS, trial = c % TRIALS;
        d->cells[c] = (report_cell){.strategy = who, .trial = (uint32_t)trial,
                                    .rounds = d->rounds[c], .round_count = rounds + 1,
                                    .planned_rounds = rounds + 1};
        for (size_t r = 0; r <= rounds; r++)
            d->rounds[c][r] = (report_round){
                .round = (uint32_t)r, .labeled = (uint32_t)(20 + 10 * r),
                .accuracy = r ? accuracy[who][r - 1][trial] : 0.3 + 0.01 * (double)trial};
    }
    d->data = (report_data){.name = "duel", .settings = &d->setting, .setting_count = 1,
                            .strategies = d->strategies, .strategy_count = 2,
                            .cells = d->cells, .cell_count = 2 * TRIALS, .baseline = "a",
                            .alpha = .05};
}

static void penalty_of_the_worked_example(void **state)
{
    (void)state;
    static const double accuracy[2][ROUNDS_MAX][TRIALS] = {
        {{.60, .61, .59, .62, .60}, {.70, .72, .71, .73, .70}, {.80, .81, .79, .82, .80}},
        {{.60, .60, .60, .61, .61}, {.73, .74, .75, .75, .74}, {.81, .83, .80, .83, .82}}};
    static duel d;
    duel_init(&d, accuracy, 3);
    grid g;
    penalty p;
    assert_int_equal(grid_init(&d.data, &g, NULL), 0);
    assert_int_equal(penalty_init(&g, PENALTY_ALL, .05, &p, NULL), 0);
    assert_near(p.matrix[1 * 2 + 0], 2.0 / 3, 1e-12); /* B beats A twice in three steps */
    assert_near(p.matrix[0 * 2 + 1], 0, 0);
    assert_near(p.column_means[0], 1.0 / 3, 1e-12);
    assert_near(p.column_means[1], 0, 0);
    assert_near(p.expected, .025, 1e-15);
    assert_int_equal(p.steps[0], 3);
    assert_int_equal(p.untested, 0);
    penalty_finish(&p);
    grid_finish(&g);
}

/* Rounds 1, 2, 4, 8, as long as A's mean is at most 0.99 of its final one. */
static void doubling_steps(void **state)
{
    (void)state;
    static double accuracy[2][ROUNDS_MAX][TRIALS];
    for (size_t r = 0; r < 8; r++)
        for (size_t t = 0; t < TRIALS; t++) {
            accuracy[0][r][t] = r < 5 ? 0.5 + 0.05 * (double)r : 0.9;
            accuracy[1][r][t] = accuracy[0][r][t] + 0.01 + 0.001 * (double)t;
        }
    static duel d;
    duel_init(&d, accuracy, 8);
    grid g;
    penalty p;
    assert_int_equal(grid_init(&d.data, &g, NULL), 0);
    assert_int_equal(penalty_init(&g, PENALTY_DOUBLING, .05, &p, NULL), 0);
    assert_int_equal(p.steps[0], 3); /* 1, 2 and 4; round 8 is at the final accuracy */
    assert_near(p.matrix[1 * 2 + 0], 1, 1e-12);
    penalty_finish(&p);
    d.data.include_initial = true;
    assert_int_equal(penalty_init(&g, PENALTY_DOUBLING, .05, &p, NULL), 0);
    assert_int_equal(p.steps[0], 4);
    assert_near(p.matrix[1 * 2 + 0], 0.75, 1e-12);
    penalty_finish(&p);
    d.data.include_initial = false;
    grid_finish(&g);
    d.data.baseline = NULL;
    fb_error err = {0};
    assert_int_equal(grid_init(&d.data, &g, NULL), 0);
    assert_int_equal(penalty_init(&g, PENALTY_DOUBLING, .05, &p, &err), FB_EINVAL);
    grid_finish(&g);
}

/* The rule ends at the first step where the baseline is as good as at its end, although it is worse
 * again at the next one. */
static void doubling_ends_for_good(void **state)
{
    (void)state;
    static const double means[8] = {0.5, 0.9, 0.6, 0.6, 0.6, 0.6, 0.6, 0.9};
    static double accuracy[2][ROUNDS_MAX][TRIALS];
    for (size_t r = 0; r < 8; r++)
        for (size_t t = 0; t < TRIALS; t++)
            accuracy[0][r][t] = accuracy[1][r][t] = means[r];
    static duel d;
    duel_init(&d, accuracy, 8);
    grid g;
    penalty p;
    assert_int_equal(grid_init(&d.data, &g, NULL), 0);
    assert_int_equal(penalty_init(&g, PENALTY_DOUBLING, .05, &p, NULL), 0);
    assert_int_equal(p.steps[0], 1); /* round 1; not 2, and not 4 after it */
    penalty_finish(&p);
    grid_finish(&g);
}

/* A baseline that stopped earlier than the others has its own last accuracy for its final one. */
static void doubling_of_a_short_baseline(void **state)
{
    (void)state;
    static double accuracy[2][ROUNDS_MAX][TRIALS];
    for (size_t r = 0; r < 8; r++)
        for (size_t t = 0; t < TRIALS; t++)
            accuracy[0][r][t] = accuracy[1][r][t] = 0.5 + 0.05 * (double)r;
    static duel d;
    duel_init(&d, accuracy, 8);
    for (size_t t = 0; t < TRIALS; t++)
        d.cells[t].round_count = 5;
    grid g;
    penalty p;
    assert_int_equal(grid_init(&d.data, &g, NULL), 0);
    assert_int_equal(penalty_init(&g, PENALTY_DOUBLING, .05, &p, NULL), 0);
    assert_int_equal(p.steps[0], 2); /* 1 and 2; at round 4 it is where it ends */
    penalty_finish(&p);
    grid_finish(&g);
}

/* BADGE counts the initial step too: nobody can lose it. */
static void the_initial_step_can_count(void **state)
{
    (void)state;
    static const double accuracy[2][ROUNDS_MAX][TRIALS] = {
        {{.60, .61, .59, .62, .60}, {.70, .72, .71, .73, .70}, {.80, .81, .79, .82, .80}},
        {{.60, .60, .60, .61, .61}, {.73, .74, .75, .75, .74}, {.81, .83, .80, .83, .82}}};
    static duel d;
    duel_init(&d, accuracy, 3);
    d.data.include_initial = true;
    grid g;
    penalty p;
    assert_int_equal(grid_init(&d.data, &g, NULL), 0);
    assert_int_equal(penalty_init(&g, PENALTY_ALL, .05, &p, NULL), 0);
    assert_int_equal(p.steps[0], 4);
    assert_near(p.matrix[1 * 2 + 0], 2.0 / 4, 1e-12);
    assert_near(p.expected, .025 * 3 / 4, 1e-15); /* it cannot differ by chance either */
    assert_int_equal(p.trials[1], TRIALS);
    penalty_finish(&p);
    grid_finish(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(iqm_cuts_a_quarter_at_each_end),
        cmocka_unit_test(bootstrap_keeps_strata),
        cmocka_unit_test(bootstrap_of_normal_values),
        cmocka_unit_test(bootstrap_of_one_value),
        cmocka_unit_test(band_of_means),
        cmocka_unit_test(percentile_intervals_of_five_are_too_short),
        cmocka_unit_test(signed_ranks_know_the_side),
        cmocka_unit_test(signed_ranks_of_one_difference),
        cmocka_unit_test(signed_ranks_share_the_bound),
        cmocka_unit_test(ratio_profile),
        cmocka_unit_test(gap_profile),
        cmocka_unit_test(penalty_of_the_worked_example),
        cmocka_unit_test(doubling_steps),
        cmocka_unit_test(doubling_ends_for_good),
        cmocka_unit_test(doubling_of_a_short_baseline),
        cmocka_unit_test(the_initial_step_can_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

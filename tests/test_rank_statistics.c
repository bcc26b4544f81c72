/* Ranks, Friedman's test and critical differences against numbers from books and papers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "friedman.h"
#include "overlap.h"
#include "ranks.h"
#include "statistics.h"

#define assert_near(value, expected, tol) near((value), (expected), (tol), #value, __LINE__)

static void near(double value, double expected, double tol, const char *what, int line)
{
    if (!(fabs(value - expected) <= tol))
        fail_msg("line %d: %s is %.17g, expected %.17g within %g",
                 line, what, value, expected, tol);
}

/* ---- ranks ---------------------------------------------------------------------------------- */

static void ties_share_their_ranks(void **state)
{
    (void)state;
    const double x[6] = {3, 1, 3, -2, 3, 1}, expected[6] = {5, 2.5, 5, 1, 5, 2.5};
    double ranks[6];
    assert_int_equal(rank_all(x, 6, 0, ranks, NULL), 0);
    for (size_t i = 0; i < 6; i++)
        assert_near(ranks[i], expected[i], 0);
    const double endless[3] = {(double)INFINITY, 0, (double)INFINITY}, shared[3] = {2.5, 1, 2.5};
    assert_int_equal(rank_all(endless, 3, 0, ranks, NULL), 0);
    for (size_t i = 0; i < 3; i++)
        assert_near(ranks[i], shared[i], 0);
}

/* 0.3 and 0.1 + 0.2 are two doubles and one accuracy: neither a rank nor an exact test may hang on
 * the difference. */
static void rounding_makes_no_ranks(void **state)
{
    (void)state;
    volatile double tenth = 0.1;
    const double sum = tenth + 0.2, d[4] = {sum, -0.3, 0.5, 0.7}, whole[4] = {3, -3, 5, 7};
    double ranks[3];
    rank_wilcoxon test, expected;
    assert_true(sum != 0.3);
    assert_int_equal(rank_wilcoxon_test(d, 4, &test, NULL), 0);
    assert_int_equal(rank_wilcoxon_test(whole, 4, &expected, NULL), 0);
    assert_false(test.exact);
    assert_near(test.w, 1.5, 0);
    assert_near(test.p, expected.p, 0);
    friedman f;
    const double scores[6] = {sum, 0.3, 0.1, 0.3, sum, 0.1};
    assert_int_equal(friedman_test(scores, 2, 3, ranks, &f, NULL), 0);
    assert_near(ranks[0], 1.5, 0);
    assert_near(ranks[1], 1.5, 0);
    assert_near(f.corrected, 4, 1e-12);
}

/* Darwin's maize: Wilcoxon's own example. */
static void wilcoxon_of_darwin(void **state)
{
    (void)state;
    const double d[15] = {6, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75};
    rank_wilcoxon test;
    assert_int_equal(rank_wilcoxon_test(d, 15, &test, NULL), 0);
    assert_true(test.exact);
    assert_near(test.w, 24, 0);
    assert_near(test.p, .041259765625, 1e-12);
    assert_near(test.p_greater, .0206298828, 1e-9);
    assert_near(test.p_approximate, .0408881, 5e-8);
}

static void wilcoxon_swaps_sides(void **state)
{
    (void)state;
    const double d[5] = {1, 2, 3, 4, 5}, opposite[5] = {-1, -2, -3, -4, -5};
    rank_wilcoxon up, down;
    assert_int_equal(rank_wilcoxon_test(d, 5, &up, NULL), 0);
    assert_int_equal(rank_wilcoxon_test(opposite, 5, &down, NULL), 0);
    assert_near(up.p, 2.0 / 32, 1e-15); /* all signs alike: two of 2^5 */
    assert_near(down.p, up.p, 0);
    assert_near(up.p_greater, 1.0 / 32, 1e-15);
    assert_near(down.p_greater, 1, 1e-15);
}

/* Pratt: d = 0, 0, 1, -2, 2, 3, 4 has ranks 1.5, 1.5, 3, 4.5, 4.5, 6, 7; sums 20.5 and 4.5; mean
 * 12.5 and variance (9 + 2 * 20.25 + 36 + 49) / 4 = 33.625. */
static void wilcoxon_with_zeros_and_ties(void **state)
{
    (void)state;
    const double d[7] = {0, 2, -2, 0, 1, 4, 3}, equal[3] = {2, -2, 2}, none[2] = {0, 0};
    rank_wilcoxon test;
    assert_int_equal(rank_wilcoxon_test(d, 7, &test, NULL), 0);
    assert_false(test.exact);
    assert_near(test.w, 4.5, 0);
    assert_near(test.p, erfc(8 / sqrt(33.625) / sqrt(2)), 1e-12);
    assert_int_equal(rank_wilcoxon_test(equal, 3, &test, NULL), 0); /* one whole rank, shared */
    assert_false(test.exact);
    assert_int_equal(rank_wilcoxon_test(none, 2, &test, NULL), 0);
    assert_near(test.p, 1, 0);
    assert_int_equal(rank_wilcoxon_test(none, 0, &test, NULL), 0);
    assert_true(isnan(test.p));
}

static void correlations(void **state)
{
    (void)state;
    const double x[5] = {1, 2, 3, 4, 5}, y[5] = {2, 1, 4, 3, 5}, tied[5] = {1, 1, 2, 2, 3};
    const double flat[5] = {7, 7, 7, 7, 7};
    rank_correlation c;
    assert_int_equal(rank_correlate(x, y, 5, &c, NULL), 0);
    assert_near(c.spearman, 1 - 6 * 4.0 / (5 * 24), 1e-15); /* sum of squared rank differences 4 */
    assert_near(c.kendall, (8 - 2) / 10.0, 1e-15);
    assert_int_equal(rank_correlate(x, tied, 5, &c, NULL), 0);
    assert_near(c.kendall, 8 / sqrt(10 * 8), 1e-15);
    assert_int_equal(rank_correlate(x, flat, 5, &c, NULL), 0);
    assert_true(isnan(c.spearman) && isnan(c.kendall));
}

/* Counted pair by pair, as the definition has it; small values give ties in one list and in both. */
static void tau_counts_pairs(void **state)
{
    (void)state;
    enum { COUNT = 120 };
    double x[COUNT], y[COUNT], agreement = 0, x_pairs = 0, y_pairs = 0;
    uint32_t random = 1;
    for (size_t i = 0; i < COUNT; i++) {
        random = random * 1664525u + 1013904223u;
        x[i] = random >> 28;
        random = random * 1664525u + 1013904223u;
        y[i] = (random >> 28) + x[i] / 2;
    }
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = i + 1; j < COUNT; j++) {
            int of_x = (x[i] > x[j]) - (x[i] < x[j]), of_y = (y[i] > y[j]) - (y[i] < y[j]);
            agreement += of_x * of_y;
            x_pairs += of_x != 0;
            y_pairs += of_y != 0;
        }
    rank_correlation c;
    assert_int_equal(rank_correlate(x, y, COUNT, &c, NULL), 0);
    assert_near(c.kendall, agreement / sqrt(x_pairs * y_pairs), 1e-12);
    assert_true(c.kendall > 0.1 && c.kendall < 0.9);
}

/* Mean of two columns of [[1,2],[2,2],[1,1],[2,1]] against [[1,1],[2,2],[3,3]]. */
static void superiority(void **state)
{
    (void)state;
    const double a[4] = {1, 2, 1, 2}, b[4] = {2, 2, 1, 1}, other[3] = {1, 2, 3};
    double mean = (rank_superiority(a, 4, other, 3) + rank_superiority(b, 4, other, 3)) / 2;
    assert_near(mean, 1.0 / 3, 1e-15);
    assert_near(rank_superiority(other, 3, a, 4) + rank_superiority(a, 4, other, 3), 1, 1e-15);
}

/* ---- Friedman ------------------------------------------------------------------------------- */

/* Demsar 2006, table 6. */
static void friedman_of_demsar(void **state)
{
    (void)state;
    const double sums[4] = {44, 28, 40.5, 27.5};
    friedman test = friedman_of_sums(sums, 4, 14, 0);
    assert_near(test.plain, 9.2786, 5e-5);
    assert_near(test.plain_p, .025807, 5e-7);
    assert_near(test.f, 3.6863, 5e-5);
    assert_near(test.f_p, .019823, 5e-7);
    assert_near(friedman_nemenyi_cd(4, 14, .05), 1.2536, 5e-5);
    assert_near(friedman_nemenyi_cd(4, 14, .10), 1.1181, 5e-5);
    assert_near(friedman_dunn_cd(4, 14, .05), 1.1681, 5e-5);
    assert_near(friedman_dunn_cd(4, 14, .10), 1.0384, 5e-5);
}

static void nemenyi_quantiles(void **state)
{
    (void)state;
    const double five[9] = {1.9600, 2.3437, 2.5690, 2.7278, 2.8497, 2.9483, 3.0309, 3.1017, 3.1637};
    const double ten[9] = {1.6449, 2.0523, 2.2913, 2.4595, 2.5885, 2.6927, 2.7799, 2.8546, 2.9199};
    for (size_t k = 2; k <= 10; k++) {
        assert_near(friedman_nemenyi_q(k, .05), five[k - 2], 5.1e-5);
        assert_near(friedman_nemenyi_q(k, .10), ten[k - 2], 5.1e-5);
    }
}

static void friedman_of_critdd(void **state)
{
    (void)state;
    const double scores[12] = {84.5, 78.4, 83.1, 82.8, 79.1, 79.9,
                               79.1, 78.0, 77.8, 80.2, 76.0, 77.9};
    double ranks[3];
    friedman test;
    assert_int_equal(friedman_test(scores, 4, 3, ranks, &test, NULL), 0);
    assert_near(test.plain, 6.5, 1e-12);
    assert_near(test.corrected, 6.5, 1e-12);
    assert_near(ranks[0], 1, 0);
}

static void friedman_with_ties(void **state)
{
    (void)state;
    const double treatments[4][4] = {{6, 4, 3, 3}, {4, 3, 3, 2}, {4, 2, 1, 1}, {2, 1, 2, 1}};
    double scores[16], ranks[4];
    friedman test;
    for (size_t block = 0; block < 4; block++)
        for (size_t t = 0; t < 4; t++)
            scores[block * 4 + t] = treatments[t][block];
    assert_int_equal(friedman_test(scores, 4, 4, ranks, &test, NULL), 0);
    assert_near(test.plain, 9.525, 1e-12);
    assert_near(test.corrected, 10.2973, 5e-5);
}

static void friedman_at_its_edges(void **state)
{
    (void)state;
    const double unanimous[6] = {3, 2, 1, 9, 8, 7}, tied[4] = {5, 5, 5, 5};
    double ranks[3];
    friedman test;
    assert_int_equal(friedman_test(unanimous, 2, 3, ranks, &test, NULL), 0);
    assert_true(isinf(test.f) && test.f_p == 0);
    assert_near(test.plain, 4, 1e-12); /* N (k - 1), its largest value */
    assert_int_equal(friedman_test(tied, 2, 2, ranks, &test, NULL), 0);
    assert_near(test.plain, 0, 1e-12);
    assert_true(isnan(test.corrected));
    assert_int_equal(friedman_test(unanimous, 1, 3, ranks, &test, NULL), 0);
    assert_true(isnan(test.plain));
}

/* ---- groups --------------------------------------------------------------------------------- */

static void groups_are_maximal(void **state)
{
    (void)state;
    /* Neighbours in a row of five, and 0 with 2. */
    bool together[25] = {0};
    const size_t edges[5][2] = {{0, 1}, {1, 2}, {2, 3}, {3, 4}, {0, 2}};
    for (size_t e = 0; e < 5; e++)
        together[edges[e][0] * 5 + edges[e][1]] = together[edges[e][1] * 5 + edges[e][0]] = true;
    friedman_group groups[8];
    assert_int_equal(friedman_groups(together, 5, groups, 8), 3);
    assert_int_equal(groups[0], 0x07);
    assert_int_equal(groups[1], 0x0c);
    assert_int_equal(groups[2], 0x18);
    /* Not neighbours in rank: 0 and 3, with 1 in between that differs from both. */
    bool apart[16] = {0};
    apart[0 * 4 + 3] = apart[3 * 4 + 0] = true;
    assert_int_equal(friedman_groups(apart, 4, groups, 8), 1);
    assert_int_equal(groups[0], 0x09);
    bool none[16] = {0};
    assert_int_equal(friedman_groups(none, 4, groups, 8), 0);
}

/* As many strategies as there may be, all alike: found at once, and not by way of all subsets. And
 * with 2^32 groups, one of each pair (2 i, 2 i + 1), the search ends. */
static void groups_of_many(void **state)
{
    (void)state;
    enum { K = FRIEDMAN_MEMBERS_MAX };
    static bool together[K * K];
    friedman_group groups[4];
    for (size_t i = 0; i < K * K; i++)
        together[i] = true;
    assert_int_equal(friedman_groups(together, K, groups, 4), 1);
    assert_true(groups[0] == ~(friedman_group)0);
    for (size_t i = 0; i < K * K; i++)
        together[i] = i / K / 2 != i % K / 2;
    assert_int_equal(friedman_groups(together, K, groups, 4), 5);
    for (size_t i = 0; i + 1 < 4; i++)
        assert_true(groups[i] != groups[i + 1]);
}

/* The least trials at which Holm's first step, over all pairs of k strategies, can reject at .05 by
 * the exact test. */
static void least_trials_for_all_pairs(void **state)
{
    (void)state;
    const size_t expected[6] = {7, 8, 9, 10, 10, 11};
    for (size_t k = 3; k <= 8; k++)
        assert_int_equal(stat_least_trials(k * (k - 1) / 2, .05), expected[k - 3]);
}

/* ---- selections ----------------------------------------------------------------------------- */

static void jaccard(void **state)
{
    (void)state;
    const uint32_t a[4] = {1, 4, 7, 9}, b[3] = {4, 8, 9};
    assert_near(overlap_jaccard(a, 4, b, 3), 2.0 / 5, 1e-15);
    assert_near(overlap_jaccard(b, 3, a, 4), 2.0 / 5, 1e-15);
    assert_near(overlap_jaccard(a, 4, a, 4), 1, 0);
    assert_near(overlap_jaccard(a, 4, b, 0), 0, 0);
    assert_true(isnan(overlap_jaccard(a, 0, b, 0)));
    assert_near(overlap_by_chance(10, 20, 100), 2.0 / 28, 1e-15);
    assert_near(overlap_by_chance(100, 100, 100), 1, 1e-15);
}

static void class_balance(void **state)
{
    (void)state;
    const size_t even[4] = {3, 3, 3, 3}, single[4] = {0, 7, 0, 0}, half[4] = {5, 0, 5, 0};
    const size_t none[4] = {0};
    assert_near(overlap_class_balance(even, 4), 1, 1e-15);
    assert_near(overlap_class_balance(single, 4), 0, 0);
    assert_near(overlap_class_balance(half, 4), 0.5, 1e-15);
    assert_true(isnan(overlap_class_balance(none, 4)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ties_share_their_ranks),
        cmocka_unit_test(rounding_makes_no_ranks),
        cmocka_unit_test(wilcoxon_of_darwin),
        cmocka_unit_test(wilcoxon_swaps_sides),
        cmocka_unit_test(wilcoxon_with_zeros_and_ties),
        cmocka_unit_test(correlations),
        cmocka_unit_test(tau_counts_pairs),
        cmocka_unit_test(superiority),
        cmocka_unit_test(friedman_of_demsar),
        cmocka_unit_test(nemenyi_quantiles),
        cmocka_unit_test(friedman_of_critdd),
        cmocka_unit_test(friedman_with_ties),
        cmocka_unit_test(friedman_at_its_edges),
        cmocka_unit_test(groups_are_maximal),
        cmocka_unit_test(groups_of_many),
        cmocka_unit_test(least_trials_for_all_pairs),
        cmocka_unit_test(jaccard),
        cmocka_unit_test(class_balance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_kit_ranked.c - the kit's parts of strategies that rank by one number. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernels.h"
#include "kit.h"
#include "parallel.h"
#include "probe.h"

static void assert_close(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.17g is not %.17g +- %g", value, expected, tolerance);
}

/* Runs a test's body in a host and fails with the host's sentence. */
static void run(probe_body body)
{
    fb_error err = {0};
    if (probe_run(body, NULL, 8, 1, NULL, NULL, &err) != 0)
        fail_msg("%s", err.text);
}

/* ---- the best k ----------------------------------------------------------------------------- */

enum { MOST = 3000 };
static double g_scores[MOST];

static int by_score(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    if (g_scores[x] != g_scores[y])
        return g_scores[x] < g_scores[y] ? -1 : 1;
    return (x > y) - (x < y);
}

static void compare_with_sort(const fb_host *host, size_t n, kit_order order)
{
    static uint32_t sorted[MOST], rows[MOST + 1];
    const double sign = order == KIT_SMALLEST_FIRST ? 1 : -1;
    for (size_t i = 0; i < n; i++) {
        sorted[i] = (uint32_t)i;
        g_scores[i] *= sign;
    }
    qsort(sorted, n, sizeof *sorted, by_score);
    for (size_t i = 0; i < n; i++)
        g_scores[i] *= sign;
    const size_t sizes[] = {0, 1, 2, 3, 4, 7, 8, 100, n / 2, n - 1, n};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        const size_t k = sizes[s];
        if (k > n)
            continue;
        rows[k] = 77;
        assert_int_equal(kit_top_k(host, g_scores, n, k, order, rows), 0);
        assert_memory_equal(rows, sorted, k * sizeof *rows);
        assert_int_equal(rows[k], 77);
    }
}

/* Scores in no order, with many ties, ascending, descending, all the same, and infinite. */
static double score_of(int kind, size_t i)
{
    const uint32_t mixed = (uint32_t)(i + 1) * 2654435761u;
    switch (kind) {
    case 0:
        return mixed;
    case 1:
        return mixed >> 28;
    case 2:
        return (double)i;
    case 3:
        return -(double)i;
    case 4:
        return 5;
    default:
        return mixed >> 31 ? -(double)INFINITY : (double)(mixed >> 27);
    }
}

static int top_k(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    (void)argument;
    const size_t sizes[] = {1, 2, 3, 10, 255, MOST};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int kind = 0; kind < 6; kind++) {
            for (size_t i = 0; i < sizes[s]; i++)
                g_scores[i] = score_of(kind, i);
            compare_with_sort(host, sizes[s], KIT_SMALLEST_FIRST);
            compare_with_sort(host, sizes[s], KIT_LARGEST_FIRST);
        }
    return 0;
}

static void top_k_is_the_start_of_the_sort(void **state)
{
    (void)state;
    run(top_k);
}

/* ---- log-sum-exp ---------------------------------------------------------------------------- */

static void log_sum_exp_of_any_magnitude(void **state)
{
    (void)state;
    const double none = -(double)INFINITY;
    assert_close(kit_log_sum_exp((double[]){0, 0, 0, 0}, 4), log(4), 1e-15);
    assert_close(kit_log_sum_exp((double[]){1000, 1000}, 2), 1000 + log(2), 1e-12);
    assert_close(kit_log_sum_exp((double[]){-2000, -2001, none}, 3), -2000 + log1p(exp(-1)), 1e-12);
    assert_close(kit_log_sum_exp((double[]){-700, 800}, 2), 800, 0);
    assert_close(kit_log_sum_exp((double[]){-3.25}, 1), -3.25, 0);
    assert_true(kit_log_sum_exp((double[]){none, none}, 2) == none);
    assert_true(kit_log_sum_exp(NULL, 0) == none);
    assert_true(kit_log_sum_exp((double[]){1, (double)INFINITY}, 2) == (double)INFINITY);
    assert_true(isnan(kit_log_sum_exp((double[]){1, (double)NAN, 7}, 3)));
    assert_true(isnan(kit_log_sum_exp((double[]){(double)NAN, 7}, 2)));
}

/* ---- predictions ---------------------------------------------------------------------------- */

/* Drawn predictions; some of them certain, with zeros. */
static kit_stack new_stack(size_t layers, size_t rows, size_t columns)
{
    float *data = malloc(layers * rows * columns * sizeof *data);
    assert_non_null(data);
    for (size_t r = 0; r < layers * rows; r++) {
        float *p = data + r * columns, sum = 0;
        for (size_t c = 0; c < columns; c++) {
            uint32_t mixed = (uint32_t)(r * columns + c + 1) * 2654435761u;
            p[c] = (float)(mixed >> 8) * 0x1p-24f;
            p[c] *= p[c] * p[c];
            sum += p[c];
        }
        for (size_t c = 0; c < columns; c++)
            p[c] = r % 7 == 3 ? (float)(c == r % columns) : p[c] / sum;
    }
    return (kit_stack){data, layers, rows, columns, columns, rows * columns};
}

static void release(kit_stack *stack)
{
    free((void *)(uintptr_t)stack->data);
}

static double term(double p)
{
    return p > 0 ? -p * log(p) : 0;
}

/* The scores of one row, one class after the other. */
typedef struct plain {
    double mean_entropy, entropy_of_mean, ratio;
} plain;

static plain plain_scores(const kit_stack *stack, size_t row)
{
    plain out = {0};
    size_t most = 0;
    for (size_t c = 0; c < stack->columns; c++) {
        double mean = 0;
        size_t votes = 0;
        for (size_t t = 0; t < stack->layers; t++) {
            const float *p = kit_stack_row(stack, t, row);
            out.mean_entropy += term((double)p[c]) / (double)stack->layers;
            mean += (double)p[c] / (double)stack->layers;
            votes += kit_argmax(p, stack->columns) == c;
        }
        out.entropy_of_mean += term(mean);
        most = votes > most ? votes : most;
    }
    out.ratio = 1 - (double)most / (double)stack->layers;
    return out;
}

static void check_scores(size_t layers, size_t rows, size_t columns)
{
    kit_stack stack = new_stack(layers, rows, columns);
    double *scores[4];
    kit_score *const functions[4] = {kit_mean_entropy, kit_entropy_of_mean, kit_mutual_information,
                                     kit_variation_ratio};
    for (size_t f = 0; f < 4; f++) {
        scores[f] = malloc(rows * sizeof **scores);
        assert_non_null(scores[f]);
        functions[f](&stack, scores[f]);
    }
    const double step = 1 / (double)layers;
    for (size_t i = 0; i < rows; i++) {
        plain want = plain_scores(&stack, i);
        assert_close(scores[0][i], want.mean_entropy, 1e-12);
        assert_close(scores[1][i], want.entropy_of_mean, 1e-12);
        assert_close(scores[2][i], want.entropy_of_mean - want.mean_entropy, 1e-12);
        assert_true(scores[2][i] >= 0);
        double share = columns > 1 ? want.entropy_of_mean / log((double)columns) : 0;
        assert_close(scores[3][i], want.ratio + step * share / 2, 1e-12);
        if (layers == 1) /* the same bits as one row alone */
            assert_true(scores[0][i] == kit_entropy(kit_stack_row(&stack, 0, i), columns));
    }
    for (size_t f = 0; f < 4; f++)
        free(scores[f]);
    release(&stack);
}

static void predictions_against_plain_sums(void **state)
{
    (void)state;
    check_scores(1, 1, 1);
    check_scores(1, 50, 3);
    check_scores(2, 9, 2);
    check_scores(7, 300, 10);   /* parts of 102 rows */
    check_scores(20, 3, 1024);  /* of one whole row */
    check_scores(5, 3, 1025);   /* of a row and its last class */
    check_scores(3, 2, 3000);
}

static void no_disagreement_is_no_information(void **state)
{
    (void)state;
    float data[3][2][3] = {{{0.1f, 0.2f, 0.7f}, {0, 1, 0}},
                           {{0.1f, 0.2f, 0.7f}, {0, 1, 0}},
                           {{0.1f, 0.2f, 0.7f}, {0, 1, 0}}};
    kit_stack stack = {&data[0][0][0], 3, 2, 3, 3, 6};
    double scores[2];
    kit_mutual_information(&stack, scores);
    assert_close(scores[0], 0, 1e-15);
    assert_true(scores[1] == 0);
    kit_variation_ratio(&stack, scores);
    assert_true(scores[1] == 0);
    data[2][1][1] = 0; /* now one pass in three is sure of another class */
    data[2][1][0] = 1;
    kit_mutual_information(&stack, scores);
    assert_close(scores[1], log(3) - 2.0 / 3 * log(2), 1e-15);
}

/* ---- the frame ------------------------------------------------------------------------------ */

static int score_on_threads(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    kit_stack stack = new_stack(3, 70001, 4); /* more than one slab */
    double *scores = malloc(stack.rows * sizeof *scores), *at_once = argument;
    assert_non_null(scores);
    int rc = kit_score_rows(host, &stack, kit_mutual_information, scores);
    if (*at_once == 0) /* the first run: all at once */
        kit_mutual_information(&stack, at_once);
    assert_memory_equal(scores, at_once, stack.rows * sizeof *scores);
    free(scores);
    release(&stack);
    return rc;
}

static void threads_and_pieces_change_no_score(void **state)
{
    (void)state;
    fb_error err = {0};
    double *at_once = calloc(70001, sizeof *at_once);
    assert_non_null(at_once);
    for (size_t threads = 1; threads <= 3; threads++) {
        parallel *pool = NULL;
        assert_int_equal(parallel_create(threads, &pool, &err), 0);
        probe_use_pool(pool);
        assert_int_equal(probe_run(score_on_threads, at_once, 8, 1, NULL, NULL, &err), 0);
        probe_use_pool(NULL);
        parallel_destroy(pool);
    }
    free(at_once);
}

static int stopped(const fb_host *host)
{
    (void)host;
    return 1;
}

static int score_when_stopped(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    (void)argument;
    fb_host stopping = *host;
    stopping.cancelled = stopped;
    float row[2] = {0.5f, 0.5f};
    double score = 7;
    kit_stack stack = {row, 1, 1, 2, 2, 2};
    int rc = kit_score_rows(&stopping, &stack, kit_mean_entropy, &score);
    assert_true(score == 7);
    return rc;
}

static void scoring_stops_when_told(void **state)
{
    (void)state;
    fb_error err = {0};
    assert_int_equal(probe_run(score_when_stopped, NULL, 8, 1, NULL, NULL, &err), FB_ECANCELLED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(top_k_is_the_start_of_the_sort),
        cmocka_unit_test(log_sum_exp_of_any_magnitude),
        cmocka_unit_test(predictions_against_plain_sums),
        cmocka_unit_test(no_disagreement_is_no_information),
        cmocka_unit_test(threads_and_pieces_change_no_score),
        cmocka_unit_test(scoring_stops_when_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

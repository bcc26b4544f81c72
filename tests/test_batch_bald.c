/* test_batch_bald.c - BatchBALD against brute force (golden/strategies/batch_bald.py), where all
 * configurations of labels are kept and where they are drawn, and at the edges. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "alloc.h"
#include "joint.h"
#include "probe.h"
#include "strategy_probe.h"

enum { BATCH = 6 };

/* case-a's passes, and what brute force made of them. */
typedef struct golden {
    npy_array p, order, gains, sd;
    kit_stack stack;
} golden;

static golden golden_open(void)
{
    golden g = {
        .p = golden_floats(GOLDEN_DIR, "case-a", "mc_probabilities"),
        .order = golden_integers(GOLDEN_DIR, "strategies", "batch_bald_order"),
        .gains = golden_floats(GOLDEN_DIR, "strategies", "batch_bald_gains"),
        .sd = golden_floats(GOLDEN_DIR, "strategies", "batch_bald_sd"),
    };
    const size_t *shape = g.p.shape;
    g.stack = (kit_stack){g.p.f32,  shape[0], shape[1],
                          shape[2], shape[2], shape[1] * shape[2]};
    assert_true(g.order.count == BATCH && g.gains.count == shape[1] && g.sd.count == shape[1]);
    return g;
}

static void golden_close(golden *g)
{
    npy_finish(&g->p);
    npy_finish(&g->order);
    npy_finish(&g->gains);
    npy_finish(&g->sd);
}

/* ---- gains ---------------------------------------------------------------------------------- */

typedef struct gains_wanted {
    golden golden;
    size_t samples, configurations;
    double gains[300];
} gains_wanted;

/* The gains of all rows after the first five of the batch. */
static int compute_gains(const fb_host *host, const fb_round *round, void *argument)
{
    gains_wanted *w = argument;
    const kit_stack *p = &w->golden.stack;
    joint j = {0};
    int rc = joint_init(host, p, w->samples, BATCH, &j);
    for (size_t i = 0; !rc && i < BATCH - 1; i++)
        rc = joint_add(host, &j, (uint32_t)w->golden.order.i64[i]);
    uint32_t rows[JOINT_COLUMNS];
    for (size_t first = 0; !rc && first < p->rows; first += j.panel) {
        size_t count = p->rows - first < j.panel ? p->rows - first : j.panel;
        for (size_t i = 0; i < count; i++)
            rows[i] = (uint32_t)(first + i);
        rc = joint_gains(host, &j, rows, count, w->gains + first);
    }
    w->configurations = j.count;
    (void)round;
    return rc;
}

static gains_wanted gains_of(size_t samples, uint64_t seed)
{
    gains_wanted w = {.golden = golden_open(), .samples = samples};
    fb_error err = {0};
    assert_int_equal(w.golden.stack.rows, 300);
    if (probe_run(compute_gains, &w, 8, seed, NULL, NULL, &err) != 0)
        fail_msg("%s", err.text);
    return w;
}

static void exact_gains_are_those_of_brute_force(void **state)
{
    (void)state;
    gains_wanted w = gains_of(3125, 1); /* 5^5, and a multiple of 20 up from there */
    assert_int_equal(w.configurations, 3125);
    for (size_t i = 0; i < 300; i++)
        if (!(fabs(w.gains[i] - (double)w.golden.gains.f32[i]) <= 2e-7))
            fail_msg("row %zu: a gain of %.9g, not %.9g", i, w.gains[i],
                     (double)w.golden.gains.f32[i]);
    golden_close(&w.golden);
}

/* With m drawn configurations, z = (gain - exact gain) / (sd / sqrt(m)) has a variance of at most 1
 * (drawing as many from each pass takes some away), so that one of 20 x 300 exceeds 5 with a
 * probability below 0.4 %; seeds are fixed. The mean over 20 seeds is held to the same bound of its
 * own, 4.5 (0.2 % of 300), which an estimate that is off by a standard error misses. */
static void drawn_gains_are_near_those_of_brute_force(void **state)
{
    (void)state;
    enum { SEEDS = 20, SAMPLES = 2000 };
    static double sums[300];
    double largest = 0, largest_of_means = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        gains_wanted w = gains_of(SAMPLES, seed);
        assert_int_equal(w.configurations, SAMPLES);
        for (size_t i = 0; i < 300; i++) {
            double error = (double)w.golden.sd.f32[i] / sqrt(SAMPLES);
            double z = (w.gains[i] - (double)w.golden.gains.f32[i]) / error;
            largest = fmax(largest, fabs(z));
            sums[i] += z;
        }
        golden_close(&w.golden);
    }
    for (size_t i = 0; i < 300; i++)
        largest_of_means = fmax(largest_of_means, fabs(sums[i] / sqrt(SEEDS)));
    print_message("# largest |z| %.2f, of means over seeds %.2f\n", largest, largest_of_means);
    assert_true(largest <= 5 && largest_of_means <= 4.5);
}

/* ---- the plugin ----------------------------------------------------------------------------- */

typedef struct asked {
    const float *p;
    size_t passes, n, classes, batch;
    const char *samples;
    uint64_t seed;
} asked;

static host_answer answer_of(const asked *a)
{
    char passes[24];
    const char *const names[] = {"passes", "samples"}, *const values[] = {passes, a->samples};
    const probe_service services[] = {
        {.name = "mc_probabilities", .data = a->p, .shape = {a->passes, a->n, a->classes}}, {0}};
    snprintf(passes, sizeof passes, "%zu", a->passes);
    strategy_probe probe = {
        .plugin = STRATEGY_DIR "/batch-bald.so",
        .n = a->n,
        .batch = a->batch,
        .classes = a->classes,
        .services = services,
        .names = names,
        .values = values,
        .param_count = 2,
        .seed = a->seed,
    };
    host_answer answer = {0};
    fb_error err = {0};
    if (strategy_probe_run(&probe, &answer, &err) != 0)
        fail_msg("%s", err.text);
    return answer;
}

static asked ask_golden(const golden *g, const char *samples)
{
    return (asked){.p = g->p.f32, .passes = 20, .n = 300, .classes = 5, .batch = BATCH,
                   .samples = samples};
}

static void the_exact_batch_is_that_of_brute_force(void **state)
{
    (void)state;
    golden g = golden_open();
    asked a = ask_golden(&g, "10000");
    host_answer answer = answer_of(&a);
    for (size_t i = 0; i < BATCH; i++)
        assert_int_equal(answer.ids[i], g.order.i64[i]);
    assert_true(probe_record(&answer, "trials") < 5 * 300); /* few need to be tried again */
    host_answer_finish(&answer);
    golden_close(&g);
}

/* The first five are still exact; the gain of the sixth is at most two estimates' errors, five
 * standard errors each, below the best. */
static void a_drawn_batch_is_near_the_best(void **state)
{
    (void)state;
    golden g = golden_open();
    asked a = ask_golden(&g, "3000");
    double best = (double)g.gains.f32[g.order.i64[BATCH - 1]];
    for (a.seed = 0; a.seed < 5; a.seed++) {
        host_answer answer = answer_of(&a);
        for (size_t i = 0; i + 1 < BATCH; i++)
            assert_int_equal(answer.ids[i], g.order.i64[i]);
        uint32_t last = answer.ids[BATCH - 1];
        double error = (double)(g.sd.f32[last] + g.sd.f32[g.order.i64[BATCH - 1]]) / sqrt(3000);
        assert_true((double)g.gains.f32[last] >= best - 5 * error);
        host_answer_finish(&answer);
    }
    golden_close(&g);
}

/* ---- edges ---------------------------------------------------------------------------------- */

/* Rows 0 and 1 are one sample twice, on which two passes are against two; row 2 asks another
 * question, and has a little less to say. */
static void a_twin_of_one_chosen_has_nothing_to_add(void **state)
{
    (void)state;
    static const float p[4][3][2] = {{{1, 0}, {1, 0}, {0.9375f, 0.0625f}},
                                     {{1, 0}, {1, 0}, {0.0625f, 0.9375f}},
                                     {{0, 1}, {0, 1}, {0.9375f, 0.0625f}},
                                     {{0, 1}, {0, 1}, {0.0625f, 0.9375f}}};
    asked a = {.p = &p[0][0][0], .passes = 4, .n = 3, .classes = 2, .batch = 3,
               .samples = "10000"};
    const uint32_t expected[3] = {0, 2, 1};
    for (int drawn = 0; drawn < 2; drawn++) {
        host_answer answer = answer_of(&a);
        assert_memory_equal(answer.ids, expected, sizeof expected);
        host_answer_finish(&answer);
        a.samples = "1"; /* one configuration from each pass */
    }
}

/* Where all passes agree, with exact zeros and without, no label says anything: by row. */
static void without_disagreement_the_smaller_rows_come_first(void **state)
{
    (void)state;
    static const float p[2][4][3] = {{{0, 1, 0}, {0.5f, 0.25f, 0.25f}, {1, 0, 0}, {0, 0, 1}},
                                     {{0, 1, 0}, {0.5f, 0.25f, 0.25f}, {1, 0, 0}, {0, 0, 1}}};
    const size_t passes[] = {2, 1};
    const char *const samples[] = {"10000", "2"};
    const uint32_t expected[4] = {0, 1, 2, 3};
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < 2; k++) {
            asked a = {.p = &p[0][0][0], .passes = passes[i], .n = 4, .classes = 3, .batch = 4,
                       .samples = samples[k]};
            host_answer answer = answer_of(&a);
            assert_memory_equal(answer.ids, expected, sizeof expected);
            host_answer_finish(&answer);
        }
}

/* More classes than a panel has columns; a sample that is certain of what others rule out. */
static void many_classes_and_impossible_labels(void **state)
{
    (void)state;
    enum { CLASSES = JOINT_COLUMNS + 44, N = 5 };
    static float p[2][N][CLASSES];
    for (size_t t = 0; t < 2; t++)
        for (size_t i = 0; i < N; i++)
            p[t][i][i == 3 ? t * (CLASSES - 1) : 7] = 1; /* row 3: one end, or the other */
    asked a = {.p = &p[0][0][0], .passes = 2, .n = N, .classes = CLASSES, .batch = N,
               .samples = "90000"};
    const uint32_t expected[N] = {3, 0, 1, 2, 4};
    for (int drawn = 0; drawn < 2; drawn++) {
        host_answer answer = answer_of(&a);
        assert_memory_equal(answer.ids, expected, sizeof expected);
        host_answer_finish(&answer);
        a.samples = "64";
    }
}

static void one_sample_is_chosen(void **state)
{
    (void)state;
    static const float p[2][1][2] = {{{0.25f, 0.75f}}, {{0.5f, 0.5f}}};
    asked a = {.p = &p[0][0][0], .passes = 2, .n = 1, .classes = 2, .batch = 1, .samples = "1"};
    host_answer answer = answer_of(&a);
    assert_int_equal(answer.ids[0], 0);
    host_answer_finish(&answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_gains_are_those_of_brute_force),
        cmocka_unit_test(drawn_gains_are_near_those_of_brute_force),
        cmocka_unit_test(the_exact_batch_is_that_of_brute_force),
        cmocka_unit_test(a_drawn_batch_is_near_the_best),
        cmocka_unit_test(a_twin_of_one_chosen_has_nothing_to_add),
        cmocka_unit_test(without_disagreement_the_smaller_rows_come_first),
        cmocka_unit_test(many_classes_and_impossible_labels),
        cmocka_unit_test(one_sample_is_chosen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

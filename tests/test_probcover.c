#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernels.h"
#include "probe.h"
#include "strategy_probe.h"

enum { D_MAX = 16, ROWS_MAX = 512 };

/* A pool and labelled samples, the radius ("0": found) and the size of a batch. */
typedef struct world {
    const float *pool, *labeled;
    size_t n, m, d, classes, batch;
    const char *delta;
    uint64_t seed;
    parallel *threads; /* NULL: one */
} world;

/* Room for what a strategy_probe points to. */
typedef struct asking {
    probe_service services[3];
    strategy_probe probe;
} asking;

static void prepare(const world *w, asking *a)
{
    static const char *const names[] = {"delta"};
    *a = (asking){
        .services = {{"representation", "network", w->pool, {w->n, w->d, 0}},
                     {"labeled_representation", "network", w->labeled, {w->m, w->d, 0}}},
        .probe = {.plugin = STRATEGY_DIR "/probcover.so",
                  .n = w->n,
                  .batch = w->batch,
                  .labeled = w->m,
                  .classes = w->classes,
                  .pool = w->threads,
                  .services = a->services,
                  .names = names,
                  .values = &w->delta,
                  .param_count = 1,
                  .seed = w->seed},
    };
}

static host_answer ask(const world *w)
{
    asking a;
    host_answer answer = {0};
    fb_error err = {0};
    prepare(w, &a);
    if (strategy_probe_run(&a.probe, &answer, &err) != FB_OK)
        fail_msg("%s", err.text);
    return answer;
}

/* How often each sample is chosen with `runs` seeds. */
static void count_choices(const world *w, size_t runs, uint32_t *ret_times)
{
    asking a;
    fb_error err = {0};
    prepare(w, &a);
    if (strategy_probe_count(&a.probe, runs, ret_times, &err) != FB_OK)
        fail_msg("%s", err.text);
}

/* ---- brute force ---------------------------------------------------------------------------- */

typedef struct golden {
    npy_array pool, labeled, delta, chosen;
} golden;

static npy_array floats(const char *name, const char *what)
{
    char file[64];
    snprintf(file, sizeof file, "probcover_%s_%s", name, what);
    return golden_floats(GOLDEN_DIR, "strategies", file);
}

static golden golden_open(const char *name, bool has_labels)
{
    char file[64];
    snprintf(file, sizeof file, "probcover_%s_chosen", name);
    golden g = {.pool = floats(name, "pool"),
                .delta = floats(name, "delta"),
                .chosen = golden_integers(GOLDEN_DIR, "strategies", file)};
    if (has_labels)
        g.labeled = floats(name, "labeled");
    return g;
}

static void golden_close(golden *g)
{
    npy_finish(&g->pool);
    npy_finish(&g->labeled);
    npy_finish(&g->delta);
    npy_finish(&g->chosen);
}

static world golden_world(const golden *g, const char *delta, size_t classes)
{
    return (world){.pool = g->pool.f32,
                   .labeled = g->labeled.f32,
                   .n = g->pool.shape[0],
                   .m = g->labeled.shape[0],
                   .d = g->pool.shape[1],
                   .classes = classes,
                   .batch = g->chosen.count,
                   .delta = delta};
}

/* The batch may be larger than the greedy part. */
static void assert_golden(const golden *g, const world *w, bool all_covered)
{
    host_answer answer = ask(w);
    for (size_t i = 0; i < g->chosen.count; i++)
        assert_int_equal(answer.ids[i], g->chosen.i64[i]);
    assert_true((float)probe_record(&answer, "delta") == g->delta.f32[0]);
    assert_int_equal(probe_record(&answer, "covered") == 1, all_covered);
    host_answer_finish(&answer);
}

static void chooses_what_brute_force_chooses(void **state)
{
    (void)state;
    golden given = golden_open("given", true), wide = golden_open("wide", false);
    golden tiny = golden_open("tiny", true);
    world w = golden_world(&given, "0.55", 4);
    assert_golden(&given, &w, false);
    w = golden_world(&wide, "1.05", 4);
    assert_golden(&wide, &w, true);
    w = golden_world(&tiny, "0.003", 4);
    assert_golden(&tiny, &w, true);
    golden_close(&given);
    golden_close(&wide);
    golden_close(&tiny);
}

static void finds_the_radius_of_pure_balls(void **state)
{
    (void)state;
    golden found = golden_open("found", true), tight = golden_open("tight", false);
    for (uint64_t seed = 0; seed < 5; seed++) {
        world w = golden_world(&found, "0", 4);
        w.seed = seed;
        assert_golden(&found, &w, true);
        w = golden_world(&tight, "0", 3);
        w.seed = seed;
        assert_golden(&tight, &w, true);
    }
    golden_close(&found);
    golden_close(&tight);
}

/* 4 of 12 are chosen greedily; the others depend on the seed, and come up about equally often. */
static void the_rest_is_drawn_at_random(void **state)
{
    (void)state;
    golden found = golden_open("found", true);
    world w = golden_world(&found, "0.85", 4);
    uint32_t times[ROWS_MAX];
    const uint32_t rounds = 400;
    w.batch = 12;
    count_choices(&w, rounds, times);
    double expected = rounds * 8.0 / (double)(w.n - 4), chi_square = 0;
    for (size_t i = 0; i < w.n; i++)
        if (times[i] != rounds) /* not one of the 4 */
            chi_square += (times[i] - expected) * (times[i] - expected) / expected;
    /* 182 rows, 8 of them without replacement: mean 174, standard deviation about 18. */
    assert_true(chi_square < 174 + 5 * 18);
    assert_true(chi_square > 174 - 5 * 18);
    golden_close(&found);
}

/* ---- edges ---------------------------------------------------------------------------------- */

static void one_sample_and_one_class(void **state)
{
    (void)state;
    const float rows[4] = {1, 2, 3, 4};
    world w = {.pool = rows, .labeled = rows + 2, .n = 1, .m = 0, .d = 2, .classes = 1,
               .batch = 1, .delta = "0"};
    for (; w.m < 2; w.m++) {
        host_answer answer = ask(&w);
        assert_true(probe_record(&answer, "delta") == 1);
        assert_int_equal(answer.ids[0], 0);
        host_answer_finish(&answer);
    }
}

/* One ball holds all: the smallest id comes first, the rest is drawn. */
static void identical_and_zero_rows(void **state)
{
    (void)state;
    float rows[20 * 3] = {0};
    for (int kind = 0; kind < 2; kind++) {
        const world w = {.pool = rows, .n = 20, .d = 3, .classes = 4, .batch = 20, .delta = "0"};
        host_answer answer = ask(&w);
        assert_int_equal(answer.ids[0], 0);
        assert_true(probe_record(&answer, "delta") == 1);
        host_answer_finish(&answer);
        for (size_t i = 0; i < 60; i++)
            rows[i] = 0.3f;
    }
}

/* However small a ball is, it holds its centre. */
static void the_smallest_radius(void **state)
{
    (void)state;
    const float rows[5 * 2] = {1, 0, 0, 1, 1, 1, 0, 1, 2, 1};
    const uint32_t want[4] = {1, 0, 2, 4}; /* row 1 is there twice */
    const world w = {.pool = rows, .n = 5, .d = 2, .classes = 2, .batch = 4, .delta = "1e-200"};
    host_answer answer = ask(&w);
    assert_memory_equal(answer.ids, want, sizeof want);
    host_answer_finish(&answer);
}

/* Labelled samples that cover all leave nothing but chance. */
static void labelled_samples_cover_too(void **state)
{
    (void)state;
    const float rows[5 * 2] = {1, 0, 1, 0.01f, 0, 1, 0.01f, 1, 1, 0.02f};
    world w = {.pool = rows, .labeled = rows, .n = 5, .m = 1, .d = 2, .classes = 2, .batch = 2,
               .delta = "0.1"};
    host_answer answer = ask(&w);
    assert_int_equal(answer.ids[0], 2);
    host_answer_finish(&answer);
    w.m = 5;
    w.batch = 1;
    uint32_t times[5];
    count_choices(&w, 100, times);
    for (size_t i = 0; i < 5; i++)
        assert_true(times[i] > 5);
}

static void fill(float *out, size_t count)
{
    uint32_t bits[ROWS_MAX * D_MAX];
    fb_stream_bits((fb_stream){31}, 0, 0, count, bits);
    kernels_normal(count, bits, out);
}

/* The plugin takes its instruction set from the environment when it is opened. */
static void no_bit_depends_on_instruction_set_or_threads(void **state)
{
    (void)state;
    float rows[500 * D_MAX];
    parallel *threads = NULL;
    fb_error err = {0};
    fill(rows, 500 * D_MAX);
    assert_int_equal(parallel_create(3, &threads, &err), FB_OK);
    for (size_t batch = 30; batch <= 460; batch += 430) {
        world w = {.pool = rows, .labeled = rows + 460 * D_MAX, .n = 460, .m = 40, .d = D_MAX,
                   .classes = 7, .batch = batch, .delta = "0"};
        host_answer first = ask(&w);
        w.threads = threads;
        for (const char *const *isa = kernels_isas(); *isa; isa++) {
            setenv("FLIPBENCH_ISA", *isa, 1);
            host_answer other = ask(&w);
            assert_memory_equal(other.ids, first.ids, batch * sizeof *first.ids);
            host_answer_finish(&other);
        }
        unsetenv("FLIPBENCH_ISA");
        host_answer_finish(&first);
    }
    parallel_destroy(threads);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chooses_what_brute_force_chooses),
        cmocka_unit_test(finds_the_radius_of_pure_balls),
        cmocka_unit_test(the_rest_is_drawn_at_random),
        cmocka_unit_test(one_sample_and_one_class),
        cmocka_unit_test(identical_and_zero_rows),
        cmocka_unit_test(the_smallest_radius),
        cmocka_unit_test(labelled_samples_cover_too),
        cmocka_unit_test(no_bit_depends_on_instruction_set_or_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

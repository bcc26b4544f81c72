#include <setjmp.h>
#include <stdarg.h>
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

/* A pool and labelled samples, and the answer for a batch. */
typedef struct world {
    const float *pool, *labeled;
    size_t n, m, d, batch;
    uint64_t seed;
    parallel *threads; /* NULL: one */
} world;

static host_answer ask(const world *w)
{
    const probe_service services[] = {
        {"representation", "network", w->pool, {w->n, w->d, 0}},
        {"labeled_representation", "network", w->labeled, {w->m, w->d, 0}},
        {0},
    };
    const strategy_probe probe = {.plugin = STRATEGY_DIR "/typiclust.so",
                                  .n = w->n,
                                  .batch = w->batch,
                                  .labeled = w->m,
                                  .classes = 3,
                                  .pool = w->threads,
                                  .services = services,
                                  .seed = w->seed};
    host_answer answer = {0};
    fb_error err = {0};
    if (strategy_probe_run(&probe, &answer, &err) != FB_OK)
        fail_msg("%s", err.text);
    return answer;
}

static void assert_chosen(const world *w, const uint32_t *expected)
{
    host_answer answer = ask(w);
    for (size_t i = 0; i < w->batch; i++)
        if (answer.ids[i] != expected[i])
            fail_msg("seed %d: choice %zu is %u, not %u", (int)w->seed, i, answer.ids[i],
                     expected[i]);
    host_answer_finish(&answer);
}

/* ---- brute force ---------------------------------------------------------------------------- */

static npy_array floats(const char *name, const char *what)
{
    char file[64];
    snprintf(file, sizeof file, "typiclust_%s_%s", name, what);
    return golden_floats(GOLDEN_DIR, "strategies", file);
}

static void assert_golden(const char *name, int has_labels)
{
    char file[64];
    snprintf(file, sizeof file, "typiclust_%s_chosen", name);
    npy_array pool = floats(name, "pool"), labeled = {0};
    npy_array chosen = golden_integers(GOLDEN_DIR, "strategies", file);
    if (has_labels)
        labeled = floats(name, "labeled");
    uint32_t expected[ROWS_MAX];
    for (size_t i = 0; i < chosen.count; i++)
        expected[i] = (uint32_t)chosen.i64[i];
    for (uint64_t seed = 0; seed < 5; seed++) {
        const world w = {.pool = pool.f32,
                         .labeled = labeled.f32,
                         .n = pool.shape[0],
                         .m = labeled.shape[0],
                         .d = pool.shape[1],
                         .batch = chosen.count,
                         .seed = seed};
        assert_chosen(&w, expected);
    }
    npy_finish(&pool);
    npy_finish(&labeled);
    npy_finish(&chosen);
}

static void chooses_what_brute_force_chooses(void **state)
{
    (void)state;
    assert_golden("few", 1);
    assert_golden("none", 0);
    assert_golden("wide", 1);
    assert_golden("small", 1);
}

/* ---- edges ---------------------------------------------------------------------------------- */

/* Copies of unit vectors: row i is axis[i]. So there are as many clusters as axes. */
static void copies(const int *axis, size_t rows, float *out)
{
    memset(out, 0, rows * D_MAX * sizeof *out);
    for (size_t i = 0; i < rows; i++)
        out[i * D_MAX + (size_t)axis[i]] = 1 + (float)i;
}

/* Sizes with their labels: axis 0: 7 (1 labelled), axis 1: 6 (6 of them), axis 2: 8 (1), axis 3: 3,
 * axis 4: 5. Axes 2 and 0 give in turn; then 4 and 3 do. */
static void small_clusters_follow_when_large_ones_are_exhausted(void **state)
{
    (void)state;
    const int pool_axes[] = {0, 3, 2, 2, 2, 4, 2, 0, 0, 3, 0, 0, 0, 2, 2, 2, 3, 4, 4, 4, 4};
    const int labeled_axes[] = {1, 1, 1, 0, 1, 1, 1, 2};
    enum { N = sizeof pool_axes / sizeof(int), M = sizeof labeled_axes / sizeof(int) };
    const uint32_t expected[N] = {2,  0, 3,  7, 4, 8, 6, 10, 13, 11, 14,
                                  12, 15, 5, 1, 17, 9, 18, 16, 19, 20};
    float pool[N * D_MAX], labeled[M * D_MAX];
    copies(pool_axes, N, pool);
    copies(labeled_axes, M, labeled);
    for (size_t batch = 1; batch <= N; batch++) {
        const world w = {.pool = pool, .labeled = labeled, .n = N, .m = M, .d = D_MAX,
                         .batch = batch};
        /* Even the batch 1 asks for more clusters than there are axes: 8 labelled and 1. */
        assert_chosen(&w, expected);
    }
}

static void identical_and_zero_rows_are_taken_by_their_ids(void **state)
{
    (void)state;
    float rows[20 * 3] = {0};
    uint32_t expected[20];
    for (uint32_t i = 0; i < 20; i++)
        expected[i] = i;
    for (int kind = 0; kind < 2; kind++) {
        for (size_t batch = 1; batch <= 20; batch++) {
            const world w = {.pool = rows, .n = 20, .d = 3, .batch = batch};
            assert_chosen(&w, expected);
        }
        for (size_t i = 0; i < 60; i++)
            rows[i] = 0.3f;
    }
}

static void one_sample(void **state)
{
    (void)state;
    const float rows[4] = {1, 2, 3, 4};
    const uint32_t expected = 0;
    world w = {.pool = rows, .n = 1, .d = 2, .batch = 1};
    assert_chosen(&w, &expected);
    w.labeled = rows + 2;
    w.m = 1;
    assert_chosen(&w, &expected);
}

static void fill(float *out, size_t count)
{
    uint32_t bits[ROWS_MAX * D_MAX];
    fb_stream_bits((fb_stream){31}, 0, 0, count, bits);
    kernels_normal(count, bits, out);
}

/* As many clusters as samples, which differ: all are chosen, whatever the order. */
static void the_whole_pool_can_be_chosen(void **state)
{
    (void)state;
    float rows[90 * D_MAX];
    fill(rows, 90 * D_MAX);
    const world w = {.pool = rows, .n = 90, .d = D_MAX, .batch = 90};
    host_answer answer = ask(&w); /* the host checks that no id comes twice */
    assert_true(probe_record(&answer, "clusters") == 90);
    host_answer_finish(&answer);
}

/* The plugin takes its instruction set from the environment when it is opened. */
static void no_bit_depends_on_instruction_set_or_threads(void **state)
{
    (void)state;
    float rows[500 * D_MAX];
    fill(rows, 500 * D_MAX);
    world w = {.pool = rows, .labeled = rows + 460 * D_MAX, .n = 460, .m = 40, .d = D_MAX,
               .batch = 10};
    host_answer first = ask(&w);
    fb_error err = {0};
    assert_int_equal(parallel_create(3, &w.threads, &err), FB_OK);
    for (const char *const *isa = kernels_isas(); *isa; isa++) {
        setenv("FLIPBENCH_ISA", *isa, 1);
        assert_chosen(&w, first.ids);
    }
    unsetenv("FLIPBENCH_ISA");
    parallel_destroy(w.threads);
    host_answer_finish(&first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chooses_what_brute_force_chooses),
        cmocka_unit_test(small_clusters_follow_when_large_ones_are_exhausted),
        cmocka_unit_test(identical_and_zero_rows_are_taken_by_their_ids),
        cmocka_unit_test(one_sample),
        cmocka_unit_test(the_whole_pool_can_be_chosen),
        cmocka_unit_test(no_bit_depends_on_instruction_set_or_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The strategy coreset: an outside answer, services, edges. That it is the plain greedy is in
 * test_kit_cluster.c. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernels.h"
#include "parallel.h"
#include "strategy_probe.h"

#define PLUGIN STRATEGY_DIR "/coreset.so"

/* Runs the strategy on rows of width d and fails with the host's sentence. */
static void choose(const float *pool, size_t n, const float *labeled, size_t m, size_t d,
                   size_t batch, uint32_t *ret_ids)
{
    const probe_service services[] = {
        {.name = "representation", .kind = "network", .data = pool, .shape = {n, d}},
        {.name = "labeled_representation", .kind = "network", .data = labeled, .shape = {m, d}},
        {0},
    };
    strategy_probe probe = {.plugin = PLUGIN, .n = n, .batch = batch, .labeled = m, .classes = 2,
                            .services = services};
    host_answer answer = {0};
    fb_error err = {0};
    if (strategy_probe_run(&probe, &answer, &err) != 0)
        fail_msg("%s", err.text);
    memcpy(ret_ids, answer.ids, batch * sizeof *ret_ids);
    host_answer_finish(&answer);
}

static void check_golden(const char *name, parallel *pool)
{
    npy_array embeddings = golden_floats(GOLDEN_DIR, name, "pool_embeddings");
    npy_array labeled = golden_floats(GOLDEN_DIR, name, "labeled_embeddings");
    npy_array order = golden_integers(GOLDEN_DIR, name, "coreset_order");
    const probe_service services[] = {
        {.name = "representation", .data = embeddings.f32,
         .shape = {embeddings.shape[0], embeddings.shape[1]}},
        {.name = "labeled_representation", .data = labeled.f32,
         .shape = {labeled.shape[0], labeled.shape[1]}},
        {0},
    };
    strategy_probe probe = {.plugin = PLUGIN, .n = embeddings.shape[0], .batch = order.count,
                            .labeled = labeled.shape[0], .classes = 2, .services = services,
                            .pool = pool};
    host_answer answer = {0};
    fb_error err = {0};
    if (strategy_probe_run(&probe, &answer, &err) != 0)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < order.count; i++)
        assert_int_equal(answer.ids[i], order.i64[i]);
    host_answer_finish(&answer);
    npy_finish(&embeddings);
    npy_finish(&labeled);
    npy_finish(&order);
}

/* A plugin has kernels of its own, which take the instruction set from the environment. */
static void order_is_that_of_others_everywhere(void **state)
{
    (void)state;
    parallel *pool = NULL;
    assert_int_equal(parallel_create(3, &pool, NULL), 0);
    for (const char *const *isa = kernels_isas(); *isa; isa++) {
        setenv("FLIPBENCH_ISA", *isa, 1);
        check_golden("case-a", NULL);
        check_golden("case-c", NULL);
        check_golden("case-a", pool);
    }
    unsetenv("FLIPBENCH_ISA");
    parallel_destroy(pool);
}

static void without_labels_the_first_is_the_smallest_id(void **state)
{
    (void)state;
    const float pool[5][1] = {{2}, {3}, {-9}, {8}, {2}};
    const uint32_t want[5] = {0, 2, 3, 1, 4};
    uint32_t got[5];
    choose(&pool[0][0], 5, NULL, 0, 1, 5, got);
    assert_memory_equal(got, want, sizeof want);
    choose(&pool[0][0], 1, NULL, 0, 1, 1, got);
    assert_int_equal(got[0], 0);
}

static void ties_go_to_the_smaller_id(void **state)
{
    (void)state;
    const float pool[6][2] = {{1, 0}, {0, 1}, {-1, 0}, {0, -1}, {0, 0}, {0, 0}};
    const float labeled[2][2] = {{0, 0}, {0, 0}};
    const uint32_t want[6] = {0, 1, 2, 3, 4, 5};
    uint32_t got[6];
    choose(&pool[0][0], 6, &labeled[0][0], 2, 2, 6, got);
    assert_memory_equal(got, want, sizeof want);
}

static void identical_rows_and_zeros_come_in_order(void **state)
{
    (void)state;
    enum { N = 700, D = 3 };
    static float rows[N * D];
    uint32_t got[N];
    for (int value = 0; value < 2; value++) {
        for (size_t i = 0; i < N * D; i++)
            rows[i] = 0.3f * (float)value;
        choose(rows, N, rows, 1, D, N, got);
        for (size_t i = 0; i < N; i++)
            assert_int_equal(got[i], i);
        choose(rows, N, NULL, 0, D, N, got);
        for (size_t i = 0; i < N; i++)
            assert_int_equal(got[i], i);
    }
}

static int run_kind(const char *kind, const float *inputs, host_answer *ret_answer, fb_error *err)
{
    static const float network[3][1] = {{0}, {1}, {2}}, labeled[1][1] = {{0}};
    const probe_service services[] = {
        {.name = "representation", .kind = "network", .data = network, .shape = {3, 1}},
        {.name = "labeled_representation", .kind = "network", .data = labeled, .shape = {1, 1}},
        {.name = "representation", .kind = "inputs", .data = inputs, .shape = {3, 1}},
        {.name = "labeled_representation", .kind = "inputs", .data = labeled, .shape = {1, 1}},
        {0},
    };
    strategy_probe probe = {.plugin = PLUGIN, .n = 3, .batch = 1, .labeled = 1, .classes = 2,
                            .services = services, .names = (const char *[]){"representation"},
                            .values = &kind, .param_count = 1};
    return strategy_probe_run(&probe, ret_answer, err);
}

static void representation_is_the_users_choice(void **state)
{
    (void)state;
    const float inputs[3] = {0, -5, 2}, not_finite[3] = {0, NAN, 2}, long_row[3] = {0, 1, 2e19f};
    host_answer answer = {0};
    fb_error err = {0};
    assert_int_equal(run_kind("network", inputs, &answer, &err), 0);
    assert_int_equal(answer.ids[0], 2);
    host_answer_finish(&answer);
    assert_int_equal(run_kind("inputs", inputs, &answer, &err), 0);
    assert_int_equal(answer.ids[0], 1);
    host_answer_finish(&answer);
    assert_int_equal(run_kind("features", inputs, &answer, &err), FB_ENOENT);
    assert_int_not_equal(run_kind("pixels", inputs, &answer, &err), 0);
    assert_int_equal(run_kind("inputs", not_finite, &answer, &err), FB_ENUMERIC);
    assert_int_equal(run_kind("inputs", long_row, &answer, &err), FB_ENUMERIC);
    assert_non_null(strstr(err.text, "row 2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_is_that_of_others_everywhere),
        cmocka_unit_test(without_labels_the_first_is_the_smallest_id),
        cmocka_unit_test(ties_go_to_the_smaller_id),
        cmocka_unit_test(identical_rows_and_zeros_come_in_order),
        cmocka_unit_test(representation_is_the_users_choice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

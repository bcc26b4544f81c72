/* The strategy badge: what it chooses where chance has no say, and its edges. That its draws are
 * those of k-means++ is in test_kit_cluster.c and, against outside runs, test_badge_reference.c. */
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
#include "parallel.h"
#include "strategy_probe.h"

enum { MOST = 700 };

typedef struct world {
    size_t n, d, classes, batch;
    const float *embeddings, *probabilities;
    uint64_t seed;
    parallel *pool;
} world;

/* The choices of so many runs with seeds from w->seed on, (runs, batch). */
static int run(const world *w, size_t runs, uint32_t *ret_ids, fb_error *err)
{
    const probe_service services[] = {
        {.name = "embeddings", .data = w->embeddings, .shape = {w->n, w->d}},
        {.name = "probabilities", .data = w->probabilities, .shape = {w->n, w->classes}},
        {0},
    };
    strategy_probe probe = {.plugin = STRATEGY_DIR "/badge.so", .n = w->n, .batch = w->batch,
                            .classes = w->classes, .services = services, .seed = w->seed,
                            .pool = w->pool};
    return strategy_probe_repeat(&probe, runs, ret_ids, err);
}

static void choose(const world *w, size_t runs, uint32_t *ret_ids)
{
    fb_error err = {0};
    if (run(w, runs, ret_ids, &err) != 0)
        fail_msg("%s", err.text);
}

static void assert_permutation(const uint32_t *ids, size_t n)
{
    bool seen[MOST] = {false};
    for (size_t i = 0; i < n; i++) {
        assert_true(ids[i] < n && !seen[ids[i]]);
        seen[ids[i]] = true;
    }
}

/* Norms of gradients: sqrt(2) * 0.5 * 3, sqrt(2) * 0.2 * 8, sqrt(2) * 0.1 * 9. */
static void the_longest_gradient_is_first(void **state)
{
    (void)state;
    const float h[3][2] = {{3, 0}, {0, 8}, {9, 0}}, p[3][2] = {{.5f, .5f}, {.2f, .8f}, {.9f, .1f}};
    world w = {.n = 3, .d = 2, .classes = 2, .batch = 1, .embeddings = &h[0][0],
               .probabilities = &p[0][0]};
    uint32_t ids[20] = {0};
    choose(&w, 20, ids);
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(ids[i], 1);
    w.n = 1;
    choose(&w, 1, ids);
    assert_int_equal(ids[0], 0);
}

/* Rows 0 and 1 have the same gradient, that of row 2 differs: after one of them comes row 2. */
static void an_equal_gradient_comes_last(void **state)
{
    (void)state;
    const float h[3][1] = {{2}, {2}, {-1}}, p[3][2] = {{.6f, .4f}, {.6f, .4f}, {.3f, .7f}};
    world w = {.n = 3, .d = 1, .classes = 2, .batch = 3, .embeddings = &h[0][0],
               .probabilities = &p[0][0]};
    uint32_t ids[50][3] = {0};
    choose(&w, 50, &ids[0][0]);
    for (size_t i = 0; i < 50; i++) {
        assert_int_equal(ids[i][0], 0);
        assert_int_equal(ids[i][1], 2);
        assert_int_equal(ids[i][2], 1);
    }
}

/* Zero embeddings, certain predictions, and rows that are all the same: the first is row 0 and the
 * second any other. */
static void without_distances_the_rest_is_equally_likely(void **state)
{
    (void)state;
    enum { N = 5, RUNS = 400 };
    static const float zero[N], one[N] = {1, 1, 1, 1, 1};
    const float certain[N][2] = {{1, 0}, {0, 1}, {1, 0}, {1, 0}, {0, 1}};
    const float even[N][2] = {{.5f, .5f}, {.5f, .5f}, {.5f, .5f}, {.5f, .5f}, {.5f, .5f}};
    const world worlds[3] = {{.embeddings = zero, .probabilities = &even[0][0]},
                             {.embeddings = one, .probabilities = &certain[0][0]},
                             {.embeddings = one, .probabilities = &even[0][0]}};
    for (size_t i = 0; i < 3; i++) {
        world w = worlds[i];
        size_t second[N] = {0};
        uint32_t ids[RUNS][N] = {0};
        w.n = w.batch = N;
        w.d = 1;
        w.classes = 2;
        choose(&w, RUNS, &ids[0][0]);
        for (size_t r = 0; r < RUNS; r++) {
            assert_permutation(ids[r], N);
            assert_int_equal(ids[r][0], 0);
            second[ids[r][1]]++;
        }
        for (size_t k = 1; k < N; k++) /* 100 expected, standard deviation 8.7 */
            assert_in_range(second[k], 61, 139);
    }
}

/* Embeddings and probabilities of some kind, without meaning. */
static void fill(float *h, float *p, size_t n, size_t d, size_t classes)
{
    for (size_t i = 0; i < n * d; i++)
        h[i] = (float)(i * i % 101) / 50 - 1;
    for (size_t i = 0; i < n; i++) {
        float sum = 0;
        for (size_t c = 0; c < classes; c++)
            sum += p[i * classes + c] = (float)(1 + (i * 7 + c * c * 5) % 23);
        for (size_t c = 0; c < classes; c++)
            p[i * classes + c] /= sum;
    }
}

static void choices_depend_on_neither_threads_nor_instructions(void **state)
{
    (void)state;
    enum { D = 17, C = 3 };
    static float h[MOST * D], p[MOST * C];
    fill(h, p, MOST, D, C);
    world w = {.n = MOST, .d = D, .classes = C, .batch = 150, .embeddings = h, .probabilities = p,
               .seed = 4};
    uint32_t want[150] = {0}, got[150] = {0};
    choose(&w, 1, want);
    assert_int_equal(parallel_create(3, &w.pool, NULL), 0);
    for (const char *const *isa = kernels_isas(); *isa; isa++) {
        setenv("FLIPBENCH_ISA", *isa, 1);
        choose(&w, 1, got);
        assert_memory_equal(got, want, sizeof want);
    }
    unsetenv("FLIPBENCH_ISA");
    parallel_destroy(w.pool);
}

static void a_batch_of_all_is_all(void **state)
{
    (void)state;
    enum { D = 4, C = 3 };
    static float h[MOST * D], p[MOST * C];
    uint32_t ids[MOST] = {0};
    fill(h, p, MOST, D, C);
    world w = {.n = MOST, .d = D, .classes = C, .batch = MOST, .embeddings = h,
               .probabilities = p};
    choose(&w, 1, ids);
    assert_permutation(ids, MOST);
}

static void numbers_beyond_float_are_refused(void **state)
{
    (void)state;
    const float p[2][2] = {{.5f, .5f}, {.4f, .6f}}, not_finite[2] = {1, NAN}, large[2] = {1, 1e20f};
    world w = {.n = 2, .d = 1, .classes = 2, .batch = 1, .embeddings = not_finite,
               .probabilities = &p[0][0]};
    uint32_t id;
    fb_error err = {0};
    assert_int_equal(run(&w, 1, &id, &err), FB_ENUMERIC);
    w.embeddings = large;
    assert_int_equal(run(&w, 1, &id, &err), FB_ENUMERIC);
    assert_non_null(strstr(err.text, "row 1 of the embeddings"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_gradient_is_first),
        cmocka_unit_test(an_equal_gradient_comes_last),
        cmocka_unit_test(without_distances_the_rest_is_equally_likely),
        cmocka_unit_test(choices_depend_on_neither_threads_nor_instructions),
        cmocka_unit_test(a_batch_of_all_is_all),
        cmocka_unit_test(numbers_beyond_float_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

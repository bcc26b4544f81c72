#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kernels.h"
#include "kit.h"
#include "probe.h"
#include "strategy_probe.h"

enum { ROWS_MAX = 512, COLUMNS_MAX = 16, K_MAX = 64 };

/* One clustering: what is asked for, and a copy of what came of it. */
typedef struct task {
    kit_matrix rows;
    kit_kmeans_options options;
    const kit_matrix *start; /* not NULL: kit_lloyd from there */
    bool cut; /* parallel_for in uneven pieces, the last one first */
    kit_clusters got;
    float centres[K_MAX * COLUMNS_MAX];
    uint32_t labels[ROWS_MAX], members[ROWS_MAX];
    size_t starts[K_MAX + 1];
} task;

static void cut_unevenly(const fb_host *host, size_t items, size_t grain, fb_loop_body body,
                         void *argument)
{
    (void)host;
    (void)grain;
    for (size_t end = items, piece = 1; end > 0; piece += 2) {
        size_t first = end > piece ? end - piece : 0;
        body(argument, first, end - first);
        end = first;
    }
}

static int cluster(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    task *t = argument;
    fb_host other = *host;
    if (t->cut)
        other.parallel_for = cut_unevenly;
    int rc = t->start ? kit_lloyd(&other, &t->rows, t->start, t->options.iterations, &t->got)
                      : kit_kmeans(&other, &t->rows, &t->options, &t->got);
    if (rc != 0)
        return rc;
    assert_true(t->rows.rows <= ROWS_MAX && t->got.count <= K_MAX);
    memcpy(t->centres, t->got.centres, t->got.count * t->rows.columns * sizeof(float));
    memcpy(t->labels, t->got.labels, t->rows.rows * sizeof *t->labels);
    memcpy(t->members, t->got.members, t->rows.rows * sizeof *t->members);
    memcpy(t->starts, t->got.starts, (t->got.count + 1) * sizeof *t->starts);
    return 0;
}

static void run(task *t, uint64_t seed)
{
    fb_error err = {0};
    if (probe_run(cluster, t, 8, seed, NULL, NULL, &err) != 0)
        fail_msg("%s", err.text);
}

static double squared(const kit_matrix *rows, size_t i, const float *centre)
{
    double sum = 0;
    for (size_t k = 0; k < rows->columns; k++) {
        double difference = (double)kit_row(rows, i)[k] - (double)centre[k];
        sum += difference * difference;
    }
    return sum;
}

/* The lists of members agree with the labels, and the inertia with both. */
static void assert_consistent(const task *t)
{
    double inertia = 0;
    assert_int_equal(t->starts[0], 0);
    assert_int_equal(t->starts[t->got.count], t->rows.rows);
    for (size_t c = 0; c < t->got.count; c++) {
        for (size_t i = t->starts[c]; i < t->starts[c + 1]; i++) {
            assert_int_equal(t->labels[t->members[i]], c);
            assert_true(i == t->starts[c] || t->members[i - 1] < t->members[i]);
            inertia += squared(&t->rows, t->members[i], t->centres + c * t->rows.columns);
        }
    }
    assert_true(fabs(inertia - t->got.inertia) <= 1e-5 * inertia);
}

/* `groups` blobs around corners `apart` away from each other; row i is of blob i mod groups. */
static kit_matrix blobs(float *data, size_t rows, size_t columns, size_t groups, float apart)
{
    uint32_t bits[ROWS_MAX * COLUMNS_MAX];
    fb_stream_bits((fb_stream){77}, 0, 0, rows * columns, bits);
    kernels_normal(rows * columns, bits, data);
    for (size_t i = 0; i < rows; i++)
        data[i * columns + i % groups] += apart;
    return (kit_matrix){data, rows, columns};
}

static void lloyd_ends_where_scikit_learn_does(void **state)
{
    (void)state;
    npy_array rows = golden_floats(GOLDEN_DIR, "strategies", "kmeans_rows");
    npy_array start = golden_floats(GOLDEN_DIR, "strategies", "kmeans_start");
    npy_array labels = golden_integers(GOLDEN_DIR, "strategies", "kmeans_labels");
    npy_array inertia = golden_floats(GOLDEN_DIR, "strategies", "kmeans_inertia");
    kit_matrix centres = {start.f32, start.shape[0], start.shape[1]};
    task t = {.rows = {rows.f32, rows.shape[0], rows.shape[1]},
              .options = {.iterations = 300},
              .start = &centres};
    run(&t, 1);
    assert_int_equal(t.got.count, 7);
    for (size_t i = 0; i < t.rows.rows; i++)
        assert_int_equal(t.labels[i], labels.i64[i]);
    assert_true(fabs(t.got.inertia - (double)inertia.f32[0]) <= 1e-5 * t.got.inertia);
    assert_consistent(&t);
    npy_finish(&rows);
    npy_finish(&start);
    npy_finish(&labels);
    npy_finish(&inertia);
}

/* The bound is on the best of 10 runs, against the best of 50 of scikit-learn's. */
static void the_best_of_ten_runs_is_within_a_percent_of_the_best_known(void **state)
{
    (void)state;
    npy_array rows = golden_floats(GOLDEN_DIR, "strategies", "kmeans_rows");
    npy_array best = golden_floats(GOLDEN_DIR, "strategies", "kmeans_best");
    for (uint64_t seed = 0; seed < 20; seed++) {
        task t = {.rows = {rows.f32, rows.shape[0], rows.shape[1]},
                  .options = {.k = 7, .iterations = 300, .runs = 10}};
        run(&t, seed);
        if (!(t.got.inertia <= 1.01 * (double)best.f32[0] &&
              t.got.inertia >= 0.99999 * (double)best.f32[0]))
            fail_msg("seed %d: %g, best known %g", (int)seed, t.got.inertia,
                     (double)best.f32[0]);
    }
    npy_finish(&rows);
    npy_finish(&best);
}

static void more_runs_are_never_worse(void **state)
{
    (void)state;
    float data[150 * 5];
    int better = 0;
    for (uint64_t seed = 0; seed < 10; seed++) {
        task one = {.rows = blobs(data, 150, 5, 5, 3),
                    .options = {.k = 9, .iterations = 50, .runs = 1, .stream = 4}};
        task five = one;
        five.options.runs = 5;
        run(&one, seed);
        run(&five, seed);
        assert_true(five.got.inertia <= one.got.inertia);
        better += five.got.inertia < one.got.inertia;
        assert_consistent(&five);
    }
    assert_true(better > 0);
}

static void inertia_never_rises(void **state)
{
    (void)state;
    float data[400 * 10];
    kit_matrix rows = blobs(data, 400, 10, 10, 1);
    for (uint64_t seed = 0; seed < 5; seed++) {
        double last = (double)INFINITY;
        for (size_t iterations = 1;; iterations++) {
            task t = {.rows = rows, .options = {.k = 20, .iterations = iterations, .runs = 1}};
            run(&t, seed);
            assert_consistent(&t);
            assert_true(t.got.inertia <= last * (1 + 1e-6));
            last = t.got.inertia;
            assert_true(t.got.iterations <= iterations);
            if (t.got.iterations < iterations)
                break;
            assert_true(iterations < 100);
        }
    }
}

/* ---- shapes --------------------------------------------------------------------------------- */

static void clusters_that_lie_apart_are_found(void **state)
{
    (void)state;
    float data[200 * 8];
    for (uint64_t seed = 0; seed < 20; seed++) {
        task t = {.rows = blobs(data, 200, 8, 8, 60),
                  .options = {.k = 8, .iterations = 100, .runs = 10}};
        run(&t, seed);
        assert_int_equal(t.got.count, 8);
        for (size_t i = 0; i < 200; i++)
            for (size_t j = 0; j < i; j++)
                assert_int_equal(t.labels[i] == t.labels[j], i % 8 == j % 8);
    }
}

static void one_cluster_is_the_mean(void **state)
{
    (void)state;
    float data[3 * 2] = {1, 2, 3, 5, 5, 2};
    task t = {.rows = {data, 3, 2}, .options = {.k = 1, .iterations = 10, .runs = 3}};
    run(&t, 1);
    assert_int_equal(t.got.count, 1);
    assert_true(t.centres[0] == 3 && t.centres[1] == 3);
    assert_true(t.got.inertia == 4 + 1 + 4 + 4 + 1);
}

static void as_many_clusters_as_rows(void **state)
{
    (void)state;
    float data[40 * 3];
    for (size_t extra = 0; extra < 2; extra++) {
        task t = {.rows = blobs(data, 40, 3, 3, 1),
                  .options = {.k = 40 + extra, .iterations = 10, .runs = 2}};
        run(&t, 5);
        assert_int_equal(t.got.count, 40);
        assert_true(t.got.inertia == 0);
        for (size_t c = 0; c < 40; c++)
            assert_int_equal(t.starts[c + 1] - t.starts[c], 1);
    }
    task single = {.rows = {data, 1, 3}, .options = {.k = 5, .iterations = 1, .runs = 1}};
    run(&single, 5);
    assert_int_equal(single.got.count, 1);
}

/* 60 rows, 4 different ones: the seeding ends with 4 centres. */
static void fewer_different_rows_than_clusters(void **state)
{
    (void)state;
    float data[60 * 3];
    for (size_t i = 0; i < 60; i++)
        for (size_t k = 0; k < 3; k++)
            data[i * 3 + k] = (float)((i % 4) * (k + 1)) * 0.37f;
    task t = {.rows = {data, 60, 3}, .options = {.k = 10, .iterations = 10, .runs = 2}};
    run(&t, 2);
    assert_int_equal(t.got.count, 4);
    for (size_t i = 0; i < 60; i++)
        for (size_t j = 0; j < i; j++)
            assert_int_equal(t.labels[i] == t.labels[j], i % 4 == j % 4);
    memset(data, 0, sizeof data);
    run(&t, 2);
    assert_int_equal(t.got.count, 1);
    assert_true(t.got.inertia == 0);
}

/* The third centre gets no row at first: it takes the row 3, the farthest from its own. */
static void an_empty_cluster_takes_the_farthest_row(void **state)
{
    (void)state;
    float data[6] = {0, 1, 10, 14, 11, 1}, start[3] = {0.5f, 11, 1000};
    kit_matrix centres = {start, 3, 1};
    task t = {.rows = {data, 6, 1}, .options = {.iterations = 20}, .start = &centres};
    run(&t, 1);
    const uint32_t expected[6] = {0, 0, 1, 2, 1, 0};
    assert_memory_equal(t.labels, expected, sizeof expected);
    assert_true(t.centres[1] == 10.5f && t.centres[2] == 14);
}

static void equal_rows_leave_clusters_empty(void **state)
{
    (void)state;
    float data[5 * 2] = {1, 2, 1, 2, 1, 2, 1, 2, 1, 2}, start[3 * 2] = {1, 2, 1, 2, 1, 2};
    kit_matrix centres = {start, 3, 2};
    task t = {.rows = {data, 5, 2}, .options = {.iterations = 20}, .start = &centres};
    run(&t, 1);
    const size_t expected[4] = {0, 5, 5, 5};
    assert_memory_equal(t.starts, expected, sizeof expected);
    assert_true(t.got.inertia == 0);
}

static void ties_go_to_the_smaller_cluster(void **state)
{
    (void)state;
    float data[3] = {-2, 0, 2}, start[2] = {2, -2};
    kit_matrix centres = {start, 2, 1};
    task t = {.rows = {data, 3, 1}, .options = {.iterations = 1}, .start = &centres};
    run(&t, 1);
    const uint32_t expected[3] = {1, 0, 0};
    assert_memory_equal(t.labels, expected, sizeof expected);
}

static void neither_instruction_set_nor_pieces_change_a_bit(void **state)
{
    (void)state;
    float data[300 * 13];
    task first = {.rows = blobs(data, 300, 13, 13, 1),
                  .options = {.k = 30, .iterations = 20, .runs = 2}};
    run(&first, 3);
    fb_error err = {0};
    for (const char *const *isa = kernels_isas(); *isa; isa++) {
        task other = {.rows = first.rows, .options = first.options, .cut = true};
        assert_int_equal(kernels_use_isa(*isa, &err), FB_OK);
        run(&other, 3);
        assert_memory_equal(other.labels, first.labels, sizeof first.labels);
        assert_memory_equal(other.centres, first.centres, sizeof first.centres);
        assert_true(other.got.inertia == first.got.inertia);
    }
    assert_int_equal(kernels_use_isa(NULL, &err), FB_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lloyd_ends_where_scikit_learn_does),
        cmocka_unit_test(the_best_of_ten_runs_is_within_a_percent_of_the_best_known),
        cmocka_unit_test(more_runs_are_never_worse),
        cmocka_unit_test(inertia_never_rises),
        cmocka_unit_test(clusters_that_lie_apart_are_found),
        cmocka_unit_test(one_cluster_is_the_mean),
        cmocka_unit_test(as_many_clusters_as_rows),
        cmocka_unit_test(fewer_different_rows_than_clusters),
        cmocka_unit_test(an_empty_cluster_takes_the_farthest_row),
        cmocka_unit_test(equal_rows_leave_clusters_empty),
        cmocka_unit_test(ties_go_to_the_smaller_cluster),
        cmocka_unit_test(neither_instruction_set_nor_pieces_change_a_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernels.h"
#include "linkage.h"
#include "probe.h"
#include "strategy_probe.h"

enum { D_MAX = 16, ROWS_MAX = 512 };

typedef struct world {
    const float *embeddings, *probabilities;
    size_t n, d, classes, batch;
    parallel *threads; /* NULL: one */
} world;

static int try(const world *w, host_answer *ret_answer, fb_error *err)
{
    const probe_service services[] = {
        {"embeddings", NULL, w->embeddings, {w->n, w->d, 0}},
        {"probabilities", NULL, w->probabilities, {w->n, w->classes, 0}},
        {0},
    };
    const strategy_probe probe = {.plugin = STRATEGY_DIR "/cluster-margin.so",
                                  .n = w->n,
                                  .batch = w->batch,
                                  .classes = w->classes,
                                  .pool = w->threads,
                                  .services = services};
    return strategy_probe_run(&probe, ret_answer, err);
}

static host_answer ask(const world *w)
{
    host_answer answer = {0};
    fb_error err = {0};
    if (try(w, &answer, &err) != FB_OK)
        fail_msg("%s", err.text);
    return answer;
}

static void assert_chosen(const world *w, const uint32_t *expected)
{
    host_answer answer = ask(w);
    for (size_t i = 0; i < w->batch; i++)
        if (answer.ids[i] != expected[i])
            fail_msg("choice %zu is %u, not %u", i, answer.ids[i], expected[i]);
    host_answer_finish(&answer);
}

static void fill(float *out, size_t count, uint64_t draw)
{
    uint32_t bits[ROWS_MAX * D_MAX];
    fb_stream_bits((fb_stream){31}, draw, 0, count + count % 2, bits);
    float normal[ROWS_MAX * D_MAX];
    kernels_normal(count + count % 2, bits, normal);
    memcpy(out, normal, count * sizeof *out);
}

/* ---- SciPy's linkage ------------------------------------------------------------------------ */

static npy_array floats(const char *name, const char *what)
{
    char file[64];
    snprintf(file, sizeof file, "cluster_margin_%s_%s", name, what);
    return golden_floats(GOLDEN_DIR, "strategies", file);
}

static void assert_golden(const char *name)
{
    char file[64];
    snprintf(file, sizeof file, "cluster_margin_%s_chosen", name);
    npy_array embeddings = floats(name, "embeddings"), p = floats(name, "probabilities");
    npy_array chosen = golden_integers(GOLDEN_DIR, "strategies", file);
    uint32_t expected[ROWS_MAX];
    for (size_t i = 0; i < chosen.count; i++)
        expected[i] = (uint32_t)chosen.i64[i];
    const world w = {.embeddings = embeddings.f32,
                     .probabilities = p.f32,
                     .n = embeddings.shape[0],
                     .d = embeddings.shape[1],
                     .classes = p.shape[1],
                     .batch = chosen.count};
    assert_chosen(&w, expected);
    npy_finish(&embeddings);
    npy_finish(&p);
    npy_finish(&chosen);
}

static void chooses_what_scipy_chooses(void **state)
{
    (void)state;
    assert_golden("part");
    assert_golden("most");
    assert_golden("twice");
    assert_golden("wide");
    assert_golden("one");
}

/* ---- linkage -------------------------------------------------------------------------------- */

typedef struct cut_task {
    kit_matrix rows;
    size_t count;
    uint32_t labels[ROWS_MAX];
} cut_task;

static int cut(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    cut_task *task = argument;
    return linkage_cut(host, &task->rows, task->count, task->labels);
}

static void assert_labels(const float *data, size_t rows, size_t columns, size_t count,
                          const uint32_t *expected)
{
    cut_task task = {.rows = {data, rows, columns}, .count = count};
    fb_error err = {0};
    if (probe_run(cut, &task, 8, 1, NULL, NULL, &err) != 0)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < rows; i++)
        if (task.labels[i] != expected[i])
            fail_msg("%zu clusters: row %zu is in %u, not %u", count, i, task.labels[i],
                     expected[i]);
}

/* On a line: 0, 1 and 4, 6 merge first; then the mean distance of {4, 6} to {9} is 4, to {0, 1}
 * 4.5. Nearest members alone would differ at 3 clusters, and so would centres with squares. */
static void clusters_are_as_far_as_their_members_on_average(void **state)
{
    (void)state;
    const float line[5] = {4, 0, 9, 6, 1};
    static const uint32_t expected[6][5] = {
        {0}, {0, 0, 0, 0, 0}, {0, 1, 0, 0, 1}, {0, 1, 2, 0, 1}, {0, 1, 2, 3, 1}, {0, 1, 2, 3, 4}};
    for (size_t count = 1; count <= 5; count++)
        assert_labels(line, 5, 1, count, expected[count]);
}

/* Merges by brute force: the mean of all distances between two clusters, in double. */
static void brute_force(const float *data, size_t rows, size_t columns, size_t count,
                        uint32_t *labels)
{
    double distance[64][64];
    for (size_t i = 0; i < rows; i++) {
        labels[i] = (uint32_t)i;
        for (size_t j = 0; j < rows; j++) {
            double sum = 0;
            for (size_t k = 0; k < columns; k++)
                sum += pow((double)data[i * columns + k] - (double)data[j * columns + k], 2);
            distance[i][j] = sqrt(sum);
        }
    }
    for (size_t left = rows; left > count; left--) {
        double least = (double)INFINITY;
        uint32_t from = 0, into = 0;
        for (uint32_t a = 0; a < rows; a++) {
            for (uint32_t b = 0; b < a; b++) {
                double sum = 0;
                size_t pairs = 0;
                for (size_t i = 0; i < rows; i++)
                    for (size_t j = 0; j < rows; j++)
                        if (labels[i] == a && labels[j] == b) {
                            sum += distance[i][j];
                            pairs++;
                        }
                if (pairs > 0 && sum / (double)pairs < least) {
                    least = sum / (double)pairs;
                    from = a;
                    into = b;
                }
            }
        }
        for (size_t i = 0; i < rows; i++)
            labels[i] = labels[i] == from ? into : labels[i];
    }
}

/* Numbers clusters in order of their first rows. */
static void renumber(uint32_t *labels, size_t rows)
{
    uint32_t numbers[64], next = 0;
    memset(numbers, 0xff, sizeof numbers);
    for (size_t i = 0; i < rows; i++) {
        uint32_t *number = &numbers[labels[i]];
        if (*number == UINT32_MAX)
            *number = next++;
        labels[i] = *number;
    }
}

static void cuts_are_those_of_brute_force(void **state)
{
    (void)state;
    float data[30 * 3];
    uint32_t expected[30];
    for (uint64_t draw = 0; draw < 10; draw++) {
        fill(data, 30 * 3, 100 + draw);
        for (size_t count = 1; count <= 30; count += 2) {
            brute_force(data, 30, 3, count, expected);
            renumber(expected, 30);
            assert_labels(data, 30, 3, count, expected);
        }
    }
}

/* Equal rows are at distance 0, to the bit, wherever they lie. */
static void equal_rows_merge_first(void **state)
{
    (void)state;
    float data[60 * D_MAX];
    uint32_t expected[60];
    fill(data, 20 * D_MAX, 1);
    for (size_t i = 0; i < 20 * D_MAX; i++)
        data[i] = data[i] * 1e-3f + 50;
    for (size_t copy = 1; copy < 3; copy++)
        memcpy(data + copy * 20 * D_MAX, data, 20 * D_MAX * sizeof *data);
    for (uint32_t i = 0; i < 60; i++)
        expected[i] = i % 20;
    assert_labels(data, 60, D_MAX, 20, expected);
}

static int cut_far(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    (void)argument;
    const float data[2] = {-2e19f, 2e19f};
    const kit_matrix rows = {data, 2, 1};
    uint32_t labels[2];
    return linkage_cut(host, &rows, 1, labels);
}

static void distances_beyond_float_are_refused(void **state)
{
    (void)state;
    fb_error err = {0};
    assert_int_equal(probe_run(cut_far, NULL, 8, 1, NULL, NULL, &err), FB_ENUMERIC);
    assert_non_null(strstr(err.text, "too far for squared distances in float32: it must be below 6e18"));
}

/* ---- edges ---------------------------------------------------------------------------------- */

static void one_sample_and_one_class(void **state)
{
    (void)state;
    const float embedding[2] = {1, 2}, p = 1;
    const uint32_t expected = 0;
    const world w = {.embeddings = embedding, .probabilities = &p, .n = 1, .d = 2, .classes = 1,
                     .batch = 1};
    assert_chosen(&w, &expected);
}

static void the_whole_pool_can_be_chosen(void **state)
{
    (void)state;
    float embeddings[47 * 3], p[47 * 2];
    fill(embeddings, 47 * 3, 1);
    for (size_t i = 0; i < 47; i++) {
        p[2 * i] = (float)i / 100;
        p[2 * i + 1] = 1 - p[2 * i];
    }
    const world w = {.embeddings = embeddings, .probabilities = p, .n = 47, .d = 3, .classes = 2,
                     .batch = 47};
    host_answer answer = ask(&w); /* the host checks that no id comes twice */
    host_answer_finish(&answer);
}

/* No difference between samples: whatever the cut, equal margins go by their ids. The clusters are
 * one of 11 and single ones; single ones come first. */
static void identical_and_zero_rows(void **state)
{
    (void)state;
    float embeddings[40 * 3] = {0}, p[40 * 2];
    for (size_t i = 0; i < 80; i++)
        p[i] = 0.5f;
    for (int kind = 0; kind < 2; kind++) {
        for (size_t batch = 1; batch <= 40; batch++) {
            const world w = {.embeddings = embeddings, .probabilities = p, .n = 40, .d = 3,
                             .classes = 2, .batch = batch};
            host_answer answer = ask(&w);
            for (size_t i = 0; i < batch; i++)
                assert_true(answer.ids[i] < 10 * batch);
            host_answer_finish(&answer);
        }
        for (size_t i = 0; i < 120; i++)
            embeddings[i] = 0.3f;
    }
}

/* 50,001 samples, all of them candidates. */
static void too_many_candidates_are_refused(void **state)
{
    (void)state;
    enum { N = 50001 };
    float *zeros = calloc(N, sizeof *zeros);
    assert_non_null(zeros);
    const world w = {.embeddings = zeros, .probabilities = zeros, .n = N, .d = 1, .classes = 1,
                     .batch = N};
    host_answer answer = {0};
    fb_error err = {0};
    assert_int_equal(try(&w, &answer, &err), FB_ERANGE);
    assert_non_null(strstr(err.text, "query 5000 or fewer at a time"));
    free(zeros);
}

/* The plugin takes its instruction set from the environment when it is opened. */
static void no_bit_depends_on_instruction_set_or_threads(void **state)
{
    (void)state;
    float embeddings[500 * D_MAX], p[500 * 3];
    fb_error err = {0};
    fill(embeddings, 500 * D_MAX, 1);
    fill(p, 500 * 3, 2);
    kernels_log_softmax(500, 3, p, 3, p, 3);
    kernels_exp(500 * 3, p, p);
    world w = {.embeddings = embeddings, .probabilities = p, .n = 500, .d = D_MAX, .classes = 3,
               .batch = 45};
    host_answer first = ask(&w);
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
        cmocka_unit_test(chooses_what_scipy_chooses),
        cmocka_unit_test(clusters_are_as_far_as_their_members_on_average),
        cmocka_unit_test(cuts_are_those_of_brute_force),
        cmocka_unit_test(equal_rows_merge_first),
        cmocka_unit_test(distances_beyond_float_are_refused),
        cmocka_unit_test(one_sample_and_one_class),
        cmocka_unit_test(the_whole_pool_can_be_chosen),
        cmocka_unit_test(identical_and_zero_rows),
        cmocka_unit_test(too_many_candidates_are_refused),
        cmocka_unit_test(no_bit_depends_on_instruction_set_or_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

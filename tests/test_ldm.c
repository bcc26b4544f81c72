#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "alloc.h"
#include "cosine.h"
#include "estimate.h"
#include "kernels.h"
#include "probe.h"
#include "seeding.h"
#include "trial.h"

/* ---- the estimator -------------------------------------------------------------------------- */

enum { N = 45, D = 7, C = 4, M = 33, LABELED = 11 };

/* A head and samples, random and fixed; `same` makes the pool the reference set, `copied` an equal
 * one. */
typedef struct world {
    float weights[D * C], bias[C], pool[N * D], reference[M * D], labeled[LABELED * D];
    float pool_copy[N * D];
    uint32_t labels[LABELED];
    bool same, copied, without_labels;
} world;

static void fill(float *out, size_t count, uint64_t draw)
{
    float normal[1024];
    uint32_t bits[1024];
    assert_true(count <= 1024);
    fb_stream_bits((fb_stream){99}, draw, 0, count + count % 2, bits);
    kernels_normal(count + count % 2, bits, normal);
    memcpy(out, normal, count * sizeof *out);
}

static world make_world(void)
{
    world w = {0};
    fill(w.weights, D * C, 1);
    fill(w.bias, C, 2);
    fill(w.pool, N * D, 3);
    fill(w.reference, M * D, 4);
    fill(w.labeled, LABELED * D, 5);
    memcpy(w.pool_copy, w.pool, sizeof w.pool);
    for (size_t i = 0; i < LABELED; i++)
        w.labels[i] = (uint32_t)(i % C);
    return w;
}

static void give(fb_array *array, fb_dtype dtype, const void *data, size_t rows, size_t columns)
{
    *array = (fb_array){.struct_size = sizeof *array,
                        .data = data,
                        .dtype = dtype,
                        .ndim = columns ? 2 : 1,
                        .shape = {rows, columns}};
}

static int compute(void *context, const char *name, uint64_t count, const char *kind,
                   fb_array *ret_array, void **ret_owned, fb_error *err)
{
    const world *w = context;
    (void)count;
    (void)kind;
    *ret_owned = NULL;
    if (strcmp(name, "head_weights") == 0)
        give(ret_array, FB_FLOAT32, w->weights, D, C);
    else if (strcmp(name, "head_bias") == 0)
        give(ret_array, FB_FLOAT32, w->bias, C, 0);
    else if (strcmp(name, "embeddings") == 0)
        give(ret_array, FB_FLOAT32, w->pool, N, D);
    else if (strcmp(name, "reference_embeddings") == 0 && (w->same || w->copied))
        give(ret_array, FB_FLOAT32, w->copied ? w->pool_copy : w->pool, N, D);
    else if (strcmp(name, "reference_embeddings") == 0)
        give(ret_array, FB_FLOAT32, w->reference, M, D);
    else if (strcmp(name, "labeled_embeddings") == 0)
        give(ret_array, FB_FLOAT32, w->labeled, LABELED, D);
    else if (strcmp(name, "labels") == 0 && !w->without_labels)
        give(ret_array, FB_UINT32, w->labels, LABELED, 0);
    else
        return fb_fail(err, FB_ENOENT, "no service %s", name);
    return FB_OK;
}

static ldm_options preset(void)
{
    return (ldm_options){.sigma_min_exp = -5,
                         .sigma_step = 0.1,
                         .stop = 10,
                         .batch = LDM_BATCH_MAX};
}

typedef struct estimate_task {
    ldm_options options;
    double ldm[N];
} estimate_task;

static int estimate(const fb_host *host, const fb_round *round, void *argument)
{
    estimate_task *task = argument;
    return ldm_estimate(host, round, &task->options, task->ldm);
}

static void run_estimate(world *w, estimate_task *task, host_answer *ret_answer)
{
    host_provider provider = {w, compute};
    fb_error err = {0};
    if (probe_run(estimate, task, N, 5, &provider, ret_answer, &err) != 0)
        fail_msg("%s", err.text);
}

static void assert_same_estimate(const estimate_task *a, const host_answer *a_answer,
                                 const estimate_task *b, const host_answer *b_answer)
{
    assert_memory_equal(a->ldm, b->ldm, sizeof a->ldm);
    assert_int_equal(a_answer->record_count, b_answer->record_count);
    for (size_t i = 0; i < a_answer->record_count; i++)
        assert_true(a_answer->records[i].value == b_answer->records[i].value);
}

static void neither_batch_nor_way_changes_a_bit(void **state)
{
    (void)state;
    static const size_t batches[] = {1, 2, 5, 15, LDM_BATCH_MAX};
    world w = make_world();
    for (int variant = 0; variant < 5; variant++) {
        ldm_options options = preset();
        w.same = variant == 1;
        options.draws = variant == 2 ? 13 : 0;
        options.max_draws_per_scale = variant == 3 ? 17 : 0;
        for (size_t i = 0; variant == 4 && i < N * D; i++)
            w.pool[i] = fabsf(w.pool[i]); /* as a ReLU leaves embeddings */
        estimate_task first = {options, {0}};
        host_answer first_answer = {0};
        first.options.batch = 1;
        first.options.way = LDM_PLAINLY;
        run_estimate(&w, &first, &first_answer);
        for (size_t b = 0; b < 2 * sizeof batches / sizeof *batches; b++) {
            estimate_task other = {options, {0}};
            host_answer answer = {0};
            other.options.batch = batches[b / 2];
            other.options.way = b % 2 ? LDM_SCREENED : LDM_PLAINLY;
            run_estimate(&w, &other, &answer);
            assert_same_estimate(&first, &first_answer, &other, &answer);
            host_answer_finish(&answer);
        }
        host_answer_finish(&first_answer);
    }
}

/* The labels that a head gives, ties to the smaller class. */
static void label_rows(const float *weights, const float *bias, const float *x, size_t rows,
                       uint32_t *labels)
{
    for (size_t i = 0; i < rows; i++) {
        float best = 0;
        for (size_t c = 0; c < C; c++) {
            float logit = bias[c];
            for (size_t k = 0; k < D; k++)
                logit = fmaf(x[i * D + k], weights[k * C + c], logit);
            if (c == 0 || logit > best) {
                best = logit;
                labels[i] = (uint32_t)c;
            }
        }
    }
}

/* The definition, one hypothesis at a time: what ldm_estimate must give to the bit. */
static int estimate_plainly(const fb_host *host, const fb_round *round, void *argument)
{
    const world *w = ((void **)argument)[0];
    double *ldm = ((void **)argument)[1];
    uint32_t pool[N], reference[M], now[N];
    (void)round;
    label_rows(w->weights, w->bias, w->pool, N, pool);
    label_rows(w->weights, w->bias, w->reference, M, reference);
    for (size_t i = 0; i < N; i++)
        ldm[i] = 1;
    for (uint32_t scale = 0; scale <= 50; scale++) {
        float sd = (float)pow(10, -5 + 0.1 * scale);
        int idle = 0;
        for (uint32_t draw = 0; idle < 10; draw++) {
            float noise[D * C + C], weights[D * C], bias[C];
            host->random_normal(host, scale, draw, 0, D * C + C, noise);
            for (size_t e = 0; e < D * C; e++)
                weights[e] = w->weights[e] + sd * noise[e];
            for (size_t c = 0; c < C; c++)
                bias[c] = w->bias[c] + sd * noise[D * C + c];
            label_rows(weights, bias, w->reference, M, now);
            size_t differ = 0;
            for (size_t i = 0; i < M; i++)
                differ += now[i] != reference[i];
            label_rows(weights, bias, w->pool, N, now);
            idle++;
            for (size_t i = 0; i < N; i++) {
                if (now[i] != pool[i] && (double)differ / M < ldm[i]) {
                    ldm[i] = (double)differ / M;
                    idle = 0;
                }
            }
        }
    }
    return 0;
}

static void the_estimate_is_its_definition(void **state)
{
    (void)state;
    world w = make_world();
    double expected[N];
    void *arguments[] = {&w, expected};
    fb_error err = {0};
    estimate_task task = {preset(), {0}};
    assert_int_equal(probe_run(estimate_plainly, arguments, N, 5, NULL, NULL, &err), 0);
    run_estimate(&w, &task, NULL);
    size_t below_one = 0;
    for (size_t i = 0; i < N; i++) {
        assert_true(task.ldm[i] == expected[i]);
        below_one += task.ldm[i] < 1;
    }
    assert_true(below_one > N / 2);
}

static void a_reference_set_that_is_the_pool_is_tried_once(void **state)
{
    (void)state;
    world w = make_world();
    estimate_task same = {preset(), {0}}, copied = {preset(), {0}};
    w.same = true;
    run_estimate(&w, &same, NULL);
    w.same = false;
    w.copied = true;
    run_estimate(&w, &copied, NULL);
    assert_memory_equal(same.ldm, copied.ldm, sizeof same.ldm);
    for (size_t i = 0; i < N; i++) /* the sample itself is among those that change */
        assert_true(same.ldm[i] >= 1.0 / N);
}

static void samples_that_nothing_flips_have_ldm_1(void **state)
{
    (void)state;
    world w = make_world();
    estimate_task task = {preset(), {0}};
    host_answer answer = {0};
    task.options.sigma_min_exp = task.options.sigma_max_exp = -20;
    run_estimate(&w, &task, &answer);
    for (size_t i = 0; i < N; i++)
        assert_true(task.ldm[i] == 1);
    assert_true(probe_record(&answer, "draws") == 10);
    host_answer_finish(&answer);
}

static void records_tell_what_the_scales_did(void **state)
{
    (void)state;
    world w = make_world();
    estimate_task task = {preset(), {0}};
    host_answer answer = {0};
    task.options.draws = 40;
    run_estimate(&w, &task, &answer);
    assert_true(probe_record(&answer, "draws") == 51 * 40);
    assert_true(probe_record(&answer, "draws_50") == 40);
    assert_true(probe_record(&answer, "scales_cut") == 0);
    assert_true(probe_record(&answer, "disagreement_00") < 0.01);
    assert_true(probe_record(&answer, "disagreement_50") > 0.2);

    /* At the smallest scale hypotheses are as accurate as the head is. */
    uint32_t labels[LABELED];
    double right = 0;
    label_rows(w.weights, w.bias, w.labeled, LABELED, labels);
    for (size_t i = 0; i < LABELED; i++)
        right += labels[i] == w.labels[i];
    assert_true(fabs(probe_record(&answer, "accuracy_00") - right / LABELED) <= 1e-12);
    host_answer_finish(&answer);

    /* Without labels there is nothing to be accurate on: fewer records, the same LDM. */
    w.without_labels = true;
    estimate_task without = {task.options, {0}};
    run_estimate(&w, &without, &answer);
    assert_int_equal(answer.record_count, 2 + 2 * 51);
    assert_memory_equal(task.ldm, without.ldm, sizeof task.ldm);
    host_answer_finish(&answer);
}

static void a_limit_on_draws_is_recorded_when_it_bites(void **state)
{
    (void)state;
    world w = make_world();
    estimate_task task = {preset(), {0}};
    host_answer answer = {0};
    task.options.max_draws_per_scale = 9; /* fewer than `stop`: every scale is cut */
    run_estimate(&w, &task, &answer);
    assert_true(probe_record(&answer, "draws") == 51 * 9);
    assert_true(probe_record(&answer, "scales_cut") == 51);
    host_answer_finish(&answer);
    task.options.max_draws_per_scale = 1000000;
    run_estimate(&w, &task, &answer);
    assert_true(probe_record(&answer, "scales_cut") == 0);
    host_answer_finish(&answer);
}

/* Three classes, no weights: hypothesis 0 gives logits (1, 1, 0), hypothesis 1 (0, 2, 2). */
static int try_ties(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    (void)argument;
    float weights[3 * 2] = {0}, bias[3 * 2] = {1, 0, 1, 2, 0, 2}, logits[LDM_PIECES * 3 * 2];
    uint16_t differs[3];
    const float rows[3] = {1, 1, 1};
    const uint32_t labels[3] = {0, 1, 2};
    ldm_batch batch = {
        .classes = 3, .count = 2, .weights = weights, .bias = bias, .logits = logits,
        .logit_count = 3 * 2};
    ldm_samples samples = {.x = {rows, 3, 1}, .labels = labels, .differs = differs};
    const uint16_t expected[3] = {2, 1, 3};
    assert_int_equal(ldm_batch_try(host, &batch, NULL, 0, &samples), 0);
    assert_memory_equal(differs, expected, sizeof expected);
    assert_int_equal(samples.counts[0], 2);
    assert_int_equal(samples.counts[1], 2);
    return 0;
}

static void equal_logits_are_the_smaller_class(void **state)
{
    (void)state;
    fb_error err = {0};
    if (probe_run(try_ties, NULL, 4, 1, NULL, NULL, &err) != 0)
        fail_msg("%s", err.text);
}

/* ---- the weights of LDM-Seeding ------------------------------------------------------------- */

static void assert_close(double value, double expected)
{
    if (!(fabs(value - expected) <= 1e-12))
        fail_msg("%.17g is not %.17g", value, expected);
}

static void gammas_follow_the_formula(void **state)
{
    (void)state;
    /* B = 2, so L_q is the third smallest, 0.2. Rows 4 and 1 are P_q. */
    const double ldm[5] = {0.3, 0.1, 0.2, 0.6, 0.05};
    const uint32_t order[5] = {4, 1, 2, 0, 3};
    double gammas[5], rest = 1 + exp(-0.5) + exp(-2.0);
    ldm_gammas(ldm, order, 5, 2, gammas);
    assert_close(gammas[4], 1);
    assert_close(gammas[1], 1);
    assert_close(gammas[2], 1); /* 2 / rest is 1.15: capped */
    assert_close(gammas[0], exp(-0.5) * 2 / rest);
    assert_close(gammas[3], exp(-2.0) * 2 / rest);
}

static void gammas_at_their_edges(void **state)
{
    (void)state;
    const uint32_t order[5] = {0, 1, 2, 3, 4};
    double gammas[5];

    const double all_zero[5] = {0};
    ldm_gammas(all_zero, order, 5, 2, gammas);
    for (size_t i = 0; i < 5; i++)
        assert_close(gammas[i], 1);

    /* L_q is 0, so the smallest positive one, 0.1, stands for it. */
    const double some_zero[5] = {0, 0, 0, 0.1, 0.2};
    ldm_gammas(some_zero, order, 5, 1, gammas);
    double rest = 3 + exp(-1.0);
    assert_close(gammas[0], 1);
    assert_close(gammas[1], 1 / rest);
    assert_close(gammas[3], 1 / rest);
    assert_close(gammas[4], exp(-1.0) / rest);

    const double all_one[5] = {1, 1, 1, 1, 1};
    ldm_gammas(all_one, order, 5, 1, gammas);
    assert_close(gammas[0], 1);
    for (size_t i = 1; i < 5; i++)
        assert_close(gammas[i], 0.25);

    const double far[5] = {1e-4, 1e-4, 1, 1, 1}; /* exp(-9999) is 0, and that is fine */
    ldm_gammas(far, order, 5, 1, gammas);
    assert_close(gammas[1], 1);
    assert_close(gammas[4], 0);
}

/* ---- LDM-Seeding
 * --------------------------------------------------------------------------------- */

enum { ROWS = 8 };

typedef struct seed_task {
    const float (*embeddings)[2];
    const double *ldm;
    size_t batch;
    uint32_t rows[ROWS];
} seed_task;

static int seed(const fb_host *host, const fb_round *round, void *argument)
{
    seed_task *task = argument;
    kit_matrix embeddings = {&task->embeddings[0][0], round->pool_count, 2};
    return ldm_seed(host, &embeddings, task->ldm, task->batch, task->rows);
}

/* Seeds ROWS samples and checks that none was chosen twice. */
static void run_seed(seed_task *task, uint64_t root_seed)
{
    fb_error err = {0};
    bool seen[ROWS] = {false};
    if (probe_run(seed, task, ROWS, root_seed, NULL, NULL, &err) != 0)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < task->batch && i < ROWS; i++) {
        assert_true(task->rows[i] < ROWS && !seen[task->rows[i]]);
        seen[task->rows[i]] = true;
    }
}

static const float circle[ROWS][2] = {{1, 0},  {1, 1},   {0, 1},  {-1, 1},
                                      {-1, 0}, {-1, -1}, {0, -1}, {1, -1}};

static void seeding_starts_at_the_smallest_ldm(void **state)
{
    (void)state;
    const double ldm[ROWS] = {0.5, 0.2, 0.1, 0.1, 0.3, 0.7, 0.9, 1};
    for (uint64_t s = 0; s < 20; s++) {
        seed_task task = {circle, ldm, 5, {0}};
        run_seed(&task, s);
        assert_int_equal(task.rows[0], 2); /* a tie: the smaller row */
    }
}

static void seeding_takes_all_in_order_of_ldm_when_all_are_asked_for(void **state)
{
    (void)state;
    const double ldm[ROWS] = {0.5, 0.2, 0.1, 0.1, 0.3, 0.7, 0.9, 0};
    const uint32_t order[ROWS] = {7, 2, 3, 1, 4, 0, 5, 6};
    seed_task task = {circle, ldm, ROWS, {0}};
    run_seed(&task, 1);
    assert_memory_equal(task.rows, order, sizeof order);
}

static void seeding_to_the_last_but_one_repeats_nobody(void **state)
{
    (void)state;
    const double all_zero[ROWS] = {0}, all_one[ROWS] = {1, 1, 1, 1, 1, 1, 1, 1};
    const double equal[ROWS] = {.3, .3, .3, .3, .3, .3, .3, .3};
    const double some_zero[ROWS] = {0, 0, 0, 0, 0, 0, .1, 1};
    const double *cases[] = {all_zero, all_one, equal, some_zero};
    const float same[ROWS][2] = {{1, 2}, {1, 2}, {1, 2}, {1, 2}, {1, 2}, {1, 2}, {1, 2}, {1, 2}};
    const float zero[ROWS][2] = {{0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (uint64_t s = 0; s < 20; s++) {
            seed_task apart = {circle, cases[i], ROWS - 1, {0}};
            seed_task together = {same, cases[i], ROWS - 1, {0}};
            seed_task nowhere = {zero, cases[i], ROWS - 1, {0}};
            run_seed(&apart, s);
            run_seed(&together, s);
            run_seed(&nowhere, s);
            assert_int_equal(apart.rows[0], 0);
            assert_int_equal(together.rows[0], 0);
        }
    }
}

/* How often each row is the second pick, over `runs` seeds. */
static void count_second(const float (*embeddings)[2], const double *ldm, size_t batch, int runs,
                         int *ret_counts)
{
    memset(ret_counts, 0, ROWS * sizeof *ret_counts);
    for (int s = 0; s < runs; s++) {
        seed_task task = {embeddings, ldm, batch, {0}};
        run_seed(&task, (uint64_t)s);
        ret_counts[task.rows[1]]++;
    }
}

/* Each count is binomial; chance passes six standard deviations with a probability of 2e-9. */
static void assert_shares(const int *counts, const double *weights, int runs)
{
    double total = 0;
    for (size_t i = 0; i < ROWS; i++)
        total += weights[i];
    for (size_t i = 0; i < ROWS; i++) {
        double p = weights[i] / total, sd = sqrt(runs * p * (1 - p));
        if (!(fabs(counts[i] - runs * p) <= 6 * sd))
            fail_msg("row %zu: %d of %d, expected %.1f +- %.1f", i, counts[i], runs, runs * p, sd);
    }
}

static void seeding_draws_by_the_square_of_gamma_and_distance(void **state)
{
    (void)state;
    enum { RUNS = 4000 };
    const double ldm[ROWS] = {0.1, 0.2, 0.2, 0.3, 0.4, 0.2, 0.3, 0.25};
    const uint32_t order[ROWS] = {0, 1, 2, 5, 7, 3, 6, 4};
    double gammas[ROWS], weights[ROWS];
    int counts[ROWS];
    ldm_gammas(ldm, order, ROWS, 2, gammas);
    for (size_t i = 0; i < ROWS; i++) {
        const double distance[ROWS] = {0, 1 - sqrt(.5), 1, 1 + sqrt(.5),
                                       2, 1 + sqrt(.5), 1, 1 - sqrt(.5)};
        weights[i] = gammas[i] * distance[i] * gammas[i] * distance[i];
    }
    count_second(circle, ldm, 2, RUNS, counts);
    assert_shares(counts, weights, RUNS);
}

static void seeding_without_distances_draws_by_gamma(void **state)
{
    (void)state;
    enum { RUNS = 4000 };
    const float line[ROWS][2] = {{1, 1}, {2, 2}, {3, 3}, {4, 4}, {5, 5}, {6, 6}, {7, 7}, {8, 8}};
    const double ldm[ROWS] = {0.1, 0.2, 0.2, 0.3, 0.4, 0.2, 0.3, 0.25};
    const uint32_t order[ROWS] = {0, 1, 2, 5, 7, 3, 6, 4};
    double gammas[ROWS];
    int counts[ROWS];
    ldm_gammas(ldm, order, ROWS, 2, gammas);
    gammas[0] = 0; /* chosen */
    count_second(line, ldm, 2, RUNS, counts);
    assert_shares(counts, gammas, RUNS);
}

static void a_zero_embedding_is_at_distance_1(void **state)
{
    (void)state;
    enum { RUNS = 4000 };
    /* Row 0, chosen first, is zero: all others are as far, another zero one included. */
    const float rows[ROWS][2] = {{0, 0}, {0, 0}, {1, 0}, {2, 0}, {0, 1}, {0, 5}, {-1, 0}, {3, 3}};
    const double ldm[ROWS] = {0};
    const double weights[ROWS] = {0, 1, 1, 1, 1, 1, 1, 1};
    int counts[ROWS];
    count_second(rows, ldm, 3, RUNS, counts);
    assert_shares(counts, weights, RUNS);
}

/* ---- cosine distances ------------------------------------------------------------------------ */

/* 10 rows, so that one block of rows is full and one is not. */
static void cosine_distances_and_their_edges(void **state)
{
    (void)state;
    const float data[10][2] = {{1, 0}, {2, 0}, {0, 3},         {-1, 0}, {0, 0},
                               {1, 1}, {0, 0}, {1, 0.0000001f}, {1, 0},  {-2, -2}};
    const double expected[10] = {0, 0, 1, 2, 1, 1 - sqrt(0.5), 1, 0, 0, 1 + sqrt(0.5)};
    kit_matrix matrix = {&data[0][0], 10, 2};
    double norms[10], nearest[10];
    ldm_norms(&matrix, norms);
    for (size_t i = 0; i < 10; i++)
        nearest[i] = INFINITY;
    ldm_cosine_nearest(&matrix, norms, 0, nearest);
    for (size_t i = 0; i < 10; i++)
        assert_true(fabs(nearest[i] - expected[i]) <= 1e-15);

    /* A row of norm 0 is at distance 1 from all but itself, and distances only ever fall. */
    ldm_cosine_nearest(&matrix, norms, 4, nearest);
    assert_true(nearest[4] == 0);
    assert_true(nearest[6] == 1);
    assert_true(nearest[3] == 1);
    assert_true(fabs(nearest[5] - expected[5]) <= 1e-15);
}

static void cosine_distances_do_not_depend_on_blocks(void **state)
{
    (void)state;
    enum { COUNT = 21, WIDTH = 13 };
    float data[COUNT * WIDTH];
    double norms[COUNT], nearest[COUNT];
    for (size_t i = 0; i < COUNT * WIDTH; i++) {
        uint32_t mixed = (uint32_t)i * 2654435761u;
        data[i] = (float)(mixed >> 8) * 0x1p-23f - 1;
    }
    kit_matrix matrix = {data, COUNT, WIDTH};
    ldm_norms(&matrix, norms);
    for (size_t i = 0; i < COUNT; i++)
        nearest[i] = INFINITY;
    ldm_cosine_nearest(&matrix, norms, 5, nearest);
    for (size_t i = 0; i < COUNT; i++) {
        double dot = kernels_dot(WIDTH, kit_row(&matrix, i), kit_row(&matrix, 5));
        if (i != 5)
            assert_true(nearest[i] == 1 - dot / (norms[i] * norms[5]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neither_batch_nor_way_changes_a_bit),
        cmocka_unit_test(the_estimate_is_its_definition),
        cmocka_unit_test(a_reference_set_that_is_the_pool_is_tried_once),
        cmocka_unit_test(samples_that_nothing_flips_have_ldm_1),
        cmocka_unit_test(records_tell_what_the_scales_did),
        cmocka_unit_test(a_limit_on_draws_is_recorded_when_it_bites),
        cmocka_unit_test(equal_logits_are_the_smaller_class),
        cmocka_unit_test(gammas_follow_the_formula),
        cmocka_unit_test(gammas_at_their_edges),
        cmocka_unit_test(seeding_starts_at_the_smallest_ldm),
        cmocka_unit_test(seeding_takes_all_in_order_of_ldm_when_all_are_asked_for),
        cmocka_unit_test(seeding_to_the_last_but_one_repeats_nobody),
        cmocka_unit_test(seeding_draws_by_the_square_of_gamma_and_distance),
        cmocka_unit_test(seeding_without_distances_draws_by_gamma),
        cmocka_unit_test(a_zero_embedding_is_at_distance_1),
        cmocka_unit_test(cosine_distances_and_their_edges),
        cmocka_unit_test(cosine_distances_do_not_depend_on_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

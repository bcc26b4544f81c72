/* test_bait.c - BAIT: choices against a recomputation in NumPy (tests/golden/strategies/bait.py),
 * its matrices against their definition, and the edges. */
#define _POSIX_C_SOURCE 200809L /* setenv */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "greedy.h"
#include "kernels.h"
#include "probe.h"
#include "strategy_probe.h"

static void assert_close(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.17g is not %.17g +- %g", value, expected, tolerance);
}

/* ---- a round -------------------------------------------------------------------------------- */

enum { MOST = 60 * 20 };

/* What BAIT is given; rows follow one another. */
typedef struct world {
    size_t n, d, classes, labeled, batch;
    float x[MOST], labeled_x[MOST], weights[MOST], bias[20], p[MOST];
    const char *lambda, *components, *pool; /* NULL: the default */
    parallel *threads;
} world;

/* p = softmax(x weights + bias), as a host gives it. */
static void make_probabilities(world *w)
{
    for (size_t i = 0; i < w->n; i++)
        memcpy(w->p + i * w->classes, w->bias, w->classes * sizeof *w->p);
    assert_int_equal(kernels_gemm(false, false, w->n, w->classes, w->d, w->x, w->d, w->weights,
                                  w->classes, 1, w->p, w->classes), 0);
    kernels_log_softmax(w->n, w->classes, w->p, w->classes, w->p, w->classes);
    kernels_exp(w->n * w->classes, w->p, w->p);
}

static int run_world(const world *w, host_answer *ret_answer, fb_error *err)
{
    const probe_service services[] = {
        {"embeddings", NULL, w->x, {w->n, w->d, 0}},
        {"probabilities", NULL, w->p, {w->n, w->classes, 0}},
        {"labeled_embeddings", NULL, w->labeled_x, {w->labeled, w->d, 0}},
        {"head_weights", NULL, w->weights, {w->d, w->classes, 0}},
        {"head_bias", NULL, w->bias, {w->classes, 0, 0}},
        {NULL, NULL, NULL, {0}},
    };
    const char *names[3], *values[3], *all[3][2] = {
        {"lambda", w->lambda}, {"components", w->components}, {"pool", w->pool}};
    strategy_probe probe = {.plugin = STRATEGY_DIR "/bait.so", .n = w->n, .batch = w->batch,
                            .labeled = w->labeled, .classes = w->classes, .services = services,
                            .names = names, .values = values, .pool = w->threads};
    for (size_t i = 0; i < 3; i++)
        if (all[i][1]) {
            names[probe.param_count] = all[i][0];
            values[probe.param_count++] = all[i][1];
        }
    return strategy_probe_run(&probe, ret_answer, err);
}

/* Fails unless the round asks for these ids, in this order. */
static void assert_chooses(const world *w, const uint32_t *ids)
{
    host_answer answer = {0};
    fb_error err = {0};
    if (run_world(w, &answer, &err) != 0)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < w->batch; i++)
        if (answer.ids[i] != ids[i])
            fail_msg("choice %zu of %zu is %u, not %u", i, w->batch, answer.ids[i], ids[i]);
    host_answer_finish(&answer);
}

static void assert_refused(const world *w, int rc, const char *text)
{
    host_answer answer = {0};
    fb_error err = {0};
    assert_int_equal(run_world(w, &answer, &err), rc);
    if (!strstr(err.text, text))
        fail_msg("\"%s\" does not say \"%s\"", err.text, text);
}

/* ---- against NumPy -------------------------------------------------------------------------- */

static void cut(const npy_array *from, size_t rows, size_t columns, float factor, float *to)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            to[i * columns + j] = factor * from->f32[i * from->shape[from->ndim - 1] + j];
}

typedef struct golden {
    npy_array pool, labeled, weights, bias, cases, ids;
} golden;

static golden read_golden(void)
{
    const char *dir = GOLDEN_DIR, *folder = "strategies";
    return (golden){
        .pool = golden_floats(dir, folder, "bait_pool"),
        .labeled = golden_floats(dir, folder, "bait_labeled"),
        .weights = golden_floats(dir, folder, "bait_weights"),
        .bias = golden_floats(dir, folder, "bait_bias"),
        .cases = golden_floats(dir, folder, "bait_cases"),
        .ids = golden_integers(dir, folder, "bait_ids"),
    };
}

static void finish_golden(golden *g)
{
    npy_finish(&g->pool);
    npy_finish(&g->labeled);
    npy_finish(&g->weights);
    npy_finish(&g->bias);
    npy_finish(&g->cases);
    npy_finish(&g->ids);
}

/* Case c of bait.py; texts hold the values of its parameters. */
static void make_case(const golden *g, size_t c, char texts[2][32], world *w)
{
    const float *numbers = g->cases.f32 + c * 8;
    *w = (world){.n = (size_t)numbers[0],
                 .d = (size_t)numbers[1],
                 .classes = (size_t)numbers[2],
                 .labeled = (size_t)numbers[3],
                 .batch = (size_t)numbers[4]};
    snprintf(texts[0], sizeof texts[0], "%.6g", (double)numbers[6]);
    snprintf(texts[1], sizeof texts[1], "%.0f", (double)numbers[5]);
    w->lambda = texts[0];
    w->components = texts[1];
    cut(&g->pool, w->n, w->d, 1, w->x);
    cut(&g->labeled, w->labeled, w->d, 1, w->labeled_x);
    cut(&g->weights, w->d, w->classes, numbers[7], w->weights);
    cut(&g->bias, 1, w->classes, 1, w->bias);
    make_probabilities(w);
}

static void check_golden(parallel *threads)
{
    golden g = read_golden();
    for (size_t c = 0; c < g.cases.shape[0]; c++) {
        char texts[2][32];
        uint32_t ids[64];
        world w;
        make_case(&g, c, texts, &w);
        w.threads = threads;
        for (size_t i = 0; i < w.batch; i++)
            ids[i] = (uint32_t)g.ids.i64[c * g.ids.shape[1] + i];
        assert_chooses(&w, ids);
    }
    finish_golden(&g);
}

static void chooses_as_the_definition_does(void **state)
{
    (void)state;
    check_golden(NULL);
}

/* On three threads, and under every instruction set: the plugin reads the variable when it is
 * opened. */
static void chooses_the_same_everywhere(void **state)
{
    (void)state;
    parallel *threads = NULL;
    assert_int_equal(parallel_create(3, &threads, NULL), 0);
    for (const char *const *isa = kernels_isas(); *isa; isa++) {
        assert_int_equal(setenv("FLIPBENCH_ISA", *isa, 1), 0);
        check_golden(threads);
    }
    assert_int_equal(unsetenv("FLIPBENCH_ISA"), 0);
    parallel_destroy(threads);
}

/* ---- its matrices --------------------------------------------------------------------------- */

enum { N = 37, D = 5, C = 4, M = C - 1, LABELED = 6, BATCH = 4, LONG = C * D };
static const double LAMBDA = 0.05;

static float uniform(uint64_t draw, uint64_t element)
{
    uint32_t bits;
    fb_stream_bits((fb_stream){3}, draw, element, 1, &bits);
    return (float)(bits >> 8) * 0x1p-24f;
}

/* Random features and probabilities; some are 0, and sample 1 is certain. */
static void make_sample(uint64_t draw, size_t i, float *h, float *p)
{
    float sum = 0;
    for (size_t k = 0; k < D; k++)
        h[k] = 2 * uniform(draw, i * 100 + k) - 0.5f;
    for (size_t c = 0; c < C; c++) {
        p[c] = uniform(draw, i * 100 + 50 + c);
        p[c] = i == 1 ? c == 2 : i % 5 == 3 && c > 1 ? 0 : p[c] * p[c];
        sum += p[c];
    }
    for (size_t c = 0; c < C; c++)
        p[c] /= sum;
}

/* The published x (C, C D), times `by`. */
static void make_factor(const float *h, const float *p, double by, double *x)
{
    for (size_t k = 0; k < C; k++)
        for (size_t c = 0; c < C; c++)
            for (size_t j = 0; j < D; j++)
                x[k * LONG + c * D + j] = by * sqrt((double)p[k]) *
                                          ((double)(k == c) - (double)p[c]) * (double)h[j];
}

static void multiply(bool trans_a, bool trans_b, size_t m, size_t n, size_t k, const double *a,
                     const double *b, bool add, double *c)
{
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            double sum = add ? c[i * n + j] : 0;
            for (size_t p = 0; p < k; p++)
                sum += a[trans_a ? p * m + i : i * k + p] * b[trans_b ? j * k + p : p * n + j];
            c[i * n + j] = sum;
        }
}

/* The problem twice: as BAIT holds it, and as it is defined. */
typedef struct problem {
    bait_samples candidates, labeled;
    bait_information known, all;
    bait_matrices matrices;
    bait_greedy greedy;
    double x[N][C * LONG]; /* scaled */
    double m[LONG * LONG], f[LONG * LONG];
} problem;

static void fill_samples(const fb_host *host, uint64_t draw, bait_samples *samples, double by,
                         double x[][C * LONG])
{
    float h[N * D], p[C];
    for (size_t i = 0; i < samples->count; i++) {
        make_sample(draw, i, h + i * D, p);
        bait_set_factor(samples, i, p);
        make_factor(h + i * D, p, by, x[i]);
    }
    kit_matrix matrix = {h, samples->count, D};
    assert_int_equal(bait_set_features(host, &matrix, NULL, samples), 0);
}

static problem *make_problem(const fb_host *host)
{
    problem *s = calloc(1, sizeof *s);
    double known[N][C * LONG] = {{0}};
    assert_non_null(s);
    assert_int_equal(bait_samples_alloc(host, N, D, M, true, &s->candidates), 0);
    assert_int_equal(bait_samples_alloc(host, LABELED, D, M, false, &s->labeled), 0);
    assert_int_equal(bait_information_alloc(host, D, M, &s->known), 0);
    assert_int_equal(bait_information_alloc(host, D, M, &s->all), 0);
    fill_samples(host, 1, &s->candidates, 1, s->x);
    fill_samples(host, 2, &s->labeled, 1, known);
    for (size_t i = 0; i < LABELED; i++)
        multiply(true, false, LONG, LONG, C, known[i], known[i], true, s->m);
    memcpy(s->f, s->m, sizeof s->f);
    for (size_t i = 0; i < N; i++)
        multiply(true, false, LONG, LONG, C, s->x[i], s->x[i], true, s->f);
    for (size_t i = 0; i < LONG * LONG; i++) {
        s->m[i] = s->m[i] / (LABELED + BATCH) + (i % (LONG + 1) == 0 ? LAMBDA : 0);
        s->f[i] /= N + LABELED;
    }
    double by = sqrt((double)BATCH / (LABELED + BATCH));
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < C * LONG; j++)
            s->x[i][j] *= by;
    assert_int_equal(bait_add_information(host, &s->labeled, &s->known), 0);
    assert_int_equal(bait_add_information(host, &s->labeled, &s->all), 0);
    assert_int_equal(bait_add_information(host, &s->candidates, &s->all), 0);
    assert_int_equal(bait_matrices_init(host, &s->known, &s->all, LAMBDA,
                                        1.0 / (LABELED + BATCH), 1.0 / (N + LABELED),
                                        &s->matrices), 0);
    bait_scale(&s->candidates, by);
    assert_int_equal(bait_project(host, &s->matrices, &s->candidates), 0);
    assert_int_equal(bait_greedy_init(host, &s->matrices, &s->greedy), 0);
    return s;
}

/* tr[x M^-1 F M^-1 x' (I + sign x M^-1 x')^-1] of the published x; infinity where it is not
 * positive definite (that is, where a sample is dropped that was not taken). */
static double define_score(const problem *s, const double *inverse, size_t i, double sign)
{
    double y[C * LONG], z[C * LONG], k[C * C], q[C * C], inner[C * C], trace = 0;
    multiply(false, false, C, LONG, LONG, s->x[i], inverse, false, y);
    multiply(false, false, C, LONG, LONG, y, s->f, false, z);
    multiply(false, true, C, C, LONG, s->x[i], y, false, k);
    multiply(false, true, C, C, LONG, z, y, false, q);
    for (size_t j = 0; j < C * C; j++)
        k[j] = sign * k[j] + (j % (C + 1) == 0);
    assert_int_equal(kit_inverse(NULL, "I + x M^-1 x'", C, k, inner), 0);
    for (size_t j = 0; j < C * C; j++)
        trace += q[j] * inner[j % C * C + j / C];
    return trace;
}

/* Every score of ours is what the definition says, M being m. */
static void check_scores(problem *s, double sign)
{
    double m[LONG * LONG], inverse[LONG * LONG];
    memcpy(m, s->m, sizeof m);
    assert_int_equal(kit_inverse(NULL, "M", LONG, m, inverse), 0);
    assert_int_equal(bait_score(&s->greedy, &s->candidates, sign), 0);
    for (size_t i = 0; i < N; i++) {
        double got = bait_score_of(&s->candidates, i), want = define_score(s, inverse, i, sign);
        assert_close(got, want, 1e-11 * fmax(1, fabs(want)));
    }
}

static void change(problem *s, size_t i, double sign)
{
    double x[C * LONG];
    memcpy(x, s->x[i], sizeof x);
    for (size_t j = 0; j < C * LONG; j++)
        x[j] *= sign;
    multiply(true, false, LONG, LONG, C, x, s->x[i], true, s->m);
    assert_int_equal(bait_change_matrices(&s->greedy, &s->candidates, i, sign), 0);
    assert_int_equal(bait_change_samples(&s->greedy, &s->candidates, sign), 0);
}

static int scores(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    (void)argument;
    problem *s = make_problem(host);
    check_scores(s, 1);
    assert_true(bait_score_of(&s->candidates, 1) == 0); /* certain: nothing to learn */
    for (size_t i = 0; i < N; i += 3) {
        change(s, i, 1);
        check_scores(s, 1);
    }
    for (size_t i = 0; i < N; i += 6) {
        change(s, i, -1);
        check_scores(s, 1);
    }
    free(s);
    return 0;
}

static void scores_are_those_of_the_definition(void **state)
{
    (void)state;
    fb_error err = {0};
    if (probe_run(scores, NULL, 8, 1, NULL, NULL, &err) != 0)
        fail_msg("%s", err.text);
}

/* Many changes later k and q are still those of the matrices as they would be anew: M has then
 * x'x of the taken ones, unscaled and times BATCH, in the labelled sum. */
static int drift(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    (void)argument;
    problem *s = make_problem(host);
    size_t pairs = bait_pairs(M);
    bait_samples taken, fresh;
    bait_matrices matrices;
    assert_int_equal(bait_samples_alloc(host, N, D, M, true, &taken), 0);
    assert_int_equal(bait_samples_alloc(host, N, D, M, true, &fresh), 0);
    for (size_t i = 0; i < N; i++) {
        change(s, i, 1);
        if (i % 2)
            change(s, i, -1);
        else
            bait_copy_sample(&s->candidates, i, &taken, i);
        bait_copy_sample(&s->candidates, i, &fresh, i);
    }
    bait_scale(&taken, sqrt(LABELED + BATCH));
    assert_int_equal(bait_add_information(host, &taken, &s->known), 0);
    assert_int_equal(bait_matrices_init(host, &s->known, &s->all, LAMBDA,
                                        1.0 / (LABELED + BATCH), 1.0 / (N + LABELED), &matrices),
                     0);
    assert_int_equal(bait_project(host, &matrices, &fresh), 0);
    for (size_t b = 0; b < fresh.blocks * pairs; b++)
        for (size_t lane = 0; lane < BAIT_LANES; lane++) {
            assert_close(s->candidates.k[b][lane], fresh.k[b][lane], 1e-13);
            assert_close(s->candidates.q[b][lane], fresh.q[b][lane], 1e-12);
        }
    free(s);
    return 0;
}

static void changes_do_not_drift(void **state)
{
    (void)state;
    fb_error err = {0};
    if (probe_run(drift, NULL, 8, 1, NULL, NULL, &err) != 0)
        fail_msg("%s", err.text);
}

static int hash_scores(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    problem *s = make_problem(host);
    uint64_t h = 0;
    change(s, 5, 1);
    assert_int_equal(bait_score(&s->greedy, &s->candidates, 1), 0);
    const unsigned char *bytes = (const unsigned char *)s->candidates.scores;
    for (size_t i = 0; i < N * sizeof(double); i++)
        h = (h ^ bytes[i]) * UINT64_C(1099511628211);
    *(uint64_t *)argument = h;
    free(s);
    return 0;
}

/* Under every instruction set, and with every compiler: the number was taken once. */
static void bits_are_the_same_everywhere(void **state)
{
    (void)state;
    for (const char *const *isa = kernels_isas(); *isa; isa++) {
        uint64_t h = 0;
        fb_error err = {0};
        assert_int_equal(kernels_use_isa(*isa, &err), 0);
        if (probe_run(hash_scores, &h, 8, 1, NULL, NULL, &err) != 0)
            fail_msg("%s", err.text);
        if (h != UINT64_C(0x7d551c7a826a52ec))
            fail_msg("the bits under %s are 0x%llx", *isa, (unsigned long long)h);
    }
    assert_int_equal(kernels_use_isa(NULL, NULL), 0);
}

/* ---- edges ---------------------------------------------------------------------------------- */

/* Random embeddings and a random head. */
static world make_world(size_t n, size_t d, size_t classes, size_t labeled, size_t batch)
{
    world w = {.n = n, .d = d, .classes = classes, .labeled = labeled, .batch = batch};
    for (size_t i = 0; i < n * d; i++)
        w.x[i] = uniform(11, i);
    for (size_t i = 0; i < labeled * d; i++)
        w.labeled_x[i] = uniform(12, i);
    for (size_t i = 0; i < d * classes; i++)
        w.weights[i] = 2 * uniform(13, i) - 1;
    make_probabilities(&w);
    return w;
}

static const uint32_t IN_ORDER[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17};

static void equals_go_to_the_smaller_id(void **state)
{
    (void)state;
    /* Nothing to learn: embeddings of zeros, and certain predictions. */
    world w = make_world(18, 3, 4, 5, 7);
    memset(w.x, 0, sizeof w.x);
    assert_chooses(&w, IN_ORDER);
    memset(w.labeled_x, 0, sizeof w.labeled_x);
    assert_chooses(&w, IN_ORDER);
    w = make_world(18, 3, 4, 5, 7);
    memset(w.p, 0, sizeof w.p);
    for (size_t i = 0; i < w.n; i++)
        w.p[i * 4 + i % 4] = 1;
    assert_chooses(&w, IN_ORDER);
    /* One class. */
    w = make_world(18, 3, 1, 5, 7);
    assert_chooses(&w, IN_ORDER);
    /* Identical rows, more than a block of them, all the same or in pairs. */
    w = make_world(18, 3, 4, 0, 7);
    for (size_t i = 1; i < 18; i++)
        memcpy(w.x + i * 3, w.x, 3 * sizeof *w.x);
    make_probabilities(&w);
    assert_chooses(&w, IN_ORDER);
}

static void every_batch_up_to_all(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 18; n += n < 5 ? 1 : 13)
        for (size_t batch = 1; batch <= n; batch++) {
            world w = make_world(n, 3, 4, n % 2 * 4, batch);
            host_answer answer = {0};
            fb_error err = {0};
            if (run_world(&w, &answer, &err) != 0) /* the host refuses a wrong answer */
                fail_msg("%s", err.text);
            host_answer_finish(&answer);
        }
}

/* A part of the sub-pool: the choice is among it, differs from seed to seed of the ids, and is all
 * of it when the part is the batch. */
static void a_part_of_the_pool(void **state)
{
    (void)state;
    world w = make_world(60, 4, 3, 5, 5);
    host_answer part = {0}, batch = {0}, all = {0};
    fb_error err = {0};
    w.pool = "5";
    assert_int_equal(run_world(&w, &part, &err), 0);
    w.pool = "1"; /* the batch at least */
    assert_int_equal(run_world(&w, &batch, &err), 0);
    assert_memory_equal(batch.ids, part.ids, 5 * sizeof *part.ids);
    w.pool = NULL;
    assert_int_equal(run_world(&w, &all, &err), 0);
    assert_memory_not_equal(all.ids, part.ids, 5 * sizeof *part.ids);
    w.pool = "60";
    assert_chooses(&w, all.ids);
    w.pool = "1000";
    assert_chooses(&w, all.ids);
    /* The five alone are all taken, in this order. */
    world five = w;
    uint32_t order[5], sorted[5], count = 0;
    for (uint32_t id = 0; id < 60; id++)
        for (size_t i = 0; i < 5; i++)
            if (part.ids[i] == id) {
                memcpy(five.x + count * 4, w.x + id * 4, 4 * sizeof *w.x);
                memcpy(five.p + count * 3, w.p + id * 3, 3 * sizeof *w.p);
                sorted[i] = count++;
            }
    for (size_t i = 0; i < 5; i++)
        order[i] = sorted[i];
    five.n = 5;
    five.pool = NULL;
    assert_chooses(&five, order);
    host_answer_finish(&part);
    host_answer_finish(&batch);
    host_answer_finish(&all);
}

/* As many components as features, or more, change nothing. */
static void enough_components(void **state)
{
    (void)state;
    world w = make_world(40, 6, 3, 5, 5);
    host_answer all = {0};
    fb_error err = {0};
    w.components = "0";
    assert_int_equal(run_world(&w, &all, &err), 0);
    w.components = "6";
    assert_chooses(&w, all.ids);
    w.components = "64";
    assert_chooses(&w, all.ids);
    assert_int_equal(all.record_count, 0);
    host_answer_finish(&all);
    w.components = "5";
    assert_int_equal(run_world(&w, &all, &err), 0);
    double kept = probe_record(&all, "kept");
    assert_true(kept > 0.9 && kept < 1);
    host_answer_finish(&all);
}

static void what_cannot_be_done_is_said(void **state)
{
    (void)state;
    world w = make_world(20, 3, 4, 5, 5);
    w.lambda = "1e-9";
    memset(w.weights, 0, sizeof w.weights);
    for (size_t i = 0; i < 15; i++) /* five large samples in one direction */
        w.labeled_x[i] = 1e12f * (float)(1 + i % 3);
    assert_refused(&w, FB_ENUMERIC, "lambda beside the labelled samples' information");
    w = make_world(20, 3, 4, 5, 5);
    w.lambda = "1e-9";
    for (size_t i = 0; i < 60; i++)
        w.x[i] *= 1e25f;
    assert_refused(&w, FB_ENUMERIC, "too large for this lambda; raise it");
    w = make_world(40, 16, 5, 0, 5); /* after a sample is dropped, only lambda is left of M */
    w.lambda = "1e-9";
    for (size_t i = 0; i < 640; i++)
        w.x[i] *= 100;
    assert_refused(&w, FB_ENUMERIC, "(a sample is dropped): the embeddings are too large for this");
    w = make_world(20, 3, 4, 5, 5);
    w.labeled_x[0] = NAN;
    assert_refused(&w, FB_ENUMERIC, "labeled_embeddings");
}

static int too_large(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    (void)argument;
    assert_int_equal(bait_check_size(host, 202, 99), 0);
    return bait_check_size(host, 203, 99);
}

static void matrices_too_large_are_refused(void **state)
{
    (void)state;
    fb_error err = {0};
    assert_int_equal(probe_run(too_large, NULL, 8, 1, NULL, NULL, &err), FB_ERANGE);
    assert_non_null(strstr(err.text, "203 features and 100 classes make matrices of 20097 rows"));
    assert_non_null(strstr(err.text, "set `components` to 202 at most"));
}

static void memory_that_is_short_is_said(void **state)
{
    (void)state;
    world w = make_world(20, 3, 4, 5, 5);
    w.components = "2";
    w.pool = "15";
    int rc = FB_ENOMEM;
    uint64_t n = 12; /* the probe's own and the plugin's description come first */
    while (rc != 0) {
        fb_error err = {0};
        host_answer answer = {0};
        fb_alloc_fail_at(++n);
        rc = run_world(&w, &answer, &err);
        fb_alloc_fail_at(0);
        assert_true(rc == 0 || rc == FB_ENOMEM);
        assert_true(n < 200);
        host_answer_finish(&answer);
    }
    assert_true(n > 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chooses_as_the_definition_does),
        cmocka_unit_test(chooses_the_same_everywhere),
        cmocka_unit_test(scores_are_those_of_the_definition),
        cmocka_unit_test(changes_do_not_drift),
        cmocka_unit_test(bits_are_the_same_everywhere),
        cmocka_unit_test(equals_go_to_the_smaller_id),
        cmocka_unit_test(every_batch_up_to_all),
        cmocka_unit_test(a_part_of_the_pool),
        cmocka_unit_test(enough_components),
        cmocka_unit_test(what_cannot_be_done_is_said),
        cmocka_unit_test(matrices_too_large_are_refused),
        cmocka_unit_test(memory_that_is_short_is_said),
    };
    return cmocka_run_group_tests_name("bait", tests, NULL, NULL);
}

/* The linear network: against scikit-learn's optima, the gradient by another formula, and published
 * curves of margin sampling. */
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
#include "digest.h"
#include "linear.h"
#include "logistic.h"
#include "minimize.h"
#include "nn.h"
#include "stream.h"

enum { MAX_CLASSES = 10, MAX_WEIGHTS = 2200 };

static fb_stream stream_of(uint64_t seed)
{
    return fb_stream_make(seed, FB_STREAM_SYNTHETIC, NULL, 0);
}

/* ---- problems -------------------------------------------------------------------------------- */

typedef struct sample_set {
    size_t count, features, classes;
    double c;
    double *x;        /* (count, features) */
    double *weights;  /* (count) */
    uint32_t *labels; /* (count) */
} sample_set;

static sample_set set_alloc(size_t count, size_t features, size_t classes, double c)
{
    sample_set set = {.count = count, .features = features, .classes = classes, .c = c,
                      .x = calloc(count * features, sizeof(double)),
                      .weights = calloc(count, sizeof(double)),
                      .labels = calloc(count, sizeof(uint32_t))};
    assert_true(set.x && set.weights && set.labels);
    for (size_t i = 0; i < count; i++)
        set.weights[i] = 1.0;
    return set;
}

static void set_free(sample_set *set)
{
    free(set->x);
    free(set->weights);
    free(set->labels);
}

/* Clouds whose centres are `distance` apart, every class present if there are as many samples. */
static sample_set make_clouds(size_t count, size_t features, size_t classes, double c,
                              double distance, uint64_t seed)
{
    sample_set set = set_alloc(count, features, classes, c);
    for (size_t i = 0; i < count; i++) {
        set.labels[i] = (uint32_t)(i % classes);
        for (size_t j = 0; j < features; j++) {
            double centre = fb_stream_uniform(stream_of(seed), 0, set.labels[i] * features + j);
            double noise = fb_stream_uniform(stream_of(seed), 1, i * features + j);
            set.x[i * features + j] = distance * (centre - 0.5) + 2.0 * (noise - 0.5);
        }
    }
    return set;
}

static void set_row(void *context, size_t index, double *ret_row)
{
    const sample_set *set = context;
    memcpy(ret_row, set->x + index * set->features, set->features * sizeof *ret_row);
}

static linear_problem problem_of(sample_set *set, linear_solver solver)
{
    return (linear_problem){.count = set->count, .features = set->features,
                            .classes = set->classes, .row = set_row, .labels = set->labels,
                            .weights = set->weights, .c = set->c, .solver = solver,
                            .context = set};
}

typedef struct head {
    double weights[MAX_WEIGHTS], bias[MAX_CLASSES];
    linear_result result;
} head;

static head fit(sample_set *set, linear_solver solver)
{
    head h;
    fb_error err = {0};
    linear_problem problem = problem_of(set, solver);
    assert_true(set->features * set->classes <= MAX_WEIGHTS && set->classes <= MAX_CLASSES);
    if (linear_fit(&problem, h.weights, h.bias, &h.result, &err))
        fail_msg("%zu samples, %zu features, %zu classes, C %g: %s", set->count, set->features,
                 set->classes, set->c, err.text);
    return h;
}

static bool is_present(const sample_set *set, size_t class)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->labels[i] == class && set->weights[i] > 0.0)
            return true;
    return false;
}

/* ---- the gradient by another formula --------------------------------------------------------- */

/* Sample i's softmax under a head, by the C library. */
static void softmax(const sample_set *set, const head *h, size_t i, double *ret_p)
{
    double sum = 0.0, largest = -HUGE_VAL;
    for (size_t k = 0; k < set->classes; k++) {
        ret_p[k] = h->bias[k];
        for (size_t j = 0; j < set->features; j++)
            ret_p[k] += set->x[i * set->features + j] * h->weights[j * set->classes + k];
        largest = fmax(largest, ret_p[k]);
    }
    for (size_t k = 0; k < set->classes; k++)
        sum += ret_p[k] = exp(ret_p[k] - largest);
    for (size_t k = 0; k < set->classes; k++)
        ret_p[k] /= sum;
}

/* Checks that each derivative is small, relative to the terms that it is the sum of. A head of two
 * classes, (-w/2, w/2), is penalised by 0.5 |w|^2 = |W|^2: the penalty counts twice. */
static void assert_optimum(const sample_set *set, const head *h, double tolerance)
{
    size_t present = 0;
    for (size_t k = 0; k < set->classes; k++)
        present += is_present(set, k);
    double penalty = present == 2 ? 2.0 : 1.0, loss = 0.0, weight = 0.0, p[MAX_CLASSES];
    for (size_t k = 0; k < set->classes; k++) {
        for (size_t j = 0; j <= set->features; j++) {
            double w = j < set->features ? h->weights[j * set->classes + k] : 0.0;
            double sum = penalty * w, terms = 1.0 + fabs(w);
            for (size_t i = 0; is_present(set, k) && i < set->count; i++) {
                softmax(set, h, i, p);
                double x = j < set->features ? set->x[i * set->features + j] : 1.0;
                double factor = set->c * set->weights[i];
                sum += factor * x * (p[k] - (set->labels[i] == k ? 1.0 : 0.0));
                terms += factor * fabs(x);
            }
            if (!(fabs(sum) <= tolerance * terms))
                fail_msg("%zu features, %zu classes, C %g: the derivative by weight %zu of class "
                         "%zu is %g, relative to %g", set->features, set->classes, set->c, j, k,
                         sum, terms);
        }
    }
    for (size_t i = 0; i < set->count; i++) {
        softmax(set, h, i, p);
        weight += set->weights[i];
        loss -= set->weights[i] > 0.0 ? set->weights[i] * log(p[set->labels[i]]) : 0.0;
    }
    if (!(fabs(loss / weight - h->result.loss) <= 1e-10 * (1.0 + loss / weight)))
        fail_msg("the mean loss is %.17g, not %.17g", loss / weight, h->result.loss);
}

static void test_gradient_vanishes(void **state)
{
    (void)state;
    static const size_t features[] = {1, 2, 7, 50}, classes[] = {2, 3, 10};
    static const double cs[] = {0.01, 1.0, 100.0}, distances[] = {1.0, 8.0};
    for (size_t f = 0; f < 4; f++)
        for (size_t k = 0; k < 3; k++)
            for (size_t c = 0; c < 3; c++)
                for (size_t d = 0; d < 2; d++) {
                    sample_set set = make_clouds(43, features[f], classes[k], cs[c], distances[d],
                                                 f + 10 * k);
                    head h = fit(&set, LINEAR_BY_SIZE);
                    assert_optimum(&set, &h, 1e-9);
                    set_free(&set);
                }
}

static void test_solvers_agree(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        sample_set set = make_clouds(150, i < 2 ? 12 : 30, i % 2 ? 2 : 6, i < 3 ? 1.0 : 100.0,
                                     1.5, 77);
        head newton = fit(&set, LINEAR_NEWTON), lbfgs = fit(&set, LINEAR_LBFGS);
        for (size_t k = 0; k < set.features * set.classes; k++)
            assert_true(fabs(newton.weights[k] - lbfgs.weights[k]) <= 1e-8);
        for (size_t k = 0; k < set.classes; k++)
            assert_true(fabs(newton.bias[k] - lbfgs.bias[k]) <= 1e-8);
        assert_true(lbfgs.result.iterations > newton.result.iterations);
        set_free(&set);
    }
}

/* More features than one block of second derivatives holds. */
static void test_many_features(void **state)
{
    (void)state;
    sample_set set = make_clouds(9, 1100, 2, 1.0, 0.5, 30);
    head h = fit(&set, LINEAR_BY_SIZE);
    assert_optimum(&set, &h, 1e-9);
    set_free(&set);
}

/* The blocks are the Hessian's, averaged over the columns, without what holds the intercepts. */
static void test_blocks(void **state)
{
    (void)state;
    enum { WIDTH = 8, COLUMNS = 3, SIZE = WIDTH * COLUMNS, GROUP = 5 };
    double theta[SIZE], hessian[SIZE * SIZE] = {0}, blocks[WIDTH * GROUP] = {0};
    sample_set set = make_clouds(10, WIDTH - 1, COLUMNS, 2.0, 1.0, 31);
    linear_problem problem = problem_of(&set, LINEAR_BY_SIZE);
    logistic model;
    assert_int_equal(logistic_init(&model, &problem, COLUMNS, set.labels, NULL), 0);
    for (size_t i = 0; i < SIZE; i++)
        theta[i] = fb_stream_uniform(stream_of(32), 0, i) - 0.5;
    logistic_hessian(&model, theta, hessian);
    logistic_blocks(&model, theta, GROUP, blocks);
    for (size_t i = 0; i < WIDTH; i++)
        for (size_t j = i; j < (i < GROUP ? GROUP : WIDTH); j++) {
            double mean = 0.0;
            for (size_t k = 0; k < COLUMNS; k++)
                mean += hessian[(k * WIDTH + i) * SIZE + k * WIDTH + j] / COLUMNS;
            if (i == WIDTH - 1)
                mean -= set.c * (double)set.count / (COLUMNS * COLUMNS);
            double have = i < GROUP ? blocks[i * GROUP + j]
                                    : blocks[GROUP * GROUP + (i - GROUP) * 3 + j - GROUP];
            assert_true(fabs(have - mean) <= 1e-12);
        }
    logistic_finish(&model);
    set_free(&set);
}

/* ---- scikit-learn's optima ------------------------------------------------------------------- */

static double read_number(FILE *file)
{
    double x;
    assert_int_equal(fscanf(file, "%lf", &x), 1);
    return x;
}

/* Reads the next case of cases.txt (see make.py); false at the end. */
static bool read_case(FILE *file, char name[32], sample_set *ret_set, head *ret_expected)
{
    size_t count, features, classes;
    double c;
    int fields = fscanf(file, " case %31s %zu %zu %zu %lf", name, &count, &features, &classes, &c);
    if (fields == EOF)
        return false;
    assert_int_equal(fields, 5);
    sample_set set = set_alloc(count, features, classes, c);
    for (size_t i = 0; i < count; i++) {
        set.labels[i] = (uint32_t)read_number(file);
        set.weights[i] = read_number(file);
        for (size_t j = 0; j < features; j++)
            set.x[i * features + j] = read_number(file);
    }
    for (size_t k = 0; k < classes; k++) {
        for (size_t j = 0; j < features; j++)
            ret_expected->weights[j * classes + k] = read_number(file);
        ret_expected->bias[k] = read_number(file);
    }
    *ret_set = set;
    return true;
}

/* Each weight counts times the spread of its feature. */
static void assert_same_head(const char *name, const sample_set *set, const head *h,
                             const head *expected, double tolerance)
{
    for (size_t k = 0; k < set->classes; k++) {
        bool absent = isnan(expected->bias[k]);
        double worst = fabs(h->bias[k] - (absent ? LINEAR_ABSENT : expected->bias[k]));
        double size = fabs(h->bias[k]);
        for (size_t j = 0; j < set->features; j++) {
            double spread = 0.0, want = expected->weights[j * set->classes + k];
            for (size_t i = 0; i < set->count; i++)
                spread = fmax(spread, fabs(set->x[i * set->features + j]));
            double error = fabs(h->weights[j * set->classes + k] - (absent ? 0.0 : want)) * spread;
            size = fmax(size, fabs(want) * spread);
            worst = error <= worst ? worst : error;
        }
        if (!(worst <= tolerance * (1.0 + size)))
            fail_msg("%s: class %zu is %g from scikit-learn's optimum", name, k, worst);
    }
}

static void test_scikit_learn(void **state)
{
    (void)state;
    char name[32];
    size_t cases = 0;
    sample_set set;
    head expected;
    FILE *file = fopen(GOLDEN_DIR "/linear/cases.txt", "r");
    assert_non_null(file);
    for (; read_case(file, name, &set, &expected); cases++) {
        for (int solver = LINEAR_BY_SIZE; solver <= LINEAR_LBFGS; solver++) {
            head h = fit(&set, (linear_solver)solver);
            assert_same_head(name, &set, &h, &expected, 1e-8);
            assert_optimum(&set, &h, 1e-9);
        }
        set_free(&set);
    }
    fclose(file);
    assert_int_equal(cases, 19);
}

/* ---- special problems ------------------------------------------------------------------------ */

static void test_absent_classes(void **state)
{
    (void)state;
    sample_set all = make_clouds(40, 3, 4, 1.0, 2.0, 5);
    for (size_t i = 0; i < all.count; i++)
        all.weights[i] = all.labels[i] == 2 ? 0.0 : 1.0;
    head h = fit(&all, LINEAR_BY_SIZE);
    double sum = h.bias[0] + h.bias[1] + h.bias[3], p[4];
    assert_true(fabs(sum) <= 1e-10);
    assert_true(h.bias[2] == LINEAR_ABSENT);
    for (size_t j = 0; j < 3; j++)
        assert_true(h.weights[j * 4 + 2] == 0.0);
    for (size_t i = 0; i < all.count; i++) {
        softmax(&all, &h, i, p);
        assert_true(p[2] == 0.0);
    }
    set_free(&all);
}

static void test_one_class(void **state)
{
    (void)state;
    for (size_t count = 1; count <= 3; count += 2) {
        sample_set set = set_alloc(count, 2, 3, 1.0);
        for (size_t i = 0; i < count; i++)
            set.labels[i] = 1;
        head h = fit(&set, LINEAR_BY_SIZE);
        for (size_t k = 0; k < 6; k++)
            assert_true(h.weights[k] == 0.0);
        assert_true(h.bias[0] == LINEAR_ABSENT && h.bias[1] == 0.0 && h.bias[2] == LINEAR_ABSENT);
        assert_true(h.result.loss == 0.0 && h.result.iterations == 0);
        set_free(&set);
    }
}

static void test_two_classes_are_one_logit(void **state)
{
    (void)state;
    sample_set set = make_clouds(30, 4, 2, 1.0, 1.0, 6);
    head h = fit(&set, LINEAR_BY_SIZE);
    for (size_t j = 0; j < 4; j++)
        assert_true(h.weights[2 * j] == -h.weights[2 * j + 1] && h.weights[2 * j] != 0.0);
    assert_true(h.bias[0] == -h.bias[1]);
    set_free(&set);
}

/* Separable data have an optimum thanks to the penalty; it goes far, and all is classified. */
static void test_separable(void **state)
{
    (void)state;
    for (size_t classes = 2; classes <= 10; classes += 8) {
        sample_set set = make_clouds(100, 20, classes, 1e6, 40.0, 8);
        for (int solver = LINEAR_NEWTON; solver <= LINEAR_LBFGS; solver++) {
            head h = fit(&set, (linear_solver)solver);
            assert_true(h.result.loss > 0.0 && h.result.loss < 1e-4);
            assert_optimum(&set, &h, 1e-9);
        }
        set_free(&set);
    }
}

/* Columns that say the same, one that is constant, and offsets much larger than the spread. */
/* Samples that are all classified well have a small loss, the sum of small logarithms: if those
 * lost their digits, the search would not find the way down to the optimum. */
static void test_small_losses(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 12; seed++) {
        size_t count = seed % 2 ? 100 : 20, classes = seed % 3 ? 10 : 2;
        double spread = pow(10, (double)(seed % 4));
        sample_set set = make_clouds(count, 200, classes, spread, 2.0, 60 + seed);
        for (size_t i = 0; i < set.count * set.features; i++)
            set.x[i] = floor(64.0 * (set.x[i] + 2.0));
        fit(&set, LINEAR_LBFGS);
        set_free(&set);
    }
}

static void test_degenerate_features(void **state)
{
    (void)state;
    sample_set set = make_clouds(60, 5, 3, 10.0, 1.0, 9);
    for (size_t i = 0; i < set.count; i++) {
        double *x = set.x + i * 5;
        x[1] = x[0];
        x[2] = 7.25;
        x[3] = 1e6 + 1e3 * x[3];
        x[4] *= 1e-4;
    }
    for (int solver = LINEAR_NEWTON; solver <= LINEAR_LBFGS; solver++) {
        head h = fit(&set, (linear_solver)solver);
        assert_optimum(&set, &h, 1e-9);
        for (size_t k = 0; k < 3; k++) {
            assert_true(fabs(h.weights[k] - h.weights[3 + k]) <= 1e-9);
            assert_true(fabs(h.weights[6 + k]) <= 1e-12);
        }
    }
    set_free(&set);
}

static void test_same_bits(void **state)
{
    (void)state;
    char hex[FB_DIGEST_HEX];
    fb_digest digest;
    fb_digest_init(&digest);
    for (size_t classes = 2; classes <= 5; classes += 3)
        for (int solver = LINEAR_NEWTON; solver <= LINEAR_LBFGS; solver++) {
            sample_set set = make_clouds(50, 11, classes, 3.0, 1.0, classes);
            head h = fit(&set, (linear_solver)solver);
            fb_digest_bytes(&digest, h.weights, 11 * classes * sizeof *h.weights);
            fb_digest_bytes(&digest, h.bias, classes * sizeof *h.bias);
            set_free(&set);
        }
    fb_digest_end_hex(&digest, hex);
    /* The numbers of every compiler and instruction set; see NN_NUMERICS_VERSION. */
    assert_string_equal(hex,
                        "7ca1023465ec33b7724a99eab8dc1a88a4b42ade5841774c093af2de480c9339");
}

/* ---- failures -------------------------------------------------------------------------------- */

static void assert_refused(linear_problem problem, int status, const char *word)
{
    double weights[3 * MAX_CLASSES] = {4.0}, bias[MAX_CLASSES] = {5.0};
    linear_result result = {.loss = 6.0};
    fb_error err = {0};
    assert_int_equal(linear_fit(&problem, weights, bias, &result, &err), status);
    if (!strstr(err.text, word))
        fail_msg("\"%s\" does not say \"%s\"", err.text, word);
    assert_int_equal(linear_fit(&problem, weights, bias, &result, NULL), status);
    assert_true(weights[0] == 4.0 && bias[0] == 5.0 && result.loss == 6.0);
}

static int cancel_second(void *context, size_t iteration, double loss)
{
    (void)context;
    assert_true(loss > 0.0);
    return iteration == 1;
}

static void test_refused(void **state)
{
    (void)state;
    sample_set set = make_clouds(12, 3, 3, 1.0, 1.0, 12);
    linear_problem good = problem_of(&set, LINEAR_BY_SIZE), bad = good;
    bad.count = 0;
    assert_refused(bad, FB_EINVAL, "needs samples");
    static const double cs[] = {0.0, -1.0, (double)INFINITY, (double)NAN};
    for (size_t i = 0; i < 4; i++) {
        bad = good;
        bad.c = cs[i];
        assert_refused(bad, FB_EINVAL, "C must be above 0");
    }
    bad = good;
    bad.classes = 2;
    assert_refused(bad, FB_EINVAL, "label 2 of the sample at position 2");
    bad = good;
    bad.progress = cancel_second;
    assert_refused(bad, FB_ECANCELLED, "after iteration 1");

    set.weights[4] = -1.0;
    assert_refused(good, FB_EINVAL, "position 4");
    memset(set.weights, 0, set.count * sizeof *set.weights);
    assert_refused(good, FB_EINVAL, "above 0");
    good.weights = NULL;
    set.x[7] = (double)NAN;
    assert_refused(good, FB_ENUMERIC, "feature 1 of the training sample at position 2");
    set_free(&set);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    sample_set set = make_clouds(12, 3, 3, 1.0, 1.0, 12);
    linear_problem problem = problem_of(&set, LINEAR_BY_SIZE);
    head h;
    fb_alloc_fail_at(0);
    assert_int_equal(linear_fit(&problem, h.weights, h.bias, &h.result, NULL), 0);
    uint64_t count = fb_alloc_count();
    assert_true(count > 0);
    for (uint64_t n = 1; n <= count; n++) {
        fb_alloc_fail_at(n);
        assert_int_equal(linear_fit(&problem, h.weights, h.bias, &h.result, NULL), FB_ENOMEM);
    }
    fb_alloc_fail_at(0);
    set_free(&set);
}

/* x^4 has no curvature at its minimum, so that Newton's steps are only a third. */
static double fourth_power(void *context, const double *x, double *ret_gradient)
{
    (void)context;
    ret_gradient[0] = 4.0 * x[0] * x[0] * x[0];
    return x[0] * x[0] * x[0] * x[0];
}

static void fourth_power_hessian(void *context, const double *x, double *out)
{
    (void)context;
    out[0] = 12.0 * x[0] * x[0];
}

static void test_no_convergence(void **state)
{
    (void)state;
    double x = 1.0, tolerance = 1e-9;
    minimize_problem problem = {.size = 1, .value = fourth_power, .hessian = fourth_power_hessian,
                                .tolerance = &tolerance, .limit = 3};
    minimize_result result;
    fb_error err = {0};
    assert_int_equal(minimize_convex(&problem, &x, &result, &err), FB_ENUMERIC);
    assert_non_null(strstr(err.text, "3 iterations"));
    assert_non_null(strstr(err.text, "still 0.104")); /* 4 (2/3)^9 */
    problem.limit = 100;
    assert_int_equal(minimize_convex(&problem, &x, &result, &err), 0);
    assert_true(result.gradient <= tolerance && result.gradient == fabs(4.0 * x * x * x));
}

/* ---- as a network ---------------------------------------------------------------------------- */

static nn_network *create_linear(size_t features, size_t classes)
{
    nn_network_spec spec;
    nn_network *network = NULL;
    fb_error err = {0};
    if (nn_network_named("linear", NULL, 0, &spec, &err) ||
        nn_create(&spec, (nn_shape){1, 1, features}, classes, NN_PORTABLE, &network, &err))
        fail_msg("%s", err.text);
    return network;
}

/* A set's features as a source of floats, and a training on all of it. */
typedef struct net_set {
    sample_set *set;
    float *x;
    uint32_t *ids;
    nn_source source;
    nn_training training;
} net_set;

static net_set net_set_of(sample_set *set)
{
    size_t size = set->count * set->features;
    net_set s = {.set = set, .x = calloc(size, sizeof(float)),
                 .ids = calloc(set->count, sizeof(uint32_t))};
    for (size_t i = 0; i < size; i++)
        set->x[i] = (double)(s.x[i] = (float)set->x[i]);
    for (size_t i = 0; i < set->count; i++)
        s.ids[i] = (uint32_t)i;
    s.source = (nn_source){.shape = {1, 1, set->features}, .f32 = s.x, .count = set->count};
    return s;
}

static void net_set_free(net_set *s)
{
    free(s->x);
    free(s->ids);
    set_free(s->set);
}

static nn_training training_of(const net_set *s)
{
    return (nn_training){.source = &s->source, .ids = s->ids, .labels = s->set->labels,
                         .count = s->set->count};
}

static void assert_head(const nn_network *network, const head *h)
{
    size_t size = nn_embedding_size(network), classes = nn_class_count(network);
    for (size_t i = 0; i < size * classes; i++)
        assert_true(nn_head_weights(network)[i] == (float)h->weights[i]);
    for (size_t c = 0; c < classes; c++)
        assert_true(nn_head_bias(network)[c] == (float)h->bias[c]);
}

static void test_network_trains(void **state)
{
    (void)state;
    sample_set set = make_clouds(60, 4, 3, 2.0, 2.0, 21);
    net_set s = net_set_of(&set);
    head h = fit(&set, LINEAR_BY_SIZE);
    nn_network *network = create_linear(4, 3);
    nn_initialize(network, stream_of(1)); /* where it starts makes no difference */
    nn_recipe recipe = {.optimizer = NN_LBFGS, .c = 2.0, .keep = NN_KEEP_LAST};
    nn_training training = training_of(&s);
    nn_training_result result;
    nn_metrics metrics;
    fb_error err = {0};
    if (nn_train(network, &recipe, &training, &result, &err))
        fail_msg("%s", err.text);
    assert_head(network, &h);
    assert_true(result.loss == h.result.loss && result.epochs == h.result.iterations);
    assert_true(result.kept_epoch == 0 && isnan(result.validation_accuracy));

    training.validation_source = &s.source;
    training.validation_ids = s.ids;
    training.validation_labels = set.labels;
    training.validation_count = 30;
    assert_int_equal(nn_train(network, &recipe, &training, &result, &err), 0);
    assert_head(network, &h);
    assert_int_equal(nn_evaluate(network, &s.source, s.ids, set.labels, 30, &metrics, NULL), 0);
    assert_true(result.validation_accuracy == metrics.accuracy && metrics.accuracy > 0.5);
    nn_destroy(network);
    net_set_free(&s);
}

/* Both ways of class weights are weights of the samples. */
static void test_class_weights(void **state)
{
    (void)state;
    static const double given[] = {0.5, 2.0, 1.0, 1.25};
    sample_set set = make_clouds(40, 3, 4, 1.0, 1.0, 22);
    for (size_t i = 0; i < set.count; i++)
        set.labels[i] = i < 5 ? 0 : i % 2 ? 3 : 1; /* 5, 17, 0 and 18 samples */
    net_set s = net_set_of(&set);
    nn_network *network = create_linear(3, 4);
    nn_recipe recipe = {.optimizer = NN_LBFGS, .c = 1.0, .keep = NN_KEEP_LAST, .balanced = true};
    nn_training training = training_of(&s);
    nn_training_result result;
    static const double balanced[] = {40.0 / (3 * 5), 40.0 / (3 * 17), 0.0, 40.0 / (3 * 18)};
    for (int way = 0; way < 2; way++) {
        for (size_t i = 0; i < set.count; i++)
            set.weights[i] = (way ? given : balanced)[set.labels[i]];
        head h = fit(&set, LINEAR_BY_SIZE);
        assert_int_equal(nn_train(network, &recipe, &training, &result, NULL), 0);
        assert_true(fabs(result.loss - h.result.loss) <= 1e-12);
        assert_head(network, &h);
        recipe.balanced = false;
        recipe.class_weights = given;
        recipe.class_weight_count = 4;
    }
    nn_destroy(network);
    net_set_free(&s);
}

/* Pixels, and a class without samples, whose probability is then exactly 0. */
static void test_pixels_and_absent_class(void **state)
{
    (void)state;
    enum { COUNT = 30, PIXELS = 12 };
    uint8_t pixels[COUNT * PIXELS];
    uint32_t ids[COUNT], labels[COUNT];
    float logits[COUNT * 3];
    sample_set set = set_alloc(COUNT, PIXELS, 3, 5.0);
    for (uint32_t i = 0; i < COUNT; i++) {
        ids[i] = i;
        labels[i] = set.labels[i] = i % 2 ? 2 : 0;
        for (uint32_t j = 0; j < PIXELS; j++) {
            pixels[i * PIXELS + j] = (uint8_t)((i * 37 + j * 11 + labels[i] * 40) % 256);
            float value = (float)pixels[i * PIXELS + j] * (1.0f / 255.0f);
            set.x[i * PIXELS + j] = (double)value;
        }
    }
    head h = fit(&set, LINEAR_BY_SIZE);
    nn_source source = {.shape = {1, 1, PIXELS}, .u8 = pixels, .count = COUNT};
    nn_training training = {.source = &source, .ids = ids, .labels = labels, .count = COUNT};
    nn_recipe recipe = {.optimizer = NN_LBFGS, .c = 5.0, .keep = NN_KEEP_LAST};
    nn_training_result result;
    nn_network *network = create_linear(PIXELS, 3);
    assert_int_equal(nn_train(network, &recipe, &training, &result, NULL), 0);
    assert_head(network, &h);
    assert_int_equal(nn_infer(network, &source, NULL, COUNT, NULL, logits, NULL), 0);
    for (size_t i = 0; i < COUNT; i++)
        assert_true(expf(logits[3 * i + 1] - fmaxf(logits[3 * i], logits[3 * i + 2])) == 0.0f);
    nn_destroy(network);
    set_free(&set);
}

static void test_network_refused(void **state)
{
    (void)state;
    const size_t hidden = 5;
    sample_set set = make_clouds(10, 3, 2, 1.0, 1.0, 23);
    net_set s = net_set_of(&set);
    nn_network_spec spec;
    nn_network *network = NULL;
    nn_recipe recipe = {.optimizer = NN_LBFGS, .c = 1.0, .keep = NN_KEEP_LAST};
    nn_training training = training_of(&s);
    nn_training_result result;
    fb_error err = {0};
    assert_int_equal(nn_network_named("mlp", &hidden, 1, &spec, NULL), 0);
    assert_int_equal(nn_create(&spec, s.source.shape, 2, NN_PORTABLE, &network, NULL), 0);
    assert_int_equal(nn_train(network, &recipe, &training, &result, &err), FB_EINVAL);
    assert_non_null(strstr(err.text, "2 layers"));
    nn_destroy(network);

    network = create_linear(3, 2);
    recipe.c = 0.0;
    assert_int_equal(nn_train(network, &recipe, &training, &result, &err), FB_EINVAL);
    nn_destroy(network);
    assert_int_equal(nn_network_named("linear", &hidden, 1, &spec, NULL), FB_EINVAL);
    net_set_free(&s);
}

/* ---- published curves of margin sampling ----------------------------------------------------- */

enum { POOL_MAX = 400, FEATURES_MAX = 8 };

typedef struct pool {
    size_t count, features, test_count, labeled_count;
    float x[POOL_MAX * FEATURES_MAX];
    uint32_t labels[POOL_MAX];
    bool is_test[POOL_MAX], is_labeled[POOL_MAX];
} pool;

static FILE *open_oracle(const char *name, const char *ending)
{
    char path[512];
    snprintf(path, sizeof path, "%s/margin-oracle/%s%s", GOLDEN_DIR, name, ending);
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("%s cannot be opened", path);
    return file;
}

/* LIBSVM's format with every feature given, in order. */
static void read_libsvm(const char *name, size_t features, double *x, pool *p)
{
    int label, index;
    FILE *file = open_oracle(name, ".libsvm");
    p->features = features;
    for (; fscanf(file, "%d", &label) == 1; p->count++) {
        assert_true(p->count < POOL_MAX);
        p->labels[p->count] = label > 0;
        for (size_t j = 0; j < features; j++) {
            assert_int_equal(fscanf(file, " %d:%lf", &index, &x[p->count * features + j]), 2);
            assert_int_equal(index, j + 1);
        }
    }
    fclose(file);
}

static size_t read_ids(const char *name, const char *ending, bool *is_member)
{
    size_t count = 0, id;
    FILE *file = open_oracle(name, ending);
    for (; fscanf(file, "%zu", &id) == 1; count++)
        is_member[id] = true;
    fclose(file);
    return count;
}

/* By mean and standard deviation of the training rows. */
static void standardize(const double *x, pool *p)
{
    for (size_t j = 0; j < p->features; j++) {
        double sum = 0.0, squares = 0.0, n = (double)(p->count - p->test_count);
        for (size_t i = 0; i < p->count; i++)
            sum += p->is_test[i] ? 0.0 : x[i * p->features + j];
        for (size_t i = 0; i < p->count; i++) {
            double from_mean = x[i * p->features + j] - sum / n;
            squares += p->is_test[i] ? 0.0 : from_mean * from_mean;
        }
        for (size_t i = 0; i < p->count; i++) {
            size_t at = i * p->features + j;
            p->x[at] = (float)((x[at] - sum / n) / sqrt(squares / n));
        }
    }
}

static void train_labeled(const pool *p, const nn_source *source, nn_network *network)
{
    uint32_t ids[POOL_MAX], labels[POOL_MAX];
    size_t count = 0;
    for (uint32_t i = 0; i < p->count; i++)
        if (p->is_labeled[i]) {
            ids[count] = i;
            labels[count++] = p->labels[i];
        }
    assert_int_equal(count, p->labeled_count);
    nn_recipe recipe = {.optimizer = NN_LBFGS, .c = 1.0, .keep = NN_KEEP_LAST};
    nn_training training = {.source = source, .ids = ids, .labels = labels, .count = count};
    nn_training_result result;
    fb_error err = {0};
    if (nn_train(network, &recipe, &training, &result, &err))
        fail_msg("%s", err.text);
}

/* One round: test accuracy, and the unlabelled training row closest to the border, the smaller on
 * a tie; POOL_MAX when none is left. */
static double run_round(const pool *p, const nn_source *source, nn_network *network,
                        size_t *ret_query)
{
    float logits[POOL_MAX * 2], closest = INFINITY;
    size_t right = 0, query = POOL_MAX;
    train_labeled(p, source, network);
    assert_int_equal(nn_infer(network, source, NULL, p->count, NULL, logits, NULL), 0);
    for (size_t i = 0; i < p->count; i++) {
        float f = logits[2 * i + 1] - logits[2 * i];
        if (p->is_test[i]) {
            right += (f > 0.0f) == (p->labels[i] == 1);
        } else if (!p->is_labeled[i] && fabsf(f) < closest) {
            closest = fabsf(f);
            query = i;
        }
    }
    *ret_query = query;
    return (double)right / (double)p->test_count;
}

static void check_curve(const char *data, const char *run, size_t features, size_t points)
{
    static double x[POOL_MAX * FEATURES_MAX];
    static pool p;
    size_t labeled, query = 0, lines = 0;
    double accuracy;
    p = (pool){0};
    read_libsvm(data, features, x, &p);
    p.test_count = read_ids(run, "-test.txt", p.is_test);
    p.labeled_count = read_ids(run, "-initial.txt", p.is_labeled);
    standardize(x, &p);
    nn_source source = {.shape = {1, 1, features}, .f32 = p.x, .count = p.count};
    nn_network *network = create_linear(features, 2);

    FILE *file = open_oracle(run, "-curve.csv");
    assert_int_equal(fscanf(file, "labeled,accuracy"), 0);
    for (; fscanf(file, "%zu,%lf", &labeled, &accuracy) == 2; lines++) {
        assert_int_equal(labeled, p.labeled_count);
        double reached = run_round(&p, &source, network, &query);
        if (!(fabs(reached - accuracy) <= 1e-12))
            fail_msg("%s: %zu labelled samples give %.6f instead of %.6f", run, labeled, reached,
                     accuracy);
        if (query < POOL_MAX) {
            p.is_labeled[query] = true;
            p.labeled_count++;
        }
    }
    fclose(file);
    assert_int_equal(query, POOL_MAX);
    assert_int_equal(lines, points);
    nn_destroy(network);
}

static void test_margin_curves(void **state)
{
    (void)state;
    check_curve("haberman", "haberman-0", 3, 164);
    check_curve("haberman", "haberman-2", 3, 164);
    check_curve("appendicitis", "appendicitis-0", 7, 44);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradient_vanishes),
        cmocka_unit_test(test_solvers_agree),
        cmocka_unit_test(test_many_features),
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_scikit_learn),
        cmocka_unit_test(test_absent_classes),
        cmocka_unit_test(test_one_class),
        cmocka_unit_test(test_two_classes_are_one_logit),
        cmocka_unit_test(test_separable),
        cmocka_unit_test(test_small_losses),
        cmocka_unit_test(test_degenerate_features),
        cmocka_unit_test(test_same_bits),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_no_convergence),
        cmocka_unit_test(test_network_trains),
        cmocka_unit_test(test_class_weights),
        cmocka_unit_test(test_pixels_and_absent_class),
        cmocka_unit_test(test_network_refused),
        cmocka_unit_test(test_margin_curves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

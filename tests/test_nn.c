/* Networks: gradients against a double-precision reference, engines against each other, and what
 * inference promises. Their training has a file of its own. */
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
#include "loss.h"
#include "nn_fixture.h"
#include "nn_reference.h"

static const nn_engine g_engines[] = {NN_PORTABLE, NN_BLAS};

#define CONV(filters, side, ...)                                                                   \
    {                                                                                              \
        .kind = NN_CONV, .size = (filters), .kernel = (side), __VA_ARGS__                          \
    }
#define DENSE(units, ...) {.kind = NN_DENSE, .size = (units), __VA_ARGS__}
#define POOL {.kind = NN_MAX_POOL}
#define DROPOUT(share) {.kind = NN_DROPOUT, .rate = (share)}
#define RELU .relu = true
#define SAME .same = true
#define HEAD {.kind = NN_DENSE}
#define NORM(...) {.kind = NN_BATCH_NORM, __VA_ARGS__}
#define GLOBAL {.kind = NN_GLOBAL_POOL}
#define ADD(output, ...) {.kind = NN_ADD, .other = (output), __VA_ARGS__}

/* Small networks in which every kind of layer stands below, above and between the others. */
typedef struct case_network {
    const char *name;
    nn_shape input;
    size_t class_count;
    nn_layer_spec layers[16]; /* up to the head */
} case_network;

static const case_network g_cases[] = {
    {"softmax regression", {1, 1, 5}, 3, {HEAD}},
    {"two hidden layers", {1, 1, 6}, 4, {DENSE(7, RELU), DENSE(5, RELU), HEAD}},
    {"linear hidden layer", {1, 1, 4}, 3, {DENSE(6, RELU), DENSE(5, .relu = false), HEAD}},
    {"convolution, valid", {6, 5, 2}, 3, {CONV(4, 3, RELU), HEAD}},
    {"convolution, same", {4, 5, 3}, 3, {CONV(5, 3, SAME), HEAD}},
    {"convolutions of 1, 5 and 2", {6, 7, 2}, 3,
     {CONV(3, 1, RELU), CONV(4, 5, SAME, RELU), CONV(3, 2, .same = false), HEAD}},
    {"pool of an odd size", {7, 5, 3}, 3, {CONV(4, 3, SAME), POOL, HEAD}},
    {"pool twice", {8, 8, 2}, 3, {CONV(3, 3, SAME, RELU), POOL, CONV(4, 3, SAME), POOL, HEAD}},
    {"convolution wider than its image", {2, 3, 2}, 3, {CONV(3, 5, SAME, RELU), HEAD}},
    {"pool inside a convolution", {4, 4, 1}, 3,
     {CONV(16, 3, SAME, RELU), CONV(16, 3, RELU), POOL, HEAD}},
    {"pool inside a convolution, odd and linear", {5, 4, 1}, 3,
     {CONV(16, 3, SAME, RELU), CONV(16, 3, .same = false), POOL, DROPOUT(0.3), HEAD}},
    {"dropout of the input", {4, 4, 2}, 3, {DROPOUT(0.3), CONV(3, 3, RELU), HEAD}},
    {"dropout before the head", {1, 1, 8}, 3, {DENSE(9, RELU), DROPOUT(0.5), HEAD}},
    {"dropout of most, twice", {1, 1, 8}, 3,
     {DROPOUT(0.1), DENSE(40, RELU), DROPOUT(0.7), DENSE(9, RELU), HEAD}},
    {"dropout of most before a dense layer", {1, 1, 8}, 3,
     {DENSE(40, RELU), DROPOUT(0.7), DENSE(9, RELU), HEAD}},
    {"residual block", {4, 5, 2}, 3,
     {CONV(3, 3, SAME, RELU), CONV(4, 3, SAME, RELU), CONV(3, 3, SAME), ADD(1, RELU), HEAD}},
    {"block with a projection, the input added in the end", {4, 4, 2}, 3,
     {CONV(3, 3, SAME, RELU), CONV(4, 3, SAME), CONV(4, 1, .from = 1), ADD(2, RELU),
      CONV(2, 1, .relu = false), ADD(0), HEAD}},
    {"one output read by four", {1, 1, 5}, 3,
     {DENSE(5, RELU), ADD(1), DENSE(5, RELU, .from = 1), ADD(2), ADD(1, RELU), HEAD}},
    {"pool that another layer reads too", {4, 4, 1}, 3,
     {CONV(16, 3, SAME, RELU), CONV(16, 3, SAME, RELU), POOL, DROPOUT(0.3),
      {.kind = NN_MAX_POOL, .from = 2}, ADD(4, RELU), HEAD}},
    {"dropout inside a block", {1, 1, 6}, 3,
     {DENSE(6, RELU), DROPOUT(0.4), DENSE(6, RELU), ADD(1), HEAD}},
    {"strides", {8, 7, 2}, 3,
     {CONV(4, 3, SAME, RELU, .stride = 2), CONV(3, 1, .stride = 3, .no_bias = true), HEAD}},
    {"pools of all kinds", {8, 7, 2}, 3,
     {CONV(3, 3, SAME, .no_bias = true), {.kind = NN_MAX_POOL, .kernel = 3, .stride = 2},
      {.kind = NN_RELU}, {.kind = NN_AVERAGE_POOL, .stride = 1}, CONV(4, 1, RELU), GLOBAL, HEAD}},
    {"max pool that a convolution cannot do", {3, 4, 1}, 3,
     {CONV(16, 3, SAME, RELU), CONV(16, 3, SAME, RELU), {.kind = NN_MAX_POOL, .kernel = 3}, HEAD}},
    {"batch norm of features", {1, 1, 6}, 3, {NORM(RELU), DENSE(7, RELU), NORM(RELU), HEAD}},
    {"ResNet", {6, 5, 2}, 3,
     {CONV(3, 3, SAME, .no_bias = true), NORM(RELU),
      CONV(4, 3, SAME, .no_bias = true, .stride = 2), NORM(RELU), CONV(4, 3, SAME, .no_bias = true),
      NORM(.relu = false), CONV(4, 1, .no_bias = true, .stride = 2, .from = 2), NORM(.relu = false),
      ADD(6, RELU), GLOBAL, HEAD}},
    {"wide ResNet", {5, 4, 2}, 3,
     {CONV(3, 3, SAME, .no_bias = true), NORM(RELU),
      CONV(4, 3, SAME, .no_bias = true, .stride = 2), NORM(RELU), CONV(4, 3, SAME, .no_bias = true),
      CONV(4, 1, .no_bias = true, .stride = 2, .from = 2), ADD(5), NORM(RELU), GLOBAL, HEAD}},
    {"small S-CNN", {10, 9, 1}, 4,
     {CONV(3, 3, RELU), CONV(5, 3, RELU), POOL, DROPOUT(0.25), DENSE(8, RELU), DROPOUT(0.5),
      HEAD}},
};
enum { CASE_COUNT = sizeof g_cases / sizeof g_cases[0] };

static nn_network *create_case(const case_network *wanted, nn_engine engine)
{
    nn_network_spec spec = {.name = "case"};
    bool head = false;
    while (!head) {
        const nn_layer_spec *layer = &wanted->layers[spec.layer_count];
        head = layer->kind == NN_DENSE && layer->size == 0;
        spec.layers[spec.layer_count++] = *layer;
    }
    nn_network *network = NULL;
    fb_error err = {0};
    if (nn_create(&spec, wanted->input, wanted->class_count, engine, &network, &err))
        fail_msg("%s: %s", wanted->name, err.text);
    nn_initialize(network, stream_of(FB_STREAM_WEIGHTS, 3));
    return network;
}

static nn_network *create_named(const char *name, nn_shape input, size_t classes, nn_engine engine)
{
    nn_network_spec spec;
    nn_network *network = NULL;
    assert_int_equal(nn_network_named(name, NULL, 0, &spec, NULL), 0);
    assert_int_equal(nn_create(&spec, input, classes, engine, &network, NULL), 0);
    nn_initialize(network, stream_of(FB_STREAM_WEIGHTS, 3));
    return network;
}

/* ---- gradients ------------------------------------------------------------------------------ */

enum { GRADIENT_ROWS = 5 };

/* Runs one training pass forward and backward, without a step. */
static void run_gradient(nn_network *network, const samples *s)
{
    const float *logits = NULL;
    assert_int_equal(network_reserve(network, s->count, true, NULL), 0);
    layer_pass pass = network_pass(network, PASS_TRAIN, stream_of(FB_STREAM_DROPOUT, 7), 2);
    samples_gather(&s->source, NULL, 0, s->count, network->input);
    assert_int_equal(network_forward(network, &pass, 0, network->layer_count, s->count,
                                     network->input, &logits, NULL), 0);
    loss_cross_entropy(s->count, network->class_count, logits, s->labels, NULL,
                       network->gradients[0]);
    assert_int_equal(network_backward(network, &pass, s->count, NULL), 0);
}

/* The reference's loss with one parameter moved. The reference is double precision, so the step
 * can be so small (1e-6) that in these networks no ReLU or maximum changes sides, and the central
 * difference is right to about 1e-9. */
static double moved_loss(const nn_network *network, double *parameters, size_t at, double by,
                         const samples *s, const double *x)
{
    double logits[GRADIENT_ROWS * 8], before = parameters[at];
    parameters[at] = before + by;
    reference_forward(network, parameters, s->count, x, PASS_TRAIN, logits);
    parameters[at] = before;
    return reference_loss(s->count, network->class_count, logits, s->labels);
}

/* Compares the gradient of one tensor, relative to the tensor's largest element. */
static void check_tensor(const char *name, const nn_network *network, double *parameters,
                         const samples *s, const double *x, const float *gradient, size_t count)
{
    enum { CHECKED = 300 }; /* of a large tensor; the stride is odd, to meet all rows */
    size_t first = (size_t)(gradient - network->gradient), stride = count / CHECKED | 1;
    double largest = 0.0, worst = 0.0, step = 1e-6;
    for (size_t i = 0; i < count; i += stride) {
        double above = moved_loss(network, parameters, first + i, step, s, x);
        double below = moved_loss(network, parameters, first + i, -step, s, x);
        double difference = (above - below) / (2.0 * step);
        largest = fmax(largest, fabs(difference));
        double error = fabs((double)gradient[i] - difference);
        worst = error <= worst ? worst : error;
    }
    if (count > 0 && !(largest > 1e-4))
        fail_msg("%s: the gradient is nearly zero, which tests nothing", name);
    if (!(worst <= 2e-6 * largest + 1e-8))
        fail_msg("%s: the gradient is off by %g, its largest element is %g", name, worst, largest);
}

static void check_gradients(const case_network *tested, nn_engine engine)
{
    nn_network *network = create_case(tested, engine);
    samples s = make_samples(tested->input, tested->class_count, GRADIENT_ROWS, false, 11);
    size_t size = s.count * nn_shape_size(tested->input);
    double *x = calloc(size, sizeof *x);
    double *parameters = calloc(network->slab_count, sizeof *parameters);
    for (size_t i = 0; i < network->layer_count; i++)
        for (size_t j = 0; j < network->layers[i].bias_count; j++)
            network->layers[i].bias[j] = 0.1f * (float)(j % 3) - 0.05f;
    run_gradient(network, &s);
    for (size_t i = 0; i < size; i++)
        x[i] = (double)s.f32[i];
    for (size_t i = 0; i < network->slab_count; i++)
        parameters[i] = (double)network->parameters[i];
    for (size_t i = 0; i < network->layer_count; i++) {
        const nn_layer *layer = &network->layers[i];
        char name[128];
        snprintf(name, sizeof name, "%s (%s), layer %zu (%s)", tested->name,
                 nn_engine_name(engine), i, layer->ops->name);
        check_tensor(name, network, parameters, &s, x, layer->d_weights, layer->weight_count);
        check_tensor(name, network, parameters, &s, x, layer->d_bias, layer->bias_count);
    }
    free(x);
    free(parameters);
    free_samples(&s);
    nn_destroy(network);
}

static void gradients_match_finite_differences(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASE_COUNT; i++)
        for (size_t e = 0; e < 2; e++)
            check_gradients(&g_cases[i], g_engines[e]);
}

static void inference_matches_the_reference(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASE_COUNT; i++)
        for (size_t e = 0; e < 2; e++) {
            const case_network *tested = &g_cases[i];
            nn_network *network = create_case(tested, g_engines[e]);
            samples s = make_samples(tested->input, tested->class_count, 7, false, 13);
            size_t size = 7 * nn_shape_size(tested->input), outputs = 7 * tested->class_count;
            double *x = calloc(size, sizeof *x), want[7 * 8];
            double *parameters = calloc(network->slab_count, sizeof *parameters);
            float got[7 * 8];
            for (size_t j = 0; j < size; j++)
                x[j] = (double)s.f32[j];
            for (size_t j = 0; j < network->slab_count; j++)
                parameters[j] = (double)network->parameters[j];
            reference_forward(network, parameters, 7, x, PASS_EVALUATE, want);
            assert_int_equal(nn_infer(network, &s.source, NULL, 7, NULL, got, NULL), 0);
            for (size_t j = 0; j < outputs; j++)
                if (!(fabs((double)got[j] - want[j]) <= 2e-6 * (1.0 + fabs(want[j]))))
                    fail_msg("%s: logit %zu is %g, expected %g", tested->name, j, (double)got[j],
                             want[j]);
            free(x);
            free(parameters);
            free_samples(&s);
            nn_destroy(network);
        }
}

/* ---- engines -------------------------------------------------------------------------------- */

static void engines_agree(void **state)
{
    (void)state;
    const case_network *tested = &g_cases[CASE_COUNT - 1];
    samples s = make_samples(tested->input, tested->class_count, 70, true, 17);
    nn_recipe recipe = recipe_of(16, 3, 1e-3);
    nn_training training = training_of(&s);
    float logits[2][70 * 4];
    double loss[2];
    for (size_t e = 0; e < 2; e++) {
        nn_network *network = create_case(tested, g_engines[e]);
        loss[e] = train(network, &recipe, &training).loss;
        assert_int_equal(nn_infer(network, &s.source, NULL, 70, NULL, logits[e], NULL), 0);
        nn_destroy(network);
    }
    assert_true(fabs(loss[0] - loss[1]) <= 1e-5);
    for (size_t i = 0; i < 70 * 4; i++)
        assert_true(fabsf(logits[0][i] - logits[1][i]) <= 1e-4f);
    assert_string_equal(nn_engine_fingerprint(NN_PORTABLE), "");
    assert_non_null(strstr(nn_engine_fingerprint(NN_BLAS), "OpenBLAS"));
    assert_non_null(strstr(nn_engine_fingerprint(NN_BLAS), " on "));
    free_samples(&s);
}

static void head_reproduces_the_logits(void **state)
{
    (void)state;
    enum { ROWS = 250, CLASSES = 4, UNITS = 8 };
    const case_network *tested = &g_cases[CASE_COUNT - 1];
    samples s = make_samples(tested->input, CLASSES, ROWS, true, 19);
    for (size_t e = 0; e < 2; e++) {
        nn_network *network = create_case(tested, g_engines[e]);
        static float embeddings[ROWS * UNITS], alone[ROWS * UNITS], logits[ROWS * CLASSES];
        static float again[ROWS * CLASSES];
        assert_int_equal(nn_embedding_size(network), UNITS);
        assert_int_equal(nn_infer(network, &s.source, NULL, ROWS, embeddings, logits, NULL), 0);
        assert_int_equal(nn_infer(network, &s.source, NULL, ROWS, alone, NULL, NULL), 0);
        assert_memory_equal(alone, embeddings, sizeof alone);
        for (size_t r = 0; r < ROWS; r++)
            memcpy(again + r * CLASSES, nn_head_bias(network), CLASSES * sizeof(float));
        kernels_gemm_plain(false, false, ROWS, CLASSES, UNITS, embeddings, UNITS,
                           nn_head_weights(network), CLASSES, 1.0f, again, CLASSES);
        for (size_t i = 0; i < ROWS * CLASSES; i++)
            assert_true(fabsf(again[i] - logits[i]) <= (g_engines[e] == NN_BLAS ? 1e-5f : 0.0f));
        nn_destroy(network);
    }
    free_samples(&s);
}

/* Inference of a sample does not depend on what else is asked for. */
static void inference_is_by_row(void **state)
{
    (void)state;
    enum { ROWS = 250, CLASSES = 4 };
    const case_network *tested = &g_cases[CASE_COUNT - 1];
    samples s = make_samples(tested->input, CLASSES, ROWS, true, 23);
    nn_network *network = create_case(tested, NN_PORTABLE);
    float all[ROWS * CLASSES], some[ROWS * CLASSES];
    uint32_t order[ROWS];
    fb_stream_permutation(stream_of("test", 1), 0, ROWS, order);
    assert_int_equal(nn_infer(network, &s.source, NULL, ROWS, NULL, all, NULL), 0);
    assert_int_equal(nn_infer(network, &s.source, order, ROWS - 13, NULL, some, NULL), 0);
    for (size_t i = 0; i < ROWS - 13; i++)
        assert_memory_equal(some + i * CLASSES, all + order[i] * CLASSES, CLASSES * sizeof(float));
    assert_int_equal(nn_infer(network, &s.source, NULL, 0, NULL, some, NULL), 0);
    nn_destroy(network);
    free_samples(&s);
}

static void pixels_are_scaled_floats(void **state)
{
    (void)state;
    nn_shape shape = {4, 4, 1};
    samples pixels = make_samples(shape, 3, 9, true, 29);
    samples floats = make_samples(shape, 3, 9, false, 29);
    float a[9 * 3], b[9 * 3];
    for (size_t i = 0; i < 9 * 16; i++)
        floats.f32[i] = (float)pixels.u8[i] / 255.0f;
    nn_network *network = create_named("mlp", shape, 3, NN_PORTABLE);
    assert_int_equal(nn_infer(network, &pixels.source, NULL, 9, NULL, a, NULL), 0);
    assert_int_equal(nn_infer(network, &floats.source, NULL, 9, NULL, b, NULL), 0);
    for (size_t i = 0; i < 9 * 3; i++)
        assert_true(fabsf(a[i] - b[i]) <= 1e-6f);
    nn_destroy(network);
    free_samples(&pixels);
    free_samples(&floats);
}

/* ---- initialisation and dropout ------------------------------------------------------------- */

static void weights_are_truncated_he_normal(void **state)
{
    (void)state;
    nn_network *network = create_named("mlp", (nn_shape){28, 28, 1}, 10, NN_PORTABLE);
    const nn_layer *layer = &network->layers[0];
    double wanted = sqrt(2.0 / 784.0), limit = 2.0 * wanted / 0.87962566103423978;
    double sum = 0.0, squares = 0.0, largest = 0.0;
    size_t count = layer->weight_count, beyond = 0;
    for (size_t i = 0; i < count; i++) {
        double w = (double)layer->weights[i];
        sum += w;
        squares += w * w;
        largest = fmax(largest, fabs(w));
        beyond += fabs(w) > wanted / 0.87962566103423978;
    }
    /* 100,352 draws: the standard error of the mean is 0.0032 sd, of the sd about 0.2 %. */
    assert_true(fabs(sum / (double)count) <= 0.013 * wanted);
    assert_true(fabs(sqrt(squares / (double)count) / wanted - 1.0) <= 0.008);
    assert_true(largest <= limit && largest > 0.99 * limit);
    /* P(|z| > 1 given |z| < 2) = 0.28472. */
    assert_true(fabs((double)beyond / (double)count - 0.28472) <= 0.006);
    for (size_t i = 0; i < layer->bias_count; i++)
        assert_true(layer->bias[i] == 0.0f);
    nn_destroy(network);
}

/* A weight belongs to (stream, layer, element): layers of other sizes get the same numbers. */
static void weights_are_keyed_by_place(void **state)
{
    (void)state;
    static const case_network small = {
        "small", {1, 1, 50}, 2, {DENSE(11, RELU), DENSE(3, RELU), HEAD}};
    static const case_network large = {
        "large", {1, 1, 50}, 9, {DENSE(77, RELU), DENSE(5, RELU), HEAD}};
    nn_network *a = create_case(&small, NN_PORTABLE), *b = create_case(&large, NN_PORTABLE);
    nn_network *again = create_case(&small, NN_BLAS);
    assert_memory_equal(a->layers[0].weights, b->layers[0].weights, 550 * sizeof(float));
    assert_memory_not_equal(a->layers[0].weights, a->layers[1].weights, 33 * sizeof(float));
    assert_same_weights(a, again);
    nn_initialize(again, stream_of(FB_STREAM_WEIGHTS, 4));
    assert_memory_not_equal(a->layers[0].weights, again->layers[0].weights, 550 * sizeof(float));
    nn_destroy(a);
    nn_destroy(b);
    nn_destroy(again);
}

/* Runs a dropout layer of 40 x 1000 elements on ones and gives the share that it keeps. */
static double kept_share(nn_network *network, pass_kind kind, uint64_t draw, float scale, float *y)
{
    enum { ROWS = 40, SIZE = 1000 };
    const float *out = NULL;
    size_t kept = 0;
    layer_pass pass = network_pass(network, kind, stream_of(FB_STREAM_DROPOUT, 1), draw);
    for (size_t i = 0; i < ROWS * SIZE; i++)
        network->input[i] = 1.0f;
    assert_int_equal(network_forward(network, &pass, 0, 1, ROWS, network->input, &out, NULL), 0);
    for (size_t i = 0; i < ROWS * SIZE; i++) {
        assert_true(out[i] == 0.0f || out[i] == scale);
        kept += out[i] != 0.0f;
    }
    memcpy(y, out, ROWS * SIZE * sizeof *y);
    return (double)kept / (ROWS * SIZE);
}

static void dropout_masks_follow_their_keys(void **state)
{
    (void)state;
    enum { ROWS = 40, SIZE = 1000 };
    static const case_network dropped = {"dropped", {1, 1, SIZE}, 2, {DROPOUT(0.25), HEAD}};
    static float first[ROWS * SIZE], second[ROWS * SIZE], shared[ROWS * SIZE];
    nn_network *network = create_case(&dropped, NN_PORTABLE);
    float scale = 1.0f / 0.75f;
    assert_int_equal(network_reserve(network, ROWS, true, NULL), 0);
    /* 40,000 draws: the standard error of the share is 0.0022; of 1000 shared ones, 0.014. */
    assert_true(fabs(kept_share(network, PASS_TRAIN, 0, scale, first) - 0.75) <= 0.009);
    assert_true(fabs(kept_share(network, PASS_TRAIN, 1, scale, second) - 0.75) <= 0.009);
    assert_true(fabs(kept_share(network, PASS_MONTE_CARLO, 0, scale, shared) - 0.75) <= 0.06);
    assert_memory_not_equal(first, second, SIZE * sizeof(float));
    assert_memory_not_equal(first, first + SIZE, SIZE * sizeof(float));
    for (size_t r = 1; r < ROWS; r++)
        assert_memory_equal(shared, shared + r * SIZE, SIZE * sizeof(float));
    uint32_t bits[SIZE];
    fb_stream stream = fb_stream_sub(stream_of(FB_STREAM_DROPOUT, 1), "layer", 0);
    fb_stream_bits(stream, 1, 3 * SIZE, SIZE, bits);
    for (size_t i = 0; i < SIZE; i++)
        assert_true((second[3 * SIZE + i] != 0.0f) == ((double)bits[i] >= 0.25 * 0x1p32));
    nn_destroy(network);
}

/* The kernel that dropout draws its words with is the stream's generator, wherever a draw begins or
 * ends and where the number of the block passes 32 bits. */
static void random_kernel_draws_the_stream(void **state)
{
    (void)state;
    enum { MOST = 333 };
    static const uint64_t firsts[] = {0, 1, 63, 64, (uint64_t)4 << 32, ((uint64_t)4 << 32) - 30};
    static const size_t counts[] = {0, 1, 3, 64, 65, MOST};
    fb_stream stream = stream_of("test", 2);
    for (const char *const *isa = kernels_isas(); *isa; isa++) {
        assert_int_equal(kernels_use_isa(*isa, NULL), 0);
        for (size_t f = 0; f < sizeof firsts / sizeof *firsts; f++)
            for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
                uint32_t wanted[MOST + 1] = {0}, got[MOST + 1] = {0};
                fb_stream_bits(stream, (uint64_t)7 << 40, firsts[f], counts[c], wanted);
                kernels_random_bits(stream.key, (uint64_t)7 << 40, firsts[f], counts[c], got);
                assert_memory_equal(got, wanted, sizeof got);
            }
    }
    assert_int_equal(kernels_use_isa(NULL, NULL), 0);
}

/* A pass's probabilities depend on the pass, not on how many passes or samples there are. */
static void monte_carlo_passes_stand_alone(void **state)
{
    (void)state;
    enum { ROWS = 300, CLASSES = 4, PASSES = 5 };
    const case_network *tested = &g_cases[CASE_COUNT - 1];
    samples s = make_samples(tested->input, CLASSES, ROWS, true, 31);
    nn_network *network = create_case(tested, NN_PORTABLE);
    fb_stream stream = stream_of(FB_STREAM_MONTE_CARLO, 1);
    static float many[PASSES][ROWS][CLASSES], few[2][1][CLASSES];
    assert_int_equal(nn_infer_dropout(network, &s.source, NULL, ROWS, PASSES, stream,
                                      &many[0][0][0], NULL), 0);
    for (uint32_t row = 0; row < ROWS; row += 74) {
        assert_int_equal(nn_infer_dropout(network, &s.source, &row, 1, 2, stream, &few[0][0][0],
                                          NULL), 0);
        assert_memory_equal(few[0][0], many[0][row], sizeof few[0][0]);
        assert_memory_equal(few[1][0], many[1][row], sizeof few[1][0]);
    }
    for (size_t p = 0; p < PASSES; p++)
        for (size_t r = 0; r < ROWS; r++) {
            double sum = 0.0;
            for (size_t c = 0; c < CLASSES; c++)
                sum += (double)many[p][r][c];
            assert_true(fabs(sum - 1.0) <= 1e-6);
        }
    assert_memory_not_equal(many[0], many[1], sizeof many[0]);
    nn_destroy(network);
    free_samples(&s);
}

/* Writes the masks that a Monte-Carlo pass is documented to use where reference_forward looks. */
static void write_masks(const nn_network *network, fb_stream stream, uint64_t pass)
{
    for (size_t i = 0; i < network->layer_count; i++) {
        const nn_layer *layer = &network->layers[i];
        fb_stream masks = fb_stream_sub(fb_stream_sub(stream, "pass", pass), "layer", i);
        for (size_t e = 0; layer->spec.kind == NN_DROPOUT && e < nn_shape_size(layer->out); e++) {
            uint32_t bits;
            fb_stream_bits(masks, 0, e, 1, &bits);
            bool kept = (double)bits >= layer->spec.rate * 0x1p32;
            ((uint8_t *)layer->keep)[e] = kept;
        }
    }
}

static void check_monte_carlo(const case_network *tested, nn_engine engine)
{
    enum { ROWS = 195, PASSES = 2 }; /* more than one chunk */
    size_t classes = tested->class_count, size = nn_shape_size(tested->input);
    nn_network *network = create_case(tested, engine);
    samples s = make_samples(tested->input, classes, ROWS, false, 37);
    fb_stream stream = stream_of(FB_STREAM_MONTE_CARLO, 2);
    float p[PASSES * ROWS * 4];
    double x[ROWS * 128], parameters[4096], logits[4];
    assert_true(size <= 128 && network->slab_count <= 4096);
    for (size_t i = 0; i < ROWS * size; i++)
        x[i] = (double)s.f32[i];
    for (size_t i = 0; i < network->slab_count; i++)
        parameters[i] = (double)network->parameters[i];
    assert_int_equal(nn_infer_dropout(network, &s.source, NULL, ROWS, PASSES, stream, p, NULL), 0);
    for (size_t pass = 0; pass < PASSES; pass++) {
        write_masks(network, stream, pass);
        for (size_t r = 0; r < ROWS; r++) {
            reference_forward(network, parameters, 1, x + r * size, PASS_MONTE_CARLO,
                              logits);
            for (uint32_t c = 0; c < classes; c++) {
                double wanted = exp(-reference_loss(1, classes, logits, &c));
                double got = (double)p[(pass * ROWS + r) * classes + c];
                if (!(fabs(got - wanted) <= 2e-6))
                    fail_msg("%s: pass %zu, row %zu, class %u: %g, expected %g", tested->name,
                             pass, r, c, got, wanted);
            }
        }
    }
    nn_destroy(network);
    free_samples(&s);
}

static void monte_carlo_matches_the_reference(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASE_COUNT; i++)
        for (size_t e = 0; e < 2; e++)
            check_monte_carlo(&g_cases[i], g_engines[e]);
}

/* ---- metrics -------------------------------------------------------------------------------- */

/* A network whose logits are its input. */
static nn_network *create_identity(void)
{
    static const case_network identity = {"identity", {1, 1, 4}, 4, {HEAD}};
    nn_network *network = create_case(&identity, NN_PORTABLE);
    for (size_t i = 0; i < 16; i++)
        network->layers[0].weights[i] = i % 5 == 0 ? 1.0f : 0.0f;
    return network;
}

static void metrics_match_cases_by_hand(void **state)
{
    (void)state;
    /* Predictions 0, 1 (a tie of 1 and 3), 0 (all equal), 1, 3; class 3 occurs in no label. */
    static const float rows[5][4] = {
        {2, 0, 0, 0}, {0, 5, 0, 5}, {1, 1, 1, 1}, {-1, 3, 2, -4}, {0, 0, 0, 1}};
    static const uint32_t labels[5] = {0, 1, 1, 2, 2};
    nn_source source = {.shape = {1, 1, 4}, .f32 = &rows[0][0], .count = 5};
    nn_network *network = create_identity();
    nn_metrics m = {0};
    double logits[20];
    assert_int_equal(nn_evaluate(network, &source, NULL, labels, 5, &m, NULL), 0);
    for (size_t i = 0; i < 20; i++)
        logits[i] = (double)rows[i / 4][i % 4];
    assert_true(fabs(m.accuracy - 2.0 / 5.0) <= 1e-15);
    /* Recall: 1 of 1, 1 of 2, 0 of 2. F1: 2 * 1 / (1 + 2), 2 * 1 / (2 + 2), 0. */
    assert_true(fabs(m.balanced_accuracy - 1.5 / 3.0) <= 1e-15);
    assert_true(fabs(m.macro_f1 - (2.0 / 3.0 + 0.5) / 3.0) <= 1e-15);
    assert_true(fabs(m.loss - reference_loss(5, 4, logits, labels)) <= 1e-6);
    nn_destroy(network);
}

/* Rows chosen by id, more than one chunk of them, of which all but each tenth are right. */
static void metrics_take_ids_and_chunks(void **state)
{
    (void)state;
    enum { COUNT = 330 };
    static const float rows[4][4] = {{9, 0, 0, 0}, {0, 9, 0, 0}, {0, 0, 9, 0}, {0, 0, 0, 9}};
    nn_source source = {.shape = {1, 1, 4}, .f32 = &rows[0][0], .count = 4};
    nn_network *network = create_identity();
    uint32_t ids[COUNT], labels[COUNT];
    nn_metrics m = {0};
    for (uint32_t i = 0; i < COUNT; i++) {
        ids[i] = i % 4;
        labels[i] = i % 10 == 9 ? (i + 1) % 4 : i % 4;
    }
    assert_int_equal(nn_evaluate(network, &source, ids, labels, COUNT, &m, NULL), 0);
    assert_true(fabs(m.accuracy - 297.0 / 330.0) <= 1e-15);
    nn_destroy(network);
}

static void metrics_refuse_what_is_not_finite(void **state)
{
    (void)state;
    float rows[2][4] = {{1, 0, 0, 0}, {NAN, 0, 0, 0}};
    static const uint32_t labels[2] = {0, 0};
    nn_source source = {.shape = {1, 1, 4}, .f32 = &rows[0][0], .count = 2};
    nn_network *network = create_identity();
    nn_metrics m = {.accuracy = 7.0};
    fb_error err = {0};
    assert_refused(nn_evaluate(network, &source, NULL, labels, 2, &m, &err), FB_ENUMERIC, &err,
                   "all weights are finite, but the samples");
    network->layers[0].bias[1] = INFINITY;
    assert_refused(nn_evaluate(network, &source, NULL, labels, 1, &m, &err), FB_ENUMERIC, &err,
                   "the weights of layer 0 (dense) are not finite");
    assert_true(m.accuracy == 7.0);
    assert_int_equal(nn_evaluate(network, &source, NULL, labels, 0, &m, &err), FB_EINVAL);
    nn_destroy(network);
}

/* ---- failures ------------------------------------------------------------------------------- */

/* Creates, trains with everything switched on, evaluates; gives the first failure. */
static int do_everything(const samples *s, fb_error *err)
{
    const case_network *tested = &g_cases[CASE_COUNT - 1];
    nn_network_spec spec = {.layer_count = 7};
    nn_network *network = NULL;
    nn_recipe recipe = recipe_of(4, 2, 1e-3);
    nn_training training = training_of(s);
    nn_training_result result;
    nn_metrics metrics;
    float probabilities[2 * 12 * 4];
    recipe.keep = NN_KEEP_BEST_VALIDATION;
    recipe.balanced = true;
    training.validation_source = &s->source;
    training.validation_ids = s->ids;
    training.validation_labels = s->labels;
    training.validation_count = s->count;
    memcpy(spec.layers, tested->layers, 7 * sizeof spec.layers[0]);
    int rc = nn_create(&spec, tested->input, 4, NN_PORTABLE, &network, err);
    if (rc)
        return rc;
    nn_initialize(network, stream_of(FB_STREAM_WEIGHTS, 1));
    rc = nn_infer_dropout(network, &s->source, NULL, 12, 2, stream_of(FB_STREAM_MONTE_CARLO, 1),
                          probabilities, err);
    if (!rc)
        rc = nn_train(network, &recipe, &training, &result, err);
    if (!rc)
        rc = nn_evaluate(network, &s->source, NULL, s->labels, 12, &metrics, err);
    nn_destroy(network);
    return rc;
}

static void short_memory_is_an_error(void **state)
{
    (void)state;
    samples s = make_samples(g_cases[CASE_COUNT - 1].input, 4, 12, true, 73);
    uint64_t n = 0;
    int rc = FB_ENOMEM;
    while (rc == FB_ENOMEM) {
        fb_error err = {0};
        fb_alloc_fail_at(++n);
        rc = do_everything(&s, &err);
        fb_alloc_fail_at(0);
        if (rc) {
            assert_int_equal(rc, FB_ENOMEM);
            assert_int_equal(err.status, FB_ENOMEM);
            assert_non_null(strstr(err.text, "memory"));
        }
    }
    assert_int_equal(rc, 0);
    assert_true(n > 8);
    free_samples(&s);
}

/* After a failed allocation the same network goes on as if nothing had been. */
static void short_memory_leaves_a_sound_network(void **state)
{
    (void)state;
    const case_network *tested = &g_cases[1];
    samples s = make_samples(tested->input, 4, 100, false, 79);
    nn_network *network = create_case(tested, NN_PORTABLE);
    nn_network *other = create_case(tested, NN_PORTABLE);
    float before[400], after[400];
    nn_recipe recipe = recipe_of(90, 1, 1e-3);
    nn_training training = training_of(&s);
    nn_training_result result;
    assert_int_equal(nn_infer(network, &s.source, NULL, 10, NULL, before, NULL), 0);
    fb_alloc_fail_at(4);
    assert_int_equal(nn_train(network, &recipe, &training, &result, NULL), FB_ENOMEM);
    fb_alloc_fail_at(0);
    assert_int_equal(nn_infer(network, &s.source, NULL, 10, NULL, after, NULL), 0);
    assert_memory_equal(before, after, 40 * sizeof(float));
    train(network, &recipe, &training);
    train(other, &recipe, &training);
    assert_same_weights(network, other);
    nn_destroy(network);
    nn_destroy(other);
    free_samples(&s);
}

static void impossible_networks_are_refused(void **state)
{
    (void)state;
    static const struct {
        nn_layer_spec layers[3];
        size_t layer_count;
        nn_shape input;
        size_t class_count;
        int status;
        const char *word;
    } cases[] = {
        {{HEAD}, 0, {1, 1, 4}, 3, FB_EINVAL, "1 to 128 layers"},
        {{HEAD}, 129, {1, 1, 4}, 3, FB_EINVAL, "not 129"},
        {{HEAD}, 1, {1, 0, 4}, 3, FB_EINVAL, "1 x 0 x 4"},
        {{HEAD}, 1, {1, 1, 4}, 1, FB_EINVAL, "2 classes"},
        {{{.kind = 99}, HEAD}, 2, {1, 1, 4}, 3, FB_EINVAL, "layer 0"},
        {{DENSE(7, RELU)}, 1, {1, 1, 4}, 7, FB_EINVAL, "without ReLU"},
        {{DENSE(7, .relu = false)}, 1, {1, 1, 4}, 3, FB_EINVAL, "7 units"},
        {{POOL}, 1, {4, 4, 4}, 3, FB_EINVAL, "last layer"},
        {{HEAD, HEAD}, 2, {1, 1, 4}, 3, FB_EINVAL, "layer 0 (dense)"},
        {{CONV(0, 3, RELU), HEAD}, 2, {4, 4, 4}, 3, FB_EINVAL, "filter"},
        {{CONV(2, 0, RELU), HEAD}, 2, {4, 4, 4}, 3, FB_EINVAL, "kernel size"},
        {{CONV(2, 2, SAME), HEAD}, 2, {4, 4, 4}, 3, FB_EINVAL, "odd kernel"},
        {{CONV(2, 5, RELU), HEAD}, 2, {9, 4, 4}, 3, FB_EINVAL, "9 x 4"},
        {{CONV(2, SIZE_MAX, SAME), HEAD}, 2, {9, 4, 4}, 3, FB_EINVAL, "larger"},
        {{CONV(SIZE_MAX, 3, SAME), HEAD}, 2, {9, 4, 4}, 3, FB_ERANGE, "2^31"},
        {{{.kind = NN_CONV, .size = 1 << 24, .kernel = 3, .same = true, .no_bias = true}, HEAD}, 2,
         {1, 1, 16}, 3, FB_ERANGE, "2^31"},
        {{DENSE(SIZE_MAX / 2, RELU), HEAD}, 2, {9, 4, 4}, 3, FB_ERANGE, "2^31"},
        {{POOL, HEAD}, 2, {9, 1, 4}, 3, FB_EINVAL, "9 x 1"},
        {{DROPOUT(1.0), HEAD}, 2, {9, 1, 4}, 3, FB_EINVAL, "[0, 1)"},
        {{DROPOUT(-0.1), HEAD}, 2, {9, 1, 4}, 3, FB_EINVAL, "[0, 1)"},
        {{DROPOUT(NAN), HEAD}, 2, {9, 1, 4}, 3, FB_EINVAL, "[0, 1)"},
        {{{.kind = NN_DROPOUT, .from = 1}, HEAD}, 2, {1, 1, 4}, 3, FB_EINVAL, "come before it"},
        {{DENSE(4, RELU), {.kind = NN_ADD, .other = 2}, HEAD}, 3, {1, 1, 4}, 3, FB_EINVAL,
         "come before it"},
        {{DENSE(5, RELU), ADD(0), HEAD}, 3, {1, 1, 4}, 3, FB_EINVAL, "1 x 1 x 5 and 1 x 1 x 4"},
        {{DENSE(5, RELU), {.kind = NN_DENSE, .from = 0}, HEAD}, 3, {1, 1, 4}, 3, FB_EINVAL,
         "at least one unit"},
        {{DENSE(5, RELU), {.kind = NN_DROPOUT}, {.kind = NN_DENSE, .from = 1}}, 3, {1, 1, 4}, 3,
         FB_EINVAL, "no layer reads"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nn_network_spec spec = {.layer_count = cases[i].layer_count};
        nn_network *network = NULL;
        fb_error err = {0};
        memcpy(spec.layers, cases[i].layers, sizeof cases[i].layers);
        int rc = nn_create(&spec, cases[i].input, cases[i].class_count, NN_PORTABLE, &network,
                           &err);
        assert_refused(rc, cases[i].status, &err, cases[i].word);
        assert_int_equal(err.status, rc);
        assert_null(network);
    }
}

/* ---- sizes ----------------------------------------------------------------------------------- */

static void s_cnn_has_the_papers_sizes(void **state)
{
    (void)state;
    nn_network *network = create_named("s-cnn", (nn_shape){28, 28, 1}, 10, NN_PORTABLE);
    /* 9 * 32 + 32, 9 * 32 * 64 + 64, 12 * 12 * 64 * 128 + 128, 128 * 10 + 10 */
    assert_int_equal(nn_parameter_count(network), 320 + 18496 + 1179776 + 1290);
    assert_int_equal(nn_embedding_size(network), 128);
    assert_int_equal(nn_class_count(network), 10);
    nn_destroy(network);
    nn_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_match_finite_differences),
        cmocka_unit_test(inference_matches_the_reference),
        cmocka_unit_test(engines_agree),
        cmocka_unit_test(head_reproduces_the_logits),
        cmocka_unit_test(inference_is_by_row),
        cmocka_unit_test(pixels_are_scaled_floats),
        cmocka_unit_test(weights_are_truncated_he_normal),
        cmocka_unit_test(weights_are_keyed_by_place),
        cmocka_unit_test(dropout_masks_follow_their_keys),
        cmocka_unit_test(random_kernel_draws_the_stream),
        cmocka_unit_test(monte_carlo_passes_stand_alone),
        cmocka_unit_test(monte_carlo_matches_the_reference),
        cmocka_unit_test(metrics_match_cases_by_hand),
        cmocka_unit_test(metrics_take_ids_and_chunks),
        cmocka_unit_test(metrics_refuse_what_is_not_finite),
        cmocka_unit_test(short_memory_is_an_error),
        cmocka_unit_test(short_memory_leaves_a_sound_network),
        cmocka_unit_test(impossible_networks_are_refused),
        cmocka_unit_test(s_cnn_has_the_papers_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Trainings of 20 steps against PyTorch in double precision: every loss, and of every tensor at the
 * end the norm and the norm of its change. golden/trajectory/make.py made the numbers and says how
 * weights, samples and masks are drawn; what is left of the differences is float's rounding, grown
 * over the steps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "network.h"

enum { STEPS = 20, CLASSES = 10, SEED = 20 };

typedef struct training {
    const char *name;            /* in the file, and of the streams */
    nn_engine engine;
    const nn_layer_spec *layers; /* NULL: the network of this name */
    size_t layer_count;
    nn_shape input;
    nn_recipe recipe;
    double loss_tolerance, norm_tolerance, change_tolerance; /* relative, after all steps */
} training;

/* The first loss is one pass forward from the very same numbers. Then differences grow: where a
 * ReLU or a maximum hangs on the last bit a step goes another way, and Adam and RMSprop give the
 * smallest gradients as much say as the largest. PyTorch's own float differs from its double
 * after 20 steps of K-CNN by 2e-4 in the loss, and by 3e-3 in a tensor's change. */
static double tolerance_of(const training *t, size_t step)
{
    double tolerance = 1e-6;
    for (size_t i = 0; i < step && tolerance < t->loss_tolerance; i++)
        tolerance *= 3.0;
    return fmin(tolerance, t->loss_tolerance);
}

/* ---- drawing ------------------------------------------------------------------------------- */

static fb_stream stream_of(const training *t, const char *what, uint64_t index)
{
    fb_stream root = fb_stream_sub((fb_stream){SEED}, t->name, 0);
    return fb_stream_sub(root, what, index);
}

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    assert_non_null(memory);
    return memory;
}

/* Uniform in offset +- scale. */
static void draw(fb_stream stream, size_t count, float scale, float offset, float *out)
{
    uint32_t *bits = allocate(count, sizeof *bits);
    fb_stream_bits(stream, 0, 0, count, bits);
    for (size_t i = 0; i < count; i++)
        out[i] = ((float)(bits[i] >> 8) * 0x1p-23f - 1.0f) * scale + offset;
    free(bits);
}

static void draw_parameters(const training *t, nn_network *network)
{
    for (size_t i = 0; i < network->layer_count; i++) {
        const nn_layer *layer = &network->layers[i];
        bool norm = layer->spec.kind == NN_BATCH_NORM;
        float scale = norm ? 0.1f : (float)sqrt(1.5 / (double)layer->fan_in);
        if (layer->weight_count)
            draw(stream_of(t, "weights", i), layer->weight_count, scale, norm, layer->weights);
        if (layer->bias_count)
            draw(stream_of(t, "bias", i), layer->bias_count, 0.1f, 0.0f, layer->bias);
    }
}

/* ---- training ------------------------------------------------------------------------------ */

static nn_network *make_network(const training *t)
{
    nn_network_spec spec = {.layer_count = t->layer_count};
    nn_network *network = NULL;
    fb_error err = {0};
    if (t->layers)
        memcpy(spec.layers, t->layers, t->layer_count * sizeof *t->layers);
    else if (nn_network_named(t->name, NULL, 0, &spec, &err))
        fail_msg("%s", err.text);
    if (nn_create(&spec, t->input, CLASSES, t->engine, &network, &err))
        fail_msg("%s", err.text);
    nn_initialize(network, (fb_stream){0}); /* the running statistics' start */
    draw_parameters(t, network);
    return network;
}

static int keep_loss(void *context, size_t epoch, double loss, double validation_accuracy)
{
    (void)validation_accuracy;
    ((double *)context)[epoch] = loss;
    return 0;
}

/* One batch an epoch, so that an epoch's loss is that of a step. */
static void train(const training *t, nn_network *network, double losses[STEPS])
{
    size_t count = t->recipe.batch, size = nn_shape_size(t->input);
    float *x = allocate(count * size, sizeof *x);
    uint32_t *ids = allocate(count, sizeof *ids), *labels = allocate(count, sizeof *labels);
    nn_source source = {.shape = t->input, .f32 = x, .count = count};
    nn_training samples = {.source = &source, .ids = ids, .labels = labels, .count = count,
                           .batches = stream_of(t, "batches", 0),
                           .dropout = stream_of(t, "dropout", 0),
                           .progress = keep_loss, .progress_context = losses};
    nn_recipe recipe = t->recipe;
    nn_training_result result;
    fb_error err = {0};
    draw(stream_of(t, "inputs", 0), count * size, 1.0f, 0.0f, x);
    fb_stream_bits(stream_of(t, "labels", 0), 0, 0, count, labels);
    for (uint32_t i = 0; i < count; i++) {
        ids[i] = i;
        labels[i] %= CLASSES;
    }
    recipe.epochs = STEPS;
    recipe.keep = NN_KEEP_LAST;
    if (nn_train(network, &recipe, &samples, &result, &err))
        fail_msg("%s", err.text);
    free(x);
    free(ids);
    free(labels);
}

/* ---- comparing ----------------------------------------------------------------------------- */

static json_t *read_expected(const char *name)
{
    json_error_t error;
    json_t *all = json_load_file(GOLDEN_DIR "/trajectory/trajectory.json", 0, &error);
    if (!all)
        fail_msg("%s:%d: %s", error.source, error.line, error.text);
    json_t *expected = json_incref(json_object_get(all, name));
    assert_non_null(expected);
    json_decref(all);
    return expected;
}

/* Checks a number and raises the largest relative error seen. */
static void compare(const char *what, size_t index, double value, double expected, double tolerance,
                    double *worst)
{
    double error = fabs(value - expected) / fabs(expected);
    if (!(error <= tolerance))
        fail_msg("%s %zu: %.10g, expected %.10g: relative error %.2g, at most %.2g", what, index,
                 value, expected, error, tolerance);
    *worst = fmax(*worst, error);
}

/* A layer's tensor by its name in the file. */
static const float *find_tensor(const nn_layer *layer, const char *name, size_t *ret_count)
{
    bool state = strcmp(name, "mean") == 0 || strcmp(name, "variance") == 0;
    *ret_count = state ? layer->state_count / 2
                 : strcmp(name, "bias") == 0 ? layer->bias_count : layer->weight_count;
    assert_true(*ret_count > 0);
    if (state)
        return strcmp(name, "mean") == 0 ? layer->state : layer->state + *ret_count;
    return strcmp(name, "bias") == 0 ? layer->bias : layer->weights;
}

/* The norm of x and, unless `before` is NULL, of x - before. */
static double norm(size_t count, const float *x, const float *before)
{
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        double d = (double)x[i] - (before ? (double)before[i] : 0.0);
        sum += d * d;
    }
    return sqrt(sum);
}

static size_t number_count(const nn_network *network)
{
    size_t count = nn_parameter_count(network);
    for (size_t i = 0; i < network->layer_count; i++)
        count += network->layers[i].state_count;
    return count;
}

/* `trained` and `fresh` are the same network after and before. */
static void compare_tensors(const training *t, const nn_network *trained, const nn_network *fresh,
                            const json_t *tensors)
{
    double worst_norm = 0.0, worst_change = 0.0;
    size_t numbers = 0;
    for (size_t i = 0; i < json_array_size(tensors); i++) {
        const json_t *tensor = json_array_get(tensors, i);
        size_t index = (size_t)json_integer_value(json_object_get(tensor, "layer")), count;
        const char *name = json_string_value(json_object_get(tensor, "tensor"));
        assert_true(index < trained->layer_count);
        const float *x = find_tensor(&trained->layers[index], name, &count);
        const float *before = find_tensor(&fresh->layers[index], name, &count);
        numbers += count;
        compare(name, index, norm(count, x, NULL),
                json_number_value(json_object_get(tensor, "norm")), t->norm_tolerance, &worst_norm);
        compare(name, index, norm(count, x, before),
                json_number_value(json_object_get(tensor, "change")), t->change_tolerance,
                &worst_change);
    }
    assert_int_equal(numbers, number_count(trained)); /* no tensor is left out */
    print_message("# largest relative error of a norm %.1e, of a change %.1e\n", worst_norm,
                  worst_change);
}

static void follows_pytorch(void **state)
{
    const training *t = *state;
    nn_network *network = make_network(t), *fresh = make_network(t);
    double losses[STEPS] = {0}, worst = 0.0;
    json_t *expected = read_expected(t->name);
    const json_t *expected_losses = json_object_get(expected, "losses");
    assert_int_equal(json_array_size(expected_losses), STEPS);
    train(t, network, losses);
    for (size_t step = 0; step < STEPS; step++)
        compare("loss of step", step, losses[step],
                json_number_value(json_array_get(expected_losses, step)),
                tolerance_of(t, step), &worst);
    print_message("# %s, %s: largest relative error of a loss %.1e\n", t->name,
                  nn_engine_name(t->engine), worst);
    compare_tensors(t, network, fresh, json_object_get(expected, "tensors"));
    json_decref(expected);
    nn_destroy(network);
    nn_destroy(fresh);
}

/* ---- the trainings ------------------------------------------------------------------------- */

#define CONV .kind = NN_CONV, .same = true, .no_bias = true

/* Numbers in the margin: k is what `from` and `other` call that layer's output. */
static const nn_layer_spec g_small_resnet[] = {
    {CONV, .size = 16, .kernel = 3},
    {.kind = NN_BATCH_NORM, .relu = true}, /* 2 */
    {CONV, .size = 16, .kernel = 3},
    {.kind = NN_BATCH_NORM, .relu = true},
    {CONV, .size = 16, .kernel = 3},
    {.kind = NN_BATCH_NORM},
    {.kind = NN_ADD, .other = 2, .relu = true}, /* 7 */
    {CONV, .size = 32, .kernel = 3, .stride = 2},
    {.kind = NN_BATCH_NORM, .relu = true},
    {CONV, .size = 32, .kernel = 3},
    {.kind = NN_BATCH_NORM}, /* 11 */
    {CONV, .size = 32, .kernel = 1, .stride = 2, .from = 7},
    {.kind = NN_BATCH_NORM},
    {.kind = NN_ADD, .other = 11, .relu = true},
    {.kind = NN_GLOBAL_POOL},
    {.kind = NN_DENSE},
};

#define SMALL_RESNET                                                                               \
    .name = "small-resnet", .layers = g_small_resnet,                                              \
    .layer_count = sizeof g_small_resnet / sizeof *g_small_resnet, .input = {16, 16, 3},           \
    .recipe = {.optimizer = NN_SGD, .learning_rate = 1e-2, .momentum = 0.9, .weight_decay = 5e-4,  \
               .batch = 16},                                                                       \
    .loss_tolerance = 1e-6, .norm_tolerance = 1e-5, .change_tolerance = 2e-4

#define S_CNN                                                                                      \
    .name = "s-cnn", .input = {28, 28, 1},                                                         \
    .recipe = {.optimizer = NN_ADAM, .learning_rate = 1e-3, .beta1 = 0.9, .beta2 = 0.999,          \
               .epsilon = 1e-7, .batch = 32},                                                      \
    .loss_tolerance = 5e-5, .norm_tolerance = 5e-5, .change_tolerance = 2e-4

#define K_CNN                                                                                      \
    .name = "k-cnn", .input = {32, 32, 3},                                                         \
    .recipe = {.optimizer = NN_RMSPROP, .learning_rate = 1e-4, .rho = 0.9, .epsilon = 1e-7,        \
               .batch = 16},                                                                       \
    .loss_tolerance = 3e-3, .norm_tolerance = 5e-4, .change_tolerance = 5e-2

int main(void)
{
    static training s_cnn = {S_CNN, .engine = NN_PORTABLE}, s_cnn_blas = {S_CNN, .engine = NN_BLAS},
                    k_cnn = {K_CNN, .engine = NN_PORTABLE}, k_cnn_blas = {K_CNN, .engine = NN_BLAS},
                    resnet = {SMALL_RESNET, .engine = NN_PORTABLE},
                    resnet_blas = {SMALL_RESNET, .engine = NN_BLAS};
    const struct CMUnitTest tests[] = {
        {"s_cnn_portable", follows_pytorch, NULL, NULL, &s_cnn},
        {"s_cnn_blas", follows_pytorch, NULL, NULL, &s_cnn_blas},
        {"k_cnn_portable", follows_pytorch, NULL, NULL, &k_cnn},
        {"k_cnn_blas", follows_pytorch, NULL, NULL, &k_cnn_blas},
        {"small_resnet_portable", follows_pytorch, NULL, NULL, &resnet},
        {"small_resnet_blas", follows_pytorch, NULL, NULL, &resnet_blas},
    };
    return cmocka_run_group_tests_name("trajectory", tests, NULL, NULL);
}

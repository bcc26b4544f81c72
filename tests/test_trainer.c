/* Training: the update rules against PyTorch and against themselves in double, and what a training
 * promises. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "augment.h"
#include "golden/recipes.h"
#include "loss.h"
#include "nn_fixture.h"
#include "optimizer.h"
#include "schedule.h"

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static const nn_engine g_engines[] = {NN_PORTABLE, NN_BLAS};

typedef struct tested_network {
    nn_shape input;
    size_t class_count;
    nn_network_spec spec;
} tested_network;

#define HEAD {.kind = NN_DENSE}
#define DENSE(units) {.kind = NN_DENSE, .size = (units), .relu = true}
#define CONV(filters) {.kind = NN_CONV, .size = (filters), .kernel = 3, .relu = true}
#define DROPOUT(share) {.kind = NN_DROPOUT, .rate = (share)}

static const tested_network SOFTMAX = {{1, 1, 5}, 3, {"softmax", 1, {HEAD}}};
static const tested_network HIDDEN = {{1, 1, 6}, 4, {"hidden", 3, {DENSE(7), DENSE(5), HEAD}}};
static const tested_network CNN = {
    {10, 9, 1}, 4,
    {"cnn", 7, {CONV(3), CONV(5), {.kind = NN_MAX_POOL}, DROPOUT(0.25), DENSE(8), DROPOUT(0.5),
                HEAD}}};

static nn_network *create_network(const tested_network *tested, nn_engine engine)
{
    nn_network *network = NULL;
    fb_error err = {0};
    if (nn_create(&tested->spec, tested->input, tested->class_count, engine, &network, &err))
        fail_msg("%s: %s", tested->spec.name, err.text);
    nn_initialize(network, stream_of(FB_STREAM_WEIGHTS, 3));
    return network;
}

/* ---- update rules --------------------------------------------------------------------------- */

/* The rules as their papers and PyTorch have them, on one number, in double. */
typedef struct twin {
    double w, first, second;
} twin;

static void step_twin(const nn_recipe *r, twin *x, double g, double rate, int t)
{
    if (r->optimizer == NN_ADAMW)
        x->w *= 1.0 - rate * r->weight_decay;
    else
        g += r->weight_decay * x->w;
    if (r->optimizer == NN_SGD) {
        x->first = r->momentum * x->first + g;
        x->w -= rate * (r->nesterov ? g + r->momentum * x->first : x->first);
    } else if (r->optimizer == NN_RMSPROP) {
        x->second = r->rho * x->second + (1.0 - r->rho) * g * g;
        x->w -= rate * g / (sqrt(x->second) + r->epsilon);
    } else {
        x->first = r->beta1 * x->first + (1.0 - r->beta1) * g;
        x->second = r->beta2 * x->second + (1.0 - r->beta2) * g * g;
        double mean = x->first / (1.0 - pow(r->beta1, t));
        double square = x->second / (1.0 - pow(r->beta2, t));
        x->w -= rate * mean / (sqrt(square) + r->epsilon);
    }
}

/* Gradients of many sizes that now and then change sign, by a rate that is another in each step. */
static void check_rule(const nn_recipe *recipe, const char *name)
{
    enum { STEPS = 50 };
    nn_network *network = create_network(&SOFTMAX, NN_PORTABLE);
    size_t count = network->slab_count;
    twin *twins = calloc(count, sizeof *twins);
    optimizer o;
    optimizer_start(&o, recipe, network);
    for (size_t i = 0; i < count; i++)
        twins[i].w = (double)network->parameters[i];
    for (int t = 1; t <= STEPS; t++) {
        double rate = recipe->learning_rate * (1.0 + t % 3);
        for (size_t i = 0; i < count; i++) {
            double size = pow(10.0, (double)(i % 5) - 3.0);
            network->gradient[i] = (float)(size * cos(0.7 * t + (double)i));
            step_twin(recipe, &twins[i], (double)network->gradient[i], rate, t);
        }
        optimizer_advance(&o, rate);
        optimizer_update(&o, network, 0, count);
    }
    for (size_t i = 0; i < count; i++)
        if (!(fabs((double)network->parameters[i] - twins[i].w) <= 3e-6 * (1.0 + fabs(twins[i].w))))
            fail_msg("%s: number %zu is %.9g, expected %.9g", name, i,
                     (double)network->parameters[i], twins[i].w);
    free(twins);
    nn_destroy(network);
}

static void rules_follow_their_papers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(GOLDEN_RUNS); i++)
        check_rule(&GOLDEN_RUNS[i].recipe, GOLDEN_RUNS[i].name);
}

/* Every number is updated by itself: a slab in parts is the slab in one. */
static void rules_work_in_parts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(GOLDEN_RUNS); i++) {
        nn_network *whole = create_network(&HIDDEN, NN_PORTABLE);
        nn_network *parts = create_network(&HIDDEN, NN_PORTABLE);
        size_t count = whole->slab_count;
        optimizer a, b;
        optimizer_start(&a, &GOLDEN_RUNS[i].recipe, whole);
        optimizer_start(&b, &GOLDEN_RUNS[i].recipe, parts);
        for (size_t t = 0; t < 3; t++) {
            for (size_t j = 0; j < count; j++)
                whole->gradient[j] = parts->gradient[j] = (float)(j % 7) - (float)t;
            optimizer_advance(&a, 0.1);
            optimizer_advance(&b, 0.1);
            optimizer_update(&a, whole, 0, count);
            optimizer_update(&b, parts, 21, count - 21);
            optimizer_update(&b, parts, 0, 21);
        }
        assert_same_weights(whole, parts);
        nn_destroy(whole);
        nn_destroy(parts);
    }
}

/* A gradient that is shorter than the limit keeps its bits, a longer one its direction. */
static void clipping_keeps_directions(void **state)
{
    (void)state;
    nn_network *network = create_network(&HIDDEN, NN_PORTABLE);
    size_t count = network->slab_count;
    float *before = calloc(count, sizeof *before);
    double squares = 0.0, clipped = 0.0;
    for (size_t i = 0; i < count; i++) {
        before[i] = (float)(i % 13) * 0.1f - 0.4f;
        squares += (double)before[i] * (double)before[i];
    }
    memcpy(network->gradient, before, count * sizeof *before);
    optimizer_clip(network, 1.001 * sqrt(squares));
    assert_memory_equal(network->gradient, before, count * sizeof *before);
    optimizer_clip(network, 0.5);
    for (size_t i = 0; i < count; i++) {
        double got = (double)network->gradient[i];
        clipped += got * got;
        assert_true(fabs(got - (double)before[i] * 0.5 / (sqrt(squares) + 1e-6)) <= 1e-7);
    }
    assert_true(fabs(sqrt(clipped) - 0.5) <= 1e-6);
    network->gradient[count / 2] = NAN;
    optimizer_clip(network, 0.5);
    assert_true(isnan(network->gradient[count / 2]));
    free(before);
    nn_destroy(network);
}

/* ---- schedules ------------------------------------------------------------------------------ */

static void rates_are_pytorchs(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(GOLDEN_RATES); i++) {
        const golden_rates *golden = &GOLDEN_RATES[i];
        nn_recipe recipe = golden->recipe;
        bool by_step = recipe.schedule == NN_ONE_CYCLE;
        recipe.epochs = golden->count;
        for (size_t j = 0; j < golden->count; j++) {
            double rate = schedule_rate(&recipe, by_step ? 0 : j, by_step ? j : 0, golden->count);
            if (!(fabs(rate - golden->rates[j]) <= 1e-15))
                fail_msg("schedule %zu: rate %zu is %.17g, expected %.17g", i, j, rate,
                         golden->rates[j]);
        }
    }
}

static void one_cycle_goes_by_steps_the_others_by_epochs(void **state)
{
    (void)state;
    nn_recipe recipe = {.schedule = NN_CONSTANT, .learning_rate = 0.25, .epochs = 3};
    assert_true(schedule_rate(&recipe, 2, 5, 6) == 0.25);
    recipe.schedule = NN_COSINE;
    assert_true(schedule_rate(&recipe, 0, 1, 6) == 0.25);
    assert_true(schedule_rate(&recipe, 1, 2, 6) == schedule_rate(&recipe, 1, 3, 6));
    recipe.schedule = NN_ONE_CYCLE;
    assert_true(schedule_rate(&recipe, 1, 2, 6) > schedule_rate(&recipe, 1, 3, 6));
}

/* ---- class weights -------------------------------------------------------------------------- */

/* The weighted loss and its gradient, by the definition, in double. */
static void class_weights_weigh_rows(void **state)
{
    (void)state;
    enum { ROWS = 4, CLASSES = 3 };
    static const float logits[ROWS * CLASSES] = {1, 2, 3, 0, 0, 5, -1, 2, 2, 3, 1, 1};
    static const uint32_t labels[ROWS] = {2, 1, 1, 0};
    static const double weights[CLASSES] = {0.25, 3, 10};
    static const double total = 10 + 3 + 3 + 0.25;
    float gradient[ROWS * CLASSES];
    double loss = 0.0;
    loss_sums sums = loss_cross_entropy(ROWS, CLASSES, logits, labels, weights, gradient);
    for (size_t r = 0; r < ROWS; r++) {
        double weight = weights[labels[r]], sum = 0.0;
        for (size_t c = 0; c < CLASSES; c++)
            sum += exp((double)logits[r * CLASSES + c]);
        loss -= weight * log(exp((double)logits[r * CLASSES + labels[r]]) / sum);
        for (size_t c = 0; c < CLASSES; c++) {
            double p = exp((double)logits[r * CLASSES + c]) / sum;
            double want = weight / total * (p - (c == labels[r]));
            assert_true(fabs((double)gradient[r * CLASSES + c] - want) <= 1e-7);
        }
    }
    assert_true(fabs(sums.loss - loss) <= 1e-5 && sums.weight == total);
    assert_int_equal(sums.correct, 3); /* row 2's tie goes to class 1 */
    sums = loss_cross_entropy(ROWS, CLASSES, logits, labels, NULL, gradient);
    assert_true(sums.weight == ROWS && sums.correct == 3);
}

static void balanced_weights_are_scikit_learns(void **state)
{
    (void)state;
    static const uint32_t labels[8] = {3, 0, 0, 0, 0, 0, 3, 1};
    double weights[4] = {9, 9, 9, 9};
    loss_balance_classes(labels, 8, 4, weights);
    assert_true(weights[0] == 8.0 / (3 * 5) && weights[1] == 8.0 / 3);
    assert_true(weights[2] == 0.0 && weights[3] == 8.0 / (3 * 2));
}

/* A partial batch is a mean of its own; the loss of an epoch is the weighted mean over all of it.
 * With steps too small to matter it is the weighted loss of the weights. */
static void weighted_losses_are_means_of_the_epoch(void **state)
{
    (void)state;
    static const double weights[4] = {0.1, 7, 1, 2};
    samples s = make_samples(HIDDEN.input, 4, 21, false, 45);
    nn_recipe recipe = recipe_of(8, 2, 1e-12);
    nn_training training = training_of(&s);
    nn_network *network = create_network(&HIDDEN, NN_PORTABLE);
    double sum = 0.0, total = 0.0;
    recipe.class_weights = weights;
    recipe.class_weight_count = 4;
    double loss = train(network, &recipe, &training).loss;
    for (size_t i = 0; i < 21; i++) {
        nn_metrics m = {0};
        assert_int_equal(nn_evaluate(network, &s.source, &s.ids[i], &s.labels[i], 1, &m, NULL), 0);
        sum += weights[s.labels[i]] * m.loss;
        total += weights[s.labels[i]];
    }
    assert_true(fabs(loss - sum / total) <= 1e-6);
    nn_destroy(network);
    free_samples(&s);
}

/* Equal weights are no weights, to the bit; other weights are others. */
static void equal_class_weights_change_nothing(void **state)
{
    (void)state;
    static const double equal[4] = {1, 1, 1, 1}, other[4] = {1, 2, 1, 1};
    samples s = make_samples(CNN.input, 4, 30, true, 46);
    nn_recipe recipe = recipe_of(8, 2, 1e-2);
    nn_training training = training_of(&s);
    nn_network *networks[3];
    for (size_t i = 0; i < 3; i++) {
        networks[i] = create_network(&CNN, NN_PORTABLE);
        recipe.class_weights = i == 0 ? NULL : i == 1 ? equal : other;
        recipe.class_weight_count = 4;
        train(networks[i], &recipe, &training);
    }
    assert_same_weights(networks[0], networks[1]);
    assert_memory_not_equal(networks[0]->layers[0].weights, networks[2]->layers[0].weights,
                            networks[0]->layers[0].weight_count * sizeof(float));
    for (size_t i = 0; i < 3; i++)
        nn_destroy(networks[i]);
    free_samples(&s);
}

/* Legal: a class without labelled samples, one sample, and both in a batch of thousands. */
static void few_samples_can_be_trained(void **state)
{
    (void)state;
    samples s = make_samples(CNN.input, 4, 6, true, 48);
    nn_recipe recipe = recipe_of(5000, 30, 1e-2);
    nn_training training = training_of(&s);
    recipe.balanced = true;
    for (size_t i = 0; i < 6; i++)
        s.labels[i] = i % 2 ? 3 : 1;
    for (training.count = 1; training.count <= 6; training.count += 5) {
        nn_network *network = create_network(&CNN, NN_PORTABLE);
        nn_metrics m = {0};
        double loss = train(network, &recipe, &training).loss;
        assert_int_equal(nn_evaluate(network, &s.source, s.ids, s.labels, training.count, &m,
                                     NULL), 0);
        assert_true(isfinite(loss) && m.loss < 1.0);
        nn_destroy(network);
    }
    free_samples(&s);
}

/* ---- augmentation --------------------------------------------------------------------------- */

/* Images in which every number is another one, and none is 0. */
static float number_of(size_t image, size_t i, size_t j, size_t channel)
{
    return (float)(1000 * image + 100 * i + 10 * j + channel + 1);
}

enum { AUGMENTED = 400, HEIGHT = 6, WIDTH = 5, CHANNELS = 2, PADDING = 2 };

static const nn_shape g_image = {HEIGHT, WIDTH, CHANNELS};

typedef float augmented[AUGMENTED][HEIGHT][WIDTH][CHANNELS];

static void fill_images(augmented images)
{
    for (size_t n = 0; n < AUGMENTED; n++)
        for (size_t i = 0; i < HEIGHT; i++)
            for (size_t j = 0; j < WIDTH; j++)
                for (size_t c = 0; c < CHANNELS; c++)
                    images[n][i][j][c] = number_of(n, i, j, c);
}

/* Whether an augmented image is image n cropped at (y, x) of its padded self, and mirrored. */
static bool is_crop(augmented images, size_t n, size_t y, size_t x, bool mirrored)
{
    for (size_t i = 0; i < HEIGHT; i++)
        for (size_t j = 0; j < WIDTH; j++)
            for (size_t c = 0; c < CHANNELS; c++) {
                size_t row = i + y, column = (mirrored ? WIDTH - 1 - j : j) + x;
                bool inside = row >= PADDING && row < PADDING + HEIGHT && column >= PADDING &&
                              column < PADDING + WIDTH;
                float want = inside ? number_of(n, row - PADDING, column - PADDING, c) : 0.0f;
                if (images[n][i][j][c] != want)
                    return false;
            }
    return true;
}

/* Every image is one of the possible crops, and each of those occurs as often as it should. */
static void crops_and_flips_are_exact(void **state)
{
    (void)state;
    enum { SIDES = 2 * PADDING + 1, KINDS = SIDES * SIDES * 2 };
    static augmented images;
    size_t seen[KINDS] = {0}, found = 0;
    nn_recipe recipe = {.crop_padding = PADDING, .flip = true};
    for (uint64_t step = 0; step < 10; step++) {
        fill_images(images);
        augment(&recipe, stream_of(FB_STREAM_AUGMENTATION, 1), step, AUGMENTED, g_image,
                &images[0][0][0][0]);
        for (size_t n = 0; n < AUGMENTED; n++)
            for (size_t kind = 0; kind < KINDS; kind++)
                if (is_crop(images, n, kind / 2 / SIDES, kind / 2 % SIDES, kind % 2)) {
                    seen[kind]++;
                    found++;
                }
    }
    assert_int_equal(found, 10 * AUGMENTED);
    for (size_t kind = 0; kind < KINDS; kind++) /* 80 expected, the standard deviation is 8.9 */
        assert_in_range(seen[kind], 80 - 36, 80 + 36);
}

static void augmentation_follows_its_keys(void **state)
{
    (void)state;
    static augmented plain, a, b;
    fb_stream stream = stream_of(FB_STREAM_AUGMENTATION, 1);
    nn_recipe none = {0}, crop = {.crop_padding = PADDING}, flip = {.flip = true};
    fill_images(plain);
    fill_images(a);
    fill_images(b);
    augment(&none, stream, 0, AUGMENTED, g_image, &a[0][0][0][0]);
    assert_memory_equal(a, plain, sizeof a);
    augment(&crop, stream, 3, AUGMENTED, g_image, &a[0][0][0][0]);
    augment(&crop, stream, 3, AUGMENTED / 2, g_image, &b[0][0][0][0]);
    assert_memory_equal(a, b, sizeof a / 2); /* by position, whatever else is in the batch */
    assert_memory_equal(b[AUGMENTED / 2], plain[AUGMENTED / 2], sizeof b / 2);
    fill_images(b);
    augment(&crop, stream, 4, AUGMENTED, g_image, &b[0][0][0][0]);
    assert_memory_not_equal(a, b, sizeof a);
    fill_images(b);
    augment(&flip, stream, 3, AUGMENTED, g_image, &b[0][0][0][0]);
    for (size_t n = 0; n < AUGMENTED; n++)
        assert_true(is_crop(b, n, PADDING, PADDING, b[n][0][0][0] != plain[n][0][0][0]));
}

/* A training draws by step from its own stream; validation and evaluation see samples as they
 * are: steps too small to matter leave the accuracies of the weights. */
static void only_training_is_augmented(void **state)
{
    (void)state;
    samples s = make_samples(CNN.input, 4, 40, true, 49);
    nn_recipe recipe = recipe_of(8, 2, 1e-12);
    nn_training training = training_of(&s);
    nn_network *network = create_network(&CNN, NN_PORTABLE);
    nn_metrics m = {0};
    double losses[3];
    training.validation_source = &s.source;
    training.validation_ids = s.ids;
    training.validation_labels = s.labels;
    training.validation_count = s.count;
    assert_int_equal(nn_evaluate(network, &s.source, s.ids, s.labels, s.count, &m, NULL), 0);
    for (size_t i = 0; i < 3; i++) {
        recipe.crop_padding = i > 0 ? 3 : 0;
        recipe.flip = i > 0;
        training.augmentation = stream_of(FB_STREAM_AUGMENTATION, i);
        nn_training_result result = train(network, &recipe, &training);
        losses[i] = result.loss;
        assert_true(result.validation_accuracy == m.accuracy);
    }
    assert_true(fabs(losses[0] - losses[1]) > 1e-4 && fabs(losses[1] - losses[2]) > 1e-4);
    nn_destroy(network);
    free_samples(&s);
}

/* ---- trainings as PyTorch has them ---------------------------------------------------------- */

static int note_loss(void *context, size_t epoch, double loss, double validation_accuracy)
{
    double *losses = context;
    (void)validation_accuracy;
    losses[epoch] = loss;
    return 0;
}

static void assert_near_golden(const golden_run *run, const char *what, const double *want,
                               const float *got, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!(fabs((double)got[i] - want[i]) <= 2e-6))
            fail_msg("%s: %s %zu is %.9g, expected %.9g", run->name, what, i, (double)got[i],
                     want[i]);
}

static void check_golden_run(const golden_run *run)
{
    uint32_t ids[GOLDEN_SAMPLES];
    double losses[GOLDEN_EPOCHS] = {0};
    nn_source source = {.shape = SOFTMAX.input, .f32 = GOLDEN_X, .count = GOLDEN_SAMPLES};
    nn_training training = {.source = &source, .ids = ids, .labels = GOLDEN_Y,
                            .count = GOLDEN_SAMPLES, .batches = stream_of(FB_STREAM_BATCHES, 1),
                            .progress = note_loss, .progress_context = losses};
    nn_recipe recipe = run->recipe;
    nn_network *network = create_network(&SOFTMAX, NN_PORTABLE);
    for (uint32_t i = 0; i < GOLDEN_SAMPLES; i++)
        ids[i] = i;
    recipe.batch = 2 * GOLDEN_SAMPLES;
    recipe.epochs = GOLDEN_EPOCHS;
    recipe.keep = NN_KEEP_LAST;
    memcpy(network->layers[0].weights, GOLDEN_W, sizeof GOLDEN_W);
    memcpy(network->layers[0].bias, GOLDEN_B, sizeof GOLDEN_B);
    train(network, &recipe, &training);
    for (size_t i = 0; i < GOLDEN_EPOCHS; i++)
        if (!(fabs(losses[i] - run->losses[i]) <= 1e-6))
            fail_msg("%s: the loss of epoch %zu is %.9g, expected %.9g", run->name, i, losses[i],
                     run->losses[i]);
    assert_near_golden(run, "weight", run->weights, network->layers[0].weights,
                       COUNT_OF(run->weights));
    assert_near_golden(run, "bias", run->bias, network->layers[0].bias, COUNT_OF(run->bias));
    nn_destroy(network);
}

static void trainings_are_pytorchs(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(GOLDEN_RUNS); i++)
        check_golden_run(&GOLDEN_RUNS[i]);
}

/* ---- training ------------------------------------------------------------------------------- */

static void training_repeats_to_the_bit(void **state)
{
    (void)state;
    const tested_network *tested = &CNN;
    samples s = make_samples(tested->input, 4, 50, true, 41);
    nn_recipe recipe = recipe_of(16, 3, 1e-3);
    nn_training training = training_of(&s);
    for (size_t e = 0; e < 2; e++) {
        nn_network *a = create_network(tested, g_engines[e]);
        nn_network *b = create_network(tested, g_engines[e]);
        float logits[50 * 4];
        nn_training_result first = train(a, &recipe, &training);
        assert_int_equal(nn_infer(b, &s.source, NULL, 50, NULL, logits, NULL), 0);
        nn_training_result second = train(b, &recipe, &training);
        assert_true(first.loss == second.loss);
        assert_true(isnan(first.validation_accuracy));
        assert_int_equal(first.kept_epoch, 2);
        assert_same_weights(a, b);
        training.dropout = stream_of(FB_STREAM_DROPOUT, 6);
        nn_initialize(b, stream_of(FB_STREAM_WEIGHTS, 3));
        assert_true(train(b, &recipe, &training).loss != first.loss);
        training.dropout = stream_of(FB_STREAM_DROPOUT, 5);
        nn_destroy(a);
        nn_destroy(b);
    }
    free_samples(&s);
}

/* A training counts its steps and moments from 0: it depends on the weights, not on what was
 * before. */
static void training_starts_anew(void **state)
{
    (void)state;
    const tested_network *tested = &CNN;
    samples s = make_samples(tested->input, 4, 40, true, 43);
    nn_recipe recipe = recipe_of(16, 2, 1e-3);
    nn_training training = training_of(&s);
    nn_network *a = create_network(tested, NN_PORTABLE), *b = create_network(tested, NN_PORTABLE);
    train(a, &recipe, &training);
    nn_initialize(a, stream_of(FB_STREAM_WEIGHTS, 3));
    train(a, &recipe, &training);
    train(b, &recipe, &training);
    assert_same_weights(a, b);
    nn_destroy(a);
    nn_destroy(b);
    free_samples(&s);
}

/* With steps too small to matter, the training loss is the loss of the weights. */
static void training_loss_is_the_mean(void **state)
{
    (void)state;
    const tested_network *tested = &HIDDEN;
    samples s = make_samples(tested->input, 4, 21, false, 45);
    nn_recipe recipe = recipe_of(8, 2, 1e-12);
    nn_training training = training_of(&s);
    nn_network *network = create_network(tested, NN_PORTABLE);
    nn_metrics m = {0};
    double loss = train(network, &recipe, &training).loss;
    assert_int_equal(nn_evaluate(network, &s.source, NULL, s.labels, 21, &m, NULL), 0);
    assert_true(m.loss > 1.0 && fabs(loss - m.loss) <= 1e-6);
    nn_destroy(network);
    free_samples(&s);
}

static void large_batches_are_one_batch(void **state)
{
    (void)state;
    const tested_network *tested = &HIDDEN;
    samples s = make_samples(tested->input, 4, 21, false, 47);
    nn_recipe exact = recipe_of(21, 4, 1e-2), larger = recipe_of(1000, 4, 1e-2);
    nn_training training = training_of(&s);
    nn_network *a = create_network(tested, NN_PORTABLE), *b = create_network(tested, NN_PORTABLE);
    train(a, &exact, &training);
    train(b, &larger, &training);
    assert_same_weights(a, b);
    nn_destroy(a);
    nn_destroy(b);
    free_samples(&s);
}

/* The gradient of one batch of float samples, without a step. */
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

/* The last partial batch is trained, the order is the documented permutation and the schedule
 * counts the steps: two epochs in batches of 3 over 4 samples are four steps made here by hand. */
static void batches_follow_the_permutation(void **state)
{
    (void)state;
    const tested_network *tested = &HIDDEN;
    samples s = make_samples(tested->input, 4, 10, false, 53);
    uint32_t ids[4] = {1, 4, 6, 9}, labels[4], order[4];
    uint64_t step = 0;
    nn_recipe recipe = recipe_of(3, 2, 1e-2);
    nn_training training = training_of(&s);
    nn_network *a = create_network(tested, NN_PORTABLE), *b = create_network(tested, NN_PORTABLE);
    optimizer o;
    recipe.schedule = NN_ONE_CYCLE;
    for (size_t i = 0; i < 4; i++)
        labels[i] = s.labels[ids[i]];
    training.ids = ids;
    training.labels = labels;
    training.count = 4;
    train(a, &recipe, &training);
    optimizer_start(&o, &recipe, b);
    for (uint64_t epoch = 0; epoch < 2; epoch++) {
        fb_stream_permutation(training.batches, epoch, 4, order);
        for (size_t first = 0; first < 4; first += 3) {
            samples batch = {.source = {.shape = tested->input, .count = first ? 1 : 3},
                             .f32 = calloc(3 * 6, sizeof(float)),
                             .labels = calloc(3, sizeof(uint32_t)),
                             .count = first ? 1 : 3};
            for (size_t i = 0; i < batch.count; i++) {
                memcpy(batch.f32 + i * 6, s.f32 + ids[order[first + i]] * 6, 6 * sizeof(float));
                batch.labels[i] = labels[order[first + i]];
            }
            batch.source.f32 = batch.f32;
            run_gradient(b, &batch);
            optimizer_advance(&o, schedule_rate(&recipe, epoch, step++, 4));
            optimizer_update(&o, b, 0, b->slab_count);
            free_samples(&batch);
        }
    }
    assert_same_weights(a, b);
    nn_destroy(a);
    nn_destroy(b);
    free_samples(&s);
}

typedef struct epochs_seen {
    size_t count;
    double accuracy[400];
    size_t stop_at; /* epoch at which to cancel */
} epochs_seen;

static int see_epoch(void *context, size_t epoch, double loss, double validation_accuracy)
{
    epochs_seen *seen = context;
    assert_int_equal(epoch, seen->count);
    assert_true(isfinite(loss));
    seen->accuracy[seen->count++] = validation_accuracy;
    return seen->stop_at && epoch == seen->stop_at;
}

static void best_validation_is_kept(void **state)
{
    (void)state;
    const tested_network *tested = &HIDDEN;
    samples s = make_samples(tested->input, 4, 40, false, 59);
    samples held = make_samples(tested->input, 4, 30, false, 60);
    nn_recipe recipe = recipe_of(8, 40, 3e-2), shorter;
    nn_training training = training_of(&s);
    epochs_seen seen = {0};
    nn_network *a = create_network(tested, NN_PORTABLE), *b = create_network(tested, NN_PORTABLE);
    size_t best = 0, ties = 0;
    nn_metrics m = {0};
    training.validation_source = &held.source;
    training.validation_ids = held.ids;
    training.validation_labels = held.labels;
    training.validation_count = held.count;
    training.progress = see_epoch;
    training.progress_context = &seen;
    recipe.keep = NN_KEEP_BEST_VALIDATION;
    nn_training_result result = train(a, &recipe, &training);
    assert_int_equal(seen.count, 40);
    for (size_t i = 1; i < 40; i++)
        best = seen.accuracy[i] > seen.accuracy[best] ? i : best;
    for (size_t i = 0; i < 40; i++)
        ties += seen.accuracy[i] == seen.accuracy[best];
    /* The case must be one that tells the first best epoch from the last epoch and from a later
     * tie. */
    assert_true(best > 0 && best < 39 && ties > 1);
    assert_int_equal(result.kept_epoch, best);
    assert_int_equal(result.epochs, 40);
    assert_true(result.validation_accuracy == seen.accuracy[best]);
    assert_int_equal(nn_evaluate(a, &held.source, held.ids, held.labels, 30, &m, NULL), 0);
    assert_true(m.accuracy == result.validation_accuracy);
    shorter = recipe_of(8, best + 1, 3e-2);
    training.progress = NULL;
    nn_training_result last = train(b, &shorter, &training);
    assert_same_weights(a, b);
    assert_true(last.validation_accuracy == result.validation_accuracy);
    assert_int_equal(last.kept_epoch, best);
    nn_destroy(a);
    nn_destroy(b);
    free_samples(&s);
    free_samples(&held);
}

/* The epoch is the first whose running accuracy, which is made here by hand from the logits before
 * each step, is high enough; the weights are those of a training of so many epochs. */
static void training_stops_at_its_accuracy(void **state)
{
    (void)state;
    samples s = make_samples(HIDDEN.input, 4, 24, false, 62);
    nn_recipe recipe = recipe_of(24, 400, 5e-2), shorter;
    nn_training training = training_of(&s);
    nn_network *a = create_network(&HIDDEN, NN_PORTABLE), *b = create_network(&HIDDEN, NN_PORTABLE);
    epochs_seen seen = {0};
    double before = 0.0, at = 0.0;
    training.progress = see_epoch;
    training.progress_context = &seen;
    recipe.stop_accuracy = 21.0 / 24.0;
    nn_training_result result = train(a, &recipe, &training);
    assert_in_range(result.epochs, 3, 399);
    assert_int_equal(seen.count, result.epochs);
    assert_int_equal(result.kept_epoch, result.epochs - 1);

    /* One batch is an epoch: the running accuracy is that of the weights an epoch before. */
    for (size_t epochs = result.epochs - 2; epochs < result.epochs; epochs++) {
        nn_metrics m = {0};
        shorter = recipe_of(24, epochs, 5e-2);
        training.progress = NULL;
        nn_initialize(b, stream_of(FB_STREAM_WEIGHTS, 3));
        train(b, &shorter, &training);
        assert_int_equal(nn_evaluate(b, &s.source, s.ids, s.labels, s.count, &m, NULL), 0);
        before = at;
        at = m.accuracy;
    }
    assert_true(before < recipe.stop_accuracy && at >= recipe.stop_accuracy);
    shorter.epochs = result.epochs;
    nn_initialize(b, stream_of(FB_STREAM_WEIGHTS, 3));
    train(b, &shorter, &training);
    assert_same_weights(a, b);
    nn_destroy(a);
    nn_destroy(b);
    free_samples(&s);
}

/* Learns samples whose labels mean nothing on the validation samples, with this patience, keeping
 * the last or the best weights. */
static nn_training_result train_patiently(size_t patience, nn_keep keep, epochs_seen *seen)
{
    samples s = make_samples(HIDDEN.input, 4, 40, false, 59);
    samples held = make_samples(HIDDEN.input, 4, 30, false, 60);
    nn_recipe recipe = recipe_of(8, 60, 3e-2);
    nn_training training = training_of(&s);
    nn_network *network = create_network(&HIDDEN, NN_PORTABLE);
    nn_metrics m = {0};
    training.validation_source = &held.source;
    training.validation_ids = held.ids;
    training.validation_labels = held.labels;
    training.validation_count = held.count;
    training.progress = seen ? see_epoch : NULL;
    training.progress_context = seen;
    recipe.keep = keep;
    recipe.stop_patience = patience;
    nn_training_result result = train(network, &recipe, &training);
    assert_int_equal(nn_evaluate(network, &held.source, held.ids, held.labels, held.count, &m,
                                 NULL), 0);
    assert_true(m.accuracy == result.validation_accuracy);
    nn_destroy(network);
    free_samples(&s);
    free_samples(&held);
    return result;
}

static void patience_waits_for_a_better_epoch(void **state)
{
    (void)state;
    epochs_seen all = {0};
    assert_int_equal(train_patiently(0, NN_KEEP_LAST, &all).epochs, 60);
    for (size_t patience = 1; patience <= 7; patience += 2) {
        size_t best = 0, epoch = 0;
        while (epoch - best < patience) {
            epoch++;
            best = all.accuracy[epoch] > all.accuracy[best] ? epoch : best;
        }
        assert_in_range(epoch, patience, 58);
        epochs_seen seen = {0};
        nn_training_result last = train_patiently(patience, NN_KEEP_LAST, &seen);
        nn_training_result kept = train_patiently(patience, NN_KEEP_BEST_VALIDATION, NULL);
        assert_int_equal(seen.count, epoch + 1);
        assert_int_equal(last.epochs, epoch + 1);
        assert_int_equal(last.kept_epoch, epoch);
        assert_true(last.validation_accuracy == all.accuracy[epoch]);
        assert_int_equal(kept.epochs, epoch + 1);
        assert_int_equal(kept.kept_epoch, best);
        assert_true(kept.validation_accuracy == all.accuracy[best]);
    }
}

static void progress_can_cancel(void **state)
{
    (void)state;
    const tested_network *tested = &HIDDEN;
    samples s = make_samples(tested->input, 4, 12, false, 61);
    nn_recipe recipe = recipe_of(4, 9, 1e-3);
    nn_training training = training_of(&s);
    epochs_seen seen = {.stop_at = 3};
    nn_training_result result = {.loss = 7.0};
    nn_network *network = create_network(tested, NN_PORTABLE);
    training.progress = see_epoch;
    training.progress_context = &seen;
    assert_int_equal(nn_train(network, &recipe, &training, &result, NULL), FB_ECANCELLED);
    assert_int_equal(seen.count, 4);
    assert_true(result.loss == 7.0 && isnan(seen.accuracy[0]));
    nn_destroy(network);
    free_samples(&s);
}

/* A training from these weights must fail, in this epoch and step, for this reason. */
static void assert_diverges(nn_network *network, const nn_recipe *recipe,
                            const nn_training *training, const char *place, const char *reason)
{
    nn_training_result result = {.loss = 7.0};
    fb_error err = {0};
    int rc = nn_train(network, recipe, training, &result, &err);
    assert_refused(rc, FB_ENUMERIC, &err, place);
    assert_refused(rc, FB_ENUMERIC, &err, reason);
    assert_true(result.loss == 7.0);
    nn_destroy(network);
}

static void diverging_losses_name_the_layer(void **state)
{
    (void)state;
    samples s = make_samples(CNN.input, 4, 12, false, 67);
    nn_recipe recipe = recipe_of(4, 9, 1e-3), wild = recipe_of(4, 9, 1e39);
    nn_training training = training_of(&s);
    assert_diverges(create_network(&CNN, NN_PORTABLE), &wild, &training, "epoch 0, step 1:",
                    "weights of layer 0 (convolution)");

    /* Finite weights, of which the second dense layer's make an infinity. */
    nn_network *network = create_network(&CNN, NN_PORTABLE);
    for (size_t i = 0; i < network->layers[4].weight_count; i++)
        network->layers[4].weights[i] = 1e38f;
    network->layers[4].bias[0] = 3e38f;
    assert_diverges(network, &recipe, &training, "epoch 0, step 0:", "outputs of layer 4 (dense)");

    network = create_network(&CNN, NN_PORTABLE);
    network->layers[6].bias[2] = NAN;
    assert_diverges(network, &recipe, &training, "step 0:", "weights of layer 6 (dense)");

    /* The only step blows up: no batch follows it, but the validation does. */
    training.validation_source = &s.source;
    training.validation_ids = s.ids;
    training.validation_labels = s.labels;
    training.validation_count = s.count;
    wild = recipe_of(12, 1, 1e39);
    assert_diverges(create_network(&CNN, NN_PORTABLE), &wild, &training,
                    "validation loss is not finite at epoch 0, step 1:", "layer 0 (convolution)");
    s.f32[100] = INFINITY;
    assert_diverges(create_network(&CNN, NN_PORTABLE), &recipe, &training, "epoch 0",
                    "the samples hold");
    free_samples(&s);
}

/* ---- failures ------------------------------------------------------------------------------- */

/* Tries a training with one thing wrong. */
static void refuse_training(const nn_recipe *recipe, const nn_training *training, const char *word)
{
    nn_network *network = create_network(&HIDDEN, NN_PORTABLE);
    nn_training_result result = {.loss = 7.0};
    fb_error err = {0};
    assert_refused(nn_train(network, recipe, training, &result, &err), FB_EINVAL, &err, word);
    assert_true(result.loss == 7.0);
    nn_destroy(network);
}

static void lbfgs_takes_no_steps(void **state)
{
    (void)state;
    samples s = make_samples(SOFTMAX.input, 3, 6, false, 84);
    nn_recipe recipe = {.optimizer = NN_LBFGS, .keep = NN_KEEP_LAST, .c = 1.0}, r;
    nn_training training = training_of(&s);
    nn_network *network = create_network(&SOFTMAX, NN_PORTABLE);
    nn_training_result result;
    fb_error err = {0};
    r = recipe, r.weight_decay = 0.1;
    assert_refused(nn_train(network, &r, &training, &result, &err), FB_EINVAL, &err, "no meaning");
    r = recipe, r.crop_padding = 1;
    assert_refused(nn_train(network, &r, &training, &result, &err), FB_EINVAL, &err, "no meaning");
    nn_destroy(network);
    free_samples(&s);
}

static void impossible_trainings_are_refused(void **state)
{
    (void)state;
    samples s = make_samples(HIDDEN.input, 4, 6, false, 83);
    nn_recipe fine = recipe_of(2, 1, 1e-3), r;
    nn_training good = training_of(&s), t;
    nn_source narrow = {.shape = {1, 1, 3}, .f32 = s.f32, .count = 6};
    nn_source empty = {.shape = HIDDEN.input, .count = 6};
    uint32_t twice[6] = {0, 1, 1, 3, 4, 5}, beyond[6] = {0, 1, 2, 3, 4, 6};
    uint32_t labels[6] = {0, 1, 2, 3, 4, 0};
    double weights[4] = {1, 2, 0, 1};
    r = fine, r.learning_rate = 0.0, refuse_training(&r, &good, "learning rate");
    r = fine, r.learning_rate = NAN, refuse_training(&r, &good, "learning rate");
    r = fine, r.beta2 = 1.0, refuse_training(&r, &good, "betas");
    r = fine, r.epsilon = 0.0, refuse_training(&r, &good, "epsilon");
    r = fine, r.epsilon = 1e-60, refuse_training(&r, &good, "at least 1e-30");
    r = fine, r.optimizer = NN_RMSPROP, r.rho = 1.0, refuse_training(&r, &good, "rho");
    r = fine, r.optimizer = NN_RMSPROP, r.epsilon = 1e-60, refuse_training(&r, &good, "RMSprop's");
    r = fine, r.momentum = 0.9, refuse_training(&r, &good, "choose SGD");
    r = fine, r.optimizer = NN_SGD, r.momentum = -0.1, refuse_training(&r, &good, "not -0.1");
    r = fine, r.optimizer = NN_SGD, r.momentum = NAN, refuse_training(&r, &good, "momentum");
    r = fine, r.optimizer = NN_SGD, r.nesterov = true, refuse_training(&r, &good, "Nesterov");
    r = fine, r.weight_decay = -1e-3, refuse_training(&r, &good, "decay");
    r = fine, r.clip_norm = -1.0, refuse_training(&r, &good, "clipped");
    r = fine, r.schedule = 9, refuse_training(&r, &good, "schedule number 9");
    r = fine, r.schedule = NN_STEP, r.step_factor = 0.1, refuse_training(&r, &good, "step_epochs");
    r = fine, r.schedule = NN_STEP, r.step_epochs = 5, refuse_training(&r, &good, "step_factor");
    r = fine, r.class_weights = weights, r.class_weight_count = 3;
    refuse_training(&r, &good, "3 class weights for 4");
    r.class_weight_count = 4, refuse_training(&r, &good, "class 2");
    r.balanced = true, refuse_training(&r, &good, "not both");
    r = fine, r.crop_padding = 1, refuse_training(&r, &good, "padding of 1");
    r = fine, r.flip = true, refuse_training(&r, &good, "nothing to flip");
    r = fine, r.stop_accuracy = 1.5, refuse_training(&r, &good, "not 1.5");
    r = fine, r.stop_accuracy = NAN, refuse_training(&r, &good, "accuracy to stop at");
    r = fine, r.stop_patience = 3, refuse_training(&r, &good, "patience needs validation");
    r = fine, r.optimizer = NN_LBFGS, refuse_training(&r, &good, "3 layers");
    r = fine, r.batch = 0, refuse_training(&r, &good, "batch");
    r = fine, r.epochs = 0, refuse_training(&r, &good, "epochs");
    r = fine, r.optimizer = 0, refuse_training(&r, &good, "optimizer");
    r = fine, r.keep = 0, refuse_training(&r, &good, "keep");
    r = fine, r.keep = NN_KEEP_BEST_VALIDATION, refuse_training(&r, &good, "validation samples");
    t = good, t.count = 0, refuse_training(&fine, &t, "0 samples");
    t = good, t.ids = twice, refuse_training(&fine, &t, "1 follows 1");
    t = good, t.ids = beyond, refuse_training(&fine, &t, "sample 6");
    t = good, t.labels = labels, refuse_training(&fine, &t, "label 4");
    t = good, t.source = &narrow, refuse_training(&fine, &t, "1 x 1 x 3");
    t = good, t.source = &empty, refuse_training(&fine, &t, "one of them");
    t = good, t.validation_source = &narrow, t.validation_count = 6;
    refuse_training(&fine, &t, "validation samples are");
    free_samples(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_follow_their_papers),
        cmocka_unit_test(rules_work_in_parts),
        cmocka_unit_test(clipping_keeps_directions),
        cmocka_unit_test(rates_are_pytorchs),
        cmocka_unit_test(one_cycle_goes_by_steps_the_others_by_epochs),
        cmocka_unit_test(class_weights_weigh_rows),
        cmocka_unit_test(balanced_weights_are_scikit_learns),
        cmocka_unit_test(weighted_losses_are_means_of_the_epoch),
        cmocka_unit_test(equal_class_weights_change_nothing),
        cmocka_unit_test(few_samples_can_be_trained),
        cmocka_unit_test(crops_and_flips_are_exact),
        cmocka_unit_test(augmentation_follows_its_keys),
        cmocka_unit_test(only_training_is_augmented),
        cmocka_unit_test(trainings_are_pytorchs),
        cmocka_unit_test(training_repeats_to_the_bit),
        cmocka_unit_test(training_starts_anew),
        cmocka_unit_test(training_loss_is_the_mean),
        cmocka_unit_test(large_batches_are_one_batch),
        cmocka_unit_test(batches_follow_the_permutation),
        cmocka_unit_test(best_validation_is_kept),
        cmocka_unit_test(training_stops_at_its_accuracy),
        cmocka_unit_test(patience_waits_for_a_better_epoch),
        cmocka_unit_test(progress_can_cancel),
        cmocka_unit_test(diverging_losses_name_the_layer),
        cmocka_unit_test(lbfgs_takes_no_steps),
        cmocka_unit_test(impossible_trainings_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

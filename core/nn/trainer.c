/* The training loop: epochs of shuffled mini-batches, when it ends, and which epoch's weights are
 * kept. */
#include <math.h>
#include <string.h>

#include "alloc.h"
#include "augment.h"
#include "diagnose.h"
#include "linear.h"
#include "loss.h"
#include "optimizer.h"
#include "recipe.h"
#include "schedule.h"

typedef struct trainer {
    nn_network *network;
    const nn_recipe *recipe;
    const nn_training *training;
    optimizer optimizer;
    size_t batch;     /* rows of a full batch */
    size_t epoch;     /* the current one */
    uint64_t step;    /* the current one since the training began */
    uint64_t steps;   /* in all epochs */
    loss_sums sums;   /* of the current epoch */
    uint32_t *order;  /* (count) this epoch's permutation of positions */
    uint32_t *ids;    /* (batch) of the current batch */
    uint32_t *labels; /* (batch) */
    double *balance;  /* (classes) the weights that the recipe asked to be balanced, or NULL */

    double best_accuracy; /* the highest of a validation so far, and its first epoch */
    size_t best_epoch;
    float *best;          /* NN_KEEP_BEST_VALIDATION: the state after that epoch */
} trainer;

static int check_samples(const nn_network *network, const nn_training *training, fb_error *err)
{
    if (training->count == 0 || training->count > INT32_MAX)
        return fb_fail(err, FB_EINVAL, "training on %zu samples is not possible", training->count);
    for (size_t i = 1; i < training->count; i++)
        if (training->ids[i] <= training->ids[i - 1])
            return fb_fail(err, FB_EINVAL, "training ids must ascend, but %u follows %u",
                           training->ids[i], training->ids[i - 1]);
    int rc = samples_check(network, training->source, training->ids, training->count, "training",
                           err);
    if (!rc)
        rc = samples_check_labels(network, training->labels, training->count, "training", err);
    if (rc)
        return rc;
    if (!recipe_validates(training))
        return FB_OK;
    rc = samples_check(network, training->validation_source, training->validation_ids,
                      training->validation_count, "validation", err);
    if (!rc)
        rc = samples_check_labels(network, training->validation_labels, training->validation_count,
                          "validation", err);
    return rc;
}

static void trainer_finish(trainer *t)
{
    fb_free(t->order);
    fb_free(t->ids);
    fb_free(t->labels);
    fb_free(t->balance);
    fb_free(t->best);
}

static int trainer_init(trainer *t, nn_network *network, const nn_recipe *recipe,
                        const nn_training *training, fb_error *err)
{
    size_t count = training->count;
    *t = (trainer){.network = network, .recipe = recipe, .training = training};
    t->batch = recipe->batch < count ? recipe->batch : count;
    t->steps = (uint64_t)recipe->epochs * ((count + t->batch - 1) / t->batch);
    t->order = fb_calloc(count, sizeof *t->order);
    t->ids = fb_calloc(t->batch, sizeof *t->ids);
    t->labels = fb_calloc(t->batch, sizeof *t->labels);
    if (!t->order || !t->ids || !t->labels)
        return fb_fail_memory(err, count, sizeof *t->order, "the order of the training samples");
    if (recipe->balanced) {
        t->balance = fb_calloc(network->class_count, sizeof *t->balance);
        if (!t->balance)
            return fb_fail_memory(err, network->class_count, sizeof *t->balance, "class weights");
        loss_balance_classes(training->labels, count, network->class_count, t->balance);
    }
    if (recipe->keep == NN_KEEP_BEST_VALIDATION) {
        t->best = fb_calloc(nn_state_size(network), sizeof *t->best);
        if (!t->best)
            return fb_fail_memory(err, nn_state_size(network), sizeof *t->best,
                                  "the best weights");
    }
    optimizer_start(&t->optimizer, recipe, network);
    return network_reserve(network, t->batch, true, err);
}

/* Positions order[first .. first+rows-1] as the network's input, augmented, and their labels. */
static void load_batch(trainer *t, size_t first, size_t rows)
{
    nn_network *network = t->network;
    for (size_t i = 0; i < rows; i++) {
        t->ids[i] = t->training->ids[t->order[first + i]];
        t->labels[i] = t->training->labels[t->order[first + i]];
    }
    samples_gather(t->training->source, t->ids, 0, rows, network->input);
    augment(t->recipe, t->training->augmentation, t->step, rows, network->input_shape,
            network->input);
}

/* A layer_update: while the gradient is in the cache. */
static void update_weights(void *context, const nn_layer *layer, size_t first, size_t count,
                           const float *gradient)
{
    trainer *t = context;
    size_t offset = (size_t)(layer->weights - t->network->parameters);
    optimizer_update_along(&t->optimizer, t->network, offset + first, count, gradient);
}

/* What lies between the weights of dense layers, which the backward pass has updated. */
static void update_rest(trainer *t)
{
    nn_network *network = t->network;
    size_t from = 0;
    for (size_t i = 0; i < network->layer_count; i++) {
        const nn_layer *layer = &network->layers[i];
        size_t weights = (size_t)(layer->weights - network->parameters);
        if (layer->spec.kind != NN_DENSE)
            continue;
        optimizer_update(&t->optimizer, network, from, weights - from);
        from = weights + network_aligned(layer->weight_count);
    }
    optimizer_update(&t->optimizer, network, from, network->slab_count - from);
}

/* The backward pass and one step along the gradient. Nothing but a limit on its norm needs the
 * whole of it before a part is used. */
static int take_step(trainer *t, layer_pass pass, size_t rows, fb_error *err)
{
    const bool clips = t->recipe->clip_norm > 0.0;
    optimizer_advance(&t->optimizer, schedule_rate(t->recipe, t->epoch, t->step, t->steps));
    pass.update = clips ? NULL : update_weights;
    pass.update_context = t;
    int rc = network_backward(t->network, &pass, rows, err);
    if (rc)
        return rc;
    if (clips) {
        optimizer_clip(t->network, t->recipe->clip_norm);
        optimizer_update(&t->optimizer, t->network, 0, t->network->slab_count);
    } else {
        update_rest(t);
    }
    t->step++;
    return FB_OK;
}

/* What is known when the `what` loss is not finite; `rows` as diagnose_not_finite takes it. */
static int fail_not_finite(const trainer *t, const char *what, size_t rows, fb_error *err)
{
    char clause[DIAGNOSE_SIZE];
    diagnose_not_finite(t->network, rows, clause);
    return fb_fail(err, FB_ENUMERIC, "the %s loss is not finite at epoch %zu, step %llu: %s; a "
                   "smaller learning rate or scaled inputs may help", what, t->epoch,
                   (unsigned long long)t->step, clause);
}

static int train_batch(trainer *t, size_t first, size_t rows, fb_error *err)
{
    nn_network *network = t->network;
    const float *logits = NULL;
    load_batch(t, first, rows);
    layer_pass pass = network_pass(network, PASS_TRAIN, t->training->dropout, t->step);
    int rc = network_forward(network, &pass, 0, network->layer_count, rows, network->input,
                             &logits, err);
    if (rc)
        return rc;
    loss_sums sums = loss_cross_entropy(rows, network->class_count, logits, t->labels,
                                        t->balance ? t->balance : t->recipe->class_weights,
                                        network->gradients[0]);
    if (!isfinite(sums.loss))
        return fail_not_finite(t, "training", rows, err);
    rc = take_step(t, pass, rows, err);
    if (rc)
        return rc;
    t->sums.loss += sums.loss;
    t->sums.weight += sums.weight;
    t->sums.correct += sums.correct;
    return FB_OK;
}

static int train_epoch(trainer *t, fb_error *err)
{
    size_t count = t->training->count;
    t->sums = (loss_sums){0};
    fb_stream_permutation(t->training->batches, t->epoch, count, t->order);
    for (size_t first = 0; first < count; first += t->batch) {
        size_t rows = count - first < t->batch ? count - first : t->batch;
        int rc = train_batch(t, first, rows, err);
        if (rc)
            return rc;
    }
    return FB_OK;
}

/* Validation accuracy of the weights as they are; left alone when nobody would look at it. */
static int validate(trainer *t, bool last, double *ret_accuracy, fb_error *err)
{
    const nn_training *training = t->training;
    nn_metrics metrics;
    bool wanted = last || t->best || t->recipe->stop_patience > 0 || training->progress;
    if (!wanted || !recipe_validates(training))
        return FB_OK;
    int rc = nn_evaluate(t->network, training->validation_source, training->validation_ids,
                         training->validation_labels, training->validation_count, &metrics, err);
    if (rc)
        return rc == FB_ENUMERIC ? fail_not_finite(t, "validation", 0, err) : rc;
    *ret_accuracy = metrics.accuracy;
    return FB_OK;
}

/* Notes this epoch's validation accuracy, and keeps its weights if they are to be kept so far. */
static void keep_weights(trainer *t, double accuracy, nn_training_result *result)
{
    bool better = t->epoch == 0 || accuracy > t->best_accuracy;
    if (better) {
        t->best_accuracy = accuracy;
        t->best_epoch = t->epoch;
    }
    if (t->best && !better)
        return;
    result->kept_epoch = t->epoch;
    result->validation_accuracy = accuracy;
    if (t->best)
        nn_get_state(t->network, t->best);
}

/* Whether the samples were classified so well, each before the step that it was part of. */
static bool has_learnt(const trainer *t)
{
    double accuracy = (double)t->sums.correct / (double)t->training->count;
    return t->recipe->stop_accuracy > 0.0 && accuracy >= t->recipe->stop_accuracy;
}

static bool has_lost_patience(const trainer *t)
{
    return t->recipe->stop_patience > 0 && t->epoch - t->best_epoch >= t->recipe->stop_patience;
}

/* Trains and validates one epoch; *ret_done when it is the last. */
static int run_epoch(trainer *t, nn_training_result *result, bool *ret_done, fb_error *err)
{
    const nn_training *training = t->training;
    double accuracy = (double)NAN;
    int rc = train_epoch(t, err);
    if (rc)
        return rc;
    bool done = t->epoch + 1 == t->recipe->epochs || has_learnt(t);
    rc = validate(t, done, &accuracy, err);
    if (rc)
        return rc;
    keep_weights(t, accuracy, result);
    result->loss = t->sums.loss / t->sums.weight;
    result->epochs = t->epoch + 1;
    if (training->progress &&
        training->progress(training->progress_context, t->epoch, result->loss, accuracy))
        return fb_fail(err, FB_ECANCELLED, "the training was cancelled after epoch %zu", t->epoch);
    *ret_done = done || has_lost_patience(t);
    return FB_OK;
}

static int run_epochs(trainer *t, nn_training_result *result, fb_error *err)
{
    bool done = false;
    for (t->epoch = 0; !done; t->epoch++) {
        int rc = run_epoch(t, result, &done, err);
        if (rc)
            return rc;
    }
    if (t->best)
        nn_set_state(t->network, t->best);
    return FB_OK;
}

int nn_train(nn_network *network, const nn_recipe *recipe, const nn_training *training,
             nn_training_result *ret_result, fb_error *err)
{
    trainer t = {0};
    nn_training_result result = {0};
    int rc = recipe_check(recipe, network, training, err);
    if (!rc)
        rc = check_samples(network, training, err);
    if (rc)
        return rc;
    if (recipe->optimizer == NN_LBFGS)
        return linear_train(network, recipe, training, ret_result, err);
    rc = trainer_init(&t, network, recipe, training, err);
    if (rc)
        goto done;
    rc = run_epochs(&t, &result, err);
    if (rc)
        goto done;
    *ret_result = result;
done:
    trainer_finish(&t);
    return rc;
}

/* The training loop: epochs of shuffled mini-batches, and which epoch's weights are kept. */
#include <math.h>
#include <string.h>

#include "alloc.h"
#include "augment.h"
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
    uint64_t step;    /* since the training began */
    uint64_t steps;   /* in all epochs */
    uint32_t *order;  /* (count) this epoch's permutation of positions */
    uint32_t *ids;    /* (batch) of the current batch */
    uint32_t *labels; /* (batch) */
    double *balance;  /* (classes) the weights that the recipe asked to be balanced, or NULL */
    float *best;      /* NN_KEEP_BEST_VALIDATION: the best state so far */
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

/* One step on positions order[first .. first+rows-1]; adds to the epoch's sums. */
static int train_batch(trainer *t, size_t epoch, size_t first, size_t rows, loss_sums *epoch_sums,
                       fb_error *err)
{
    nn_network *network = t->network;
    const float *logits = NULL;
    for (size_t i = 0; i < rows; i++) {
        t->ids[i] = t->training->ids[t->order[first + i]];
        t->labels[i] = t->training->labels[t->order[first + i]];
    }
    samples_gather(t->training->source, t->ids, 0, rows, network->input);
    augment(t->recipe, t->training->augmentation, t->step, rows, network->input_shape,
            network->input);
    layer_pass pass = network_pass(network, PASS_TRAIN, t->training->dropout, t->step);
    int rc = network_forward(network, &pass, 0, network->layer_count, rows, network->input,
                             &logits, err);
    if (rc)
        return rc;
    loss_sums sums = loss_cross_entropy(rows, network->class_count, logits, t->labels,
                                        t->balance ? t->balance : t->recipe->class_weights,
                                        network->gradients[0]);
    if (!isfinite(sums.loss))
        return fb_fail(err, FB_ENUMERIC, "the training loss is not finite at epoch %zu, step "
                       "%llu; a smaller learning rate or scaled inputs may help", epoch,
                       (unsigned long long)t->step);
    rc = network_backward(network, &pass, rows, err);
    if (rc)
        return rc;
    if (t->recipe->clip_norm > 0.0)
        optimizer_clip(network, t->recipe->clip_norm);
    optimizer_advance(&t->optimizer, schedule_rate(t->recipe, epoch, t->step, t->steps));
    optimizer_update(&t->optimizer, network, 0, network->slab_count);
    t->step++;
    epoch_sums->loss += sums.loss;
    epoch_sums->weight += sums.weight;
    epoch_sums->correct += sums.correct;
    return FB_OK;
}

static int train_epoch(trainer *t, size_t epoch, double *ret_loss, fb_error *err)
{
    size_t count = t->training->count;
    loss_sums sums = {0};
    fb_stream_permutation(t->training->batches, epoch, count, t->order);
    for (size_t first = 0; first < count; first += t->batch) {
        size_t rows = count - first < t->batch ? count - first : t->batch;
        int rc = train_batch(t, epoch, first, rows, &sums, err);
        if (rc)
            return rc;
    }
    *ret_loss = sums.loss / sums.weight;
    return FB_OK;
}

/* Validation accuracy of the weights as they are; NaN when nobody would look at it. */
static int validate(trainer *t, bool last, double *ret_accuracy, fb_error *err)
{
    const nn_training *training = t->training;
    nn_metrics metrics = {.accuracy = (double)NAN};
    if (recipe_validates(training) && (last || t->best || training->progress)) {
        int rc = nn_evaluate(t->network, training->validation_source, training->validation_ids,
                             training->validation_labels, training->validation_count, &metrics,
                             err);
        if (rc)
            return rc;
    }
    *ret_accuracy = metrics.accuracy;
    return FB_OK;
}

static void keep_weights(trainer *t, size_t epoch, double accuracy, nn_training_result *result)
{
    if (t->best && epoch > 0 && !(accuracy > result->validation_accuracy))
        return;
    result->kept_epoch = epoch;
    result->validation_accuracy = accuracy;
    if (t->best)
        nn_get_state(t->network, t->best);
}

static int run_epochs(trainer *t, nn_training_result *result, fb_error *err)
{
    const nn_training *training = t->training;
    for (size_t epoch = 0; epoch < t->recipe->epochs; epoch++) {
        double accuracy;
        int rc = train_epoch(t, epoch, &result->loss, err);
        if (!rc)
            rc = validate(t, epoch + 1 == t->recipe->epochs, &accuracy, err);
        if (rc)
            return rc;
        keep_weights(t, epoch, accuracy, result);
        if (training->progress &&
            training->progress(training->progress_context, epoch, result->loss, accuracy))
            return fb_fail(err, FB_ECANCELLED, "the training was cancelled after epoch %zu",
                           epoch);
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

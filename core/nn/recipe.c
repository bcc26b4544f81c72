#include "recipe.h"

#include <float.h>
#include <math.h>

static bool above_zero(double x)
{
    return x > 0.0 && x < HUGE_VAL;
}

static bool zero_or_above(double x)
{
    return x >= 0.0 && x < HUGE_VAL;
}

/* The smallest epsilon that is above 0 as a float too, and when Adam has multiplied it by sqrt(1 -
 * beta2): with less, a weight without a gradient would become 0 / 0. */
static const double LEAST_EPSILON = 1e-30;

static bool is_epsilon(double x)
{
    return x >= LEAST_EPSILON && x < HUGE_VAL;
}

static bool is_decay(double x)
{
    return x >= 0.0 && x < 1.0;
}

static int check_adam(const nn_recipe *recipe, fb_error *err)
{
    if (!is_decay(recipe->beta1) || !is_decay(recipe->beta2))
        return fb_fail(err, FB_EINVAL, "Adam's betas must be in [0, 1), not %g and %g",
                       recipe->beta1, recipe->beta2);
    if (!is_epsilon(recipe->epsilon))
        return fb_fail(err, FB_EINVAL, "Adam's epsilon must be at least %g, not %g", LEAST_EPSILON,
                       recipe->epsilon);
    return FB_OK;
}

static int check_rmsprop(const nn_recipe *recipe, fb_error *err)
{
    if (!is_decay(recipe->rho))
        return fb_fail(err, FB_EINVAL, "RMSprop's rho must be in [0, 1), not %g", recipe->rho);
    if (!is_epsilon(recipe->epsilon))
        return fb_fail(err, FB_EINVAL, "RMSprop's epsilon must be at least %g, not %g",
                       LEAST_EPSILON, recipe->epsilon);
    return FB_OK;
}

static int check_momentum(const nn_recipe *recipe, fb_error *err)
{
    if (!is_decay(recipe->momentum))
        return fb_fail(err, FB_EINVAL, "momentum must be in [0, 1), not %g", recipe->momentum);
    if (recipe->momentum > 0.0 && recipe->optimizer != NN_SGD)
        return fb_fail(err, FB_EINVAL, "momentum belongs to the optimizer SGD: leave it out, or "
                       "choose SGD");
    if (recipe->nesterov && !(recipe->momentum > 0.0))
        return fb_fail(err, FB_EINVAL, "Nesterov's step needs a momentum above 0, 0.9 for "
                       "instance");
    return FB_OK;
}

static int check_optimizer(const nn_recipe *recipe, fb_error *err)
{
    int rc = check_momentum(recipe, err);
    if (rc)
        return rc;
    switch (recipe->optimizer) {
    case NN_ADAM:
    case NN_ADAMW:
        return check_adam(recipe, err);
    case NN_SGD:
        return FB_OK;
    case NN_RMSPROP:
        return check_rmsprop(recipe, err);
    case NN_LBFGS:
        break;
    }
    return fb_fail(err, FB_EINVAL, "there is no optimizer number %d that goes by steps",
                   (int)recipe->optimizer);
}

/* What the solver reads is checked there; everything else must be off. */
static int check_lbfgs(const nn_recipe *recipe, const nn_network *network, fb_error *err)
{
    if (network->layer_count != 1)
        return fb_fail(err, FB_EINVAL, "L-BFGS trains the network \"linear\", a dense layer alone, "
                       "but this network has %zu layers: choose another optimizer",
                       network->layer_count);
    if (recipe->momentum != 0.0 || recipe->nesterov || recipe->weight_decay != 0.0 ||
        recipe->clip_norm != 0.0 || recipe->schedule != NN_CONSTANT ||
        recipe->stop_accuracy != 0.0 || recipe->stop_patience > 0 || recipe->crop_padding > 0 ||
        recipe->flip)
        return fb_fail(err, FB_EINVAL, "L-BFGS solves the whole problem: momentum, weight decay, "
                       "clipping, schedules, augmentation and rules to stop have no meaning for "
                       "it, leave them out");
    return FB_OK;
}

static int check_steps(const nn_recipe *recipe, fb_error *err)
{
    if (!above_zero(recipe->learning_rate))
        return fb_fail(err, FB_EINVAL, "a learning rate must be above 0, not %g",
                       recipe->learning_rate);
    if (!zero_or_above(recipe->weight_decay))
        return fb_fail(err, FB_EINVAL, "weight decay must not be below 0, but is %g",
                       recipe->weight_decay);
    if (!zero_or_above(recipe->clip_norm))
        return fb_fail(err, FB_EINVAL, "the norm to which gradients are clipped must be above 0, "
                       "or 0 for no clipping, not %g", recipe->clip_norm);
    if (recipe->batch == 0 || recipe->epochs == 0)
        return fb_fail(err, FB_EINVAL, "a training needs a batch and epochs of at least 1, not "
                       "%zu and %zu", recipe->batch, recipe->epochs);
    return FB_OK;
}

static int check_schedule(const nn_recipe *recipe, fb_error *err)
{
    switch (recipe->schedule) {
    case NN_CONSTANT:
    case NN_COSINE:
    case NN_ONE_CYCLE:
        return FB_OK;
    case NN_STEP:
        if (recipe->step_epochs == 0)
            return fb_fail(err, FB_EINVAL, "the step schedule needs step_epochs, the number of "
                           "epochs after which the learning rate falls, of at least 1");
        if (!above_zero(recipe->step_factor))
            return fb_fail(err, FB_EINVAL, "the step schedule needs a step_factor above 0, 0.1 "
                           "for instance, not %g", recipe->step_factor);
        return FB_OK;
    }
    return fb_fail(err, FB_EINVAL, "there is no schedule number %d", (int)recipe->schedule);
}

static int check_class_weights(const nn_recipe *recipe, size_t classes, fb_error *err)
{
    if (!recipe->class_weights)
        return FB_OK;
    if (recipe->balanced)
        return fb_fail(err, FB_EINVAL, "class weights are either balanced or a list, not both");
    if (recipe->class_weight_count != classes)
        return fb_fail(err, FB_EINVAL, "there are %zu class weights for %zu classes",
                       recipe->class_weight_count, classes);
    for (size_t c = 0; c < classes; c++)
        if (!(recipe->class_weights[c] >= (double)FLT_MIN &&
              recipe->class_weights[c] <= (double)FLT_MAX))
            return fb_fail(err, FB_EINVAL, "the weight of class %zu must be above 0, not %g", c,
                           recipe->class_weights[c]);
    return FB_OK;
}

static int check_augmentation(const nn_recipe *recipe, nn_shape shape, fb_error *err)
{
    size_t side = shape.height < shape.width ? shape.height : shape.width;
    if (recipe->crop_padding >= side && recipe->crop_padding > 0)
        return fb_fail(err, FB_EINVAL, "crops after a padding of %zu could miss a sample of %zu x "
                       "%zu: the padding must be below its height and width",
                       recipe->crop_padding, shape.height, shape.width);
    if (recipe->flip && shape.width == 1)
        return fb_fail(err, FB_EINVAL, "there is nothing to flip in samples of %zu x 1: flip is "
                       "for images", shape.height);
    return FB_OK;
}

bool recipe_validates(const nn_training *training)
{
    return training->validation_source && training->validation_count > 0;
}

static int check_keep(const nn_recipe *recipe, const nn_training *training, fb_error *err)
{
    if (recipe->keep != NN_KEEP_LAST && recipe->keep != NN_KEEP_BEST_VALIDATION)
        return fb_fail(err, FB_EINVAL, "there is no way %d to keep weights", (int)recipe->keep);
    if (recipe->keep == NN_KEEP_BEST_VALIDATION && !recipe_validates(training))
        return fb_fail(err, FB_EINVAL, "keeping the best weights needs validation samples: set "
                       "some apart, or keep the last weights");
    return FB_OK;
}

static int check_stop(const nn_recipe *recipe, const nn_training *training, fb_error *err)
{
    if (!(recipe->stop_accuracy >= 0.0 && recipe->stop_accuracy <= 1.0))
        return fb_fail(err, FB_EINVAL, "the training accuracy to stop at must be above 0 and at "
                       "most 1, or 0 for no such stop, not %g", recipe->stop_accuracy);
    if (recipe->stop_patience > 0 && !recipe_validates(training))
        return fb_fail(err, FB_EINVAL, "stopping by patience needs validation samples: set some "
                       "apart, or stop by training accuracy");
    return FB_OK;
}

int recipe_check(const nn_recipe *recipe, const nn_network *network, const nn_training *training,
                 fb_error *err)
{
    int rc = check_class_weights(recipe, network->class_count, err);
    if (!rc)
        rc = check_keep(recipe, training, err);
    if (!rc && recipe->optimizer == NN_LBFGS)
        return check_lbfgs(recipe, network, err);
    if (!rc)
        rc = check_optimizer(recipe, err);
    if (!rc)
        rc = check_steps(recipe, err);
    if (!rc)
        rc = check_schedule(recipe, err);
    if (!rc)
        rc = check_augmentation(recipe, network->input_shape, err);
    if (!rc)
        rc = check_stop(recipe, training, err);
    return rc;
}

#include "optimizer.h"

#include <math.h>
#include <string.h>

#include "vector.h"

void optimizer_start(optimizer *o, const nn_recipe *recipe, nn_network *network)
{
    *o = (optimizer){.recipe = recipe, .power1 = 1.0, .power2 = 1.0};
    memset(network->first_moment, 0, network->slab_count * sizeof(float));
    memset(network->second_moment, 0, network->slab_count * sizeof(float));
}

/* In as many sums as a tensor's alignment has floats, which are added up at the end: one chain of
 * additions would wait for each of them. */
static double sum_of_squares(size_t count, const float *x)
{
    enum { SUMS = 16 };
    double sums[SUMS] = {0}, sum = 0.0;
    FB_CHECK(count % SUMS == 0);
    for (size_t i = 0; i < count; i += SUMS)
        for (size_t k = 0; k < SUMS; k++)
            sums[k] += (double)x[i + k] * (double)x[i + k];
    for (size_t k = 0; k < SUMS; k++)
        sum += sums[k];
    return sum;
}

void optimizer_clip(nn_network *network, double limit)
{
    double norm = sqrt(sum_of_squares(network->slab_count, network->gradient));
    double scale = limit / (norm + 1e-6);
    if (scale < 1.0)
        vector_scale(network->slab_count, (float)scale, network->gradient);
}

static void advance_adam(optimizer *o, double learning_rate)
{
    const nn_recipe *recipe = o->recipe;
    bool decoupled = recipe->optimizer == NN_ADAMW;
    o->power1 *= recipe->beta1;
    o->power2 *= recipe->beta2;
    double root = sqrt(1.0 - o->power2);
    o->step.adam = (kernels_adam_step){
        .learning_rate = (float)(learning_rate * root / (1.0 - o->power1)),
        .beta1 = recipe->beta1,
        .beta2 = recipe->beta2,
        .epsilon = (float)(recipe->epsilon * root),
        .decay = decoupled ? 0.0f : (float)recipe->weight_decay,
        .shrink = decoupled ? (float)(learning_rate * recipe->weight_decay) : 0.0f,
    };
}

void optimizer_advance(optimizer *o, double learning_rate)
{
    const nn_recipe *recipe = o->recipe;
    switch (recipe->optimizer) {
    case NN_ADAM:
    case NN_ADAMW:
        advance_adam(o, learning_rate);
        return;
    case NN_SGD:
        o->step.sgd = (kernels_sgd_step){
            .learning_rate = (float)learning_rate,
            .momentum = (float)recipe->momentum,
            .decay = (float)recipe->weight_decay,
            .nesterov = recipe->nesterov,
        };
        return;
    case NN_RMSPROP:
        o->step.rmsprop = (kernels_rmsprop_step){
            .learning_rate = (float)learning_rate,
            .rho = recipe->rho,
            .epsilon = (float)recipe->epsilon,
            .decay = (float)recipe->weight_decay,
        };
        return;
    case NN_LBFGS:
        break;
    }
    FB_CHECK(false && "an optimizer that goes by steps");
}

void optimizer_update_along(const optimizer *o, nn_network *network, size_t offset, size_t count,
                            const float *gradient)
{
    float *weights = network->parameters + offset;
    float *first = network->first_moment + offset, *second = network->second_moment + offset;
    FB_CHECK(offset <= network->slab_count && count <= network->slab_count - offset);
    switch (o->recipe->optimizer) {
    case NN_ADAM:
    case NN_ADAMW:
        kernels_adam(count, &o->step.adam, gradient, weights, first, second);
        return;
    case NN_SGD:
        kernels_sgd(count, &o->step.sgd, gradient, weights, first);
        return;
    case NN_RMSPROP:
        kernels_rmsprop(count, &o->step.rmsprop, gradient, weights, second);
        return;
    case NN_LBFGS:
        break;
    }
    FB_CHECK(false && "an optimizer that goes by steps");
}

void optimizer_update(const optimizer *o, nn_network *network, size_t offset, size_t count)
{
    optimizer_update_along(o, network, offset, count, network->gradient + offset);
}

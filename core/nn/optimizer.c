#include "optimizer.h"

#include <math.h>
#include <string.h>

void optimizer_start(optimizer *o, const nn_recipe *recipe, nn_network *network)
{
    *o = (optimizer){.recipe = recipe, .power1 = 1.0, .power2 = 1.0};
    memset(network->first_moment, 0, network->slab_count * sizeof(float));
    memset(network->second_moment, 0, network->slab_count * sizeof(float));
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
    FB_CHECK(!"an optimizer that goes by steps");
}

void optimizer_update(const optimizer *o, nn_network *network, size_t offset, size_t count)
{
    const float *gradient = network->gradient + offset;
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
    FB_CHECK(!"an optimizer that goes by steps");
}

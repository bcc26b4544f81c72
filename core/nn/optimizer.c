#include "optimizer.h"

#include <math.h>
#include <string.h>

void adam_start(adam *state, const nn_recipe *recipe, nn_network *network)
{
    *state = (adam){.learning_rate = recipe->learning_rate,
                    .beta1 = recipe->beta1,
                    .beta2 = recipe->beta2,
                    .epsilon = recipe->epsilon,
                    .power1 = 1.0,
                    .power2 = 1.0};
    memset(network->first_moment, 0, network->slab_count * sizeof(float));
    memset(network->second_moment, 0, network->slab_count * sizeof(float));
}

void adam_step(adam *state, nn_network *network)
{
    state->power1 *= state->beta1;
    state->power2 *= state->beta2;
    double root = sqrt(1.0 - state->power2);
    kernels_adam_step step = {
        .learning_rate = (float)(state->learning_rate * root / (1.0 - state->power1)),
        .beta1 = (float)state->beta1,
        .beta2 = (float)state->beta2,
        .epsilon = (float)(state->epsilon * root),
    };
    kernels_adam(network->slab_count, &step, network->gradient, network->parameters,
                 network->first_moment, network->second_moment);
}

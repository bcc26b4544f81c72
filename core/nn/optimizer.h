/* optimizer.h - Adam (Kingma & Ba 2015, Algorithm 1 in the reordered form of its section 2),
 * internal to nn. */
#ifndef FB_NN_OPTIMIZER_H
#define FB_NN_OPTIMIZER_H

#include "network.h"

typedef struct adam {
    double learning_rate, beta1, beta2, epsilon;
    double power1, power2; /* beta^t, by repeated multiplication: pow differs between machines */
} adam;

/* Starts at t = 0 and clears the network's moments. */
void adam_start(adam *state, const nn_recipe *recipe, nn_network *network);

/* t = t + 1 and one step along the network's gradient. */
void adam_step(adam *state, nn_network *network);

#endif

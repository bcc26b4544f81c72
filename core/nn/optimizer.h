/* optimizer.h - the update rules: Adam (Kingma & Ba 2015, Algorithm 1 in the reordered form of its
 * section 2), AdamW (Loshchilov & Hutter 2019), SGD with momentum, RMSprop; PyTorch's formulas
 * (internal to nn).
 *
 * A training step is optimizer_clip (over all gradients, if wanted), optimizer_advance, and then
 * optimizer_update over every part of the parameters, in any order and any parts: each number is
 * updated by itself. */
#ifndef FB_NN_OPTIMIZER_H
#define FB_NN_OPTIMIZER_H

#include "network.h"

typedef struct optimizer {
    const nn_recipe *recipe;
    double power1, power2; /* beta^t, by repeated multiplication: pow differs between machines */
    union {                /* constants of the current step, by the recipe's optimizer */
        kernels_adam_step adam; /* AdamW too */
        kernels_sgd_step sgd;
        kernels_rmsprop_step rmsprop;
    } step;
} optimizer;

/* Starts at t = 0 and clears the network's moments. The recipe outlives the optimizer. */
void optimizer_start(optimizer *o, const nn_recipe *recipe, nn_network *network);

/* Scales the whole gradient so that its L2 norm is at most `limit` (above 0), as PyTorch's
 * clip_grad_norm_: by limit / (norm + 1e-6) where that is below 1. The squares are summed in double
 * in a fixed order. */
void optimizer_clip(nn_network *network, double limit);

/* t = t + 1, at this learning rate. */
void optimizer_advance(optimizer *o, double learning_rate);

/* One step of the parameters offset .. offset+count-1 of the slab along their gradient. */
void optimizer_update(const optimizer *o, nn_network *network, size_t offset, size_t count);

/* The same, where the gradient of these parameters is not the network's. */
void optimizer_update_along(const optimizer *o, nn_network *network, size_t offset, size_t count,
                            const float *gradient);

#endif

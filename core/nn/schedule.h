/* schedule.h - the learning rate over a training (internal to nn). */
#ifndef FB_NN_SCHEDULE_H
#define FB_NN_SCHEDULE_H

#include "nn.h"

/* The learning rate of a step: `epoch` of the recipe's epochs, `step` of `steps` in all of them,
 * both from 0. What PyTorch's StepLR, CosineAnnealingLR and OneCycleLR (its preset values, over all
 * steps) give, in double: no libm, so that it is the same everywhere. */
double schedule_rate(const nn_recipe *recipe, size_t epoch, uint64_t step, uint64_t steps);

#endif

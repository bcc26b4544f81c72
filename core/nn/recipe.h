/* recipe.h - whether a recipe makes sense, by itself and for a network and its samples (internal
 * to nn). */
#ifndef FB_NN_RECIPE_H
#define FB_NN_RECIPE_H

#include "network.h"

/* FB_EINVAL, with a sentence that names the member, for a recipe that contradicts itself, the
 * network or the samples: see nn_recipe. The samples themselves are not looked at. */
int recipe_check(const nn_recipe *recipe, const nn_network *network, const nn_training *training,
                 fb_error *err);

/* Whether there are samples to validate on. */
bool recipe_validates(const nn_training *training);

#endif

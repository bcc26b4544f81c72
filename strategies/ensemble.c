/* SPDX-License-Identifier: 0BSD
 *
 * ensemble: the samples for which the fewest networks of an ensemble name the class that most of
 * them name. */
#include "kit.h"

static const fb_param *const params[] = {&kit_param_members};

static int select_ensemble(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    kit_instance *self = instance;
    uint64_t members = (uint64_t)self->values[0].i;
    return kit_rank(self, round, "ensemble_probabilities", members, kit_variation_ratio,
                    KIT_LARGEST_FIRST, ret_ids);
}

static const char *const services[] = {"ensemble_probabilities", NULL};

static const fb_strategy strategy = {
    .struct_size = sizeof strategy,
    .id = "ensemble",
    .label = "Ensemble",
    .algo_version = 1,
    .needs = FB_NEEDS_ENSEMBLE,
    .rule = "The largest share of networks, trained alike from other weights in another order, "
            "whose most probable class is not the one that most of them name.",
    .citation = "Beluch, W. H., Genewein, T., Nurnberger, A., & Kohler, J. M. (2018). The power of "
                "ensembles for active learning in image classification. CVPR, 9368-9377.",
    .deviations = "Among equal shares, which are many, the larger entropy of the mean prediction "
                  "comes first: the score is the share, and on top of it that entropy, scaled to "
                  "at most half of 1 / members. The accuracy that is reported is that of one of "
                  "the networks, as for every other strategy, and not the ensemble's.",
    .params = params,
    .param_count = 1,
    .score_name = "variation ratio",
    .create = kit_create,
    .select = select_ensemble,
    .scores = kit_scores,
    .destroy = kit_destroy,
    .services = services,
};

FB_PLUGIN_ONE(strategy);

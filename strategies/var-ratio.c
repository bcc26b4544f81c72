/* SPDX-License-Identifier: 0BSD
 *
 * var-ratio: the samples for which the fewest dropout passes name the class that most of them
 * name. */
#include "kit.h"

static const fb_param *const params[] = {&kit_param_passes};

static int select_var_ratio(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    kit_instance *self = instance;
    uint64_t passes = (uint64_t)self->values[0].i;
    return kit_rank(self, round, "mc_probabilities", passes, kit_variation_ratio,
                    KIT_LARGEST_FIRST, ret_ids);
}

static const char *const services[] = {"mc_probabilities", NULL};

static const fb_strategy strategy = {
    .struct_size = sizeof strategy,
    .id = "var-ratio",
    .label = "Variation ratio",
    .algo_version = 1,
    .needs = FB_NEEDS_DROPOUT,
    .rule = "The largest share of dropout passes whose most probable class is not the one that "
            "most passes name.",
    .citation = "Freeman, L. C. (1965). Elementary applied statistics. Wiley. Gal, Y., Islam, R., "
                "& Ghahramani, Z. (2017). Deep Bayesian active learning with image data. ICML, "
                "1183-1192.",
    .deviations = "Among equal shares, which are many, the larger entropy of the mean prediction "
                  "comes first: the score is the share, and on top of it that entropy, scaled to "
                  "at most half of 1 / passes. In a pass all samples share one dropout mask, and "
                  "batch normalisation works as in evaluation.",
    .params = params,
    .param_count = 1,
    .score_name = "variation ratio",
    .create = kit_create,
    .select = select_var_ratio,
    .scores = kit_scores,
    .destroy = kit_destroy,
    .services = services,
};

FB_PLUGIN_ONE(strategy);

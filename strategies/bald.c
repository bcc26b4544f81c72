/* SPDX-License-Identifier: 0BSD
 *
 * bald: the samples on whose label dropout passes disagree, each of them being sure of its own. */
#include "kit.h"

static const fb_param *const params[] = {&kit_param_passes};

static int select_bald(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    kit_instance *self = instance;
    uint64_t passes = (uint64_t)self->values[0].i;
    return kit_rank(self, round, "mc_probabilities", passes, kit_mutual_information,
                    KIT_LARGEST_FIRST, ret_ids);
}

static const char *const services[] = {"mc_probabilities", NULL};

static const fb_strategy strategy = {
    .struct_size = sizeof strategy,
    .id = "bald",
    .label = "BALD",
    .algo_version = 1,
    .needs = FB_NEEDS_DROPOUT,
    .rule = "The largest mutual information between label and network, over dropout passes: the "
            "entropy of the mean prediction less the mean entropy of the predictions, in nats.",
    .citation = "Houlsby, N., Huszar, F., Ghahramani, Z., & Lengyel, M. (2011). Bayesian active "
                "learning for classification and preference learning. arXiv:1112.5745. Gal, Y., "
                "Islam, R., & Ghahramani, Z. (2017). Deep Bayesian active learning with image "
                "data. ICML, 1183-1192.",
    .deviations = "In a pass all samples share one dropout mask, and batch normalisation works as "
                  "in evaluation.",
    .params = params,
    .param_count = 1,
    .score_name = "mutual information",
    .create = kit_create,
    .select = select_bald,
    .scores = kit_scores,
    .destroy = kit_destroy,
    .services = services,
};

FB_PLUGIN_ONE(strategy);

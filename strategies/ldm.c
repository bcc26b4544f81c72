/* SPDX-License-Identifier: 0BSD
 *
 * ldm: the samples of the smallest least disagree metric, whatever they have in common. */
#include "ldm/instance.h"

static int select_ldm(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    ldm_instance *self = instance;
    int rc = ldm_score(self, round);
    if (rc != FB_PLUGIN_OK)
        return rc;
    return kit_select_top(self->kit.host, round, self->kit.scores, KIT_SMALLEST_FIRST,
                          ret_ids);
}

static const fb_strategy strategy = {
    .struct_size = sizeof strategy,
    .id = "ldm",
    .label = "LDM",
    .algo_version = 1,
    .rule = "The smallest least disagree metric: the share of inputs on which the predictor must "
            "change its mind before it does so on the sample.",
    .citation = "Cho, S. J., Kim, G., Lee, J., Shin, J., & Yoo, C. D. (2024). Querying easily "
                "flip-flopped samples for deep active learning. ICLR. arXiv:2401.09787",
    .deviations = "Ties go to the smaller sample id; a sub-pool of more than 20000 samples ends "
                  "each noise scale after 400 draws (max_draws_per_scale).",
    .params = ldm_params,
    .param_count = LDM_PARAM_COUNT,
    .score_name = "ldm",
    .score_ascending = 1,
    .create = ldm_create,
    .select = select_ldm,
    .scores = kit_scores,
    .destroy = kit_destroy,
    .services = ldm_services,
};

FB_PLUGIN_ONE(strategy);

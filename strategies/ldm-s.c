/* SPDX-License-Identifier: 0BSD
 *
 * ldm-s: samples of a small least disagree metric that lie apart (LDM-Seeding). */
#include "ldm/instance.h"
#include "ldm/seeding.h"

static int select_ldm_s(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    ldm_instance *self = instance;
    const fb_host *host = self->kit.host;
    kit_matrix embeddings;
    int rc = ldm_score(self, round);
    if (rc == FB_PLUGIN_OK)
        rc = kit_get_matrix(host, "embeddings", 0, &embeddings);
    if (rc == FB_PLUGIN_OK)
        rc = ldm_seed(host, &embeddings, self->kit.scores, round->batch, ret_ids);
    if (rc == FB_PLUGIN_OK)
        kit_rows_to_ids(round, ret_ids);
    return rc;
}

static const fb_strategy strategy = {
    .struct_size = sizeof strategy,
    .id = "ldm-s",
    .label = "LDM-S",
    .algo_version = 1,
    .rule = "LDM-Seeding: the smallest least disagree metric first, then draws in proportion to "
            "the squared product of a weight that decays with it and the cosine distance to those "
            "chosen.",
    .citation = "Cho, S. J., Kim, G., Lee, J., Shin, J., & Yoo, C. D. (2024). Querying easily "
                "flip-flopped samples for deep active learning. ICLR. arXiv:2401.09787",
    .deviations = "Ties go to the smaller sample id; when every distance is 0, draws are in "
                  "proportion to the weight alone; a sub-pool of more than 20000 samples ends each "
                  "noise scale after 400 draws (max_draws_per_scale).",
    .params = ldm_params,
    .param_count = LDM_PARAM_COUNT,
    .score_name = "ldm",
    .score_ascending = 1,
    .create = ldm_create,
    .select = select_ldm_s,
    .scores = kit_scores,
    .destroy = kit_destroy,
    .services = ldm_services,
};

FB_PLUGIN_ONE(strategy);

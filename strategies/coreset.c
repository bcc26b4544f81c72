/* SPDX-License-Identifier: 0BSD
 *
 * coreset: samples that cover the sub-pool, each the farthest from all that is known. */
#include "kit.h"

static const fb_param *const params[] = {&kit_param_representation};

static int select_coreset(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    const kit_instance *self = instance;
    const fb_host *host = self->host;
    kit_matrix pool, labeled;
    kit_points candidates, given;
    int rc = kit_get_representations(host, round, self->values[0].s, &pool, &labeled);
    if (rc == FB_PLUGIN_OK)
        rc = kit_points_make(host, "the sub-pool", &pool, NULL, &candidates);
    if (rc == FB_PLUGIN_OK)
        rc = kit_points_make(host, "the labelled samples", &labeled, NULL, &given);
    if (rc == FB_PLUGIN_OK)
        rc = kit_k_centre(host, &candidates, &given, round->batch, ret_ids);
    if (rc == FB_PLUGIN_OK)
        kit_rows_to_ids(round, ret_ids);
    return rc;
}

static const char *const services[] = {"representation", "labeled_representation", NULL};

static const fb_strategy strategy = {
    .struct_size = sizeof strategy,
    .id = "coreset",
    .label = "Coreset",
    .algo_version = 1,
    .rule = "K-centre greedy (not the core-set MIP): each next sample is the one whose nearest "
            "labelled or chosen sample is the farthest, in Euclidean distance.",
    .citation = "Sener, O., & Savarese, S. (2018). Active learning for convolutional neural "
                "networks: a core-set approach. ICLR. arXiv:1708.00489",
    .deviations = "This is the greedy algorithm that the paper starts from, not its mixed-integer "
                  "program, which refines it and tolerates outliers; when nothing is labelled the "
                  "first choice is the smallest sample id; ties go to the smaller sample id.",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .create = kit_create,
    .select = select_coreset,
    .destroy = kit_destroy,
    .services = services,
};

FB_PLUGIN_ONE(strategy);

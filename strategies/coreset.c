/* SPDX-License-Identifier: 0BSD
 *
 * coreset: samples that cover the sub-pool, each the farthest from all that is known. */
#include "kit.h"

typedef struct coreset {
    const fb_host *host;
    const char *representation;
} coreset;

static const fb_param *const params[] = {&kit_param_representation};

static int create(const fb_host *host, const fb_value *values, void **ret_instance)
{
    coreset *self = host->alloc(host, 1, sizeof *self);
    if (!self)
        return kit_fail_memory(host, "an instance");
    *self = (coreset){host, values[0].s};
    *ret_instance = self;
    return FB_PLUGIN_OK;
}

static int select_coreset(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    const coreset *self = instance;
    const fb_host *host = self->host;
    kit_matrix pool, labeled;
    kit_points candidates, given;
    int rc = kit_get_representations(host, round, self->representation, &pool, &labeled);
    if (rc == FB_PLUGIN_OK)
        rc = kit_points_make(host, "the sub-pool", &pool, NULL, &candidates);
    if (rc == FB_PLUGIN_OK)
        rc = kit_points_make(host, "the labelled samples", &labeled, NULL, &given);
    if (rc == FB_PLUGIN_OK)
        rc = kit_k_centre(host, &candidates, &given, round->batch, ret_ids);
    for (size_t i = 0; rc == FB_PLUGIN_OK && i < round->batch; i++)
        ret_ids[i] = round->pool_ids[ret_ids[i]];
    return rc;
}

static void destroy(void *instance)
{
    (void)instance; /* all memory is the host's */
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
    .create = create,
    .select = select_coreset,
    .destroy = destroy,
    .services = services,
};

FB_PLUGIN_ONE(strategy);

/* SPDX-License-Identifier: 0BSD */
#include "instance.h"

const char *const ldm_services[] = {
    "embeddings",         "head_weights", "head_bias", "reference_embeddings",
    "labeled_embeddings", "labels",       NULL,
};

int ldm_create(const fb_host *host, const fb_value *values, void **ret_instance)
{
    ldm_instance *self = host->alloc(host, 1, sizeof *self);
    if (!self)
        return kit_fail_memory(host, "an instance");
    self->kit = (kit_instance){.host = host, .values = values};
    int rc = ldm_options_read(host, values, &self->options);
    if (rc == FB_PLUGIN_OK)
        *ret_instance = self;
    return rc;
}

int ldm_score(ldm_instance *self, const fb_round *round)
{
    int rc = kit_scores_alloc(&self->kit, round);
    if (rc != FB_PLUGIN_OK)
        return rc;
    return ldm_estimate(self->kit.host, round, &self->options, self->kit.scores);
}

/* SPDX-License-Identifier: 0BSD */
#include <string.h>

#include "kit.h"

int kit_create(const fb_host *host, const fb_value *values, void **ret_instance)
{
    kit_instance *self = host->alloc(host, 1, sizeof *self);
    if (!self)
        return kit_fail_memory(host, "an instance");
    *self = (kit_instance){.host = host, .values = values};
    *ret_instance = self;
    return FB_PLUGIN_OK;
}

int kit_scores_alloc(kit_instance *self, const fb_round *round)
{
    self->scores = self->host->alloc(self->host, round->pool_count, sizeof *self->scores);
    return self->scores ? FB_PLUGIN_OK : kit_fail_memory(self->host, "scores");
}

int kit_scores(void *instance, const fb_round *round, double *ret_scores)
{
    const kit_instance *self = instance;
    memcpy(ret_scores, self->scores, round->pool_count * sizeof *ret_scores);
    return FB_PLUGIN_OK;
}

void kit_destroy(void *instance)
{
    (void)instance; /* all memory is the host's */
}

void kit_rows_to_ids(const fb_round *round, uint32_t *rows)
{
    for (size_t i = 0; i < round->batch; i++)
        rows[i] = round->pool_ids[rows[i]];
}

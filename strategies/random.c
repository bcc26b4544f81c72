/* SPDX-License-Identifier: 0BSD
 *
 * random: the baseline. Each sample gets a uniform number of its own; the smallest ones are taken,
 * which is a draw without replacement. */
#include "kit.h"

static int select_random(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    kit_instance *self = instance;
    int rc = kit_scores_alloc(self, round);
    if (rc != FB_PLUGIN_OK)
        return rc;
    self->host->random_uniform(self->host, 0, 0, 0, round->pool_count, self->scores);
    return kit_select_top(self->host, round, self->scores, KIT_SMALLEST_FIRST, ret_ids);
}

static const char *const services[] = {NULL};

static const fb_strategy strategy = {
    .struct_size = sizeof strategy,
    .id = "random",
    .label = "Random",
    .algo_version = 1,
    .rule = "A batch of the sub-pool drawn uniformly without replacement.",
    .citation = "-",
    .create = kit_create,
    .select = select_random,
    .destroy = kit_destroy,
    .services = services,
};

FB_PLUGIN_ONE(strategy);

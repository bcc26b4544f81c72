/* Rewrites the list of what it may choose, so that it gets the same samples in every round. */
#include "working.h"

static int select_wrong(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    uint32_t *ids = (uint32_t *)(uintptr_t)round->pool_ids;
    for (uint32_t i = 0; i < round->pool_count; i++)
        ids[i] = i;
    return working_select(instance, round, ret_ids);
}

static const fb_strategy strategy = {
    WORKING("cheat"),
    .select = select_wrong,
};

FB_PLUGIN_ONE(strategy);

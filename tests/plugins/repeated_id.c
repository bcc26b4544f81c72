/* Chooses its first sample a second time. */
#include "working.h"

static int select_wrong(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    working_select(instance, round, ret_ids);
    ret_ids[round->batch - 1] = ret_ids[0];
    return FB_PLUGIN_OK;
}

static const fb_strategy strategy = {
    WORKING("repeated-id"),
    .select = select_wrong,
};

FB_PLUGIN_ONE(strategy);

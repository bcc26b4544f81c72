/* Chooses a sample that is not in the sub-pool. */
#include "working.h"

static int select_wrong(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    working_select(instance, round, ret_ids);
    ret_ids[0] = round->pool_ids[round->pool_count - 1] + 1;
    return FB_PLUGIN_OK;
}

static const fb_strategy strategy = {
    WORKING("out-of-range"),
    .select = select_wrong,
};

FB_PLUGIN_ONE(strategy);

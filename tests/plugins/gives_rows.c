/* Gives rows of the sub-pool where sample ids are wanted. */
#include "working.h"

static int select_wrong(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    (void)instance;
    for (size_t i = 0; i < round->batch; i++)
        ret_ids[i] = (uint32_t)i;
    return FB_PLUGIN_OK;
}

static const fb_strategy strategy = {
    WORKING("gives-rows"),
    .select = select_wrong,
};

FB_PLUGIN_ONE(strategy);

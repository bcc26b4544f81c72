/* Returns a positive number where only 0 and negative ones mean something. */
#include "working.h"

static int select_wrong(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    working_select(instance, round, ret_ids);
    return 1;
}

static const fb_strategy strategy = {
    WORKING("positive-return"),
    .select = select_wrong,
};

FB_PLUGIN_ONE(strategy);

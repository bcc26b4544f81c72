/* Fails without a reason. */
#include "working.h"

static int select_wrong(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    (void)instance;
    (void)round;
    (void)ret_ids;
    return FB_PLUGIN_EINVAL;
}

static const fb_strategy strategy = {
    WORKING("no-reason"),
    .select = select_wrong,
};

FB_PLUGIN_ONE(strategy);

/* Writes one sample less than it was asked for. */
#include "working.h"

static int select_wrong(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    fb_round fewer = *round;
    fewer.batch--;
    return working_select(instance, &fewer, ret_ids);
}

static const fb_strategy strategy = {
    WORKING("too-few"),
    .select = select_wrong,
};

FB_PLUGIN_ONE(strategy);

/* Changes the rounding mode in select. */
#include <fenv.h>

#include "working.h"

static int select_wrong(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    fesetround(FE_UPWARD);
    return working_select(instance, round, ret_ids);
}

static const fb_strategy strategy = {
    WORKING("rounding"),
    .select = select_wrong,
};

FB_PLUGIN_ONE(strategy);

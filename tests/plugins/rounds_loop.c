/* Changes the rounding mode in the body of a loop, on whichever thread that is. */
#include <fenv.h>

#include "working.h"

static void round_up(void *argument, size_t first, size_t count)
{
    (void)argument;
    (void)count;
    if (first > 0) /* not when the whole loop is one piece, on the host's own thread */
        fesetround(FE_UPWARD);
}

static int select_wrong(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    const fb_host *host = instance;
    host->parallel_for(host, round->pool_count, 1, round_up, NULL);
    return working_select(instance, round, ret_ids);
}

static const fb_strategy strategy = {
    WORKING("rounds-loop"),
    .select = select_wrong,
};

FB_PLUGIN_ONE(strategy);

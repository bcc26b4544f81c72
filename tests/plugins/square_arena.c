/* Takes a byte for each pair of samples from the host. */
#include "working.h"

static int select_wrong(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    const fb_host *host = instance;
    if (!host->alloc(host, round->pool_count, round->pool_count))
        return host->fail(host, FB_PLUGIN_ENOMEM, "no memory for pairs");
    return working_select(instance, round, ret_ids);
}

static const fb_strategy strategy = {
    WORKING("square-arena"),
    .select = select_wrong,
};

FB_PLUGIN_ONE(strategy);

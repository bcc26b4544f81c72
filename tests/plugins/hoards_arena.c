/* Takes 10 GB from the host for one selection. */
#include "working.h"

static int select_wrong(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    const fb_host *host = instance;
    if (!host->alloc(host, 10, (size_t)1000 * 1000 * 1000))
        return host->fail(host, FB_PLUGIN_ENOMEM, "no 10 GB to be had");
    return working_select(instance, round, ret_ids);
}

static const fb_strategy strategy = {
    WORKING("hoards-arena"),
    .select = select_wrong,
};

FB_PLUGIN_ONE(strategy);

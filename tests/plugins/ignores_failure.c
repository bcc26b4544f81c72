/* Selects although the host refused a service. */
#include "working.h"

static int select_wrong(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    const fb_host *host = instance;
    const fb_request request = {sizeof request, "embeddings", 0, NULL};
    fb_array x = {0};
    (void)host->get(host, &request, &x);
    return working_select(instance, round, ret_ids);
}

static const fb_strategy strategy = {
    WORKING("ignores-failure"),
    .select = select_wrong,
};

FB_PLUGIN_ONE(strategy);

/* Writes to a service's array, and puts back what was there: only a read-only page tells. */
#include "working.h"

static int select_wrong(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    const fb_host *host = instance;
    const fb_request request = {sizeof request, "embeddings", 0, NULL};
    fb_array x = {0};
    int rc = host->get(host, &request, &x);
    if (rc)
        return rc;
    volatile float *number = (float *)(uintptr_t)x.data;
    float kept = *number;
    *number = 0;
    *number = kept;
    return working_select(instance, round, ret_ids);
}

static const fb_strategy strategy = {
    WORKING("restores-inputs"),
    .select = select_wrong,
};

FB_PLUGIN_ONE(strategy);

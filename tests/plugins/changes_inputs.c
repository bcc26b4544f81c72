/* Writes to a service's array, which is the host's. */
#include "working.h"

static int select_wrong(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    const fb_host *host = instance;
    const fb_request request = {sizeof request, "probabilities", 0, NULL};
    fb_array p = {0};
    int rc = host->get(host, &request, &p);
    if (rc)
        return rc;
    float *numbers = (float *)(uintptr_t)p.data;
    numbers[0] = 1 - numbers[0];
    return working_select(instance, round, ret_ids);
}

static const fb_strategy strategy = {
    WORKING("changes-inputs"),
    .select = select_wrong,
};

FB_PLUGIN_ONE(strategy);

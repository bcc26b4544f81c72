/* Chooses a sample that has a label already. */
#include "working.h"

static int select_wrong(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    const fb_host *host = instance;
    const fb_request request = {sizeof request, "labeled_ids", 0, NULL};
    fb_array ids = {0};
    int rc = host->get(host, &request, &ids);
    if (rc)
        return rc;
    working_select(instance, round, ret_ids);
    if (round->labeled_count > 0)
        ret_ids[0] = ((const uint32_t *)ids.data)[0];
    return FB_PLUGIN_OK;
}

static const fb_strategy strategy = {
    WORKING("labeled-id"),
    .select = select_wrong,
};

FB_PLUGIN_ONE(strategy);

/* Changes its answer in destroy, when the host has checked it: to a sample that has a label. */
#include "working.h"

static uint32_t *g_answer, g_labeled;

static int select_wrong(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    const fb_host *host = instance;
    const fb_request request = {sizeof request, "labeled_ids", 0, NULL};
    fb_array ids = {0};
    int rc = host->get(host, &request, &ids);
    if (rc)
        return rc;
    g_answer = ret_ids;
    g_labeled = round->labeled_count ? ((const uint32_t *)ids.data)[0] : 0;
    return working_select(instance, round, ret_ids);
}

static void destroy_wrong(void *instance)
{
    working_destroy(instance);
    if (g_answer)
        g_answer[0] = g_labeled;
    g_answer = NULL;
}

static const fb_strategy strategy = {
    WORKING("changes-answer"),
    .select = select_wrong,
    .destroy = destroy_wrong,
};

FB_PLUGIN_ONE(strategy);

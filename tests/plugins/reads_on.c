/* Reads on behind the labels that it was given, into those that nobody has bought. */
#include "working.h"

static int select_wrong(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    const fb_host *host = instance;
    const fb_request request = {sizeof request, "labels", 0, NULL};
    fb_array labels = {0};
    int rc = host->get(host, &request, &labels);
    if (rc)
        return rc;
    const volatile uint32_t *hidden = (const uint32_t *)labels.data + round->labeled_count;
    size_t first = 0;
    for (size_t i = 0; i < round->pool_count && i < 12; i++) /* no more than a page has */
        first = 3 * first + hidden[i];
    for (size_t i = 0; i < round->batch; i++)
        ret_ids[i] = round->pool_ids[(first + i) % round->pool_count];
    return FB_PLUGIN_OK;
}

static const fb_strategy strategy = {
    WORKING("reads-on"),
    .select = select_wrong,
};

FB_PLUGIN_ONE(strategy);

/* Divides by the number of labelled samples: a crash where there are none. */
#include "working.h"

static int select_wrong(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    volatile size_t labeled = round->labeled_count;
    size_t first = round->pool_count / labeled;
    (void)instance;
    for (size_t i = 0; i < round->batch; i++)
        ret_ids[i] = round->pool_ids[(first + i) % round->pool_count];
    return FB_PLUGIN_OK;
}

static const fb_strategy strategy = {
    WORKING("divides-labels"),
    .select = select_wrong,
};

FB_PLUGIN_ONE(strategy);

/* Draws from rand(), whose numbers are others each time. */
#include <stdlib.h>

#include "working.h"

static int select_wrong(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    (void)instance;
    size_t first = (size_t)rand() % round->pool_count;
    for (size_t i = 0; i < round->batch; i++)
        ret_ids[i] = round->pool_ids[(first + i) % round->pool_count];
    return FB_PLUGIN_OK;
}

static const fb_strategy strategy = {
    WORKING("draws-rand"),
    .select = select_wrong,
};

FB_PLUGIN_ONE(strategy);

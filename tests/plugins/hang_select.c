/* Never comes back from select. */
#include "working.h"

static int select_wrong(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    for (volatile int forever = 1; forever;)
        continue;
    return working_select(instance, round, ret_ids);
}

static const fb_strategy strategy = {
    WORKING("hang-select"),
    .select = select_wrong,
};

FB_PLUGIN_ONE(strategy);

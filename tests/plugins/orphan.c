/* Leaves a child behind that holds whatever the cell's process had open, for ever. */
#include <unistd.h>

#include "working.h"

static int select_wrong(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    if (fork() == 0)
        for (;;)
            pause();
    return working_select(instance, round, ret_ids);
}

static const fb_strategy strategy = {
    WORKING("orphan"),
    .select = select_wrong,
};

FB_PLUGIN_ONE(strategy);

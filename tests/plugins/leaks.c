/* Keeps 100 bytes of each selection for ever. */
#include <stdlib.h>

#include "working.h"

static volatile char *g_kept;

static int select_wrong(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    g_kept = malloc(100);
    if (!g_kept)
        return FB_PLUGIN_ENOMEM;
    g_kept[0] = 1;
    return working_select(instance, round, ret_ids);
}

static const fb_strategy strategy = {
    WORKING("leaks"),
    .select = select_wrong,
};

FB_PLUGIN_ONE(strategy);

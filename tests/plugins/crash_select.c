/* Crashes in select. */
#include <signal.h>

#include "working.h"

static int select_wrong(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    raise(SIGSEGV);
    return working_select(instance, round, ret_ids);
}

static const fb_strategy strategy = {
    WORKING("crash-select"),
    .select = select_wrong,
};

FB_PLUGIN_ONE(strategy);

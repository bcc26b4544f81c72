/* Crashes in create. */
#include <signal.h>

#include "working.h"

static int create_wrong(const fb_host *host, const fb_value *values, void **ret_instance)
{
    raise(SIGSEGV);
    return working_create(host, values, ret_instance);
}

static const fb_strategy strategy = {
    WORKING("crash-create"),
    .create = create_wrong,
};

FB_PLUGIN_ONE(strategy);

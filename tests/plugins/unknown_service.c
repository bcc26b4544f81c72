/* Asks for a service that does not exist. */
#include "working.h"

static int select_wrong(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    const fb_host *host = instance;
    fb_request request = {.struct_size = sizeof request, .name = "horoscope"};
    fb_array array = {.struct_size = sizeof array};
    int rc = host->get(host, &request, &array);
    return rc ? rc : working_select(instance, round, ret_ids);
}

static const fb_strategy strategy = {
    WORKING("unknown-service"),
    .select = select_wrong,
};

FB_PLUGIN_ONE(strategy);

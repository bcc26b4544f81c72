/* Asks for a service that it does not declare. */
#include "working.h"

static int select_wrong(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    const fb_host *host = instance;
    fb_request request = {.struct_size = sizeof request, .name = "labels"};
    fb_array array = {.struct_size = sizeof array};
    int rc = host->get(host, &request, &array);
    return rc ? rc : working_select(instance, round, ret_ids);
}

static const char *const services[] = {"probabilities", NULL};
static const fb_strategy strategy = {
    WORKING("undeclared-service"),
    .select = select_wrong,
    .services = services,
};

FB_PLUGIN_ONE(strategy);

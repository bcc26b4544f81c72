/* Its create crashes at the upper end of a parameter's range. */
#include <signal.h>

#include "working.h"

static const fb_param count = {
    .struct_size = sizeof count,
    .name = "count",
    .type = FB_PARAM_INT,
    .preset.i = 1,
    .minimum.i = 0,
    .maximum.i = 1000,
    .help = "A number.",
};
static const fb_param *const params[] = {&count};

static int create_wrong(const fb_host *host, const fb_value *values, void **ret_instance)
{
    if (values[0].i == 1000)
        raise(SIGSEGV);
    return working_create(host, values, ret_instance);
}

static const fb_strategy strategy = {
    WORKING("crash-extreme"),
    .params = params,
    .param_count = 1,
    .create = create_wrong,
};

FB_PLUGIN_ONE(strategy);

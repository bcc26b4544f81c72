/* A parameter's preset lies outside its own range. */
#include "working.h"

static const fb_param count = {
    .struct_size = sizeof count,
    .name = "count",
    .type = FB_PARAM_INT,
    .preset.i = 11,
    .minimum.i = 1,
    .maximum.i = 10,
    .help = "A number.",
};
static const fb_param *const params[] = {&count};

static const fb_strategy strategy = {
    WORKING("bad-preset"),
    .params = params,
    .param_count = 1,
};

FB_PLUGIN_ONE(strategy);

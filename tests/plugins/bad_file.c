/* Has a parameter with the name of a file's path that is a number. */
#include "working.h"

static const fb_param file = {
    .struct_size = sizeof file,
    .name = "list_file",
    .type = FB_PARAM_INT,
    .preset.i = 1,
    .minimum.i = 1,
    .maximum.i = 2,
    .help = "A number.",
};
static const fb_param *const params[] = {&file};

static const fb_strategy strategy = {
    WORKING("bad-file"),
    .params = params,
    .param_count = 1,
};

FB_PLUGIN_ONE(strategy);

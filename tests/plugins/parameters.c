/* Nothing is broken: has a parameter of each type and records what it is given. */
#include <string.h>

#include "working.h"

static const fb_param count = {
    .struct_size = sizeof count,
    .name = "count",
    .type = FB_PARAM_INT,
    .preset.i = 3,
    .minimum.i = -5,
    .maximum.i = 10,
    .help = "A number.",
};
static const fb_param share = {
    .struct_size = sizeof share,
    .name = "share",
    .type = FB_PARAM_FLOAT,
    .preset.f = 0.1,
    .minimum.f = 0,
    .maximum.f = 1,
    .help = "A share.",
};
static const fb_param quick = {
    .struct_size = sizeof quick,
    .name = "quick",
    .type = FB_PARAM_BOOL,
    .preset.i = 1,
    .help = "Whether to hurry.",
};
static const char *const shapes[] = {"ball", "box", NULL};
static const fb_param shape = {
    .struct_size = sizeof shape,
    .name = "shape",
    .type = FB_PARAM_TEXT,
    .preset.s = "ball",
    .choices = shapes,
    .help = "A shape.",
};
static const fb_param *const params[] = {&count, &share, &quick, &shape};

static int create_recording(const fb_host *host, const fb_value *values, void **ret_instance)
{
    host->record(host, "count", (double)values[0].i);
    host->record(host, "share", values[1].f);
    host->record(host, "quick", (double)values[2].i);
    host->record(host, "shape is box", strcmp(values[3].s, "box") == 0);
    return working_create(host, values, ret_instance);
}

static const fb_strategy strategy = {
    WORKING("parameters"),
    .params = params,
    .param_count = 4,
    .create = create_recording,
};

FB_PLUGIN_ONE(strategy);

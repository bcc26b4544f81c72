/* Nothing is broken: asks for one service, which parameters name, and records its shape and its
 * first and last number. */
#include <stdio.h>
#include <string.h>

#include "working.h"

static const fb_param service = {
    .struct_size = sizeof service,
    .name = "service",
    .type = FB_PARAM_TEXT,
    .preset.s = "probabilities",
    .help = "Its name.",
};
static const fb_param count = {
    .struct_size = sizeof count,
    .name = "count",
    .type = FB_PARAM_INT,
    .preset.i = 0,
    .minimum.i = 0,
    .maximum.i = 1000000,
    .help = "Its count.",
};
static const fb_param kind = {
    .struct_size = sizeof kind,
    .name = "kind",
    .type = FB_PARAM_TEXT,
    .preset.s = "none",
    .help = "Its kind.",
};
static const fb_param *const params[] = {&service, &count, &kind};

static int create_asking(const fb_host *host, const fb_value *values, void **ret_instance)
{
    const fb_request request = {sizeof request, values[0].s, (uint64_t)values[1].i,
                                strcmp(values[2].s, "none") == 0 ? NULL : values[2].s};
    fb_array array = {0};
    size_t total = 1;
    int rc = host->get(host, &request, &array);
    if (rc)
        return rc;
    for (uint32_t i = 0; i < array.ndim; i++) {
        char name[24];
        snprintf(name, sizeof name, "shape_%u", i);
        host->record(host, name, (double)array.shape[i]);
        total *= array.shape[i];
    }
    if (array.dtype == FB_FLOAT32) {
        host->record(host, "first", (double)((const float *)array.data)[0]);
        host->record(host, "last", (double)((const float *)array.data)[total - 1]);
    }
    return working_create(host, values, ret_instance);
}

static const fb_strategy strategy = {
    WORKING("ask"),
    .params = params,
    .param_count = 3,
    .create = create_asking,
};

FB_PLUGIN_ONE(strategy);

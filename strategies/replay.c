/* SPDX-License-Identifier: 0BSD
 *
 * replay: asks for what a file lists, so that recorded selections can be run again. */
#include "kit.h"
#include "replay/trace.h"

enum { FILE_NAME, SETTING, STRATEGY, PARAM_COUNT };

static const fb_param params[PARAM_COUNT] = {
    [FILE_NAME] = {
        .struct_size = sizeof(fb_param),
        .name = "file",
        .type = FB_PARAM_TEXT,
        .preset.s = "",
        .help = "What 'flipbench export --what traces' writes, or a CSV file with the header "
                "trial,round,id, in which the order of the lines is the order of the choice.",
    },
    [SETTING] = {
        .struct_size = sizeof(fb_param),
        .name = "setting",
        .type = FB_PARAM_TEXT,
        .preset.s = "",
        .help = "Which setting's traces of the file; may be left out where there is but one.",
    },
    [STRATEGY] = {
        .struct_size = sizeof(fb_param),
        .name = "strategy",
        .type = FB_PARAM_TEXT,
        .preset.s = "",
        .help = "Which strategy's traces of the file, by its label; may be left out where there is "
                "but one.",
    },
};
static const fb_param *const param_list[PARAM_COUNT] = {
    &params[FILE_NAME], &params[SETTING], &params[STRATEGY]};

static int create_replay(const fb_host *host, const fb_value *values, void **ret_instance)
{
    if (!*values[FILE_NAME].s)
        return host->fail(host, FB_PLUGIN_EINVAL,
                          "the parameter 'file' is missing: give the path of a CSV file, such as "
                          "'flipbench export DIR --what traces > FILE' writes");
    return kit_create(host, values, ret_instance);
}

static int select_replay(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    const kit_instance *self = instance;
    trace t;
    int rc = trace_read(self->host, self->values[FILE_NAME].s, &t);
    if (!rc)
        rc = trace_choose(self->host, self->values[SETTING].s, self->values[STRATEGY].s, &t);
    return rc ? rc : trace_pick(self->host, &t, round, ret_ids);
}

static const char *const services[] = {NULL};

static const fb_strategy strategy = {
    .struct_size = sizeof strategy,
    .id = "replay",
    .label = "Replay",
    .algo_version = 1,
    .rule = "The samples that a file lists for the trial and the round.",
    .citation = "-",
    .params = param_list,
    .param_count = PARAM_COUNT,
    .create = create_replay,
    .select = select_replay,
    .destroy = kit_destroy,
    .services = services,
};

FB_PLUGIN_ONE(strategy);

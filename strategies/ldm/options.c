/* SPDX-License-Identifier: 0BSD */
#include "estimate.h"

static const fb_param sigma_min_exp = {
    .struct_size = sizeof(fb_param),
    .name = "sigma_min_exp",
    .type = FB_PARAM_FLOAT,
    .preset.f = -5,
    .minimum.f = -20,
    .maximum.f = 20,
    .help = "The first noise standard deviation is ten to this power.",
};
static const fb_param sigma_max_exp = {
    .struct_size = sizeof(fb_param),
    .name = "sigma_max_exp",
    .type = FB_PARAM_FLOAT,
    .preset.f = 0,
    .minimum.f = -20,
    .maximum.f = 20,
    .help = "The last noise standard deviation is ten to this power.",
};
static const fb_param sigma_step = {
    .struct_size = sizeof(fb_param),
    .name = "sigma_step",
    .type = FB_PARAM_FLOAT,
    .preset.f = 0.1,
    .minimum.f = 0.001,
    .maximum.f = 40,
    .help = "The step of the exponent from one noise scale to the next.",
};
static const fb_param stop = {
    .struct_size = sizeof(fb_param),
    .name = "stop",
    .type = FB_PARAM_INT,
    .preset.i = 10,
    .minimum.i = 1,
    .maximum.i = 1000000,
    .help = "A scale ends after this many draws in a row that lower no sample's LDM.",
};
static const fb_param reference = {
    .struct_size = sizeof(fb_param),
    .name = "reference",
    .type = FB_PARAM_INT,
    .preset.i = 0,
    .minimum.i = 0,
    .maximum.i = 100000000,
    .help = "Reference inputs on which disagreement is measured; 0: as many as the sub-pool, at "
            "most 10000.",
};
static const fb_param draws = {
    .struct_size = sizeof(fb_param),
    .name = "draws",
    .type = FB_PARAM_INT,
    .preset.i = 0,
    .minimum.i = 0,
    .maximum.i = 1000000,
    .help = "More than 0: exactly this many draws a scale, without the stop rule.",
};
static const fb_param max_draws_per_scale = {
    .struct_size = sizeof(fb_param),
    .name = "max_draws_per_scale",
    .type = FB_PARAM_INT,
    .preset.i = 0,
    .minimum.i = 0,
    .maximum.i = 100000000,
    .help = "A scale ends after this many draws at the latest; 0: no limit for a sub-pool of up to "
            "20000 samples, 400 beyond.",
};

const fb_param *const ldm_params[LDM_PARAM_COUNT] = {
    &sigma_min_exp, &sigma_max_exp, &sigma_step,          &stop,
    &reference,     &draws,         &max_draws_per_scale,
};

int ldm_options_read(const fb_host *host, const fb_value *values, ldm_options *ret_options)
{
    ldm_options options = {
        .sigma_min_exp = values[0].f,
        .sigma_max_exp = values[1].f,
        .sigma_step = values[2].f,
        .stop = (uint64_t)values[3].i,
        .reference = (uint64_t)values[4].i,
        .draws = (uint64_t)values[5].i,
        .max_draws_per_scale = (uint64_t)values[6].i,
        .batch = LDM_BATCH_MAX,
    };
    if (options.sigma_max_exp < options.sigma_min_exp)
        return host->fail(host, FB_PLUGIN_EINVAL,
                          "sigma_max_exp is %g, below sigma_min_exp, which is %g; swap them",
                          options.sigma_max_exp, options.sigma_min_exp);
    *ret_options = options;
    return FB_PLUGIN_OK;
}

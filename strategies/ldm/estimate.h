/* SPDX-License-Identifier: 0BSD
 *
 * estimate.h - the least disagree metric (Cho et al. 2024, arXiv 2401.09787, section 3).
 *
 * For a predictor g, LDM(x) is the smallest rho(h, g) = P[h(X) != g(X)] over hypotheses h with
 * h(x) != g(x). The estimator draws hypotheses by adding Gaussian noise to the head's weights and
 * bias, at one standard deviation ("scale") after the other, and takes rho as a share of a
 * reference set. */
#ifndef FB_LDM_ESTIMATE_H
#define FB_LDM_ESTIMATE_H

#include <stddef.h>
#include <stdint.h>

#include "flipbench/strategy.h"

enum {
    LDM_BATCH_MAX = 16, /* hypotheses that are tried together at most */
    LDM_PARAM_COUNT = 7
};

/* How hypotheses are tried: by the product of floats with all samples, or by bounds where that is
 * enough (screened.h), or whichever is faster here. */
typedef enum ldm_way {
    LDM_FASTEST,
    LDM_PLAINLY,
    LDM_SCREENED /* plainly all the same where a screen does not fit */
} ldm_way;

typedef struct ldm_options {
    /* Scales: 10^min, 10^(min + step), ..., 10^max. */
    double sigma_min_exp, sigma_max_exp, sigma_step;
    uint64_t stop;      /* a scale ends after so many draws in a row that lower nobody */
    uint64_t reference; /* size of the reference set; 0: the host's choice */
    uint64_t draws;     /* > 0: exactly so many a scale, and no stop rule */
    uint64_t max_draws_per_scale; /* 0: no limit up to 20,000 samples, 400 beyond */
    /* These change no number: hypotheses tried together, 1 .. LDM_BATCH_MAX, and how. */
    size_t batch;
    ldm_way way;
} ldm_options;

/* The parameters of the plugins that estimate, and the options that their values stand for. */
extern const fb_param *const ldm_params[LDM_PARAM_COUNT];
int ldm_options_read(const fb_host *host, const fb_value *values, ldm_options *ret_options);

/* Writes L (pool_count): the smallest disagreement of a drawn hypothesis that changes the sample's
 * label, a multiple of 1/M; 1 when none does. Draw t of scale s is element-wise noise of (stream s,
 * draw t): element c + k C is the weight of input k and class c, and d C + c the bias of class c,
 * so that L does not depend on `batch`. Hypotheses are compared by strict inequality and labels by
 * the largest logit, ties to the smaller class. Memory: O((n + M) (d + batch)).
 *
 * Records "draws", the number of hypotheses used, "scales_cut", the number of scales that
 * max_draws_per_scale ended, and for each scale s "draws_s", "disagreement_s" (mean over its draws)
 * and, where labelled samples are to be had, "accuracy_s" (of its hypotheses on them). */
int ldm_estimate(const fb_host *host, const fb_round *round, const ldm_options *options,
                 double *ret_ldm);

#endif

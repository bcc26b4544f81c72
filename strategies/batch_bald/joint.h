/* SPDX-License-Identifier: 0BSD
 *
 * joint.h - the joint distribution of the labels of the samples chosen so far.
 *
 * A configuration is one label for each chosen sample. Given a dropout pass the labels are
 * independent, so all that a configuration says about another sample is how it weighs the passes:
 * its belief, p(pass | configuration). A sample with label y adds to the mutual information that
 * Kirsch et al. (2019) maximise
 *
 *     H(y | those chosen) - H(y | pass) = sum over configurations of p(configuration)
 *         [H(y | configuration) - sum over passes of p(pass | configuration) H(y | pass)],
 *
 * where p(y | configuration) is the mean of the passes' predictions under its belief. No term is
 * negative, and no product of many probabilities is made that could underflow.
 *
 * All configurations are kept while there are at most `samples` of them. Beyond, so many are drawn,
 * as many from each pass, and the sum is their mean. It is the paper's estimate, but that H(y |
 * pass) too is weighed as the drawn ones believe, and not as the passes are: what they have in
 * excess of a pass cancels. */
#ifndef FB_BATCH_BALD_JOINT_H
#define FB_BATCH_BALD_JOINT_H

#include <stdbool.h>

#include "kit.h"

/* Columns of a panel of candidates, C for each; a single one may have more. */
enum { JOINT_COLUMNS = 256 };

typedef struct joint {
    const kit_stack *p; /* (passes, n, C) */
    size_t count;       /* configurations */
    size_t samples;     /* at most so many exact ones, or so many drawn ones */
    bool sampled;
    float *beliefs;     /* (count, passes); rows sum to 1 */
    double *shares;     /* (count): p(configuration) */
    uint32_t *chosen;   /* rows */
    size_t chosen_count;
    float *likelihoods; /* (C, passes): the last chosen one's predictions, turned over */
    double *draws;      /* (samples) */
    size_t panel;       /* candidates that are tried at once, at most JOINT_COLUMNS */
    float *panel_p;     /* (passes, panel C): their predictions */
    float *products;    /* (samples, panel C): p(label | configuration) */
    double *sums;       /* (blocks, panel C): over a block of configurations; see joint.c */
    double *weights;    /* (passes): the mean belief */
} joint;

/* Of no samples: one empty configuration, which believes in all passes alike. At most `batch`
 * samples will join. `samples` is rounded up to a multiple of the passes. */
int joint_init(const fb_host *host, const kit_stack *p, size_t samples, size_t batch,
               joint *ret_joint);

/* A row of the stack joins those chosen. */
int joint_add(const fb_host *host, joint *j, uint32_t row);

/* What each of some rows, at most j->panel, would add to the mutual information, in nats. Rounding
 * may bring it a little below 0: predictions are mixed in float32 (kernels_gemm), terms and sums
 * of entropies are double. */
int joint_gains(const fb_host *host, joint *j, const uint32_t *rows, size_t count,
                double *ret_gains);

#endif

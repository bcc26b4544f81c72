/* SPDX-License-Identifier: 0BSD
 *
 * screened.h - hypotheses tried by bounds first, and exactly where these cannot tell.
 *
 * Two bounds spare the product of all samples with all hypotheses, and neither changes an answer.
 * A sample whose logit leads by more than |(1, x)| times a head's reach (kernels_screen.h) keeps
 * its label: with the samples in order of lead / |(1, x)|, only the first ones need to be tried.
 * Those are put through a screen of integers, and what that leaves unsure gets the chain of
 * floats that decides. */
#ifndef FB_LDM_SCREENED_H
#define FB_LDM_SCREENED_H

#include "trial.h"

/* Room for hypotheses as integers. */
int ldm_screen_heads_init(const fb_host *host, const ldm_head *head,
                          kernels_screen_heads *ret_heads);

/* Sets order and screen of samples whose x, labels and order are set. `given`: the labels are not
 * the head's own. */
int ldm_screen_init(const fb_host *host, const ldm_head *head, bool given, ldm_samples *samples);

/* Sets `tried` and `differs`; see ldm_batch_try. */
int ldm_try_screened(const fb_host *host, const ldm_batch *batch, const uint32_t *least,
                     size_t enough, ldm_samples *samples);

#endif

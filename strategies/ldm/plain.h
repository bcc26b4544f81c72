/* SPDX-License-Identifier: 0BSD
 *
 * plain.h - hypotheses tried by the product of all samples with all of them, as floats. */
#ifndef FB_LDM_PLAIN_H
#define FB_LDM_PLAIN_H

#include "trial.h"

/* Writes the labels (rows) of the unperturbed head. */
int ldm_predict(const fb_host *host, const ldm_head *head, const kit_matrix *x,
                uint32_t *ret_labels);

/* Sets `tried` and `differs`. One wide product tries all hypotheses of a batch. */
int ldm_try_plainly(const fb_host *host, const ldm_batch *batch, ldm_samples *samples);

#endif

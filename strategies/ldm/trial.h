/* SPDX-License-Identifier: 0BSD
 *
 * trial.h - a batch of hypotheses tried on sets of samples: which labels change.
 *
 * One wide matrix product tries all hypotheses of a batch: the weights of C classes and H
 * hypotheses make one (d, C H) matrix, whose column c H + h is class c of hypothesis h. */
#ifndef FB_LDM_TRIAL_H
#define FB_LDM_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "estimate.h"
#include "kit.h"

/* The head that noise is added to. */
typedef struct ldm_head {
    kit_matrix weights; /* (d, C) */
    kit_matrix bias;    /* (1, C) */
} ldm_head;

/* Samples with the labels that hypotheses are compared with: the head's own, or true ones. */
typedef struct ldm_samples {
    kit_matrix x;           /* (rows, d) */
    const uint32_t *labels; /* (rows) */
    uint8_t *differs;       /* (rows, H): 1 where hypothesis h gives another label */
    size_t counts[LDM_BATCH_MAX]; /* for each hypothesis, the rows it differs on */
} ldm_samples;

typedef struct ldm_batch {
    size_t count;   /* H, the hypotheses in it */
    float *weights; /* (d, C H) */
    float *bias;    /* (C H) */
    float *noise;   /* (d C + C) of one hypothesis */
    float *logits;  /* (block_rows, C H) */
    size_t block_rows;
} ldm_batch;

/* Room for batches of up to `batch` hypotheses. */
int ldm_batch_alloc(const fb_host *host, const ldm_head *head, size_t batch, ldm_batch *ret_batch);

/* Draws the hypotheses first .. first+count-1 of a scale, whose noise has the standard deviation
 * `sd`. */
void ldm_batch_draw(const fb_host *host, const ldm_head *head, uint32_t scale, float sd,
                    uint32_t first, size_t count, ldm_batch *batch);

/* Room for the labels' changes; `labels` NULL: those that the head gives. */
int ldm_samples_init(const fb_host *host, const ldm_head *head, const kit_matrix *x,
                     const uint32_t *labels, size_t batch, ldm_samples *ret_samples);

/* Sets `differs` and `counts`. */
int ldm_batch_try(const fb_host *host, const ldm_head *head, const ldm_batch *batch,
                  ldm_samples *samples);

#endif

/* SPDX-License-Identifier: 0BSD
 *
 * trial.h - a batch of hypotheses tried on sets of samples: which labels change.
 *
 * A set's samples are told by position, and order[position] is the row of x: a set that is tried
 * through a screen (screened.h) has its rows in order of how much it takes to change their labels,
 * so that a batch whose noise is small needs to try the first ones only. */
#ifndef FB_LDM_TRIAL_H
#define FB_LDM_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "estimate.h"
#include "kernels_screen.h"
#include "kit.h"

/* The head that noise is added to. */
typedef struct ldm_head {
    kit_matrix weights; /* (d, C) */
    kit_matrix bias;    /* (1, C) */
} ldm_head;

/* Loops over samples are cut into so many pieces at most, each with memory of its own. */
enum { LDM_PIECES = 8 };

typedef struct ldm_batch {
    size_t classes;   /* C */
    size_t count;     /* H, the hypotheses in it, 1 .. LDM_BATCH_MAX */
    float *heads;     /* (H, d C + C): each hypothesis' weights (d, C), then its bias */
    bool screened;
    /* Tried plainly: */
    float *weights;   /* (d, C H): column c H + h is class c of hypothesis h */
    float *bias;      /* (C H) */
    /* Tried through a screen: */
    kernels_screen_heads screen;
    double reach;     /* the largest of the screen's heads */
    float *logits;    /* (LDM_PIECES, logit_count) */
    size_t logit_count;
} ldm_batch;

/* What a set needs to be tried through a screen. */
typedef struct ldm_screen {
    kernels_screen_rows rows; /* by position */
    double *steadiness;       /* (rows) ascending: the reach that may change the label */
    uint16_t *unsure;         /* (rows) what the screen could not tell */
    size_t *wrong_from;       /* (rows + 1) those at a position or later that the unperturbed head
                                 labels otherwise; NULL where the labels are its own: none */
} ldm_screen;

/* Samples with the labels that hypotheses are compared with: the head's own, or true ones. */
typedef struct ldm_samples {
    kit_matrix x;              /* (rows, d) */
    const uint32_t *labels;    /* (rows) */
    uint32_t *order;           /* (rows): the row at a position */
    ldm_screen *screen;        /* NULL: tried plainly */
    /* The answers of the last batch: */
    size_t tried;              /* positions from here on keep the unperturbed head's label */
    uint16_t *differs;         /* (rows) by position: bit h where hypothesis h's label is another */
    size_t counts[LDM_BATCH_MAX]; /* for each hypothesis, the samples it differs on */
} ldm_samples;

/* Room for batches of up to `size` hypotheses. */
int ldm_batch_alloc(const fb_host *host, const ldm_head *head, size_t size, bool screened,
                    ldm_batch *ret_batch);

/* Draws the hypotheses first .. first+count-1 of a scale, whose noise has the standard deviation
 * `sd`. */
void ldm_batch_draw(const fb_host *host, const ldm_head *head, uint32_t scale, float sd,
                    uint32_t first, size_t count, ldm_batch *batch);

/* `labels` NULL: those that the head gives. `screened` as the batches are. */
int ldm_samples_init(const fb_host *host, const ldm_head *head, const kit_matrix *x,
                     const uint32_t *labels, bool screened, ldm_samples *ret_samples);

/* Sets `tried`, `differs` (of what is tried) and `counts`. `least` not NULL (rows, by position):
 * samples whose least is `enough` or below may be left out, without a change or a count. */
int ldm_batch_try(const fb_host *host, const ldm_batch *batch, const uint32_t *least,
                  size_t enough, ldm_samples *samples);

/* ---- shared by the two ways to try ---------------------------------------------------------- */

/* The pieces that `count` positions are worth, 1 .. LDM_PIECES. */
size_t ldm_pieces(size_t count);

/* The positions of piece number `piece` of so many: shares of `count`, in whole panels of the
 * screen. */
void ldm_piece(size_t count, size_t pieces, size_t piece, size_t *ret_first, size_t *ret_count);

#endif

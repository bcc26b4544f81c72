/* SPDX-License-Identifier: 0BSD
 *
 * greedy.h - BAIT's choice: forward to twice the batch, backward to the batch.
 *
 * To take sample x into M is M <- M + x'x, to drop it M <- M - x'x; with sign = 1 and -1,
 *
 *     S = I + sign x M^-1 x' = L L',     W = M^-1 x' L'^-1,
 *     M^-1 <- M^-1 - sign W W',          M^-1 F M^-1 <- M^-1 F M^-1 - sign (W Z' + Z W'),
 *     Z = M^-1 F M^-1 x' L'^-1 - sign/2 W (L^-1 x M^-1 F M^-1 x' L'^-1)
 *
 * (Woodbury), and tr[F M^-1] falls by sign tr[x M^-1 F M^-1 x' S^-1], the score of the sample. So
 * each sample needs only k = x M^-1 x' and q = x M^-1 F M^-1 x', which are (m, m), and a change of
 * M changes them by products of x W and x Z: one product of the features with two thin matrices for
 * all samples, instead of (d m)^2 numbers a sample. */
#ifndef FB_BAIT_GREEDY_H
#define FB_BAIT_GREEDY_H

#include "blocks.h"
#include "information.h"

typedef struct bait_greedy {
    const fb_host *host;
    bait_matrices *matrices;
    bait_blocks blocks;
    double *change;  /* (d m, 2 m): W and Z side by side */
    double *swapped; /* (d m, 2 m): Z and W */
    double *small;   /* (5 m m) */
} bait_greedy;

/* For choices among samples of these contrasts. */
int bait_greedy_init(const fb_host *host, bait_matrices *matrices, bait_greedy *ret_greedy);

/* Changes the matrices by sample i of a set. */
int bait_change_matrices(bait_greedy *greedy, const bait_samples *samples, size_t i, double sign);

/* Brings k and q of a set up to the last change of the matrices, which had this sign. */
int bait_change_samples(bait_greedy *greedy, bait_samples *samples, double sign);

/* The scores tr[q (I + sign k)^-1] of a set; not finite where I + sign k is not positive definite
 * to working precision. */
int bait_score(bait_greedy *greedy, bait_samples *samples, double sign);

/* The whole choice from candidates whose k and q are those of the matrices: writes `batch` (<=
 * count) of their positions, in the order in which they were taken. Of equal scores the smaller
 * position is taken and the larger dropped. A sample whose loss M would not survive is not
 * dropped. FB_PLUGIN_ENUMERIC when a score is not finite. */
int bait_choose(bait_greedy *greedy, bait_samples *samples, size_t batch, uint32_t *ret_positions);

#endif

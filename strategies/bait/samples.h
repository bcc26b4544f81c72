/* SPDX-License-Identifier: 0BSD
 *
 * samples.h - samples as BAIT sees them: Fisher information in factors (Ash et al. 2021).
 *
 * A sample with probabilities p (C) and features h (d) has the Fisher information x'x = G (x) hh'
 * with G = diag(p) - pp'. G has rank C - 1 at most, and nothing of it points along (1, ..., 1). So
 * all is written in the m = C - 1 orthonormal contrasts "class j against those after it",
 *
 *     u_j = s_j (e_j - (e_j+1 + ... + e_C) / w_j),  w_j = C - 1 - j,  s_j = sqrt(w_j / (w_j + 1)),
 *
 * in which U'GU = A A' with a lower triangular A (m, m) that follows from the Cholesky factor of G
 * (Tanabe & Sagae 1992). With q_a = p_a+1 + ... + p_C it is
 *
 *     A_aa = sqrt(p_a q_a / q_a-1) / s_a,
 *     A_ja = -left_a right_j for j > a,  left_a = sqrt(p_a / (q_a-1 q_a)),
 *                                        right_j = s_j (p_j - q_j / w_j).
 *
 * The sample's x is then A' (x) h', (m, d m), in place of the published (C, d C) one: an isometry
 * lies between them, which no trace of BAIT's notices. Element (k, c), feature and contrast, of the
 * long side is k m + c.
 *
 * Samples are held BAIT_LANES at a time, side by side, so that what is done to each is done to all
 * of a block by loops over lanes. Lanes beyond the last sample hold zeros. */
#ifndef FB_BAIT_SAMPLES_H
#define FB_BAIT_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>

#include "kit.h"

enum { BAIT_LANES = 16 };
typedef double bait_lanes[BAIT_LANES];

/* The size of a lower triangle, by rows: element (i, j), j <= i, is at bait_pairs(i) + j. */
static inline size_t bait_pairs(size_t n)
{
    return n * (n + 1) / 2;
}

typedef struct bait_samples {
    size_t count, blocks; /* samples; blocks of BAIT_LANES of them */
    size_t d, m;          /* features, contrasts */
    bait_lanes *features; /* (blocks, d) */
    bait_lanes *factors;  /* (blocks, 3 m): the diagonal of A, left, right */
    /* Of candidates: the lower triangles of x M^-1 x' and x M^-1 F M^-1 x', and what the choice
     * goes by (see greedy.h). */
    bait_lanes *k, *q; /* (blocks, bait_pairs(m)) */
    bait_lanes *scores; /* (blocks) */
} bait_samples;

/* Room for `count` samples, zeroed; k, q and scores for candidates only. */
int bait_samples_alloc(const fb_host *host, size_t count, size_t d, size_t m, bool candidates,
                       bait_samples *ret_samples);

/* Sets the features of all samples to the rows of x (count, width), or to their d coordinates
 * along `axes` (d, width) where that is not NULL. */
int bait_set_features(const fb_host *host, const kit_matrix *x, const double *axes,
                      bait_samples *samples);

/* Sets A of sample i from its m + 1 probabilities. */
void bait_set_factor(bait_samples *samples, size_t i, const float *probabilities);

static inline double bait_score_of(const bait_samples *samples, size_t i)
{
    return samples->scores[i / BAIT_LANES][i % BAIT_LANES];
}

/* x <- x by, of all samples. */
void bait_scale(bait_samples *samples, double by);

/* Copies sample `from` of one set, with its k and q, to sample `to` of another. */
void bait_copy_sample(const bait_samples *source, size_t from, bait_samples *target, size_t to);

/* e (m, columns) <- A' e, for the A of each lane of a block. `work` (columns). */
void bait_apply_factors(const bait_lanes *factors, size_t m, size_t columns, bait_lanes *e,
                        bait_lanes *work);

#endif

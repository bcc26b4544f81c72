/* SPDX-License-Identifier: 0BSD
 *
 * seeding.h - LDM-Seeding (Cho et al. 2024, arXiv 2401.09787, section 4): a batch of small LDM
 * whose members lie apart. */
#ifndef FB_LDM_SEEDING_H
#define FB_LDM_SEEDING_H

#include <stddef.h>
#include <stdint.h>

#include "kit.h"

/* The weights gamma of n samples, whose rows `order` sorts by LDM (ties by row), for a batch of
 * `batch` < n. With L_q the (batch+1)-th smallest LDM, or the smallest positive one when that is 0,
 * gamma_i = exp(-max(0, L_i - L_q) / L_q). The `batch` first keep theirs; those of the rest are
 * scaled so that they sum to `batch`; each is then capped at 1. When no LDM is positive nothing
 * tells the samples apart, and every gamma is 1. */
void ldm_gammas(const double *ldm, const uint32_t *order, size_t n, size_t batch,
                double *ret_gammas);

/* Writes `batch` different rows of the embeddings (n, d). The first is the one of the smallest LDM;
 * each next one is drawn with probability proportional to (gamma_i D_i)^2, D_i being the smallest
 * cosine distance (ldm_cosine_nearest) to a row already chosen; when all of these weights are 0, to
 * gamma_i. A chosen row is never drawn again. A batch of n or more: all rows in order of LDM. O(n
 * d) time a pick, O(n) memory besides the embeddings. */
int ldm_seed(const fb_host *host, const kit_matrix *embeddings, const double *ldm, size_t batch,
             uint32_t *ret_rows);

#endif

/* SPDX-License-Identifier: 0BSD
 *
 * information.h - the Fisher information of sets of samples, and BAIT's two large matrices. */
#ifndef FB_BAIT_INFORMATION_H
#define FB_BAIT_INFORMATION_H

#include "samples.h"

/* Three matrices of d m rows, and as much as a fourth for sums and forms, have to be held: that is
 * 32 (d m)^2 bytes. FB_PLUGIN_ERANGE beyond BAIT_SIZE_MAX rows, with what would help; the functions
 * below give FB_PLUGIN_ENOMEM with the same when memory is short. */
enum { BAIT_SIZE_MAX = 20000 };
int bait_check_size(const fb_host *host, size_t d, size_t m);

/* FB_PLUGIN_ENUMERIC: rounding has left nothing of `what`, and what would help. */
int bait_fail_rounding(const fb_host *host, const char *what);

/* FB_PLUGIN_ENUMERIC with a sentence: what rounding has done, and what would help. */
int bait_fail_rounding(const fb_host *host, const char *what);

/* A sum of x'x over samples: element (k, c), (l, c'), which depends neither on the order of k and
 * l nor on that of c and c', is at (bait_pairs(k) + l, bait_pairs(c) + c') of this matrix, l <= k
 * and c' <= c. */
typedef struct bait_information {
    size_t d, m;
    double *sum; /* (bait_pairs(d), bait_pairs(m)) */
} bait_information;

int bait_information_alloc(const fb_host *host, size_t d, size_t m,
                           bait_information *ret_information);

/* Adds x'x of all samples, in their order. */
int bait_add_information(const fb_host *host, const bait_samples *samples,
                         bait_information *information);

/* M^-1, and M^-1 F M^-1. */
typedef struct bait_matrices {
    size_t d, m, size; /* size = d m */
    double *inverse, *spread; /* (size, size) */
} bait_matrices;

/* M = lambda I + labeled_share (the labelled sum), F = share (all of the sum). FB_PLUGIN_ENUMERIC
 * when lambda is too small for the labelled sum. */
int bait_matrices_init(const fb_host *host, const bait_information *labeled,
                       const bait_information *all, double lambda, double labeled_share,
                       double share, bait_matrices *ret_matrices);

/* k and q of all candidates, from the matrices. */
int bait_project(const fb_host *host, const bait_matrices *matrices, bait_samples *samples);

#endif

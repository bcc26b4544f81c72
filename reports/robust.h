/* robust.h - interquartile means with bootstrap intervals (Agarwal et al. 2021, "Deep Reinforcement
 * Learning at the Edge of the Statistical Precipice"), and Bayesian signed ranks (Benavoli et al.
 * 2017). Numbers in, numbers out; random draws follow from a seed. */
#ifndef FB_REPORTS_ROBUST_H
#define FB_REPORTS_ROBUST_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

/* The mean of what is left when a quarter of the values (rounded down) is cut at each end; NaN of
 * none. Sorts a copy. FB_ENOMEM. */
int robust_iqm(const double *x, size_t count, double *ret_iqm, fb_error *err);

typedef struct robust_interval {
    double low, high;
} robust_interval;

/* An interquartile mean with its intervals at a level. */
typedef struct robust_estimate {
    double iqm;
    robust_interval percentile;
    robust_interval bca; /* bias-corrected and accelerated (Efron 1987) */
} robust_estimate;

/* Scores of one strategy: a stratum is a setting, `values` holds the strata's trials one after the
 * other, `sizes` how many each has. */
typedef struct robust_strata {
    const double *values;
    const size_t *sizes;
    size_t count; /* of strata */
} robust_strata;

/* Bootstrap: each replicate draws every stratum's trials anew, with replacement. Which positions it
 * draws follows from the seed and the sizes, whatever the values: estimates of strategies that have
 * the same trials are made of the same ones. NaN intervals below two values. FB_ENOMEM. */
int robust_estimate_iqm(const robust_strata *strata, size_t replicates, double level, uint64_t seed,
                        robust_estimate *ret_estimate, fb_error *err);

/* Percentile intervals of column means of x (rows, columns), a row a trial: each replicate draws
 * rows anew, the same ones for all columns. Writes (columns) each. FB_ENOMEM. */
int robust_mean_band(const double *x, size_t rows, size_t columns, size_t replicates, double level,
                     uint64_t seed, double *ret_low, double *ret_high, fb_error *err);

/* How sure it is that one of two is practically better, given differences z (count), one a data
 * set. The three sum to 1. */
typedef struct robust_signed_rank {
    double right; /* share of draws in which "larger than rope" wins */
    double rope;  /* "no practical difference" */
    double left;
} robust_signed_rank;

/* Prior: one pseudo-difference z0 = 0 of weight 1/2. Each of `draws` takes w ~ Dirichlet(1/2, 1,
 * ..., 1) and sums the weights w_i w_j of the pairs with z_i + z_j above 2 rope, within, and below;
 * an exact bound counts half to each side. The largest wins, ties share. FB_ENOMEM. */
int robust_bayes_signed_rank(const double *z, size_t count, double rope, size_t draws,
                             uint64_t seed, robust_signed_rank *ret, fb_error *err);

#endif

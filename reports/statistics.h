/* statistics.h - means, intervals and paired tests over trials. Numbers in, numbers out: nothing
 * here knows of strategies. NaN stands for what the data cannot tell (the sd of one trial, its
 * test). */
#ifndef FB_REPORTS_STATISTICS_H
#define FB_REPORTS_STATISTICS_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

typedef struct stat_moments {
    size_t count;
    double mean; /* NaN when count is 0 */
    double sd;   /* with count - 1; NaN when count is below 2 */
} stat_moments;

/* A test's statistic and two-sided p value. */
typedef struct stat_test {
    double t; /* signed infinity when every difference is the same and not 0 */
    double p;
} stat_test;

/* The largest sample whose sign flips are enumerated. */
enum { STAT_EXACT_LIMIT = 20 };

/* Mean and standard deviation of x (count), in two passes in the given order. */
stat_moments stat_describe(const double *x, size_t count);

/* Area under the budget curve: the trapezoid of y (count) over ascending x, divided by the range
 * of x, so that it reads like an accuracy. NaN when count is below 2. */
double stat_aubc(const double *x, const double *y, size_t count);

/* Paired t test of the differences d (count): t = sqrt(R) mean / sd with R - 1 degrees of freedom.
 * When sd is 0 the sign decides: p = 0, or t = 0 and p = 1 for a mean of 0. NaN when count is
 * below 2. */
stat_test stat_paired_t(const double *d, size_t count);

/* Half the width of Student's confidence interval of a mean at `level` (0.95); NaN when count is
 * below 2. */
double stat_half_width(stat_moments moments, double level);

/* Exact two-sided sign-flip (Fisher-Pitman) test: the share of the 2^R sign vectors whose sum is
 * in size at least the observed one. NaN when count is 0 or above STAT_EXACT_LIMIT. */
double stat_sign_flip(const double *d, size_t count);

/* The same share estimated from `draws` random sign vectors that follow from the seed, with the
 * observed one counted in: (b + 1) / (draws + 1). NaN when count is 0 or memory is short. */
double stat_sign_flip_drawn(const double *d, size_t count, size_t draws, uint64_t seed);

/* The smallest two-sided p that the exact test reaches with so many trials: 2^(1 - count). */
double stat_sign_flip_smallest(size_t count);

/* The least trials with which the exact test can reject the first of `tests` hypotheses that Holm
 * corrects at level alpha. */
size_t stat_least_trials(size_t tests, double alpha);

/* Holm's step-down adjustment of p (count) into ret_adjusted (count; may be p itself). The family
 * is made of the p values that are numbers; NaN stays NaN. FB_ENOMEM. */
int stat_holm(const double *p, size_t count, double *ret_adjusted, fb_error *err);

#endif

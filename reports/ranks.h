/* ranks.h - what rests on ranks alone: Wilcoxon's test and the correlations of orders. Numbers in,
 * numbers out. NaN stands for what the data cannot tell. */
#ifndef FB_REPORTS_RANKS_H
#define FB_REPORTS_RANKS_H

#include <stdbool.h>
#include <stddef.h>

#include "status.h"

/* The ranks of x (count) from 1 for the smallest; equal values share the mean of their ranks, and
 * so do neighbours in size that are at most `slack` apart: 0, or for values whose rounding differs,
 * such as means of the same accuracies, RANK_SLACK. FB_ENOMEM. */
#define RANK_SLACK 1e-12
int rank_all(const double *x, size_t count, double slack, double *ret_ranks, fb_error *err);

/* Wilcoxon's signed-rank test (1945) of the differences d. */
typedef struct rank_wilcoxon {
    double w;        /* the smaller of the sums of positive and of negative ranks */
    double p;        /* two-sided: exact where it can be, otherwise approximate */
    double p_greater; /* one-sided, for differences above 0; exact or approximate likewise */
    double p_approximate; /* two-sided, by the normal approximation without continuity correction */
    bool exact;      /* no difference is 0 and no two are equal in size */
} rank_wilcoxon;

/* Of differences of accuracies: sizes at most RANK_SLACK apart are equal. Differences of 0 take part
 * in the ranking and not in the sums (Pratt 1959). All p values are 1
 * when every difference is 0, NaN when there are none. FB_ENOMEM. */
int rank_wilcoxon_test(const double *d, size_t count, rank_wilcoxon *ret_test, fb_error *err);

/* Spearman's rho and Kendall's tau-b of two lists (count); NaN when one of them is constant.
 * FB_ENOMEM. */
typedef struct rank_correlation {
    double spearman, kendall;
} rank_correlation;

int rank_correlate(const double *x, const double *y, size_t count, rank_correlation *ret,
                   fb_error *err);

/* P(X > Y) + P(X = Y) / 2 of two samples: the chance that a draw of X beats one of Y. NaN when one
 * is empty. */
double rank_superiority(const double *x, size_t x_count, const double *y, size_t y_count);

#endif

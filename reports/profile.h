/* profile.h - performance profiles (Dolan & More 2002): how often a strategy is within so much of
 * the best. Numbers in, numbers out. */
#ifndef FB_REPORTS_PROFILE_H
#define FB_REPORTS_PROFILE_H

#include <stddef.h>

/* The share of `problems` on which a solver's cost is at most tau times the smallest one's. costs
 * (problems, solvers); infinity: not solved. A problem that nobody solved stays in the denominator;
 * one where the solver's cost is NaN (it was not tried) does not, and NaN when none is left. */
double profile_ratio(const double *costs, size_t problems, size_t solvers, size_t solver,
                     double tau);

/* The share of `points` at which a gap (best accuracy - own, >= 0; NaN: not measured, not counted)
 * is at most delta; NaN when nothing was measured. Differences of 1e-12 are rounding. */
double profile_gap(const double *gaps, size_t points, double delta);

/* The area under the gap profile over 0 .. limit, divided by limit: 1 for a strategy that is the
 * best everywhere. Exact: the mean of max(0, 1 - gap / limit). */
double profile_gap_area(const double *gaps, size_t points, double limit);

#endif

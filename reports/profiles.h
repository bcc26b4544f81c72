/* profiles.h - the two performance profiles of a report, as curves to draw. */
#ifndef FB_REPORTS_PROFILES_H
#define FB_REPORTS_PROFILES_H

#include <stddef.h>

#include "grid.h"
#include "targets.h"

enum { PROFILES_POINTS = 161 };

typedef struct profiles {
    size_t strategies;

    /* gap: the mean over settings of the share of (trial, step) at which the best accuracy less the
     * strategy's own is at most delta; over the counted steps. */
    double limit;                  /* the largest delta; NaN when no step can be compared */
    double deltas[PROFILES_POINTS]; /* 0 .. limit */
    double *gap;                   /* (strategies, PROFILES_POINTS); NaN: no result */
    double *area;                  /* (strategies) under the gap profile, 0 .. limit, over limit */
    size_t *steps;                 /* (strategies) (setting, trial, step) that were compared */
    size_t *trials;                /* (strategies) (setting, trial) with such a step */

    /* ratio: the share of (setting, trial) whose labels to the target are at most tau times the
     * fewest of any strategy. */
    size_t problems, unsolved;     /* (setting, trial) with a target; those that nobody solved */
    double taus[PROFILES_POINTS];  /* 1 .. a power of two above every finite ratio, even in log2 */
    double *ratio;                 /* (strategies, PROFILES_POINTS); NULL without a target */
    size_t *tried;                 /* (strategies) (setting, trial) in the denominator */
} profiles;

/* FB_ENOMEM. */
int profiles_init(const grid *g, const targets *t, profiles *ret_profiles, fb_error *err);

/* Takes NULL and a zeroed struct. */
void profiles_finish(profiles *p);

#endif

/* gains.h - how much of what can be gained on the baseline a strategy gains, over all settings: the
 * number that strategies are ranked by, with its confidence. */
#ifndef FB_REPORTS_GAINS_H
#define FB_REPORTS_GAINS_H

#include <stdbool.h>
#include <stddef.h>

#include "grid.h"
#include "robust.h"

/* The level of every interval in a report, and the trials a setting needs for a bootstrap: with
 * five, a percentile bootstrap at 95 % covers 83 %. */
#define GAINS_LEVEL 0.95
enum { GAINS_BOOTSTRAP_TRIALS = 10, GAINS_REPLICATES = 10000 };

typedef enum gain_interval {
    GAIN_NO_INTERVAL, /* a single trial, or the baseline itself */
    GAIN_STUDENT,     /* of the mean: some setting has fewer than GAINS_BOOTSTRAP_TRIALS trials */
    GAIN_BOOTSTRAP    /* of the interquartile mean, BCa */
} gain_interval;

/* One strategy over all settings x trials. NaN where there is nothing to tell. */
typedef struct gain {
    size_t trials, settings; /* that the numbers are made of */
    double mean, iqm;
    gain_interval kind;
    robust_interval interval; /* the one to show: `student` or `bca` */
    robust_interval student, percentile, bca; /* NaN where kind does not call for it */
} gain;

/* A trial's gain is its AUBC less the baseline's, divided by the full-data accuracy less the
 * baseline's AUBC where every setting has full-data references, and as it is otherwise. */
typedef struct gains {
    bool normalised;
    gain *strategies;     /* (strategies); NULL without a baseline */
    size_t without_reference; /* (setting, trial) pairs left out: other trials of the setting have a
                                 reference above the baseline's AUBC and these have none */
} gains;

/* FB_ENOMEM. */
int gains_init(const grid *g, gains *ret_gains, fb_error *err);

/* Takes NULL and a zeroed struct. */
void gains_finish(gains *gs);

/* Student's interval of the mean over strata of different spread, weighted by their sizes: the
 * strata's variances are their own (Welch), degrees of freedom by Satterthwaite. With one stratum
 * the ordinary t interval. NaN when a stratum has fewer than two values. */
robust_interval gains_student(const robust_strata *strata, double level);

#endif

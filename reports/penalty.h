/* penalty.h - the pairwise penalty matrix of the BADGE and LDM papers (Ash et al. 2020, Cho et al.
 * 2024): how often one strategy is significantly worse than another. */
#ifndef FB_REPORTS_PENALTY_H
#define FB_REPORTS_PENALTY_H

#include <stddef.h>

#include "grid.h"

typedef enum penalty_steps {
    PENALTY_ALL,     /* every round after the first query (the LDM paper) */
    PENALTY_DOUBLING /* labels L0 + 2^j B until the baseline's accuracy exceeds 0.99 of its final
                        one (the BADGE paper); B: the labels of the first query */
} penalty_steps;

/* Both rules also count round 0 with report_data.include_initial.
 *
 * P[i][j]: settings' shares of steps at which column j loses to row i, summed over settings. */
typedef struct penalty {
    size_t strategies, settings; /* settings with at least one counted step */
    double *matrix;              /* (strategies, strategies) */
    double *column_means;        /* over all rows, the diagonal included: smaller is better */
    size_t *steps;               /* (settings of the grid) that were counted */
    double expected; /* of an entry when no strategy differs: alpha / 2 for each of the settings
                        (round 0, where none can differ, adds nothing) */
    size_t *trials;  /* (strategies, strategies) common trials, summed over settings: the most that
                        a setting's steps have; 0 on the diagonal */
    size_t expected_trials; /* of those settings, as grid_setting_trials has them */
    size_t untested; /* (pair, step, setting) with fewer than two common trials: no penalty either
                        way, and said */
} penalty;

/* At each counted step: a two-sided paired t test of the accuracies over the trials that both have,
 * at level `alpha`, uncorrected. FB_ENOMEM; FB_EINVAL when the doubling rule lacks a baseline. */
int penalty_init(const grid *g, penalty_steps rule, double alpha, penalty *ret_penalty,
                 fb_error *err);

/* Takes NULL and a zeroed struct. */
void penalty_finish(penalty *p);

#endif

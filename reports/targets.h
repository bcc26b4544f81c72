/* targets.h - labels to a target: how many labels a strategy needs to do as well as the baseline
 * does at the end. */
#ifndef FB_REPORTS_TARGETS_H
#define FB_REPORTS_TARGETS_H

#include <stddef.h>

#include "grid.h"

typedef struct targets {
    size_t settings, trials, strategies;
    double *accuracy; /* (settings) the target: the baseline's mean accuracy in the last round of
                         its summary; NaN where the baseline has no result */
    double *labels;   /* (settings, trials, strategies) at the first round that reaches the target;
                         infinity: never; NaN: no result, no target, or a curve that ends before the
                         baseline's does and does not reach it */
} targets;

/* How the trials of one strategy in one setting came out. */
typedef struct target_summary {
    size_t tried, reached; /* trials */
    double median;         /* labels over the trials tried, never counting as infinity; NaN when
                              none was tried */
} target_summary;

/* Zeroed without a baseline. FB_ENOMEM. */
int targets_init(const grid *g, targets *ret_targets, fb_error *err);

/* Takes NULL and a zeroed struct. */
void targets_finish(targets *t);

double targets_labels(const targets *t, size_t setting, size_t trial, size_t strategy);

/* FB_ENOMEM. */
int targets_summarize(const targets *t, size_t setting, size_t strategy,
                      target_summary *ret_summary, fb_error *err);

#endif

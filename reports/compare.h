/* compare.h - one strategy in one setting, and two strategies against each other.
 *
 * Curves may have different lengths: cells fail, runs are still going, budgets were raised.
 * Numbers are taken from the first h rounds of those trials that have them, with h such that
 * trials x counted rounds is largest (the larger h on a tie). The choice looks at lengths only,
 * never at an accuracy. */
#ifndef FB_REPORTS_COMPARE_H
#define FB_REPORTS_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "grid.h"
#include "statistics.h"

/* What is left out: `trials` of the setting's expected ones are used, `rounds` of the longest
 * curve. */
typedef struct coverage {
    size_t trials, rounds; /* rounds include round 0 */
} coverage;

typedef struct summary {
    coverage used;
    stat_moments aubc;       /* over trials */
    stat_moments accuracy;   /* in the last round used, over trials */
    stat_moments labeled;    /* labels in that round, over trials */
} summary;

typedef enum verdict {
    VERDICT_UNTESTED, /* fewer than two pairs: nothing is known, which is not "no difference" */
    VERDICT_LOSS,
    VERDICT_TIE,
    VERDICT_WIN
} verdict;

/* first - second over the trials both have. */
typedef struct comparison {
    coverage used;
    stat_moments steps; /* each trial's mean difference of accuracy over the counted steps */
    stat_moments aubc;  /* each trial's difference of AUBC */
    stat_moments final; /* each trial's difference of accuracy in the last round used */
    stat_test steps_test, aubc_test, final_test; /* paired t, two-sided, uncorrected */
    double exact_p;     /* sign-flip test on AUBC, two-sided, uncorrected: exact up to
                           STAT_EXACT_LIMIT trials, beyond that by random flips */
    double wilcoxon_p;  /* Wilcoxon's signed ranks of AUBC, two-sided, uncorrected; NaN: no pair */
    bool wilcoxon_exact; /* otherwise by the normal approximation */
} comparison;

/* h as above for curves of so many rounds each; 0 when none has a round. */
size_t compare_horizon(const size_t *lengths, size_t count);

/* FB_ENOMEM. */
int compare_summarize(const grid *g, size_t setting, size_t strategy, summary *ret_summary,
                      fb_error *err);

/* A trial that both strategies have, over the rounds that the comparison uses. */
typedef struct compare_sample {
    size_t trial;        /* index into grid->trials */
    double steps, aubc, final; /* first - second: mean accuracy over the counted steps, AUBC,
                                  accuracy in the last round */
    double second_aubc;
} compare_sample;

/* The trials behind a comparison, ascending; `ret_samples` has room for grid->trial_count. Cells
 * that are set apart take no part. FB_ENOMEM. */
int compare_samples(const grid *g, size_t setting, size_t first, size_t second,
                    compare_sample *ret_samples, coverage *ret_used, fb_error *err);

/* FB_ENOMEM. */
int compare_pair(const grid *g, size_t setting, size_t first, size_t second,
                 comparison *ret_comparison, fb_error *err);

/* The verdict of a test at level alpha on a corrected p value. */
verdict compare_verdict(const comparison *c, double corrected_p, double alpha);

/* The longest curve in a setting, in rounds. */
size_t compare_longest(const grid *g, size_t setting);

#endif

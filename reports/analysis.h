/* analysis.h - every number that a report states, worked out once: the tables, figures and
 * sentences only write them down. */
#ifndef FB_REPORTS_ANALYSIS_H
#define FB_REPORTS_ANALYSIS_H

#include <stdbool.h>
#include <stddef.h>

#include "compare.h"
#include "diagram.h"
#include "gains.h"
#include "grid.h"
#include "pairs.h"
#include "penalty.h"
#include "profiles.h"
#include "selections.h"
#include "targets.h"

typedef enum mark {
    MARK_NONE,
    MARK_BEST,
    MARK_NEAR /* not significantly worse than the best: paired t, two-sided, uncorrected */
} mark;

/* A strategy in one setting. */
typedef struct result {
    summary summary;
    comparison against; /* the baseline; zeroed when there is none or it is the baseline itself */
    double corrected_p; /* of against.aubc_test; NaN when there is no test */
    verdict verdict;
    mark mark;
} result;

/* A strategy over all settings. A score is the mean over data sets of the mean over a data set's
 * settings of: the mean accuracy difference to the baseline over the counted steps; without a
 * baseline, the AUBC. */
typedef struct standing {
    size_t strategy;
    size_t rank;        /* from 1, by the gain's IQM, without a baseline by the score; equal ones
                           share the first's; 0: lacks a setting that others have, so it is not
                           ranked */
    gain gain;          /* on the baseline; NaN without one */
    double score;       /* NaN when there is no number in any setting */
    double aubc;        /* averaged in the same way */
    size_t settings;    /* that the score is made of */
    size_t verdicts[4]; /* settings by verdict */
} standing;

typedef struct analysis {
    const grid *grid;
    result *results;     /* (settings, strategies) */
    standing *standings; /* (strategies), ranked ones first, best first */
    size_t datasets;     /* different data sets */
    size_t tests;        /* in Holm's family */
    bool corrected;      /* by Holm; otherwise p values are as they are */
    gains gains;
    pairs pairs;         /* when report_data.all_pairs says so; empty otherwise */
    penalty penalties[2]; /* by penalty_steps; without a baseline that of the doubling rule has no
                             matrix */
    targets targets;     /* without numbers when there is no baseline */
    profiles profiles;
    diagram diagram;
    selections selections;
} analysis;

/* Works everything out; `grid` must outlive the analysis. FB_EINVAL for an unknown correction or
 * an alpha outside (0, 1), FB_ENOMEM. */
int analysis_init(const grid *g, analysis *ret_analysis, fb_error *err);

/* Takes NULL and a zeroed struct. */
void analysis_finish(analysis *a);

const result *analysis_at(const analysis *a, size_t setting, size_t strategy);

bool analysis_has_baseline(const analysis *a);
bool analysis_is_baseline(const analysis *a, size_t strategy);

/* Whether some strategy, not counting the baseline's 0 against itself, has a score in a setting. */
bool analysis_is_scored(const analysis *a, size_t setting);

/* The fewest and most pairs that a test against the baseline had; 0 when there was no test. */
void analysis_tested_trials(const analysis *a, size_t *ret_least, size_t *ret_most);

/* Fills the standings of an analysis that has everything else (standings.c). */
void standings_rank(analysis *a);

/* What the score of `result` is: a difference to the baseline, or an AUBC when there is none. */
stat_moments analysis_score(const analysis *a, size_t setting, size_t strategy);

#endif

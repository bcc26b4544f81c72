/* diagram.h - several strategies over several data sets: what a critical-difference diagram shows
 * (Demsar 2006; Benavoli et al. 2016), and how sure it is that one is practically better than the
 * baseline. */
#ifndef FB_REPORTS_DIAGRAM_H
#define FB_REPORTS_DIAGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "friedman.h"
#include "robust.h"

enum {
    DIAGRAM_DATASETS = 6,  /* below so many data sets no verdict is given */
    DIAGRAM_GROUPS = 256,  /* more maximal groups than these are not drawn */
    DIAGRAM_ROWS = 32,     /* of bars; what does not fit into them is not drawn */
    DIAGRAM_DRAWS = 50000, /* of the Bayesian signed-rank test */
};
#define DIAGRAM_ROPE 0.01  /* differences of AUBC that do not matter in practice */

typedef struct diagram {
    size_t datasets;     /* N */
    size_t strategies;   /* of the report */
    double *scores;      /* (datasets, strategies): AUBC less the baseline's, or AUBC when there is
                            none; mean over trials, then over the data set's settings; NaN: none */
    size_t count;        /* strategies with a score in every data set: the ones that are ranked */
    size_t *members;     /* (count) strategies, best mean rank first */
    double *mean_ranks;  /* (count) of the members */
    friedman test;       /* NaN with fewer than two members or data sets */
    double nemenyi_cd;   /* at the report's level; NaN likewise */
    bool verdict;        /* N reaches DIAGRAM_DATASETS, and there are two to 64 members */
    double *p;           /* (count, count) Wilcoxon over data sets, two-sided, Holm over all pairs;
                            NULL without a verdict */
    double *uncorrected; /* the same before the correction */
    bool *exact;         /* (count, count) whether the test was; otherwise by approximation */
    friedman_group *groups; /* (group_count) maximal groups no two of which differ at the level; bit
                               i is members[i]. NULL without a verdict */
    size_t group_count;
    bool groups_dropped; /* there are more than DIAGRAM_GROUPS */
    robust_signed_rank *practical; /* (strategies) right: better than the baseline by more than
                                      DIAGRAM_ROPE; one difference a data set. NaN for the baseline
                                      and who lacks a data set; NULL without a baseline */
} diagram;

/* Takes over `scores` (datasets, strategies; from fb_calloc), also when it fails. `baseline`: a
 * strategy's index, or GRID_NONE. FB_ENOMEM. */
int diagram_init(double *scores, size_t datasets, size_t strategies, ptrdiff_t baseline,
                 double alpha, diagram *ret_diagram, fb_error *err);

/* Takes NULL and a zeroed struct. */
void diagram_finish(diagram *d);

/* Whether the members of a group are neighbours in rank, so that a plain bar joins them. */
bool diagram_is_bar(friedman_group group);

/* Whether members[i] belongs to a group, and the first and the last that do. */
bool diagram_has(friedman_group group, size_t i);
size_t diagram_first(friedman_group group);
size_t diagram_last(friedman_group group);

/* The row of each group's bar: the first in which it touches no other; DIAGRAM_ROWS when there is
 * none. Returns how many rows are used. */
size_t diagram_rows(const diagram *d, size_t rows[DIAGRAM_GROUPS]);

#endif

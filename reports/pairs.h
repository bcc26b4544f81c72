/* pairs.h - every two strategies against each other, in every setting. */
#ifndef FB_REPORTS_PAIRS_H
#define FB_REPORTS_PAIRS_H

#include <stddef.h>

#include "compare.h"

typedef struct pair {
    size_t setting, first, second; /* first < second */
    comparison comparison;         /* first - second */
    double corrected_p;            /* of its AUBC test, over all pairs of all settings */
    verdict verdict;               /* the first's */
} pair;

typedef struct pairs {
    pair *list;   /* (count) by setting, first, second */
    size_t count;
    size_t tests; /* in the family of the correction */
} pairs;

/* FB_ENOMEM. */
int pairs_init(const grid *g, bool corrected, double alpha, pairs *ret_pairs, fb_error *err);

/* Takes NULL and a zeroed struct. */
void pairs_finish(pairs *p);

#endif

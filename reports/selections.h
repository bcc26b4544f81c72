/* selections.h - what strategies ask for, beside each other: how far their queries overlap, how
 * even the classes are, how alike they order the pool. Cells that are set apart take no part. */
#ifndef FB_REPORTS_SELECTIONS_H
#define FB_REPORTS_SELECTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "grid.h"

/* Jaccard's index between strategies, mean over settings of the mean over trials. */
typedef struct overlap_table {
    double *between; /* (strategies, strategies) of the same trial; NaN on the diagonal and where
                        two have no trial in common */
    double *trials;  /* (strategies) of one strategy's different trials; NaN below two trials */
    double chance;   /* that two who draw at random from the same pool have; NaN: pool not known */
} overlap_table;

/* Rank correlations of scores, mean over settings of the mean over trials. */
typedef struct score_table {
    double *spearman, *kendall; /* (strategies, strategies); NaN where there is nothing in common */
} score_table;

typedef struct selections {
    size_t settings, strategies;
    bool known;           /* any query is; everything is NaN otherwise */
    overlap_table first;  /* the first query: all strategies see the same network and pool */
    overlap_table all;    /* everything asked for in the rounds that both have */
    bool scored;          /* scores are stored of two strategies or more */
    score_table scores;   /* of the first query's pool */
    size_t *trials;       /* (strategies, strategies) (setting, trial) in which both asked for
                             something; on the diagonal, those of one strategy */
    size_t *score_trials; /* (strategies, strategies) (setting, trial) whose scores were compared */
    size_t rounds;        /* queries in the longest cell */
    double *queried;      /* (settings, rounds) samples asked for by then, over trials */
    double *balance;      /* (settings, strategies, rounds) evenness of the classes of everything
                             asked for by then, mean over trials; NaN: no query */
    size_t *balance_trials; /* (settings, strategies, rounds) behind `balance` */
} selections;

/* FB_ENOMEM. */
int selections_init(const grid *g, selections *ret_selections, fb_error *err);

/* Takes NULL and a zeroed struct. */
void selections_finish(selections *s);

/* balance of a setting and strategy, (rounds); balance_trials likewise. */
const double *selections_balance(const selections *s, size_t setting, size_t strategy);
const size_t *selections_balance_trials(const selections *s, size_t setting, size_t strategy);

#endif

/* logistic.h - the function that logistic regression minimises, with its derivatives (internal to
 * nn).
 *
 * The argument, theta (columns, features + 1), has for each logit the weights and then the
 * intercept. Features count from their weighted means. */
#ifndef FB_NN_LOGISTIC_H
#define FB_NN_LOGISTIC_H

#include "linear.h"

/* Samples are taken by so many at a time, to use what is in the cache. */
enum { LOGISTIC_ROWS = 4 };

typedef struct logistic {
    const linear_problem *problem;
    size_t columns;          /* the number of classes present; 1 for two: the second one's logit */
    size_t width;            /* features + 1 */
    const uint32_t *targets; /* (count) labels counted among the classes present */
    double weight;           /* of all samples */
    double *memory;          /* what the arrays below are parts of */
    double *mean;            /* (features) */
    double *magnitude;       /* (width) c sum_i s_i |x[j]|, x a centred sample and then 1 */

    /* The current samples; those beyond the last one are 0. */
    double factors[LOGISTIC_ROWS]; /* c times the sample's weight */
    double *rows;                  /* (LOGISTIC_ROWS, width) x */
    double *probabilities;         /* (LOGISTIC_ROWS, columns) */
} logistic;

/* Reads the data twice: means and magnitudes. FB_ENUMERIC for a feature that is not finite.
 * `targets` is the caller's. */
int logistic_init(logistic *model, const linear_problem *problem, size_t columns,
                  const uint32_t *targets, fb_error *err);

/* Takes a zeroed struct. */
void logistic_finish(logistic *model);

/* The function at theta, and its gradient (columns, width). */
double logistic_value(logistic *model, const double *theta, double *ret_gradient);

/* Adds the upper triangle of the Hessian at theta to `hessian` (columns * width, twice). The sum of
 * several columns' intercepts, which the function does not depend on, is given a curvature that
 * holds it. */
void logistic_hessian(logistic *model, const double *theta, double *hessian);

/* Something like the Hessian, but the same for all columns and for groups of up to `group` features
 * each by itself: adds the upper triangle of the columns' mean Hessian for the n features from b *
 * group on to the block (n, n) at blocks + b * group * group. */
void logistic_blocks(logistic *model, const double *theta, size_t group, double *blocks);

/* The mean cross-entropy that belongs to a value of the function. */
double logistic_loss(const logistic *model, const double *theta, double value);

#endif

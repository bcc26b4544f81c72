/* linear.h - multinomial logistic regression, the whole problem to convergence: the network
 * "linear" under the optimiser NN_LBFGS (internal to nn).
 *
 * With the cross-entropy of softmax(x W + b), W (features, classes), and weights s_i of the
 * samples, the weights returned minimise
 *
 *     0.5 |W|^2 + c sum_i s_i cross-entropy_i
 *
 * where the intercepts b are free. That leaves their sum open: it is 0. Only two things differ from
 * this formula, both as in scikit-learn's LogisticRegression(C=c):
 *
 * - With two classes one logit x w + b is modelled, penalised by 0.5 |w|^2; the head's columns are
 *   (-w/2, w/2), the intercepts (-b/2, b/2), so that the softmax is the logit's sigmoid.
 * - A class without samples (or without weight) would have its intercept at minus infinity. Only
 *   the classes present are fitted; the weights of the others are 0 and their intercepts
 *   LINEAR_ABSENT, which makes their probability 0 in single and double precision and their
 *   cross-entropy about 1000. When one class is present, its weights and intercept are 0: it is
 *   always predicted.
 *
 * The solution is where each component of the gradient is at most 1e-9, or 1e-12 of the sum of its
 * terms' magnitudes at c if that is more (rounding errors are of that size when features or c are
 * large). The components meant are those for features whose mean has been subtracted: since the
 * intercept is free, the optimum is the same, and better conditioned. Up to LINEAR_NEWTON_SIZE
 * numbers are found by Newton's method, more by L-BFGS. The start is always 0, so that the result
 * is a function of the problem. */
#ifndef FB_NN_LINEAR_H
#define FB_NN_LINEAR_H

#include "nn.h"

#define LINEAR_ABSENT (-1000.0)

enum { LINEAR_NEWTON_SIZE = 512 };

typedef enum linear_solver {
    LINEAR_BY_SIZE = 0,
    LINEAR_NEWTON, /* memory for the square of the numbers sought */
    LINEAR_LBFGS
} linear_solver;

typedef struct linear_problem {
    size_t count, features, classes;

    /* Writes the `features` numbers of sample `index`; the same ones each time. */
    void (*row)(void *context, size_t index, double *ret_row);
    const uint32_t *labels; /* (count) */
    const double *weights;  /* (count) of the samples, at least 0; NULL: all 1 */
    double c;               /* above 0 */
    linear_solver solver;

    /* Called after each iteration, from 0, with the mean loss; a non-zero return stops with
     * FB_ECANCELLED. May be NULL. */
    int (*progress)(void *context, size_t iteration, double loss);
    void *context; /* of both */
} linear_problem;

typedef struct linear_result {
    double loss;       /* weighted mean of the samples' cross-entropies */
    size_t iterations;
    double gradient;   /* the largest magnitude in the gradient */
} linear_result;

/* weights (features, classes), bias (classes). FB_EINVAL for a problem without samples, without
 * weight or with a label, weight or c that makes no sense; FB_ENUMERIC for a feature that is not
 * finite (unless one class is present) and when there is no convergence: the sentence gives the
 * gradient. */
int linear_fit(const linear_problem *problem, double *ret_weights, double *ret_bias,
               linear_result *ret_result, fb_error *err);

/* nn_train for NN_LBFGS, once recipe and samples have been checked and the network is its head
 * alone: what of the recipe counts is c and the class weights. The result's epochs are iterations,
 * kept_epoch is 0. The weights are unchanged after a failure of the fit. */
int linear_train(nn_network *network, const nn_recipe *recipe, const nn_training *training,
                 nn_training_result *ret_result, fb_error *err);

#endif

/* loss.h - the training loss: softmax cross-entropy, weighted by class (internal to nn). */
#ifndef FB_NN_LOSS_H
#define FB_NN_LOSS_H

#include "nn.h"

/* Sums over rows, in double and in order of the row. */
typedef struct loss_sums {
    double loss;    /* of weight * -log p(label) */
    double weight;  /* of the labels' weights: without class weights, the number of rows */
    size_t correct; /* rows whose largest logit is that of their label, as nn_evaluate counts */
} loss_sums;

/* The loss of logits (rows, columns). Writes the gradient of the weighted mean, loss / weight, to
 * d_logits (rows, columns). class_weights (columns) are above 0; NULL: all are 1. */
loss_sums loss_cross_entropy(size_t rows, size_t columns, const float *logits,
                             const uint32_t *labels, const double *class_weights,
                             float *d_logits);

/* The weights that make every class that occurs in `labels` count the same and their mean over the
 * labels 1: count / (classes that occur * labels of the class), as scikit-learn's "balanced". A
 * class that does not occur gets 0. Writes (class_count). */
void loss_balance_classes(const uint32_t *labels, size_t count, size_t class_count,
                          double *ret_weights);

#endif

/* nn_reference.h - networks in double precision, by the obvious loops: what the engines are
 * checked against. Shares no arithmetic with core/nn or core/kernels. */
#ifndef FB_TEST_NN_REFERENCE_H
#define FB_TEST_NN_REFERENCE_H

#include "network.h"

/* Logits (rows, C) of a network whose parameters are `parameters`, laid out as the network's own,
 * in a pass of a kind. Unless it is PASS_EVALUATE, dropout layers multiply by the masks that the
 * network's last pass drew; in PASS_TRAIN batch normalisation takes the statistics of the rows. */
void reference_forward(const nn_network *network, const double *parameters, size_t rows,
                       const double *x, pass_kind kind, double *logits);

/* Mean softmax cross-entropy of logits (rows, classes). */
double reference_loss(size_t rows, size_t classes, const double *logits, const uint32_t *labels);

#endif

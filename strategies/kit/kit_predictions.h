/* SPDX-License-Identifier: 0BSD
 *
 * kit_predictions.h - what repeated predictions say about a sample. See kit.h for the conventions.
 *
 * The functions named kit_... (stack, scores) are a kit_score: they give one number for each row of
 * a stack of predictions, its layers being dropout passes, members of an ensemble, or the one
 * prediction of "probabilities". Entropies are in nats, with 0 log 0 = 0; they call nothing of the
 * host's and may run on several threads. */
#ifndef FB_KIT_PREDICTIONS_H
#define FB_KIT_PREDICTIONS_H

#include "kit_services.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes a number for each of the stack's rows. */
typedef void kit_score(const kit_stack *stack, double *ret_scores);

/* The mean over layers of the entropy of a row; of one layer, the entropy itself. */
void kit_mean_entropy(const kit_stack *stack, double *ret_scores);

/* The entropy of the mean of the layers. */
void kit_entropy_of_mean(const kit_stack *stack, double *ret_scores);

/* The mutual information between label and layer: the entropy of the mean less the mean entropy;
 * never below 0 (Houlsby et al. 2011, eq. 2). */
void kit_mutual_information(const kit_stack *stack, double *ret_scores);

/* The variation ratio (Freeman 1965): the share of layers whose most probable class (ties: the
 * smaller) is not the one that most layers name. Its many ties are broken by the entropy of the
 * mean: as a share of the largest possible, log classes, it adds up to half of 1 / layers, the step
 * from one ratio to the next. */
void kit_variation_ratio(const kit_stack *stack, double *ret_scores);

/* For further such functions, that sum something over the classes. A part of a stack is some whole
 * rows or some classes of one row, so that a layer of it is `rows` x `columns` numbers without
 * gaps, at most KIT_PART. */
enum { KIT_PART = 1024 };

/* The mean over layers of each number of a part: (rows, columns). */
void kit_part_mean(const kit_stack *part, double *ret_means);

/* Calls `function` for all parts of a stack; it writes a number for each row and class (rows,
 * columns). ret_sums (rows): the sums of these over the classes, in order. */
void kit_sum_classes(const kit_stack *stack, void (*function)(const kit_stack *part, double *out),
                     double *ret_sums);

#ifdef __cplusplus
}
#endif

#endif

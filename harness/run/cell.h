/* cell.h - the process of one cell: the active-learning loop, or, of a reference, one round of it
 * with all labels.
 *
 * Runs in a child of the zygote. It knows the training images but not their labels: those it may
 * use arrive from the supervisor, at the start (initial, validation and drawn test samples, and the
 * queries of finished rounds) and after each query that the supervisor has stored. */
#ifndef FB_CELL_H
#define FB_CELL_H

#include <stddef.h>

#include "plan.h"

/* Messages are JSON objects with a member "type".
 *
 * From the supervisor:
 * - start {initial, validation, test, round, samples, labels, state}: the labels of the split's
 *   ids, in their order; the first round to compute; what the rounds before it queried (of a
 *   reference, the whole pool), with labels; for a warm start the network's state that they left.
 * - labels {labels}: of the last query, in its order.
 *
 * From the cell:
 * - working {round, phase, epoch}: a sign of life.
 * - round {round, labeled, metrics, times, samples, scored, scores, records, state}: the samples
 *   queried, in order of rank; the sub-pool and its scores when they are wanted; the network's
 *   state when the next round starts from it.
 * - failed {round, text}, done {}: the last word.
 *
 * Returns the process's exit status: 0 when it sent `done`, 1 when it sent `failed`. */
int cell_run(const struct plan *plan, size_t cell_index, int socket);

#endif

/* cell.h - the process of one cell: the active-learning loop.
 *
 * Runs in a child of the zygote. It knows the training images but not their labels: those it may
 * use arrive from the supervisor, at the start (initial, validation and drawn test samples, and the
 * queries of finished rounds) and after each query that the supervisor has stored. */
#ifndef FB_CELL_H
#define FB_CELL_H

#include <stddef.h>

#include "plan.h"

/* Messages, JSON objects with a member "type":
 *   supervisor to cell
 *     start   {initial, validation, test: labels in the order of the split's ids; round: the first
 * to compute; samples, labels: queried in the rounds before} labels  {labels: of the last query, in
 * its order} cell to supervisor working {round, phase, epoch}: a sign of life round   {round,
 * labeled, metrics..., samples: queried in order of rank; scored, scores: the
 *              sub-pool and its scores when they are wanted; records; times} failed  {round,
 * text} done    {}
 *
 * Returns the process's exit status: 0 when it sent `done`, 1 when it sent `failed`. */
int cell_run(const struct plan *plan, size_t cell_index, int socket);

#endif

/* overlap.h - what strategies select: how far two selections agree, how even their classes are.
 * Numbers in, numbers out. */
#ifndef FB_REPORTS_OVERLAP_H
#define FB_REPORTS_OVERLAP_H

#include <stddef.h>
#include <stdint.h>

/* Jaccard's index |A and B| / |A or B| of two sets of ids, each ascending and without repeats; NaN
 * of two empty sets. */
double overlap_jaccard(const uint32_t *a, size_t a_count, const uint32_t *b, size_t b_count);

/* The index that two random sets of these sizes out of `pool` samples have on average, nearly: of
 * their mean intersection. What a Jaccard index has to be compared with. NaN of an empty pool. */
double overlap_by_chance(size_t a_count, size_t b_count, size_t pool);

/* The same for all that two strategies ask for in `rounds` rounds of `batch` samples, each drawn at
 * random from the round's sub-pool, which both share and which holds a sample of the pool with
 * probability subpool / pool. A sample is in k sub-pools with a binomial probability, and then in
 * one strategy's queries with 1 - (1 - batch / subpool)^k, independently of the other's. What
 * leaves the pool on the way is neglected. subpool 0: the whole pool. NaN of an empty pool. */
double overlap_by_chance_rounds(size_t batch, size_t rounds, size_t subpool, size_t pool);

/* How evenly labels fall on `classes` (at least 2) classes: the entropy of their shares over
 * log(classes); 1 when all are as frequent, 0 when there is but one class. NaN without labels. */
double overlap_class_balance(const size_t *counts, size_t classes);

#endif

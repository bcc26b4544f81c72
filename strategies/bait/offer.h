/* SPDX-License-Identifier: 0BSD
 *
 * offer.h - what a round offers BAIT to choose from, and what is labelled. */
#ifndef FB_BAIT_OFFER_H
#define FB_BAIT_OFFER_H

#include "kit.h"

typedef struct bait_offer {
    kit_matrix x, p;      /* embeddings (n, d) and probabilities (n, C) of the candidates */
    const uint32_t *rows; /* (n): their rows in the sub-pool, ascending; NULL: all of them */
    kit_matrix labeled_x, labeled_p; /* no rows where nothing is labelled */
} bait_offer;

/* Takes the round's services. `pool` > 0: only so many random samples, the batch at least, which
 * depend on their ids alone. */
int bait_take_offer(const fb_host *host, const fb_round *round, size_t pool,
                    bait_offer *ret_offer);

#endif

/* SPDX-License-Identifier: 0BSD
 *
 * kit_instance.h - what a strategy keeps between create and scores. See kit.h for the
 * conventions. */
#ifndef FB_KIT_INSTANCE_H
#define FB_KIT_INSTANCE_H

#include "flipbench/strategy.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Enough for most strategies; larger ones begin with it. */
typedef struct kit_instance {
    const fb_host *host;
    const fb_value *values; /* of the parameters, in their order */
    double *scores;         /* (pool_count), set by kit_scores_alloc */
} kit_instance;

/* fb_strategy.create, .scores and .destroy of such a strategy. */
int kit_create(const fb_host *host, const fb_value *values, void **ret_instance);
int kit_scores(void *instance, const fb_round *round, double *ret_scores);
void kit_destroy(void *instance);

/* Room for the round's scores, zeroed: for a select that does not call kit_rank. */
int kit_scores_alloc(kit_instance *self, const fb_round *round);

/* Turns the batch's rows into the sample ids that select gives, in place. */
void kit_rows_to_ids(const fb_round *round, uint32_t *rows);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: 0BSD
 *
 * kit_ranked.h - strategies that rank the samples by one number made of each one's predictions.
 * See kit.h for the conventions.
 *
 * Such a strategy is a kit_score and a descriptor:
 *
 *     static int select_entropy(void *instance, const fb_round *round, uint32_t *ret_ids)
 *     {
 *         return kit_rank(instance, round, "probabilities", kit_mean_entropy, KIT_LARGEST_FIRST,
 *                         ret_ids);
 *     }
 *
 * whose create, scores and destroy are those of kit_scored. */
#ifndef FB_KIT_RANKED_H
#define FB_KIT_RANKED_H

#include "kit_choose.h"
#include "kit_predictions.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The parameters of strategies that ask for "mc_probabilities" and "ensemble_probabilities": by
 * default 100 passes and 5 members. One of them comes first; see kit_scored_create_counted. */
extern const fb_param kit_passes, kit_members;

/* fb_strategy.create of a strategy whose first parameter is a whole number, which becomes
 * kit_scored.count. */
int kit_scored_create_counted(const fb_host *host, const fb_value *values, void **ret_instance);

/* Takes "probabilities", "mc_probabilities" or "ensemble_probabilities", self->count being the
 * passes or members, scores its rows, keeps the scores and chooses the round's batch. `score` is
 * given some rows at a time, perhaps on several threads, and must not call the host. */
int kit_rank(kit_scored *self, const fb_round *round, const char *service, kit_score *score,
             kit_order order, uint32_t *ret_ids);

/* The scores alone, of all rows. */
int kit_score_rows(const fb_host *host, const kit_stack *stack, kit_score *score,
                   double *ret_scores);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: 0BSD
 *
 * kit_ranked.h - strategies that rank the samples by one number made of each one's predictions.
 * See kit.h for the conventions.
 *
 * Such a strategy is a kit_score and a descriptor:
 *
 *     static int select_entropy(void *instance, const fb_round *round, uint32_t *ret_ids)
 *     {
 *         return kit_rank(instance, round, "probabilities", 0, kit_mean_entropy,
 *                         KIT_LARGEST_FIRST, ret_ids);
 *     }
 *
 * whose create, scores and destroy are the kit's. A strategy whose number is made of something else
 * fills the instance's scores itself and ends with kit_select_top. */
#ifndef FB_KIT_RANKED_H
#define FB_KIT_RANKED_H

#include "kit_choose.h"
#include "kit_instance.h"
#include "kit_predictions.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The parameters of strategies that ask for "mc_probabilities" and "ensemble_probabilities": by
 * default 100 passes and 5 members. */
extern const fb_param kit_param_passes, kit_param_members;

/* Takes "probabilities", "mc_probabilities" or "ensemble_probabilities" with its count, scores its
 * rows, keeps the scores and chooses the round's batch. `score` is given some rows at a time,
 * perhaps on several threads, and must not call the host. */
int kit_rank(kit_instance *self, const fb_round *round, const char *service, uint64_t count,
             kit_score *score, kit_order order, uint32_t *ret_ids);

/* The scores alone, of all rows. */
int kit_score_rows(const fb_host *host, const kit_stack *stack, kit_score *score,
                   double *ret_scores);

#ifdef __cplusplus
}
#endif

#endif

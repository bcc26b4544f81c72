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
 * whose create, scores and destroy are those of kit_scored. A strategy whose number is made of
 * something else fills kit_scored.scores itself and ends with kit_select_top. */
#ifndef FB_KIT_RANKED_H
#define FB_KIT_RANKED_H

#include "kit_choose.h"
#include "kit_predictions.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The parameters of strategies that ask for "mc_probabilities" and "ensemble_probabilities": by
 * default 100 passes and 5 members. One of them comes first; see kit_scored_create_counted. */
extern const fb_param kit_param_passes, kit_param_members;

/* The instance: what such a strategy needs between create and scores. */
typedef struct kit_scored {
    const fb_host *host;
    uint64_t count; /* set by kit_scored_create_counted, else 0 */
    double *scores; /* (pool_count), set by kit_scored_alloc */
} kit_scored;

/* fb_strategy.create, .scores and .destroy. They take any parameters and look at none. */
int kit_scored_create(const fb_host *host, const fb_value *values, void **ret_instance);
int kit_scored_scores(void *instance, const fb_round *round, double *ret_scores);
void kit_scored_destroy(void *instance);

/* The same create for a strategy whose first parameter is a whole number: it becomes `count`. */
int kit_scored_create_counted(const fb_host *host, const fb_value *values, void **ret_instance);

/* Room for the round's scores, zeroed: for a select that does not call kit_rank. */
int kit_scored_alloc(kit_scored *self, const fb_round *round);

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

/* SPDX-License-Identifier: 0BSD
 *
 * least-confidence: the samples whose most probable class is the least probable. */
#include "kit.h"

static void confidences(const kit_stack *p, double *ret_scores)
{
    for (size_t i = 0; i < p->rows; i++) {
        const float *row = kit_stack_row(p, 0, i);
        ret_scores[i] = (double)row[kit_argmax(row, p->columns)];
    }
}

static int select_least_confidence(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    return kit_rank(instance, round, "probabilities", 0, confidences, KIT_SMALLEST_FIRST, ret_ids);
}

static const char *const services[] = {"probabilities", NULL};

static const fb_strategy strategy = {
    .struct_size = sizeof strategy,
    .id = "least-confidence",
    .label = "Least confidence",
    .algo_version = 1,
    .rule = "The smallest predicted probability of the most probable class.",
    .citation = "Lewis, D. D., & Gale, W. A. (1994). A sequential algorithm for training text "
                "classifiers. SIGIR, 3-12.",
    .deviations = "Lewis and Gale have two classes; for more, the probability of the most probable "
                  "one takes the place of the distance to one half, as is usual.",
    .score_name = "confidence",
    .score_ascending = 1,
    .create = kit_create,
    .select = select_least_confidence,
    .scores = kit_scores,
    .destroy = kit_destroy,
    .services = services,
};

FB_PLUGIN_ONE(strategy);

/* SPDX-License-Identifier: 0BSD
 *
 * margin: the samples whose two most probable classes are the closest. */
#include "kit.h"

static void margins(const kit_stack *p, double *ret_scores)
{
    for (size_t i = 0; i < p->rows; i++)
        ret_scores[i] = kit_margin(kit_stack_row(p, 0, i), p->columns);
}

static int select_margin(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    return kit_rank(instance, round, "probabilities", 0, margins, KIT_SMALLEST_FIRST, ret_ids);
}

static const char *const services[] = {"probabilities", NULL};

static const fb_strategy strategy = {
    .struct_size = sizeof strategy,
    .id = "margin",
    .label = "Margin",
    .algo_version = 1,
    .rule = "The smallest difference between the two largest predicted class probabilities.",
    .citation = "Scheffer, T., Decomain, C., & Wrobel, S. (2001). Active hidden Markov models for "
                "information extraction. Advances in Intelligent Data Analysis, 309-318.",
    .score_name = "margin",
    .score_ascending = 1,
    .create = kit_create,
    .select = select_margin,
    .scores = kit_scores,
    .destroy = kit_destroy,
    .services = services,
};

FB_PLUGIN_ONE(strategy);

/* SPDX-License-Identifier: 0BSD
 *
 * entropy: the samples whose predicted distribution is the most spread out. */
#include "kit.h"

static int select_entropy(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    return kit_rank(instance, round, "probabilities", 0, kit_mean_entropy, KIT_LARGEST_FIRST,
                    ret_ids);
}

static const char *const services[] = {"probabilities", NULL};

static const fb_strategy strategy = {
    .struct_size = sizeof strategy,
    .id = "entropy",
    .label = "Entropy",
    .algo_version = 1,
    .rule = "The largest entropy of the predicted class probabilities, in nats.",
    .citation = "Settles, B. (2009). Active learning literature survey. Computer Sciences "
                "Technical Report 1648, University of Wisconsin-Madison.",
    .score_name = "entropy",
    .create = kit_create,
    .select = select_entropy,
    .scores = kit_scores,
    .destroy = kit_destroy,
    .services = services,
};

FB_PLUGIN_ONE(strategy);

/* SPDX-License-Identifier: 0BSD
 *
 * margin: the samples whose two most probable classes are the closest. */
#include "kit.h"

/* p(1) - p(2), the largest probability minus the second largest; p(1) itself when there is one
 * class. */
static double margin(const float *p, size_t count)
{
    double first = 0, second = 0;
    for (size_t c = 0; c < count; c++) {
        double value = p[c];
        if (value > first) {
            second = first;
            first = value;
        } else if (value > second) {
            second = value;
        }
    }
    return first - second;
}

static int select_margin(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    kit_scored *self = instance;
    kit_matrix p;
    int rc = kit_get_matrix(self->host, "probabilities", 0, &p);
    if (rc == FB_PLUGIN_OK)
        rc = kit_scored_alloc(self, round);
    if (rc != FB_PLUGIN_OK)
        return rc;
    for (size_t i = 0; i < p.rows; i++)
        self->scores[i] = margin(kit_row(&p, i), p.columns);
    return kit_select_top(self->host, round, self->scores, KIT_SMALLEST_FIRST, ret_ids);
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
    .create = kit_scored_create,
    .select = select_margin,
    .scores = kit_scored_scores,
    .destroy = kit_scored_destroy,
    .services = services,
};

FB_PLUGIN_ONE(strategy);

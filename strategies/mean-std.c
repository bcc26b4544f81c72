/* SPDX-License-Identifier: 0BSD
 *
 * mean-std: the samples whose class probabilities vary the most between dropout passes. */
#include <math.h>
#include <string.h>

#include "kit.h"

static const fb_param *const params[] = {&kit_param_passes};

/* The standard deviation over passes of each class's probability, divided by the number of passes
 * and not one less. */
static void deviations(const kit_stack *part, double *ret_deviations)
{
    double means[KIT_PART];
    size_t count = part->rows * part->columns;
    kit_part_mean(part, means);
    memset(ret_deviations, 0, count * sizeof *ret_deviations);
    for (size_t pass = 0; pass < part->layers; pass++) {
        const float *p = kit_stack_row(part, pass, 0);
        for (size_t i = 0; i < count; i++) {
            double off = (double)p[i] - means[i];
            ret_deviations[i] += off * off;
        }
    }
    for (size_t i = 0; i < count; i++)
        ret_deviations[i] = sqrt(ret_deviations[i] / (double)part->layers);
}

static void mean_deviations(const kit_stack *p, double *ret_scores)
{
    kit_sum_classes(p, deviations, ret_scores);
    for (size_t i = 0; i < p->rows; i++)
        ret_scores[i] /= (double)p->columns;
}

static int select_mean_std(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    kit_instance *self = instance;
    uint64_t passes = (uint64_t)self->values[0].i;
    return kit_rank(self, round, "mc_probabilities", passes, mean_deviations,
                    KIT_LARGEST_FIRST, ret_ids);
}

static const char *const services[] = {"mc_probabilities", NULL};

static const fb_strategy strategy = {
    .struct_size = sizeof strategy,
    .id = "mean-std",
    .label = "Mean STD",
    .algo_version = 1,
    .needs = FB_NEEDS_DROPOUT,
    .rule = "The largest standard deviation of a class's probability over dropout passes, averaged "
            "over the classes.",
    .citation = "Kampffmeyer, M., Salberg, A.-B., & Jenssen, R. (2016). Semantic segmentation of "
                "small objects and modeling of uncertainty in urban remote sensing images using "
                "deep convolutional neural networks. CVPR Workshops, 680-688.",
    .deviations = "In a pass all samples share one dropout mask, and batch normalisation works as "
                  "in evaluation.",
    .params = params,
    .param_count = 1,
    .score_name = "mean standard deviation",
    .create = kit_create,
    .select = select_mean_std,
    .scores = kit_scores,
    .destroy = kit_destroy,
    .services = services,
};

FB_PLUGIN_ONE(strategy);

/* SPDX-License-Identifier: 0BSD
 *
 * bait: the batch after which the last layer's Fisher information says least is left to learn about
 * all samples. */
#include <math.h>
#include <string.h>

#include "bait/greedy.h"
#include "bait/offer.h"
#include "kernels.h"

typedef struct instance {
    const fb_host *host;
    double lambda;
    size_t components, pool; /* 0: no limit */
} instance;

static int create(const fb_host *host, const fb_value *values, void **ret_instance)
{
    instance *self = host->alloc(host, 1, sizeof *self);
    if (!self)
        return kit_fail_memory(host, "an instance");
    self->host = host;
    self->lambda = values[0].f;
    self->components = (size_t)values[1].i;
    self->pool = (size_t)values[2].i;
    *ret_instance = self;
    return FB_PLUGIN_OK;
}

/* ---- the problem ---------------------------------------------------------------------------- */

/* The axes on which the candidates' embeddings are projected; NULL: they are taken as they are. */
static int find_axes(const fb_host *host, const kit_matrix *x, size_t components,
                     double **ret_axes)
{
    *ret_axes = NULL;
    if (components == 0 || components >= x->columns)
        return FB_PLUGIN_OK;
    double *axes = host->alloc(host, components, x->columns * sizeof *axes);
    double *variances = host->alloc(host, components, sizeof *variances);
    if (!axes || !variances)
        return kit_fail_memory(host, "principal axes");
    int rc = kit_pca(host, x, components, NULL, axes, variances);
    if (rc != FB_PLUGIN_OK)
        return rc;
    double kept = 0, all = 0;
    for (size_t i = 0; i < components; i++)
        kept += variances[i];
    for (size_t i = 0; i < x->rows; i++)
        all += kernels_norm2(x->columns, kit_row(x, i)) / (double)x->rows;
    host->record(host, "kept", all > 0 ? kept / all : 1);
    *ret_axes = axes;
    return FB_PLUGIN_OK;
}

static int make_samples(const fb_host *host, const kit_matrix *x, const kit_matrix *p,
                        const double *axes, size_t d, size_t m, bool candidates,
                        bait_samples *ret_samples)
{
    bait_samples samples;
    int rc = bait_samples_alloc(host, x->rows, d, m, candidates, &samples);
    if (rc == FB_PLUGIN_OK)
        rc = bait_set_features(host, x, axes, &samples);
    if (rc != FB_PLUGIN_OK)
        return rc;
    for (size_t i = 0; i < x->rows; i++)
        bait_set_factor(&samples, i, kit_row(p, i));
    *ret_samples = samples;
    return FB_PLUGIN_OK;
}

/* M^-1 and M^-1 F M^-1 of what is labelled and offered. */
static int make_matrices(const instance *self, const bait_samples *labeled,
                         const bait_samples *candidates, size_t batch, bait_matrices *ret_matrices)
{
    const fb_host *host = self->host;
    bait_information known, all;
    size_t d = candidates->d, m = candidates->m, size = bait_pairs(d) * bait_pairs(m);
    int rc = bait_information_alloc(host, d, m, &known);
    if (rc == FB_PLUGIN_OK)
        rc = bait_information_alloc(host, d, m, &all);
    if (rc == FB_PLUGIN_OK)
        rc = bait_add_information(host, labeled, &known);
    if (rc != FB_PLUGIN_OK)
        return rc;
    memcpy(all.sum, known.sum, size * sizeof *all.sum);
    rc = bait_add_information(host, candidates, &all);
    if (rc != FB_PLUGIN_OK)
        return rc;
    return bait_matrices_init(host, &known, &all, self->lambda,
                              1 / (double)(labeled->count + batch),
                              1 / (double)(labeled->count + candidates->count), ret_matrices);
}

static int choose(const instance *self, const bait_offer *o, size_t batch, uint32_t *ret_positions)
{
    const fb_host *host = self->host;
    bait_samples candidates, labeled;
    bait_matrices matrices;
    bait_greedy greedy;
    double *axes;
    int rc = find_axes(host, &o->x, self->components, &axes);
    if (rc != FB_PLUGIN_OK)
        return rc;
    size_t d = axes ? self->components : o->x.columns, m = o->p.columns - 1;
    rc = bait_check_size(host, d, m);
    if (rc == FB_PLUGIN_OK)
        rc = make_samples(host, &o->labeled_x, &o->labeled_p, axes, d, m, false, &labeled);
    if (rc == FB_PLUGIN_OK)
        rc = make_samples(host, &o->x, &o->p, axes, d, m, true, &candidates);
    if (rc == FB_PLUGIN_OK)
        rc = make_matrices(self, &labeled, &candidates, batch, &matrices);
    if (rc != FB_PLUGIN_OK)
        return rc;
    bait_scale(&candidates, sqrt((double)batch / (double)(labeled.count + batch)));
    rc = bait_project(host, &matrices, &candidates);
    if (rc == FB_PLUGIN_OK)
        rc = bait_greedy_init(host, &matrices, &greedy);
    if (rc == FB_PLUGIN_OK)
        rc = bait_choose(&greedy, &candidates, batch, ret_positions);
    return rc;
}

static int select_bait(void *argument, const fb_round *round, uint32_t *ret_ids)
{
    const instance *self = argument;
    bait_offer o;
    int rc = bait_take_offer(self->host, round, self->pool, &o);
    if (rc == FB_PLUGIN_OK)
        rc = choose(self, &o, round->batch, ret_ids);
    for (size_t i = 0; rc == FB_PLUGIN_OK && i < round->batch; i++)
        ret_ids[i] = round->pool_ids[o.rows ? o.rows[ret_ids[i]] : ret_ids[i]];
    return rc;
}

/* ---- the strategy --------------------------------------------------------------------------- */

static const fb_param lambda = {
    .struct_size = sizeof(fb_param),
    .name = "lambda",
    .type = FB_PARAM_FLOAT,
    .preset.f = 1,
    .minimum.f = 1e-9,
    .maximum.f = 1e9,
    .help = "What is added to the diagonal of the labelled samples' Fisher information; the "
            "authors take 0.01 for CIFAR-10. Where little is labelled, rounding decides below some "
            "1e-6 times the mean squared length of an embedding.",
};
static const fb_param components = {
    .struct_size = sizeof(fb_param),
    .name = "components",
    .type = FB_PARAM_INT,
    .preset.i = 64,
    .minimum.i = 0,
    .maximum.i = 20000,
    .help = "An approximation: wider embeddings are projected on this many principal axes of the "
            "sub-pool (about the origin), because matrices have (classes - 1) x this many rows; "
            "0: never.",
};
static const fb_param pool = {
    .struct_size = sizeof(fb_param),
    .name = "pool",
    .type = FB_PARAM_INT,
    .preset.i = 0,
    .minimum.i = 0,
    .maximum.i = 100000000,
    .help = "An approximation: only this many random samples of the sub-pool are looked at (the "
            "batch size at least); 0: all.",
};

static const fb_param *const params[] = {&lambda, &components, &pool};

static const char *const services[] = {"embeddings",   "probabilities", "labeled_embeddings",
                                       "head_weights", "head_bias",     NULL};

static const fb_strategy strategy = {
    .struct_size = sizeof strategy,
    .id = "bait",
    .label = "BAIT",
    .algo_version = 1,
    .rule = "Greedily the batch that lowers most the trace of all samples' Fisher information "
            "times the inverse of that of the labelled ones: forward to twice the batch size, then "
            "backward to it.",
    .citation = "Ash, J. T., Goel, S., Krishnamurthy, A., & Kakade, S. M. (2021). Gone fishing: "
                "Neural active learning with Fisher embeddings. NeurIPS. arXiv:2106.09675",
    .deviations = "Embeddings wider than `components` are projected on as many principal axes, "
                  "where the authors use all of their width; the samples to learn about are the "
                  "sub-pool and the labelled ones, for the authors the whole training set; of "
                  "samples with equal scores the one with the smaller id is asked for.",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .create = create,
    .select = select_bait,
    .destroy = kit_destroy,
    .services = services,
};

FB_PLUGIN_ONE(strategy);

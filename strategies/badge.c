/* SPDX-License-Identifier: 0BSD
 *
 * badge: samples whose gradients are long and differ from each other. */
#include "kit.h"

/* The gradient of the loss with respect to the head's weights, if the predicted class y were the
 * label, is (p - e_y) h'. Writes e_y - p of each sample. */
static int get_errors(const fb_host *host, kit_matrix *ret_errors)
{
    kit_matrix p;
    int rc = kit_get_matrix(host, "probabilities", 0, &p);
    if (rc != FB_PLUGIN_OK)
        return rc;
    float *errors = host->alloc(host, p.rows, p.columns * sizeof *errors);
    if (!errors)
        return kit_fail_memory(host, "gradients");
    for (size_t i = 0; i < p.rows; i++) {
        const float *row = kit_row(&p, i);
        float *error = errors + i * p.columns;
        for (size_t c = 0; c < p.columns; c++)
            error[c] = -row[c];
        error[kit_argmax(row, p.columns)] += 1;
    }
    *ret_errors = (kit_matrix){errors, p.rows, p.columns};
    return FB_PLUGIN_OK;
}

/* The gradients as points: their factors are not multiplied out. */
static int get_gradients(const fb_host *host, kit_points *ret_gradients)
{
    kit_matrix embeddings, errors;
    int rc = kit_get_matrix(host, "embeddings", 0, &embeddings);
    if (rc == FB_PLUGIN_OK)
        rc = get_errors(host, &errors);
    if (rc == FB_PLUGIN_OK)
        rc = kit_points_make(host, "the embeddings", &embeddings, &errors, ret_gradients);
    return rc;
}

static int select_badge(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    const kit_instance *self = instance;
    kit_points gradients;
    int rc = get_gradients(self->host, &gradients);
    if (rc != FB_PLUGIN_OK)
        return rc;
    size_t longest = kit_argmax(gradients.squares, round->pool_count), distinct;
    rc = kit_spread(self->host, &gradients, longest, round->batch, 0, ret_ids, &distinct);
    if (rc == FB_PLUGIN_OK)
        kit_rows_to_ids(round, ret_ids);
    return rc;
}

static const char *const services[] = {"embeddings", "probabilities", NULL};

static const fb_strategy strategy = {
    .struct_size = sizeof strategy,
    .id = "badge",
    .label = "BADGE",
    .algo_version = 1,
    .rule = "The seeding of k-means++ on gradient embeddings: the longest first, then draws in "
            "proportion to the squared distance to the nearest one chosen.",
    .citation = "Ash, J. T., Zhang, C., Krishnamurthy, A., Langford, J., & Agarwal, A. (2020). "
                "Deep batch active learning by diverse, uncertain gradient lower bounds. ICLR. "
                "arXiv:1906.03671",
    .deviations = "Gradients are those of the head's weights without its bias, as in the authors' "
                  "code; the first choice is the longest gradient, as there (the paper draws it); "
                  "when every distance is 0, draws are uniform among the rest. Squared distances are "
                  "products in float32, which are summed in double.",
    .create = kit_create,
    .select = select_badge,
    .destroy = kit_destroy,
    .services = services,
};

FB_PLUGIN_ONE(strategy);

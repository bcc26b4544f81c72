/* SPDX-License-Identifier: 0BSD
 *
 * probcover: samples whose balls of radius delta cover the most of the sub-pool. */
#include "balls.h"
#include "delta.h"

enum { REPRESENTATION, DELTA }; /* the parameters */

/* The random stream of the samples that follow when all is covered; k-means has stream 0. */
enum { REST_STREAM = 1 };

/* The row of the largest degree, ties to the smaller row; KIT_NONE when all is covered. */
static size_t best_row(const balls *b)
{
    size_t best = 0;
    for (size_t i = 1; i < b->rows.rows; i++)
        if (b->degrees[i] > b->degrees[best])
            best = i;
    return b->degrees[best] > 0 ? best : KIT_NONE;
}

/* Chooses at random what the batch lacks. */
static int choose_rest(const fb_host *host, const fb_round *round, size_t chosen, uint32_t *rows)
{
    size_t n = round->pool_count;
    double *keys = host->alloc(host, n, sizeof *keys);
    uint32_t *order = host->alloc(host, n, sizeof *order);
    if (!keys || !order)
        return kit_fail_memory(host, "a random choice");
    host->random_uniform(host, REST_STREAM, 0, 0, n, keys);
    for (size_t i = 0; i < chosen; i++)
        keys[rows[i]] = 1; /* behind all others */
    int rc = kit_top_k(host, keys, n, n, KIT_SMALLEST_FIRST, order);
    for (size_t i = chosen; rc == FB_PLUGIN_OK && i < round->batch; i++)
        rows[i] = order[i - chosen];
    return rc;
}

static int choose(const fb_host *host, const fb_round *round, balls *b, uint32_t *ret_rows)
{
    size_t chosen = 0, row, covered = 0;
    while (chosen < round->batch && (row = best_row(b)) != KIT_NONE) {
        if (host->cancelled(host))
            return FB_PLUGIN_ECANCELLED;
        ret_rows[chosen++] = (uint32_t)row;
        int rc = balls_cover(b, row);
        if (rc != FB_PLUGIN_OK)
            return rc;
    }
    for (size_t i = 0; i < b->rows.rows; i++)
        covered += b->covered[i];
    host->record(host, "covered", (double)covered / (double)b->rows.rows);
    return chosen < round->batch ? choose_rest(host, round, chosen, ret_rows) : FB_PLUGIN_OK;
}

static int select_probcover(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    const kit_instance *self = instance;
    const fb_host *host = self->host;
    kit_matrix pool, labeled, rows;
    balls b;
    double delta = self->values[DELTA].f; /* 0: to be found */
    int rc = kit_get_representations(host, round, self->values[REPRESENTATION].s, &pool, &labeled);
    if (rc == FB_PLUGIN_OK)
        rc = kit_unit_rows(host, &pool, &labeled, &rows);
    if (rc != FB_PLUGIN_OK)
        return rc;
    labeled.data = rows.data + pool.rows * rows.columns;
    rows.rows = pool.rows;
    if (delta == 0)
        rc = delta_find(host, &rows, round->class_count, &delta);
    if (rc != FB_PLUGIN_OK)
        return rc;
    host->record(host, "delta", delta);
    rc = balls_init(host, &rows, &labeled, delta, &b);
    if (rc == FB_PLUGIN_OK)
        rc = choose(host, round, &b, ret_ids);
    if (rc == FB_PLUGIN_OK)
        kit_rows_to_ids(round, ret_ids);
    return rc;
}

static const fb_param delta_param = {
    .struct_size = sizeof(fb_param),
    .name = "delta",
    .type = FB_PARAM_FLOAT,
    .preset.f = 0,
    .minimum.f = 0,
    .maximum.f = 2,
    .help = "The radius of the balls, among rows of norm 1; 0: the largest of 0.05, 0.10, ..., "
            "1.00 for which 95 % of the balls lie within one k-means cluster, with as many "
            "clusters as classes, or 0.05 when there is none.",
};
static const fb_param *const params[] = {[REPRESENTATION] = &kit_param_representation,
                                         [DELTA] = &delta_param};

static const char *const services[] = {"representation", "labeled_representation", NULL};

static const fb_strategy strategy = {
    .struct_size = sizeof strategy,
    .id = "probcover",
    .label = "ProbCover",
    .algo_version = 1,
    .rule = "Greedily the sample whose ball of radius delta holds the most samples that no ball of "
            "a labelled or chosen one covers.",
    .citation = "Yehuda, O., Dekel, A., Hacohen, G., & Weinshall, D. (2022). Active learning "
                "through a covering lens. NeurIPS 35, 22354-22367. arXiv:2205.11320",
    .deviations =
        "The paper measures distances between features of a self-supervised network; the preset "
        "here is the trained network's embedding, see the parameter representation. Ties go to "
        "the smaller sample id, where the authors' code draws among the best. The radius is found "
        "anew in each round, on the sub-pool, by the best of 10 runs of k-means. When all is "
        "covered, the rest of the batch is drawn at random.",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .create = kit_create,
    .select = select_probcover,
    .destroy = kit_destroy,
    .services = services,
};

FB_PLUGIN_ONE(strategy);

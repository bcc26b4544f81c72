/* SPDX-License-Identifier: 0BSD
 *
 * cluster-margin: the smallest margins, spread over clusters. */
#include <stdlib.h>

#include "kit.h"
#include "linkage.h"

enum {
    RATIO = 10,            /* candidates for a choice, and for a cluster */
    CANDIDATES_MAX = 50000 /* 5 GB of distances */
};

/* A cluster of candidates. */
typedef struct group {
    uint32_t *members; /* rows of the sub-pool, the smallest margin first */
    size_t size, taken;
    size_t number; /* ascends with the smallest margin */
} group;

/* Writes the `count` rows with the smallest margins, in this order. */
static int find_candidates(const fb_host *host, const fb_round *round, size_t count,
                           uint32_t *ret_rows)
{
    kit_matrix p;
    double *margins = host->alloc(host, round->pool_count, sizeof *margins);
    if (!margins)
        return kit_fail_memory(host, "margins");
    int rc = kit_get_matrix(host, "probabilities", 0, &p);
    if (rc != FB_PLUGIN_OK)
        return rc;
    for (size_t i = 0; i < p.rows; i++)
        margins[i] = kit_margin(kit_row(&p, i), p.columns);
    return kit_top_k(host, margins, p.rows, count, KIT_SMALLEST_FIRST, ret_rows);
}

static int gather(const fb_host *host, const kit_matrix *from, const uint32_t *rows, size_t count,
                  kit_matrix *ret_matrix)
{
    size_t d = from->columns;
    float *data = host->alloc(host, count, d * sizeof *data);
    if (!data)
        return kit_fail_memory(host, "the candidates' embeddings");
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < d; k++)
            data[i * d + k] = kit_row(from, rows[i])[k];
    *ret_matrix = (kit_matrix){data, count, d};
    return FB_PLUGIN_OK;
}

static int smaller_group(const void *a, const void *b)
{
    const group *x = a, *y = b;
    if (x->size != y->size)
        return x->size < y->size ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

/* Makes groups of the labelled candidates, the smallest one first. */
static int make_groups(const fb_host *host, const uint32_t *candidates, const uint32_t *labels,
                       size_t count, size_t group_count, group **ret_groups)
{
    group *groups = host->alloc(host, group_count, sizeof *groups);
    uint32_t *members = host->alloc(host, count, sizeof *members);
    if (!groups || !members)
        return kit_fail_memory(host, "clusters");
    for (size_t i = 0; i < count; i++)
        groups[labels[i]].size++;
    for (size_t g = 0; g < group_count; g++) {
        groups[g].number = g;
        groups[g].members = members;
        members += groups[g].size;
        groups[g].size = 0;
    }
    for (size_t i = 0; i < count; i++) {
        group *g = &groups[labels[i]];
        g->members[g->size++] = candidates[i];
    }
    qsort(groups, group_count, sizeof *groups, smaller_group);
    *ret_groups = groups;
    return FB_PLUGIN_OK;
}

/* One sample from each group in turn. There are at least as many as the batch wants. */
static void take_turns(group *groups, size_t group_count, const fb_round *round,
                       uint32_t *ret_ids)
{
    for (size_t chosen = 0, i = 0; chosen < round->batch; i = (i + 1) % group_count) {
        group *g = &groups[i];
        if (g->taken < g->size)
            ret_ids[chosen++] = round->pool_ids[g->members[g->taken++]];
    }
}

static int select_cluster_margin(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    const kit_instance *self = instance;
    const fb_host *host = self->host;
    size_t n = round->pool_count, count = round->batch <= n / RATIO ? round->batch * RATIO : n;
    size_t group_count = (count + RATIO - 1) / RATIO;
    if (count > CANDIDATES_MAX)
        return host->fail(host, FB_PLUGIN_ERANGE,
                          "a query of %zu has %zu candidates, whose distances would take %.0f GB; "
                          "at most %d are clustered: query %d or fewer at a time",
                          round->batch, count, 2e-9 * (double)count * (double)count,
                          CANDIDATES_MAX, CANDIDATES_MAX / RATIO);
    kit_matrix embeddings, points;
    group *groups = NULL;
    uint32_t *candidates = host->alloc(host, count, sizeof *candidates);
    uint32_t *labels = host->alloc(host, count, sizeof *labels);
    if (!candidates || !labels)
        return kit_fail_memory(host, "candidates");
    int rc = kit_get_matrix(host, "embeddings", 0, &embeddings);
    if (rc == FB_PLUGIN_OK)
        rc = find_candidates(host, round, count, candidates);
    if (rc == FB_PLUGIN_OK)
        rc = gather(host, &embeddings, candidates, count, &points);
    if (rc == FB_PLUGIN_OK)
        rc = linkage_cut(host, &points, group_count, labels);
    if (rc == FB_PLUGIN_OK)
        rc = make_groups(host, candidates, labels, count, group_count, &groups);
    if (rc == FB_PLUGIN_OK)
        take_turns(groups, group_count, round, ret_ids);
    return rc;
}

static const char *const services[] = {"embeddings", "probabilities", NULL};

static const fb_strategy strategy = {
    .struct_size = sizeof strategy,
    .id = "cluster-margin",
    .label = "Cluster-Margin",
    .algo_version = 1,
    .rule = "Of the 10 times as many samples with the smallest margins, one from each "
            "average-linkage cluster of their embeddings in turn, the smallest cluster first.",
    .citation = "Citovsky, G., DeSalvo, G., Gentile, C., Karydas, L., Rajagopalan, A., "
                "Rostamizadeh, A., & Kumar, S. (2021). Batch active learning at scale. NeurIPS 34, "
                "11933-11944. arXiv:2107.14263",
    .deviations =
        "The paper clusters the whole pool once, up to a distance, and draws at random within a "
        "cluster; here the candidates of the round are clustered, up to a tenth as many clusters, "
        "and a cluster gives its smallest margin first. Of clusters of one size the one with the "
        "smallest margin comes first. At most 50,000 candidates (a query of 5,000) are clustered.",
    .create = kit_create,
    .select = select_cluster_margin,
    .destroy = kit_destroy,
    .services = services,
};

FB_PLUGIN_ONE(strategy);

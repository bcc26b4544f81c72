/* SPDX-License-Identifier: 0BSD
 *
 * typiclust: the most typical samples of clusters that hold few labels. Rows 0 .. n-1 are the
 * sub-pool, the labelled samples come behind them. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "kernels.h"
#include "kit.h"

enum {
    CLUSTERS_MAX = 500,
    ITERATIONS_MAX = 100, /* of k-means */
    SMALL = 5,            /* members of a cluster that has to wait */
    NEIGHBOURS_MAX = 20,
    GRAIN = 16
};

typedef struct neighbour {
    float key; /* ascends with the distance */
    uint32_t member;
} neighbour;

/* A cluster's turn. Its candidates are the members that have no label, in front of the others;
 * from the first visit on, the most typical one comes first. */
typedef struct turn {
    uint32_t *members;
    size_t size, candidates;
    size_t taken; /* of the candidates */
    bool sorted;
} turn;

/* A selection under way. */
typedef struct selection {
    const fb_host *host;
    size_t n;
    kit_matrix rows; /* of norm 1 */
    turn *turns;
    size_t turn_count;
    size_t large; /* the first so many have more than SMALL members */

    /* Of the cluster whose typicality is asked for; room for the largest one. */
    kit_products products;
    float *relative;        /* (size, d) members less the first one */
    float *squares;         /* (size) their squared norms */
    neighbour *neighbours;  /* (candidates, NEIGHBOURS_MAX) */
    size_t *found;          /* (candidates) */
    double *typicality;     /* (candidates) */
    size_t wanted;          /* neighbours */
    const turn *turn;
} selection;

/* ---- the order of the clusters -------------------------------------------------------------- */

static int first_turn(const void *a, const void *b)
{
    const turn *x = a, *y = b;
    bool x_small = x->size <= SMALL, y_small = y->size <= SMALL;
    size_t x_labels = x->size - x->candidates, y_labels = y->size - y->candidates;
    if (x_small != y_small)
        return x_small ? 1 : -1;
    if (x_labels != y_labels)
        return x_labels < y_labels ? -1 : 1;
    if (x->size != y->size)
        return x->size > y->size ? -1 : 1;
    return x->members[0] < y->members[0] ? -1 : 1; /* the smallest ids: they differ */
}

/* The clusters that have candidates, in order. */
static int set_turns(selection *s, const kit_clusters *clusters)
{
    s->turns = s->host->alloc(s->host, clusters->count, sizeof *s->turns);
    if (!s->turns)
        return kit_fail_memory(s->host, "clusters");
    for (size_t c = 0; c < clusters->count; c++) {
        turn t = {
            .members = clusters->members + clusters->starts[c],
            .size = clusters->starts[c + 1] - clusters->starts[c],
        };
        while (t.candidates < t.size && t.members[t.candidates] < s->n)
            t.candidates++;
        if (t.candidates > 0)
            s->turns[s->turn_count++] = t;
        s->large += t.candidates > 0 && t.size > SMALL;
    }
    qsort(s->turns, s->turn_count, sizeof *s->turns, first_turn);
    return FB_PLUGIN_OK;
}

/* ---- typicality ----------------------------------------------------------------------------- */

static int alloc_typicality(selection *s)
{
    const fb_host *host = s->host;
    size_t largest = 0, d = s->rows.columns;
    for (size_t i = 0; i < s->turn_count; i++)
        largest = s->turns[i].size > largest ? s->turns[i].size : largest;
    s->relative = host->alloc(host, largest, d * sizeof *s->relative);
    s->squares = host->alloc(host, largest, sizeof *s->squares);
    s->neighbours = host->alloc(host, largest, NEIGHBOURS_MAX * sizeof *s->neighbours);
    s->found = host->alloc(host, largest, sizeof *s->found);
    s->typicality = host->alloc(host, largest, sizeof *s->typicality);
    if (!s->relative || !s->squares || !s->neighbours || !s->found || !s->typicality)
        return kit_fail_memory(host, "neighbours");
    return kit_products_init(host, largest, largest, &s->products);
}

/* Puts a member in its place among the nearest so far. */
static void offer(selection *s, size_t candidate, neighbour offered)
{
    neighbour *list = s->neighbours + candidate * NEIGHBOURS_MAX;
    size_t at = s->found[candidate];
    if (at == s->wanted && !(offered.key < list[at - 1].key))
        return;
    if (at < s->wanted)
        s->found[candidate]++;
    else
        at--;
    for (; at > 0 && offered.key < list[at - 1].key; at--)
        list[at] = list[at - 1];
    list[at] = offered;
}

/* A kit_products_body: a candidate's products with some members. */
static void offer_members(void *argument, size_t candidate, size_t first, size_t count,
                          const float *products)
{
    selection *s = argument;
    for (size_t i = 0; i < count; i++)
        if (first + i != candidate)
            offer(s, candidate,
                  (neighbour){s->squares[first + i] - 2 * products[i], (uint32_t)(first + i)});
}

static const float *member_row(const selection *s, size_t member)
{
    return kit_row(&s->rows, s->turn->members[member]);
}

static void rate_candidates(void *argument, size_t first, size_t count)
{
    selection *s = argument;
    for (size_t c = first; c < first + count; c++) {
        double sum = 0;
        for (size_t i = 0; i < s->found[c]; i++) {
            uint32_t member = s->neighbours[c * NEIGHBOURS_MAX + i].member;
            sum += sqrt((double)kit_squared_distance(s->rows.columns, member_row(s, c),
                                                     member_row(s, member)));
        }
        double mean = s->found[c] > 0 ? sum / (double)s->found[c] : 0;
        s->typicality[c] = 1 / (mean + 1e-5);
    }
}

/* Copies the cluster's rows less the first one, which keeps the digits that products need to tell
 * near rows apart. */
static void copy_members(selection *s)
{
    size_t d = s->rows.columns;
    const float *origin = member_row(s, 0);
    for (size_t i = 0; i < s->turn->size; i++) {
        float *to = s->relative + i * d;
        for (size_t k = 0; k < d; k++)
            to[k] = member_row(s, i)[k] - origin[k];
        s->squares[i] = (float)kernels_norm2(d, to);
    }
}

/* Sorts the candidates of a cluster by their typicality, 1 / (mean distance to the nearest members
 * + 1e-5). */
static int sort_candidates(selection *s, turn *t)
{
    const fb_host *host = s->host;
    size_t half = t->size > 1 ? t->size / 2 : 0;
    s->turn = t;
    s->wanted = half < NEIGHBOURS_MAX ? half : NEIGHBOURS_MAX;
    for (size_t c = 0; c < t->candidates; c++)
        s->found[c] = 0;
    copy_members(s);
    kit_matrix members = {s->relative, t->size, s->rows.columns}, candidates = members;
    candidates.rows = t->candidates;
    int rc = FB_PLUGIN_OK;
    if (s->wanted > 0)
        rc = kit_products_run(&s->products, &candidates, &members, offer_members, s);
    if (rc != FB_PLUGIN_OK)
        return rc;
    host->parallel_for(host, t->candidates, GRAIN, rate_candidates, s);

    uint32_t *order = host->alloc(host, t->candidates, sizeof *order);
    if (!order)
        return kit_fail_memory(host, "an order");
    rc = kit_top_k(host, s->typicality, t->candidates, t->candidates, KIT_LARGEST_FIRST, order);
    for (size_t i = 0; rc == FB_PLUGIN_OK && i < t->candidates; i++)
        order[i] = t->members[order[i]];
    t->members = order;
    t->sorted = true;
    return rc;
}

/* ---- the selection -------------------------------------------------------------------------- */

/* Lets each cluster of first .. end-1 in turn give one sample, until `batch` are chosen or all are
 * given. */
static int take_turns(selection *s, const fb_round *round, size_t first, size_t end,
                      size_t *chosen, uint32_t *ret_ids)
{
    size_t before;
    do {
        before = *chosen;
        for (size_t i = first; i < end && *chosen < round->batch; i++) {
            turn *t = &s->turns[i];
            if (t->taken == t->candidates)
                continue;
            int rc = t->sorted ? FB_PLUGIN_OK : sort_candidates(s, t);
            if (rc != FB_PLUGIN_OK)
                return rc;
            ret_ids[(*chosen)++] = round->pool_ids[t->members[t->taken++]];
        }
    } while (*chosen > before);
    return FB_PLUGIN_OK;
}

static int cluster_rows(selection *s, const fb_round *round, kit_clusters *ret_clusters)
{
    size_t wanted = round->labeled_count + round->batch;
    const kit_kmeans_options options = {
        .k = wanted < CLUSTERS_MAX ? wanted : CLUSTERS_MAX,
        .iterations = ITERATIONS_MAX,
        .runs = 1,
    };
    int rc = kit_kmeans(s->host, &s->rows, &options, ret_clusters);
    if (rc != FB_PLUGIN_OK)
        return rc;
    s->host->record(s->host, "clusters", (double)ret_clusters->count);
    s->host->record(s->host, "iterations", (double)ret_clusters->iterations);
    return FB_PLUGIN_OK;
}

static int select_typiclust(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    const kit_instance *self = instance;
    selection s = {.host = self->host, .n = round->pool_count};
    kit_matrix pool, labeled;
    kit_clusters clusters;
    int rc = kit_get_representations(s.host, round, self->values[0].s, &pool, &labeled);
    if (rc == FB_PLUGIN_OK)
        rc = kit_unit_rows(s.host, &pool, &labeled, &s.rows);
    if (rc == FB_PLUGIN_OK)
        rc = cluster_rows(&s, round, &clusters);
    if (rc == FB_PLUGIN_OK)
        rc = set_turns(&s, &clusters);
    if (rc == FB_PLUGIN_OK)
        rc = alloc_typicality(&s);
    size_t chosen = 0;
    if (rc == FB_PLUGIN_OK)
        rc = take_turns(&s, round, 0, s.large, &chosen, ret_ids);
    if (rc == FB_PLUGIN_OK)
        rc = take_turns(&s, round, s.large, s.turn_count, &chosen, ret_ids);
    return rc;
}

static const fb_param *const params[] = {&kit_param_representation};

static const char *const services[] = {"representation", "labeled_representation", NULL};

static const fb_strategy strategy = {
    .struct_size = sizeof strategy,
    .id = "typiclust",
    .label = "TypiClust",
    .algo_version = 1,
    .rule = "The samples nearest to their neighbours, one from each k-means cluster in turn, first "
            "from the large clusters that hold the fewest labels.",
    .citation = "Hacohen, G., Dekel, A., & Weinshall, D. (2022). Active learning on a budget: "
                "opposite strategies suit high and low budgets. ICML, PMLR 162, 8175-8195. "
                "arXiv:2202.02794",
    .deviations =
        "The paper clusters features of a self-supervised network; the preset here is the trained "
        "network's embedding, see the parameter representation. Typicality is that of the paper: "
        "the authors' code averages squared distances, and leaves labelled and chosen samples out "
        "of the neighbours. Lloyd's iteration (at most 100) is used for any number of clusters, "
        "where the authors' code changes to mini-batches above 50. When all clusters of more than "
        "5 are exhausted, the smaller ones follow in the same order.",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .create = kit_create,
    .select = select_typiclust,
    .destroy = kit_destroy,
    .services = services,
};

FB_PLUGIN_ONE(strategy);

/* SPDX-License-Identifier: 0BSD */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "kernels.h"
#include "kit.h"

/* Rows or clusters that are worth a piece of parallel_for. */
enum { GRAIN_ROWS = 64, GRAIN_CLUSTERS = 4 };

/* A run under way. `next` is what an assignment finds, `now` what it is compared with. */
typedef struct run {
    const fb_host *host;
    const kit_matrix *rows;
    kit_products products;
    float *half_norms;  /* (k) half the squared norms of the centres */
    float *scores;      /* (rows) the largest x.c - |c|^2/2 so far */
    uint32_t *next;     /* (rows) the centre that has it */
    double *distances;  /* (rows) squared, to the own centre */
    bool *changed;      /* (k) whether other rows than before are in the cluster */
    kit_clusters now;
} run;

static int run_alloc(const fb_host *host, const kit_matrix *rows, size_t k, run *ret_run)
{
    size_t n = rows->rows;
    run r = {
        .host = host,
        .rows = rows,
        .half_norms = host->alloc(host, k, sizeof(float)),
        .scores = host->alloc(host, n, sizeof(float)),
        .next = host->alloc(host, n, sizeof(uint32_t)),
        .distances = host->alloc(host, n, sizeof(double)),
        .changed = host->alloc(host, k, sizeof(bool)),
    };
    if (!r.half_norms || !r.scores || !r.next || !r.distances || !r.changed)
        return kit_fail_memory(host, "k-means");
    int rc = kit_products_init(host, n, k, &r.products);
    if (rc == FB_PLUGIN_OK)
        *ret_run = r;
    return rc;
}

static int clusters_alloc(const fb_host *host, const kit_matrix *rows, size_t k,
                          kit_clusters *ret_clusters)
{
    kit_clusters made = {
        .centres = host->alloc(host, k, rows->columns * sizeof(float)),
        .labels = host->alloc(host, rows->rows, sizeof(uint32_t)),
        .members = host->alloc(host, rows->rows, sizeof(uint32_t)),
        .starts = host->alloc(host, k + 1, sizeof(size_t)),
    };
    if (!made.centres || !made.labels || !made.members || !made.starts)
        return kit_fail_memory(host, "clusters");
    *ret_clusters = made;
    return FB_PLUGIN_OK;
}

/* ---- Lloyd's iteration ---------------------------------------------------------------------- */

/* A kit_products_body: the row's products with some centres. */
static void compare_centres(void *argument, size_t row, size_t first, size_t count,
                            const float *products)
{
    run *r = argument;
    float best = r->scores[row];
    for (size_t c = 0; c < count; c++) {
        float score = products[c] - r->half_norms[first + c];
        if (score > best) {
            best = score;
            r->next[row] = (uint32_t)(first + c);
        }
    }
    r->scores[row] = best;
}

/* Finds every row's nearest centre: the largest x.c - |c|^2/2. */
static int find_nearest(run *r)
{
    kit_matrix centres = {r->now.centres, r->now.count, r->rows->columns};
    for (size_t c = 0; c < centres.rows; c++)
        r->half_norms[c] = (float)(kernels_norm2(centres.columns, kit_row(&centres, c)) / 2);
    for (size_t i = 0; i < r->rows->rows; i++)
        r->scores[i] = -INFINITY;
    return kit_products_run(&r->products, r->rows, &centres, compare_centres, r);
}

/* Sorts the rows by their labels. */
static void list_members(run *r)
{
    kit_clusters *c = &r->now;
    memset(c->starts, 0, (c->count + 1) * sizeof *c->starts);
    for (size_t i = 0; i < r->rows->rows; i++)
        c->starts[c->labels[i] + 1]++;
    for (size_t k = 0; k < c->count; k++)
        c->starts[k + 1] += c->starts[k];
    for (size_t i = 0; i < r->rows->rows; i++)
        c->members[c->starts[c->labels[i]]++] = (uint32_t)i;
    for (size_t k = c->count; k > 0; k--) /* each start has moved to the next one's place */
        c->starts[k] = c->starts[k - 1];
    c->starts[0] = 0;
}

static void measure_rows(void *argument, size_t first, size_t count)
{
    run *r = argument;
    size_t d = r->rows->columns;
    for (size_t i = first; i < first + count; i++)
        r->distances[i] = kit_squared_distance(d, kit_row(r->rows, i),
                                               r->now.centres + r->now.labels[i] * d);
}

/* Every row's squared distance to its own centre. */
static void measure(run *r)
{
    r->host->parallel_for(r->host, r->rows->rows, GRAIN_ROWS, measure_rows, r);
}

static size_t cluster_size(const kit_clusters *c, size_t cluster)
{
    return c->starts[cluster + 1] - c->starts[cluster];
}

/* The row farthest from its centre that is not alone there; KIT_NONE when all lie on theirs. */
static size_t farthest(const run *r)
{
    size_t row = KIT_NONE;
    double distance = 0;
    for (size_t i = 0; i < r->rows->rows; i++) {
        if (r->distances[i] > distance && cluster_size(&r->now, r->now.labels[i]) > 1) {
            distance = r->distances[i];
            row = i;
        }
    }
    return row;
}

/* Gives each empty cluster the row that is farthest from its centre. */
static void fill_empty(run *r)
{
    bool measured = false;
    for (size_t c = 0; c < r->now.count; c++) {
        if (cluster_size(&r->now, c) > 0)
            continue;
        if (!measured)
            measure(r);
        measured = true;
        size_t row = farthest(r);
        if (row == KIT_NONE)
            return;
        r->changed[r->now.labels[row]] = r->changed[c] = true;
        r->now.labels[row] = (uint32_t)c;
        r->distances[row] = 0;
        list_members(r);
    }
}

/* Columns first .. first+count-1 of the mean of a cluster's rows. */
static void average(run *r, size_t cluster, size_t first, size_t count, double *sums)
{
    const kit_clusters *c = &r->now;
    memset(sums, 0, count * sizeof *sums);
    for (size_t i = c->starts[cluster]; i < c->starts[cluster + 1]; i++) {
        const float *row = kit_row(r->rows, c->members[i]) + first;
        for (size_t k = 0; k < count; k++)
            sums[k] += row[k];
    }
    float *centre = c->centres + cluster * r->rows->columns + first;
    for (size_t k = 0; k < count; k++)
        centre[k] = (float)(sums[k] / (double)cluster_size(c, cluster));
}

static void average_clusters(void *argument, size_t first, size_t count)
{
    enum { COLUMNS = 512 };
    double sums[COLUMNS];
    run *r = argument;
    size_t d = r->rows->columns;
    for (size_t c = first; c < first + count; c++)
        for (size_t k = 0; k < d && r->changed[c] && cluster_size(&r->now, c) > 0; k += COLUMNS)
            average(r, c, k, d - k < COLUMNS ? d - k : COLUMNS, sums);
}

/* Takes over the nearest centres; whether any row has changed its cluster. */
static bool take_nearest(run *r)
{
    bool any = false;
    memset(r->changed, 0, r->now.count * sizeof *r->changed);
    for (size_t i = 0; i < r->rows->rows; i++) {
        if (r->now.labels[i] == r->next[i])
            continue;
        r->changed[r->now.labels[i]] = r->changed[r->next[i]] = any = true;
        r->now.labels[i] = r->next[i];
    }
    list_members(r);
    return any;
}

/* Iterates from r->now.centres. */
static int iterate(run *r, size_t iterations)
{
    int rc = find_nearest(r);
    if (rc != FB_PLUGIN_OK)
        return rc;
    memset(r->now.labels, 0, r->rows->rows * sizeof *r->now.labels);
    take_nearest(r);
    memset(r->changed, true, r->now.count * sizeof *r->changed);
    bool changed = true;
    for (r->now.iterations = 0; changed && r->now.iterations < iterations; r->now.iterations++) {
        fill_empty(r);
        r->host->parallel_for(r->host, r->now.count, GRAIN_CLUSTERS, average_clusters, r);
        rc = find_nearest(r);
        if (rc != FB_PLUGIN_OK)
            return rc;
        changed = take_nearest(r);
    }
    measure(r);
    r->now.inertia = 0;
    for (size_t i = 0; i < r->rows->rows; i++)
        r->now.inertia += r->distances[i];
    return FB_PLUGIN_OK;
}

int kit_lloyd(const fb_host *host, const kit_matrix *rows, const kit_matrix *centres,
              size_t iterations, kit_clusters *ret_clusters)
{
    run r = {0};
    int rc = run_alloc(host, rows, centres->rows, &r);
    if (rc == FB_PLUGIN_OK)
        rc = clusters_alloc(host, rows, centres->rows, &r.now);
    if (rc != FB_PLUGIN_OK)
        return rc;
    r.now.count = centres->rows;
    memcpy(r.now.centres, centres->data, centres->rows * centres->columns * sizeof(float));
    rc = iterate(&r, iterations);
    if (rc == FB_PLUGIN_OK)
        *ret_clusters = r.now;
    return rc;
}

/* Takes rows of k-means++ as the centres. */
static int seed(run *r, const kit_points *points, size_t k, uint32_t stream)
{
    size_t d = r->rows->columns;
    uint32_t *rows = r->next; /* which is free until rows look for their centres */
    int rc = kit_spread(r->host, points, KIT_NONE, k, stream, rows, &r->now.count);
    for (size_t c = 0; rc == FB_PLUGIN_OK && c < r->now.count; c++)
        memcpy(r->now.centres + c * d, kit_row(r->rows, rows[c]), d * sizeof(float));
    return rc;
}

int kit_kmeans(const fb_host *host, const kit_matrix *rows, const kit_kmeans_options *options,
               kit_clusters *ret_clusters)
{
    run r = {0};
    kit_clusters best = {0};
    kit_points points;
    size_t k = options->k < rows->rows ? options->k : rows->rows;
    int rc = kit_points_make(host, "what k-means clusters", rows, NULL, &points);
    if (rc == FB_PLUGIN_OK)
        rc = run_alloc(host, rows, k, &r);
    if (rc == FB_PLUGIN_OK)
        rc = clusters_alloc(host, rows, k, &r.now);
    if (rc == FB_PLUGIN_OK && options->runs > 1)
        rc = clusters_alloc(host, rows, k, &best);
    for (size_t i = 0; rc == FB_PLUGIN_OK && i < options->runs; i++) {
        rc = seed(&r, &points, k, options->stream + (uint32_t)i);
        if (rc == FB_PLUGIN_OK)
            rc = iterate(&r, options->iterations);
        if (i == 0 || r.now.inertia < best.inertia) {
            kit_clusters spare = best;
            best = r.now;
            r.now = spare;
        }
    }
    if (rc == FB_PLUGIN_OK)
        *ret_clusters = best;
    return rc;
}

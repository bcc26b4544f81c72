/* SPDX-License-Identifier: 0BSD */
#include "delta.h"

#include <math.h>

#include "kernels.h"

enum { STEPS = 20, RUNS = 10, ITERATIONS_MAX = 100 };

typedef struct purity {
    const uint32_t *labels;
    float *squares; /* (n) squared norms */
    float *nearest; /* (n) squared distance to the nearest row of another cluster */
} purity;

/* A kit_products_body. */
static void find_nearest(void *argument, size_t row, size_t first, size_t count,
                         const float *products)
{
    purity *p = argument;
    float nearest = p->nearest[row];
    for (size_t i = first; i < first + count; i++) {
        float distance = p->squares[row] + p->squares[i] - 2 * products[i - first];
        if (distance < nearest && p->labels[i] != p->labels[row])
            nearest = distance;
    }
    p->nearest[row] = nearest;
}

static int find_all_nearest(const fb_host *host, const kit_matrix *rows, purity *p)
{
    kit_products products;
    p->squares = host->alloc(host, rows->rows, sizeof *p->squares);
    p->nearest = host->alloc(host, rows->rows, sizeof *p->nearest);
    if (!p->squares || !p->nearest)
        return kit_fail_memory(host, "purity");
    for (size_t i = 0; i < rows->rows; i++) {
        p->squares[i] = (float)kernels_norm2(rows->columns, kit_row(rows, i));
        p->nearest[i] = INFINITY;
    }
    int rc = kit_products_init(host, &products);
    return rc == FB_PLUGIN_OK ? kit_products_run(&products, rows, rows, find_nearest, p) : rc;
}

int delta_find(const fb_host *host, const kit_matrix *rows, size_t classes, double *ret_delta)
{
    const kit_kmeans_options options = {
        .k = classes,
        .iterations = ITERATIONS_MAX,
        .runs = RUNS,
    };
    kit_clusters clusters;
    purity p = {0};
    int rc = kit_kmeans(host, rows, &options, &clusters);
    p.labels = clusters.labels;
    if (rc == FB_PLUGIN_OK)
        rc = find_all_nearest(host, rows, &p);
    if (rc != FB_PLUGIN_OK)
        return rc;
    int step = STEPS;
    for (; step > 1; step--) {
        double delta = (double)step / STEPS;
        size_t pure = 0;
        for (size_t i = 0; i < rows->rows; i++)
            pure += p.nearest[i] >= delta * delta;
        if (20 * pure >= 19 * rows->rows) /* 95 % */
            break;
    }
    *ret_delta = (double)step / STEPS;
    return FB_PLUGIN_OK;
}

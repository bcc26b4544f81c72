/* SPDX-License-Identifier: 0BSD */
#include "delta.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "kernels.h"

enum { STEPS = 20, RUNS = 10, ITERATIONS_MAX = 100 };

/* Of the host: k-means takes this one and RUNS - 1 more, probcover.c stream 1. */
enum { KMEANS_STREAM = 2 };

typedef struct purity {
    const uint32_t *labels;
    float *squares;        /* (n) squared norms */
    atomic_uint *nearest;  /* (n) squared distance to the nearest row of another cluster, as bits */
} purity;

/* The bits of floats that are not negative are in their order. */
static unsigned bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float float_of(unsigned bits)
{
    uint32_t word = bits;
    float value;
    memcpy(&value, &word, sizeof value);
    return value;
}

static void lower(atomic_uint *nearest, unsigned bits)
{
    unsigned now = atomic_load_explicit(nearest, memory_order_relaxed);
    while (bits < now && !atomic_compare_exchange_weak_explicit(
                             nearest, &now, bits, memory_order_relaxed, memory_order_relaxed))
        ;
}

/* A kit_products_body: a row's products with earlier ones, for both. */
static void find_nearest(void *argument, size_t row, size_t first, size_t count,
                         const float *products)
{
    purity *p = argument;
    for (size_t i = first; i < first + count; i++) {
        if (p->labels[i] == p->labels[row])
            continue;
        float square = p->squares[row] + p->squares[i] - 2 * products[i - first];
        unsigned bits = bits_of(square > 0 ? square : 0);
        lower(&p->nearest[row], bits);
        lower(&p->nearest[i], bits);
    }
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
        atomic_init(&p->nearest[i], bits_of(INFINITY));
    }
    int rc = kit_products_init(host, rows->rows, rows->rows, &products);
    return rc == FB_PLUGIN_OK ? kit_products_run_before(&products, rows, find_nearest, p) : rc;
}

int delta_find(const fb_host *host, const kit_matrix *rows, size_t classes, double *ret_delta)
{
    const kit_kmeans_options options = {
        .k = classes,
        .iterations = ITERATIONS_MAX,
        .runs = RUNS,
        .stream = KMEANS_STREAM,
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
            pure += float_of(atomic_load(&p.nearest[i])) >= delta * delta;
        if (20 * pure >= 19 * rows->rows) /* 95 % */
            break;
    }
    *ret_delta = (double)step / STEPS;
    return FB_PLUGIN_OK;
}

/* SPDX-License-Identifier: 0BSD
 *
 * plus_plus.c - k-means++ without a pass over all rows for every centre.
 *
 * Rows are proposed by their distance to the nearest of the centres that all rows have seen. That
 * is at least the distance to the nearest of all centres, so that to accept a proposal with
 * probability (that distance / this one), squared, draws from the right distribution: rejection
 * sampling. Now and then all rows see the recent centres, by one product of matrices. */
#include <math.h>
#include <string.h>

#include "kernels.h"
#include "kit.h"

/* Rows see the recent centres when there are so many, or after so many rejections. */
enum { RECENT_MAX = 32, PATIENCE = 64 };

typedef struct seeding {
    const fb_host *host;
    const kit_matrix *rows;
    kit_products products;
    float *squares;  /* (n) squared norms */
    double *nearest; /* (n) squared distance to the nearest centre that all have seen */
    float *recent;   /* (RECENT_MAX, d) the centres since */
    size_t recent_count;
    float recent_squares[RECENT_MAX];
    size_t rejections; /* since they saw the last ones */
} seeding;

static int seeding_init(const fb_host *host, const kit_matrix *rows, seeding *ret_seeding)
{
    size_t n = rows->rows;
    seeding s = {
        .host = host,
        .rows = rows,
        .squares = host->alloc(host, n, sizeof(float)),
        .nearest = host->alloc(host, n, sizeof(double)),
        .recent = host->alloc(host, RECENT_MAX, rows->columns * sizeof(float)),
    };
    if (!s.squares || !s.nearest || !s.recent)
        return kit_fail_memory(host, "k-means++");
    for (size_t i = 0; i < n; i++) {
        s.squares[i] = (float)kernels_norm2(rows->columns, kit_row(rows, i));
        s.nearest[i] = INFINITY;
    }
    int rc = kit_products_init(host, n, RECENT_MAX, &s.products);
    if (rc == FB_PLUGIN_OK)
        *ret_seeding = s;
    return rc;
}

/* A kit_products_body: lowers a row's distance to that of the nearest recent centre. The product
 * tells which centres cannot be nearer whatever its rounding error, the distance itself counts. */
static void see_centres(void *argument, size_t row, size_t first, size_t count,
                        const float *products)
{
    seeding *s = argument;
    size_t d = s->rows->columns;
    float doubt = 2 * (float)(d + 8) * 0x1p-24f;
    for (size_t c = first; c < first + count; c++) {
        float squares = s->squares[row] + s->recent_squares[c];
        if ((squares - 2 * products[c - first]) - doubt * squares >= s->nearest[row])
            continue;
        double distance = kit_squared_distance(d, kit_row(s->rows, row), s->recent + c * d);
        if (distance < s->nearest[row])
            s->nearest[row] = distance;
    }
}

static int see_recent(seeding *s)
{
    kit_matrix recent = {s->recent, s->recent_count, s->rows->columns};
    s->recent_count = 0;
    s->rejections = 0;
    return kit_products_run(&s->products, s->rows, &recent, see_centres, s);
}

static void add_centre(seeding *s, size_t row)
{
    size_t d = s->rows->columns;
    memcpy(s->recent + s->recent_count * d, kit_row(s->rows, row), d * sizeof(float));
    s->recent_squares[s->recent_count++] = s->squares[row];
}

/* The row's squared distance to the nearest of all centres. */
static double true_distance(const seeding *s, size_t row)
{
    size_t d = s->rows->columns;
    double nearest = s->nearest[row];
    for (size_t c = 0; c < s->recent_count; c++)
        nearest = fmin(nearest, (double)kit_squared_distance(d, kit_row(s->rows, row),
                                                             s->recent + c * d));
    return nearest;
}

int kit_plus_plus(const fb_host *host, const kit_matrix *rows, size_t k, uint32_t stream,
                  uint32_t draw, uint32_t *ret_rows, size_t *ret_count)
{
    seeding s = {0};
    int rc = seeding_init(host, rows, &s);
    if (rc != FB_PLUGIN_OK)
        return rc;
    double u[2];
    host->random_uniform(host, stream, draw, 0, 1, u);
    size_t row = (size_t)(u[0] * (double)rows->rows), count = 0;
    for (uint64_t proposal = 1;; proposal++) {
        if (count == 0 || u[1] * s.nearest[row] < true_distance(&s, row)) {
            ret_rows[count++] = (uint32_t)row;
            add_centre(&s, row);
        } else {
            s.rejections++;
        }
        if (count == k)
            break;
        if (count == 1 || s.recent_count == RECENT_MAX || s.rejections == PATIENCE)
            rc = see_recent(&s);
        if (rc != FB_PLUGIN_OK)
            return rc;
        host->random_uniform(host, stream, draw, 2 * proposal, 2, u);
        row = kit_weighted_draw(s.nearest, rows->rows, u[0]);
        if (row == KIT_NONE)
            break;
    }
    *ret_count = count;
    return FB_PLUGIN_OK;
}

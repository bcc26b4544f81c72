/* SPDX-License-Identifier: 0BSD */
#include "balls.h"

#include <math.h>
#include <string.h>

#include "kernels.h"

/* Rows that are gathered at a time, and that are worth a piece of parallel_for. */
enum { GATHER = 1024, GRAIN = 64 };

/* ---- pairs ---------------------------------------------------------------------------------- */

/* Rows against targets: the argument of products' bodies. */
typedef struct pairing {
    balls *b;
    const uint32_t *lefts; /* NULL: left row i is row i */
    const kit_matrix *targets;
    const float *target_squares;
    float low, high; /* squared distances from products that leave no doubt */
    bool lower;      /* the degrees, instead of raising them */
} pairing;

static pairing make_pairing(balls *b, const kit_matrix *targets, const float *target_squares)
{
    /* Rounding errors of a product of d terms, of norms and of kit_squared_distance. */
    double doubt = 3 * (double)b->rows.columns * 0x1p-24 + 0x1p-20;
    double square = b->delta * b->delta;
    return (pairing){
        .b = b,
        .targets = targets,
        .target_squares = target_squares,
        .low = (float)(square - doubt),
        .high = (float)(square + doubt),
    };
}

/* Whether left row `row` of the pool covers a target, of which the product is given. */
static inline bool covers(const pairing *p, size_t row, size_t target, float product)
{
    const balls *b = p->b;
    float distance = b->squares[row] + p->target_squares[target] - 2 * product;
    if (distance < p->low)
        return true;
    if (distance > p->high)
        return false;
    float exact = kit_squared_distance(b->rows.columns, kit_row(&b->rows, row),
                                       kit_row(p->targets, target));
    return exact < b->delta * b->delta;
}

/* A kit_products_body: changes a row's degree by the targets that it covers. */
static void count_targets(void *argument, size_t left, size_t first, size_t count,
                          const float *products)
{
    const pairing *p = argument;
    size_t row = p->lefts ? p->lefts[left] : left;
    uint32_t covered = 0;
    for (size_t i = 0; i < count; i++)
        covered += covers(p, row, first + i, products[i]);
    if (p->lower)
        p->b->degrees[row] -= covered;
    else
        p->b->degrees[row] += covered;
}

/* A kit_products_body: covers a row that a target covers. */
static void be_covered(void *argument, size_t row, size_t first, size_t count,
                       const float *products)
{
    const pairing *p = argument;
    for (size_t i = 0; i < count && !p->b->covered[row]; i++)
        p->b->covered[row] = covers(p, row, first + i, products[i]);
}

/* ---- parts of the rows ---------------------------------------------------------------------- */

static kit_matrix gather(const balls *b, const uint32_t *list, size_t count, float *to)
{
    size_t d = b->rows.columns;
    for (size_t i = 0; i < count; i++)
        memcpy(to + i * d, kit_row(&b->rows, list[i]), d * sizeof *to);
    return (kit_matrix){to, count, d};
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Raises or lowers the degrees of `lefts` (NULL: of all rows) by those of the targets that they
 * cover. */
static int count_pairs(balls *b, const uint32_t *lefts, size_t left_count, const uint32_t *targets,
                       size_t target_count, bool lower)
{
    for (size_t first = 0; first < target_count; first += GATHER) {
        size_t count = smaller(GATHER, target_count - first);
        kit_matrix right = gather(b, targets + first, count, b->gathered_targets);
        for (size_t i = 0; i < count; i++)
            b->target_squares[i] = b->squares[targets[first + i]];
        pairing p = make_pairing(b, &right, b->target_squares);
        p.lower = lower;
        int rc = FB_PLUGIN_OK;
        if (!lefts)
            rc = kit_products_run(&b->products, &b->rows, &right, count_targets, &p);
        for (size_t at = 0; rc == FB_PLUGIN_OK && lefts && at < left_count; at += GATHER) {
            p.lefts = lefts + at;
            kit_matrix left =
                gather(b, p.lefts, smaller(GATHER, left_count - at), b->gathered_rows);
            rc = kit_products_run(&b->products, &left, &right, count_targets, &p);
        }
        if (rc != FB_PLUGIN_OK)
            return rc;
    }
    return FB_PLUGIN_OK;
}

/* ---- the interface -------------------------------------------------------------------------- */

static int balls_alloc(const fb_host *host, const kit_matrix *rows, balls *ret_balls)
{
    size_t n = rows->rows, d = rows->columns, gathered = smaller(GATHER, n);
    balls b = {
        .host = host,
        .rows = *rows,
        .degrees = host->alloc(host, n, sizeof(uint32_t)),
        .covered = host->alloc(host, n, sizeof(bool)),
        .squares = host->alloc(host, n, sizeof(float)),
        .gathered_rows = host->alloc(host, gathered, d * sizeof(float)),
        .gathered_targets = host->alloc(host, gathered, d * sizeof(float)),
        .target_squares = host->alloc(host, gathered, sizeof(float)),
        .distances = host->alloc(host, n, sizeof(float)),
        .near = host->alloc(host, n, sizeof(uint32_t)),
        .fresh = host->alloc(host, n, sizeof(uint32_t)),
    };
    if (!b.degrees || !b.covered || !b.squares || !b.gathered_rows || !b.gathered_targets ||
        !b.target_squares || !b.distances || !b.near || !b.fresh)
        return kit_fail_memory(host, "balls");
    int rc = kit_products_init(host, &b.products);
    if (rc == FB_PLUGIN_OK)
        *ret_balls = b;
    return rc;
}

static void unit_squares(const kit_matrix *rows, float *squares)
{
    for (size_t i = 0; i < rows->rows; i++)
        squares[i] = kernels_norm2(rows->columns, kit_row(rows, i)) > 0 ? 1 : 0;
}

/* Covers what the known rows cover. */
static int cover_known(balls *b, const kit_matrix *known)
{
    float *squares = b->host->alloc(b->host, known->rows, sizeof *squares);
    if (!squares)
        return kit_fail_memory(b->host, "labelled samples");
    unit_squares(known, squares);
    pairing p = make_pairing(b, known, squares);
    return kit_products_run(&b->products, &b->rows, known, be_covered, &p);
}

int balls_init(const fb_host *host, const kit_matrix *rows, const kit_matrix *known, double delta,
               balls *ret_balls)
{
    balls b = {0};
    int rc = balls_alloc(host, rows, &b);
    if (rc != FB_PLUGIN_OK)
        return rc;
    b.delta = delta;
    unit_squares(rows, b.squares);
    if (known->rows > 0)
        rc = cover_known(&b, known);
    size_t count = 0;
    for (size_t i = 0; i < rows->rows; i++)
        if (!b.covered[i])
            b.fresh[count++] = (uint32_t)i;
    if (rc == FB_PLUGIN_OK)
        rc = count_pairs(&b, NULL, rows->rows, b.fresh, count, false);
    if (rc == FB_PLUGIN_OK)
        *ret_balls = b;
    return rc;
}

typedef struct distance_task {
    balls *b;
    const float *from;
} distance_task;

/* Rows without a degree cover nothing that matters, and are covered themselves. */
static void measure(void *argument, size_t first, size_t count)
{
    distance_task *task = argument;
    balls *b = task->b;
    for (size_t i = first; i < first + count; i++)
        b->distances[i] = b->degrees[i] > 0
                              ? kit_squared_distance(b->rows.columns, kit_row(&b->rows, i),
                                                     task->from)
                              : INFINITY;
}

int balls_cover(balls *b, size_t row)
{
    distance_task task = {b, kit_row(&b->rows, row)};
    size_t near = 0, fresh = 0;
    double square = b->delta * b->delta;
    b->host->parallel_for(b->host, b->rows.rows, GRAIN, measure, &task);
    for (size_t i = 0; i < b->rows.rows; i++) {
        /* Whoever covers what this row covers is within 2 delta; a little more for rounding. */
        if (b->distances[i] <= 4.001 * square)
            b->near[near++] = (uint32_t)i;
        if (b->distances[i] < square && !b->covered[i]) {
            b->covered[i] = true;
            b->fresh[fresh++] = (uint32_t)i;
        }
    }
    return count_pairs(b, b->near, near, b->fresh, fresh, true);
}

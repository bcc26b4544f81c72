/* SPDX-License-Identifier: 0BSD */
#include "balls.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "kernels.h"

/* Rows that are gathered at a time, and that are worth a piece of parallel_for. */
enum { GATHER = 1024, GRAIN = 64 };

/* ---- pairs ---------------------------------------------------------------------------------- */

/* Rows against others: the argument of products' bodies. */
typedef struct pairing {
    balls *b;
    const uint32_t *lefts; /* the left rows' numbers */
    const kit_matrix *right;
    const float *right_squares;
    float low, high; /* squared distances from products that leave no doubt */
} pairing;

static pairing make_pairing(balls *b, const kit_matrix *right, const float *right_squares)
{
    /* Rounding errors of a product of d terms, of norms and of kit_squared_distance. */
    double doubt = 3 * (double)b->rows.columns * 0x1p-24 + 0x1p-20;
    return (pairing){
        .b = b,
        .right = right,
        .right_squares = right_squares,
        .low = (float)(b->square - doubt),
        .high = (float)(b->square + doubt),
    };
}

/* Whether a row and a right one cover each other, of which the product is given. */
static inline bool is_pair(const pairing *p, size_t row, size_t right, float product)
{
    const balls *b = p->b;
    float distance = b->squares[row] + p->right_squares[right] - 2 * product;
    if (distance < p->low)
        return true;
    if (distance > p->high)
        return false;
    float exact = kit_squared_distance(b->rows.columns, kit_row(&b->rows, row),
                                       kit_row(p->right, right));
    return exact < b->square;
}

/* A kit_products_body: covers a row that a right one covers. */
static void be_covered(void *argument, size_t row, size_t first, size_t count,
                       const float *products)
{
    const pairing *p = argument;
    for (size_t i = 0; i < count && !p->b->covered[row]; i++)
        p->b->covered[row] = is_pair(p, row, first + i, products[i]);
}

/* A kit_products_body: counts the pairs of a row with earlier ones for both, where the other one is
 * not covered. */
static void count_both(void *argument, size_t row, size_t first, size_t count,
                       const float *products)
{
    const pairing *p = argument;
    balls *b = p->b;
    unsigned own = 0;
    for (size_t i = 0; i < count; i++) {
        size_t other = first + i;
        if (!is_pair(p, row, other, products[i]))
            continue;
        own += !b->covered[other];
        if (!b->covered[row])
            atomic_fetch_add_explicit(&b->degrees[other], 1, memory_order_relaxed);
    }
    atomic_fetch_add_explicit(&b->degrees[row], own, memory_order_relaxed);
}

/* A kit_products_body: lowers a row's degree by the right rows that it covers. */
static void lower_degree(void *argument, size_t left, size_t first, size_t count,
                         const float *products)
{
    const pairing *p = argument;
    unsigned covered = 0;
    for (size_t i = 0; i < count; i++)
        covered += is_pair(p, p->lefts[left], first + i, products[i]);
    atomic_fetch_sub_explicit(&p->b->degrees[p->lefts[left]], covered, memory_order_relaxed);
}

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

/* Lowers the degrees of the near rows by the fresh ones that they cover. */
static int lower_degrees(balls *b, size_t near, size_t fresh)
{
    int rc = FB_PLUGIN_OK;
    for (size_t first = 0; first < fresh; first += GATHER) {
        size_t count = smaller(GATHER, fresh - first);
        kit_matrix right = gather(b, b->fresh + first, count, b->fresh_rows);
        for (size_t i = 0; i < count; i++)
            b->fresh_squares[i] = b->squares[b->fresh[first + i]];
        pairing p = make_pairing(b, &right, b->fresh_squares);
        for (size_t at = 0; rc == FB_PLUGIN_OK && at < near; at += GATHER) {
            p.lefts = b->near + at;
            kit_matrix left = gather(b, p.lefts, smaller(GATHER, near - at), b->near_rows);
            rc = kit_products_run(&b->products, &left, &right, lower_degree, &p);
        }
    }
    return rc;
}

/* ---- the interface -------------------------------------------------------------------------- */

static int balls_alloc(const fb_host *host, const kit_matrix *rows, balls *ret_balls)
{
    size_t n = rows->rows, d = rows->columns, gathered = smaller(GATHER, n);
    balls b = {
        .host = host,
        .rows = *rows,
        .degrees = host->alloc(host, n, sizeof(atomic_uint)),
        .covered = host->alloc(host, n, sizeof(bool)),
        .squares = host->alloc(host, n, sizeof(float)),
        .near_rows = host->alloc(host, gathered, d * sizeof(float)),
        .fresh_rows = host->alloc(host, gathered, d * sizeof(float)),
        .fresh_squares = host->alloc(host, gathered, sizeof(float)),
        .distances = host->alloc(host, n, sizeof(float)),
        .near = host->alloc(host, n, sizeof(uint32_t)),
        .fresh = host->alloc(host, n, sizeof(uint32_t)),
    };
    if (!b.degrees || !b.covered || !b.squares || !b.near_rows || !b.fresh_rows ||
        !b.fresh_squares || !b.distances || !b.near || !b.fresh)
        return kit_fail_memory(host, "balls");
    int rc = kit_products_init(host, n, n, &b.products);
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
    b.square = fmax(delta * delta, DBL_MIN); /* or a row would not cover itself */
    unit_squares(rows, b.squares);
    if (known->rows > 0)
        rc = cover_known(&b, known);
    for (size_t i = 0; i < rows->rows; i++)
        atomic_init(&b.degrees[i], !b.covered[i]); /* of itself */
    pairing p = make_pairing(&b, rows, b.squares);
    if (rc == FB_PLUGIN_OK)
        rc = kit_products_run_before(&b.products, rows, count_both, &p);
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
    b->host->parallel_for(b->host, b->rows.rows, GRAIN, measure, &task);
    for (size_t i = 0; i < b->rows.rows; i++) {
        /* Whoever covers what this row covers is within 2 delta; a little more for rounding. */
        if (b->distances[i] <= 4.001 * b->square)
            b->near[near++] = (uint32_t)i;
        if (b->distances[i] < b->square && !b->covered[i]) {
            b->covered[i] = true;
            b->fresh[fresh++] = (uint32_t)i;
        }
    }
    return lower_degrees(b, near, fresh);
}

/* SPDX-License-Identifier: 0BSD
 *
 * k_centre.c - k-centre greedy that leaves out the distances which cannot matter.
 *
 * The distance of a row to the nearest of some centres is an upper bound of that to the nearest of
 * all. Rows wait in a heap in order of their bounds. The top one sees further centres, together
 * with some rows close behind it, and goes back with what that leaves, until it has seen all and no
 * other row can be farther: it is the next choice. A row that never comes near the top is never
 * finished.
 *
 * Distances come from products of matrices in float32, whose rounding could decide between rows
 * that are nearly as far. Bounds have that much added. Where another row's bound is not below what
 * is certain of the top one, both are measured anew, in double, and keep that measure. */
#include <stdbool.h>

#include "kit.h"
#include "nearest.h"

/* All rows see so many of the given centres at the start; each further look takes as many as a row
 * has seen, so that rows which fall behind early cost little. */
enum { FIRST_LOOK = 256 };

/* The rows that look together: few at first in a step, then twice as many. */
enum { SMALLEST_GROUP = 16 };

typedef struct k_centre {
    const fb_host *host;
    kit_nearest nearest;
    size_t given;       /* centres before the first choice */
    double doubt;       /* by which a distance of `nearest` may be off */
    double *bounds;     /* (n) no squared distance is larger */
    uint32_t *measured; /* (n) so many centres have been measured in double; 0: see `nearest` */
    uint32_t *heap;     /* rows not chosen, the largest bound first */
    size_t heap_size;
    uint32_t group[KIT_NEAREST_GROUP], aside[KIT_NEAREST_GROUP];
} k_centre;

/* ---- the heap -------------------------------------------------------------------------------- */

static bool is_before(const k_centre *k, uint32_t a, uint32_t b)
{
    const double *bounds = k->bounds;
    return bounds[a] != bounds[b] ? bounds[a] > bounds[b] : a < b;
}

static void sift_down(k_centre *k, size_t at)
{
    uint32_t *heap = k->heap, row = heap[at];
    for (size_t child; (child = 2 * at + 1) < k->heap_size; at = child) {
        if (child + 1 < k->heap_size && is_before(k, heap[child + 1], heap[child]))
            child++;
        if (!is_before(k, heap[child], row))
            break;
        heap[at] = heap[child];
    }
    heap[at] = row;
}

static void push(k_centre *k, uint32_t row)
{
    size_t at = k->heap_size++;
    for (; at > 0 && is_before(k, row, k->heap[(at - 1) / 2]); at = (at - 1) / 2)
        k->heap[at] = k->heap[(at - 1) / 2];
    k->heap[at] = row;
}

static uint32_t pop(k_centre *k)
{
    uint32_t top = k->heap[0];
    k->heap[0] = k->heap[--k->heap_size];
    if (k->heap_size > 0)
        sift_down(k, 0);
    return top;
}

/* After distances have changed. */
static void order_heap(k_centre *k)
{
    for (size_t at = k->heap_size / 2; at-- > 0;)
        sift_down(k, at);
}

/* ---- looking --------------------------------------------------------------------------------- */

/* The centres that a row has seen at the end of its next look; 0 where it is to be measured. */
static size_t next_look(const k_centre *k, uint32_t row)
{
    const size_t seen = k->nearest.seen[row], all = k->nearest.centre_count;
    if (k->measured[row] > 0 || seen == all)
        return 0;
    if (seen >= k->given)
        return all;
    size_t next = seen > 0 ? 2 * seen : FIRST_LOOK;
    return next < k->given ? next : k->given;
}

/* What is certain of a row that is to be measured, less than which need not be. */
static double floor_of(const k_centre *k, uint32_t row)
{
    return k->measured[row] > 0 ? k->bounds[row] : (double)k->nearest.distances[row] - k->doubt;
}

/* Takes over the row's distance of `nearest`. */
static void set_bound(k_centre *k, uint32_t row)
{
    k->bounds[row] = (double)k->nearest.distances[row] + k->doubt;
}

/* fb_loop_body over the group. */
static void measure_rows(void *argument, size_t first, size_t count)
{
    k_centre *k = argument;
    for (size_t i = first; i < first + count; i++) {
        const uint32_t row = k->group[i];
        double distance = kit_nearest_measure(&k->nearest, row, k->measured[row]);
        if (k->measured[row] == 0 || distance < k->bounds[row])
            k->bounds[row] = distance;
        k->measured[row] = (uint32_t)k->nearest.centre_count;
    }
}

/* The group sees the centres before `end`, or is measured. */
static int look_together(k_centre *k, size_t count, size_t end)
{
    if (end == 0) {
        k->host->parallel_for(k->host, count, 1, measure_rows, k);
        return k->host->cancelled(k->host) ? FB_PLUGIN_ECANCELLED : FB_PLUGIN_OK;
    }
    int rc = kit_nearest_see(&k->nearest, k->group, count, end);
    for (size_t i = 0; i < count; i++)
        set_bound(k, k->group[i]);
    return rc;
}

/* Whether the bound is the distance to the nearest of all centres. */
static bool is_exact(const k_centre *k, uint32_t row)
{
    return k->measured[row] == k->nearest.centre_count || !(k->bounds[row] > 0);
}

/* Whether no other row can be farther than the top one. */
static bool is_farthest(const k_centre *k)
{
    const uint32_t *heap = k->heap, top = heap[0];
    if (is_exact(k, top))
        return true;
    if (k->measured[top] > 0 || next_look(k, top) != 0)
        return false;
    const double least = floor_of(k, top);
    return (k->heap_size < 2 || k->bounds[heap[1]] < least) &&
           (k->heap_size < 3 || k->bounds[heap[2]] < least);
}

/* Lets up to `size` of the farthest rows look: the top one, and those whose look is the same. */
static int look(k_centre *k, size_t size)
{
    const size_t end = next_look(k, k->heap[0]);
    const double least = end == 0 ? floor_of(k, k->heap[0]) : 0;
    size_t taken = 0, kept = 0;
    while (k->heap_size > 0 && taken < size && kept < size && k->bounds[k->heap[0]] >= least) {
        uint32_t row = pop(k);
        if (next_look(k, row) == end && !is_exact(k, row))
            k->group[taken++] = row;
        else
            k->aside[kept++] = row;
    }
    int rc = look_together(k, taken, end);
    for (size_t i = 0; i < taken; i++)
        push(k, k->group[i]);
    for (size_t i = 0; i < kept; i++)
        push(k, k->aside[i]);
    return rc;
}

static int choose(k_centre *k, uint32_t *ret_row)
{
    int rc = FB_PLUGIN_OK;
    for (size_t size = SMALLEST_GROUP; rc == FB_PLUGIN_OK && !is_farthest(k);
         size = size < KIT_NEAREST_GROUP ? 2 * size : size)
        rc = look(k, size);
    if (rc == FB_PLUGIN_OK)
        *ret_row = pop(k);
    return rc;
}

/* ---- the choices ----------------------------------------------------------------------------- */

static float largest_of(const kit_points *points, float largest)
{
    for (size_t i = 0; i < points->rows.rows; i++)
        largest = points->squares[i] > largest ? points->squares[i] : largest;
    return largest;
}

/* The given centres are there; no row has seen any. */
static int k_centre_init(const fb_host *host, const kit_points *points, const kit_points *given,
                         size_t count, k_centre *k)
{
    const size_t n = points->rows.rows, m = given->rows.rows;
    *k = (k_centre){
        .host = host,
        .given = m,
        .bounds = host->alloc(host, n, sizeof *k->bounds),
        .measured = host->alloc(host, n, sizeof *k->measured),
        .heap = host->alloc(host, n, sizeof *k->heap),
    };
    if (!k->bounds || !k->measured || !k->heap)
        return kit_fail_memory(host, "k-centre greedy");
    int rc = kit_nearest_init(host, points, m + count, &k->nearest);
    if (rc != FB_PLUGIN_OK)
        return rc;
    k->doubt = kit_nearest_doubt(&k->nearest, largest_of(points, largest_of(given, 0)));
    for (size_t i = 0; i < n; i++) {
        set_bound(k, (uint32_t)i);
        k->heap[k->heap_size++] = (uint32_t)i;
    }
    for (size_t i = 0; i < m; i++)
        kit_nearest_add(&k->nearest, given, i);
    return FB_PLUGIN_OK;
}

/* All rows see the first centres: of the given ones or, without them, the one just chosen. */
static int start(k_centre *k, size_t end)
{
    int rc = kit_nearest_see_all(&k->nearest, end);
    for (size_t at = 0; at < k->heap_size; at++)
        set_bound(k, k->heap[at]);
    order_heap(k);
    return rc;
}

int kit_k_centre(const fb_host *host, const kit_points *points, const kit_points *given,
                 size_t count, uint32_t *ret_rows)
{
    k_centre *k = host->alloc(host, 1, sizeof *k);
    if (!k)
        return kit_fail_memory(host, "k-centre greedy");
    int rc = k_centre_init(host, points, given, count, k);
    if (rc == FB_PLUGIN_OK && k->given > 0)
        rc = start(k, next_look(k, 0));
    for (size_t i = 0; rc == FB_PLUGIN_OK && i < count; i++) {
        rc = choose(k, &ret_rows[i]);
        if (rc != FB_PLUGIN_OK)
            break;
        kit_nearest_add(&k->nearest, points, ret_rows[i]);
        if (k->nearest.centre_count == 1)
            rc = start(k, 1);
    }
    return rc;
}

/* SPDX-License-Identifier: 0BSD
 *
 * k_centre.c - k-centre greedy that leaves out the distances which cannot matter.
 *
 * The distance of a row to the nearest of some centres is an upper bound of that to the nearest of
 * all. Rows wait in a heap in order of their bounds. Where the top one has seen all centres its
 * bound is exact and no other row can be farther: it is the next choice. Otherwise it, and some
 * rows close behind it, see further centres and go back with what that leaves. A row that never
 * comes near the top is never finished. */
#include <stdbool.h>

#include "kit.h"

/* All rows see so many of the given centres at the start; each further look takes as many as a row
 * has seen, so that rows which fall behind early cost little. */
enum { FIRST_LOOK = 256 };

/* The rows that look together: few at first in a step, then twice as many. */
enum { SMALLEST_GROUP = 16 };

typedef struct k_centre {
    kit_nearest nearest;
    size_t given;    /* centres before the first choice */
    uint32_t *heap;  /* rows not chosen, the farthest first */
    size_t heap_size;
    uint32_t group[KIT_NEAREST_GROUP], aside[KIT_NEAREST_GROUP];
} k_centre;

/* ---- the heap -------------------------------------------------------------------------------- */

static bool is_before(const k_centre *k, uint32_t a, uint32_t b)
{
    const float *distances = k->nearest.distances;
    return distances[a] != distances[b] ? distances[a] > distances[b] : a < b;
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

/* The centres that a row which has seen `seen` of them sees with its next look. */
static size_t next_look(const k_centre *k, size_t seen)
{
    if (seen >= k->given)
        return k->nearest.centre_count;
    size_t next = seen > 0 ? 2 * seen : FIRST_LOOK;
    return next < k->given ? next : k->given;
}

static bool is_exact(const k_centre *k, uint32_t row)
{
    return k->nearest.seen[row] == k->nearest.centre_count || !(k->nearest.distances[row] > 0);
}

/* Lets up to `size` of the farthest rows look: the top one, and those whose look ends with the same
 * centre. */
static int look(k_centre *k, size_t size)
{
    const uint32_t *seen = k->nearest.seen;
    size_t end = next_look(k, seen[k->heap[0]]), taken = 0, kept = 0;
    while (k->heap_size > 0 && taken < size && kept < size) {
        uint32_t row = pop(k);
        if (!is_exact(k, row) && next_look(k, seen[row]) == end)
            k->group[taken++] = row;
        else
            k->aside[kept++] = row;
    }
    int rc = kit_nearest_see(&k->nearest, k->group, taken, end);
    for (size_t i = 0; i < taken; i++)
        push(k, k->group[i]);
    for (size_t i = 0; i < kept; i++)
        push(k, k->aside[i]);
    return rc;
}

static int choose(k_centre *k, uint32_t *ret_row)
{
    int rc = FB_PLUGIN_OK;
    for (size_t size = SMALLEST_GROUP; rc == FB_PLUGIN_OK && !is_exact(k, k->heap[0]);
         size = size < KIT_NEAREST_GROUP ? 2 * size : size)
        rc = look(k, size);
    if (rc == FB_PLUGIN_OK)
        *ret_row = pop(k);
    return rc;
}

/* ---- the choices ----------------------------------------------------------------------------- */

/* All rows see the first centres: of the given ones or, without them, the one just chosen. */
static int start(k_centre *k, size_t end)
{
    int rc = kit_nearest_see_all(&k->nearest, end);
    order_heap(k);
    return rc;
}

int kit_k_centre(const fb_host *host, const kit_points *points, const kit_points *given,
                 size_t count, uint32_t *ret_rows)
{
    const size_t n = points->rows.rows, m = given->rows.rows;
    k_centre *k = host->alloc(host, 1, sizeof *k);
    if (!k || !(k->heap = host->alloc(host, n, sizeof *k->heap)))
        return kit_fail_memory(host, "k-centre greedy");
    k->given = m;
    for (size_t i = 0; i < n; i++)
        k->heap[k->heap_size++] = (uint32_t)i;
    int rc = kit_nearest_init(host, points, m + count, &k->nearest);
    for (size_t i = 0; rc == FB_PLUGIN_OK && i < m; i++)
        kit_nearest_add(&k->nearest, given, i);
    if (rc == FB_PLUGIN_OK && m > 0)
        rc = start(k, next_look(k, 0));
    for (size_t i = 0; rc == FB_PLUGIN_OK && i < count; i++) {
        uint32_t row = 0;
        rc = choose(k, &row);
        if (rc != FB_PLUGIN_OK)
            break;
        ret_rows[i] = row;
        kit_nearest_add(&k->nearest, points, row);
        if (k->nearest.centre_count == 1)
            rc = start(k, 1);
    }
    return rc;
}

/* SPDX-License-Identifier: 0BSD
 *
 * spread.c - k-means++ by rejection, which asks for few of the distances.
 *
 * What a point knows is its distance to the nearest of the centres that it has seen, which bounds
 * the one to the nearest of all. A row is drawn in proportion to the bounds, its distance is then
 * found, and it is taken with the probability distance / bound; otherwise its bound becomes the
 * distance, and the next attempt begins. In each attempt the probability that a row is drawn and
 * taken is proportional to its distance, and so is that of the row which is taken in the end. When
 * rejected rows have cost about as much as to bring all up to date, that is done. */
#include <math.h>
#include <stdbool.h>

#include "kit.h"
#include "nearest.h"

/* The power of the distance in the drawing probability. The tests also build a plugin with a wrong
 * one, to see that they can tell. */
#ifndef SPREAD_POWER
#define SPREAD_POWER 2
#endif

/* Rows whose weights are summed together, so that a draw adds up few numbers. */
enum { BLOCK = 512 };

typedef struct spread {
    const fb_host *host;
    kit_nearest nearest;
    bool *chosen;   /* (n) */
    double *sums;   /* (blocks) of the weights of the bounds of BLOCK rows; 0 for a chosen one */
    size_t n, blocks;
    size_t distinct; /* chosen while distances were left */
    double wasted;  /* cost of the rejected rows since all were up to date */
    double weights[BLOCK];
} spread;

static double weight(float squared_distance)
{
    return SPREAD_POWER == 2 ? (double)squared_distance : sqrt((double)squared_distance);
}

static size_t block_size(const spread *s, size_t block)
{
    size_t first = block * BLOCK;
    return s->n - first < BLOCK ? s->n - first : BLOCK;
}

/* The weights of a block's rows into s->weights, and their sum. */
static void weigh(spread *s, size_t block)
{
    const float *distances = s->nearest.distances + block * BLOCK;
    double sum = 0;
    for (size_t i = 0; i < block_size(s, block); i++) {
        s->weights[i] = weight(distances[i]);
        sum += s->weights[i];
    }
    s->sums[block] = sum;
}

static int see_all(spread *s)
{
    int rc = kit_nearest_see_all(&s->nearest, s->nearest.centre_count);
    for (size_t block = 0; block < s->blocks; block++)
        weigh(s, block);
    s->wasted = 0;
    return rc;
}

/* What it costs to let one row look, and all of them, in products of two rows within a large matrix
 * product (measured, roughly). */
static double look_cost(size_t unseen)
{
    return 256 + 3 * (double)unseen;
}

static double sweep_cost(const spread *s)
{
    return (double)s->n * (16 + (double)(s->nearest.centre_count - s->nearest.swept));
}

static void add(spread *s, size_t row)
{
    s->chosen[row] = true;
    s->nearest.distances[row] = 0;
    kit_nearest_add(&s->nearest, &s->nearest.points, row);
    weigh(s, row / BLOCK);
}

/* A row that is not chosen yet, each as likely as the others. */
static size_t draw_any(const spread *s, double u)
{
    size_t left = (size_t)(u * (double)(s->n - s->nearest.centre_count)), row = 0;
    for (;; row++)
        if (!s->chosen[row] && left-- == 0)
            return row;
}

/* One attempt: *ret_row is set when the row is taken. */
static int attempt(spread *s, const double u[3], size_t *ret_row)
{
    kit_nearest *nearest = &s->nearest;
    size_t block = kit_weighted_draw(s->sums, s->blocks, u[0]);
    if (block == KIT_NONE) {
        *ret_row = draw_any(s, u[0]);
        return FB_PLUGIN_OK;
    }
    weigh(s, block);
    uint32_t row = (uint32_t)(block * BLOCK +
                              kit_weighted_draw(s->weights, block_size(s, block), u[1]));
    double bound = weight(nearest->distances[row]);
    size_t unseen = nearest->centre_count - nearest->seen[row];
    int rc = unseen > 0 ? kit_nearest_see(nearest, &row, 1, nearest->centre_count) : FB_PLUGIN_OK;
    if (rc != FB_PLUGIN_OK)
        return rc;
    if (u[2] * bound < weight(nearest->distances[row])) {
        *ret_row = row;
        s->distinct++;
        return FB_PLUGIN_OK;
    }
    weigh(s, block);
    s->wasted += look_cost(unseen);
    return s->wasted > sweep_cost(s) ? see_all(s) : FB_PLUGIN_OK;
}

/* The first row, unless the caller has it. */
static void draw_first(spread *s, uint32_t stream, size_t *row)
{
    double u;
    s->distinct = 1;
    if (*row != KIT_NONE)
        return;
    s->host->random_uniform(s->host, stream, 0, 0, 1, &u);
    *row = draw_any(s, u);
}

static int draw_next(spread *s, uint32_t stream, size_t pick, size_t *ret_row)
{
    *ret_row = KIT_NONE;
    int rc = FB_PLUGIN_OK;
    for (uint64_t t = 0; rc == FB_PLUGIN_OK && *ret_row == KIT_NONE; t++) {
        double u[3];
        s->host->random_uniform(s->host, stream, (uint32_t)pick, 3 * t, 3, u);
        rc = attempt(s, u, ret_row);
    }
    return rc;
}

int kit_spread(const fb_host *host, const kit_points *points, size_t first, size_t count,
               uint32_t stream, uint32_t *ret_rows, size_t *ret_distinct)
{
    const size_t n = points->rows.rows, blocks = (n + BLOCK - 1) / BLOCK;
    spread *s = host->alloc(host, 1, sizeof *s);
    bool *chosen = host->alloc(host, n, sizeof *chosen);
    double *sums = host->alloc(host, blocks, sizeof *sums);
    if (!s || !chosen || !sums)
        return kit_fail_memory(host, "k-means++");
    *s = (spread){.host = host, .chosen = chosen, .sums = sums, .n = n, .blocks = blocks};
    int rc = kit_nearest_init(host, points, count, &s->nearest);
    if (rc != FB_PLUGIN_OK)
        return rc;
    draw_first(s, stream, &first);
    add(s, first);
    rc = see_all(s);
    ret_rows[0] = (uint32_t)first;
    for (size_t pick = 1; rc == FB_PLUGIN_OK && pick < count; pick++) {
        size_t row;
        rc = draw_next(s, stream, pick, &row);
        if (rc != FB_PLUGIN_OK)
            break;
        ret_rows[pick] = (uint32_t)row;
        add(s, row);
    }
    if (rc == FB_PLUGIN_OK)
        *ret_distinct = s->distinct;
    return rc;
}

/* SPDX-License-Identifier: 0BSD */
#include "greedy.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

int bait_greedy_init(const fb_host *host, bait_matrices *matrices, bait_greedy *ret_greedy)
{
    size_t m = matrices->m;
    bait_greedy g = {.host = host, .matrices = matrices};
    g.change = host->alloc(host, matrices->size, 2 * m * sizeof *g.change);
    g.swapped = host->alloc(host, matrices->size, 2 * m * sizeof *g.swapped);
    g.small = host->alloc(host, 5 * m, m * sizeof *g.small);
    if (!g.change || !g.swapped || !g.small)
        return kit_fail_memory(host, "BAIT's changes of its matrices");
    int rc = bait_blocks_init(host, 2 * m * m + 2 * m, &g.blocks);
    if (rc == FB_PLUGIN_OK)
        *ret_greedy = g;
    return rc;
}

/* ---- scores --------------------------------------------------------------------------------- */

typedef struct scoring {
    bait_samples *samples;
    double sign;
} scoring;

/* l (lower triangle) <- the Cholesky factor of I + sign k, its diagonal inverted: not numbers where
 * that is not positive definite. */
static void factor_lanes(size_t m, double sign, const bait_lanes *k, bait_lanes *l)
{
    for (size_t i = 0; i < m; i++) {
        bait_lanes *row = l + bait_pairs(i);
        for (size_t j = 0; j <= i; j++) {
            const bait_lanes *above = l + bait_pairs(j);
            for (size_t lane = 0; lane < BAIT_LANES; lane++)
                row[j][lane] = (i == j) + sign * k[bait_pairs(i) + j][lane];
            for (size_t s = 0; s < j; s++)
                for (size_t lane = 0; lane < BAIT_LANES; lane++)
                    row[j][lane] -= row[s][lane] * above[s][lane];
            for (size_t lane = 0; lane < BAIT_LANES; lane++)
                row[j][lane] = i == j ? 1 / sqrt(row[j][lane]) : row[j][lane] * above[j][lane];
        }
    }
}

/* l <- L^-1, of a factor with an inverted diagonal, in place. */
static void invert_lanes(size_t m, bait_lanes *l)
{
    for (size_t i = 0; i < m; i++) {
        bait_lanes *row = l + bait_pairs(i);
        for (size_t j = 0; j < i; j++) {
            bait_lanes sum = {0};
            for (size_t s = j; s < i; s++)
                for (size_t lane = 0; lane < BAIT_LANES; lane++)
                    sum[lane] += row[s][lane] * l[bait_pairs(s) + j][lane];
            for (size_t lane = 0; lane < BAIT_LANES; lane++)
                row[j][lane] = -row[i][lane] * sum[lane];
        }
    }
}

/* scores = tr[q L'^-1 L^-1], of inverted factors. */
static void trace_lanes(size_t m, const bait_lanes *q, const bait_lanes *l, double *scores)
{
    memset(scores, 0, sizeof(bait_lanes));
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j <= i; j++) {
            const double *weight = q[bait_pairs(i) + j], times = i == j ? 1 : 2;
            bait_lanes sum = {0};
            for (size_t s = i; s < m; s++)
                for (size_t lane = 0; lane < BAIT_LANES; lane++)
                    sum[lane] += l[bait_pairs(s) + i][lane] * l[bait_pairs(s) + j][lane];
            for (size_t lane = 0; lane < BAIT_LANES; lane++)
                scores[lane] += times * weight[lane] * sum[lane];
        }
}

/* bait_body */
static void score_blocks(void *argument, size_t first, size_t count, bait_lanes *work)
{
    const scoring *how = argument;
    const bait_samples *s = how->samples;
    size_t pairs = bait_pairs(s->m);
    for (size_t b = first; b < first + count; b++) {
        factor_lanes(s->m, how->sign, s->k + b * pairs, work);
        invert_lanes(s->m, work);
        trace_lanes(s->m, s->q + b * pairs, work, s->scores[b]);
    }
}

int bait_score(bait_greedy *greedy, bait_samples *samples, double sign)
{
    scoring s = {samples, sign};
    return bait_each_block(greedy->host, &greedy->blocks, samples->blocks, score_blocks, &s);
}

/* ---- the choice ----------------------------------------------------------------------------- */

/* The largest score of a sample not taken yet. */
static int find_best(const bait_greedy *greedy, const bait_samples *samples, const bool *taken,
                     size_t *ret_best)
{
    size_t best = KIT_NONE;
    double most = -INFINITY;
    for (size_t i = 0; i < samples->count; i++) {
        double score = bait_score_of(samples, i);
        if (!isfinite(score))
            return bait_fail_rounding(greedy->host, "a score is not finite");
        if (!taken[i] && score > most) {
            best = i;
            most = score;
        }
    }
    *ret_best = best;
    return FB_PLUGIN_OK;
}

/* Takes `steps` samples. The candidates' k and q lack the last one's change. */
static int go_forward(bait_greedy *greedy, bait_samples *samples, size_t steps,
                      uint32_t *positions)
{
    bool *taken = greedy->host->alloc(greedy->host, samples->count, sizeof *taken);
    if (!taken)
        return kit_fail_memory(greedy->host, "BAIT's choice");
    int rc = FB_PLUGIN_OK;
    for (size_t step = 0; rc == FB_PLUGIN_OK && step < steps; step++) {
        size_t best = KIT_NONE;
        if (step > 0)
            rc = bait_change_samples(greedy, samples, 1);
        if (rc == FB_PLUGIN_OK)
            rc = bait_score(greedy, samples, 1);
        if (rc == FB_PLUGIN_OK)
            rc = find_best(greedy, samples, taken, &best);
        if (rc != FB_PLUGIN_OK)
            return rc;
        taken[best] = true;
        positions[step] = (uint32_t)best;
        rc = bait_change_matrices(greedy, samples, best, 1);
    }
    return rc;
}

/* Which of those that are left costs least, of equals the one of the largest position. */
static size_t find_cheapest(const bait_samples *chosen, const uint32_t *positions,
                            const bool *dropped)
{
    size_t cheapest = KIT_NONE;
    double least = INFINITY;
    for (size_t i = 0; i < chosen->count; i++) {
        double cost = bait_score_of(chosen, i);
        if (!isfinite(cost))
            cost = INFINITY;
        if (dropped[i])
            continue;
        if (cheapest == KIT_NONE || cost < least ||
            (cost == least && positions[i] > positions[cheapest])) {
            cheapest = i;
            least = cost;
        }
    }
    return cheapest;
}

/* Drops `steps` of the chosen samples, whose k and q lack the last change of the forward steps. */
static int go_backward(bait_greedy *greedy, bait_samples *chosen, size_t steps,
                       const uint32_t *positions, bool *dropped)
{
    int rc = bait_change_samples(greedy, chosen, 1);
    for (size_t step = 0; rc == FB_PLUGIN_OK && step < steps; step++) {
        rc = bait_score(greedy, chosen, -1);
        if (rc != FB_PLUGIN_OK)
            return rc;
        size_t cheapest = find_cheapest(chosen, positions, dropped);
        dropped[cheapest] = true;
        if (step + 1 == steps)
            break;
        rc = bait_change_matrices(greedy, chosen, cheapest, -1);
        if (rc == FB_PLUGIN_OK)
            rc = bait_change_samples(greedy, chosen, -1);
    }
    return rc;
}

int bait_choose(bait_greedy *greedy, bait_samples *samples, size_t batch, uint32_t *ret_positions)
{
    const fb_host *host = greedy->host;
    size_t steps = samples->count - batch < batch ? samples->count : 2 * batch, kept = 0;
    bait_samples chosen;
    uint32_t *positions = host->alloc(host, steps, sizeof *positions);
    bool *dropped = host->alloc(host, steps, sizeof *dropped);
    if (!positions || !dropped)
        return kit_fail_memory(host, "BAIT's choice");
    int rc = go_forward(greedy, samples, steps, positions);
    if (rc == FB_PLUGIN_OK)
        rc = bait_samples_alloc(host, steps, samples->d, samples->m, true, &chosen);
    if (rc != FB_PLUGIN_OK)
        return rc;
    for (size_t i = 0; i < steps; i++)
        bait_copy_sample(samples, positions[i], &chosen, i);
    rc = go_backward(greedy, &chosen, steps - batch, positions, dropped);
    for (size_t i = 0; rc == FB_PLUGIN_OK && i < steps; i++)
        if (!dropped[i])
            ret_positions[kept++] = positions[i];
    return rc;
}

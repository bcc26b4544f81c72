/* SPDX-License-Identifier: 0BSD */
#include "samples.h"

#include <math.h>
#include <string.h>

int bait_samples_alloc(const fb_host *host, size_t count, size_t d, size_t m, bool candidates,
                       bait_samples *ret_samples)
{
    bait_samples s = {.count = count, .d = d, .m = m};
    s.blocks = (count + BAIT_LANES - 1) / BAIT_LANES;
    s.features = host->alloc(host, s.blocks, d * sizeof *s.features);
    s.factors = host->alloc(host, s.blocks, 3 * m * sizeof *s.factors);
    if (!s.features || !s.factors)
        return kit_fail_memory(host, "BAIT's samples");
    if (candidates) {
        s.k = host->alloc(host, s.blocks, bait_pairs(m) * sizeof *s.k);
        s.q = host->alloc(host, s.blocks, bait_pairs(m) * sizeof *s.q);
        s.scores = host->alloc(host, s.blocks, sizeof *s.scores);
        if (!s.k || !s.q || !s.scores)
            return kit_fail_memory(host, "BAIT's matrices of each sample");
    }
    *ret_samples = s;
    return FB_PLUGIN_OK;
}

int bait_set_features(const fb_host *host, const kit_matrix *x, const double *axes,
                      bait_samples *samples)
{
    size_t width = x->columns, d = samples->d;
    bait_lanes *turned = host->alloc(host, width, sizeof *turned);
    if (!turned)
        return kit_fail_memory(host, "BAIT's features");
    for (size_t b = 0; b < samples->blocks; b++) {
        bait_lanes *features = samples->features + b * d, *to = axes ? turned : features;
        memset(to, 0, width * sizeof *to);
        for (size_t lane = 0; lane < BAIT_LANES && b * BAIT_LANES + lane < x->rows; lane++)
            for (size_t k = 0; k < width; k++)
                to[k][lane] = (double)kit_row(x, b * BAIT_LANES + lane)[k];
        kit_multiplication coordinates = {.m = d, .n = BAIT_LANES, .k = width, .scale = 1,
                                          .a = axes, .a_stride = width,
                                          .b = turned[0], .b_stride = BAIT_LANES,
                                          .c = features[0], .c_stride = BAIT_LANES};
        if (axes)
            kit_multiply(host, &coordinates);
    }
    return FB_PLUGIN_OK;
}

void bait_set_factor(bait_samples *samples, size_t i, const float *probabilities)
{
    size_t m = samples->m, lane = i % BAIT_LANES;
    bait_lanes *factors = samples->factors + i / BAIT_LANES * 3 * m;
    double after = probabilities[m]; /* q_a: the classes after a */
    for (size_t a = m; a-- > 0;) {
        double p = probabilities[a], from = after + p, width = (double)(m - a);
        double size = sqrt(width / (width + 1));
        factors[a][lane] = from > 0 ? sqrt(p * after / from) / size : 0;
        factors[m + a][lane] = after > 0 ? sqrt(p / (from * after)) : 0;
        factors[2 * m + a][lane] = size * (p - after / width);
        after = from;
    }
}

void bait_scale(bait_samples *samples, double by)
{
    for (size_t b = 0; b < samples->blocks; b++) {
        bait_lanes *factors = samples->factors + b * 3 * samples->m;
        for (size_t a = 0; a < 2 * samples->m; a++)
            for (size_t lane = 0; lane < BAIT_LANES; lane++)
                factors[a][lane] *= by;
    }
}

static void copy_lane(const bait_lanes *source, size_t from, bait_lanes *target, size_t to,
                      size_t count)
{
    source += from / BAIT_LANES * count;
    target += to / BAIT_LANES * count;
    for (size_t i = 0; i < count; i++)
        target[i][to % BAIT_LANES] = source[i][from % BAIT_LANES];
}

void bait_copy_sample(const bait_samples *source, size_t from, bait_samples *target, size_t to)
{
    size_t pairs = bait_pairs(source->m);
    copy_lane(source->features, from, target->features, to, source->d);
    copy_lane(source->factors, from, target->factors, to, 3 * source->m);
    copy_lane(source->k, from, target->k, to, pairs);
    copy_lane(source->q, from, target->q, to, pairs);
}

void bait_apply_factors(const bait_lanes *factors, size_t m, size_t columns, bait_lanes *e,
                        bait_lanes *work)
{
    memset(work, 0, columns * sizeof *work); /* the sum of right_j e_j over the rows below */
    for (size_t a = m; a-- > 0;) {
        const double *diagonal = factors[a], *left = factors[m + a], *right = factors[2 * m + a];
        for (size_t column = 0; column < columns; column++) {
            double *row = e[a * columns + column], *below = work[column];
            for (size_t lane = 0; lane < BAIT_LANES; lane++) {
                double old = row[lane];
                row[lane] = diagonal[lane] * old - left[lane] * below[lane];
                below[lane] += right[lane] * old;
            }
        }
    }
}

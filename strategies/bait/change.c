/* SPDX-License-Identifier: 0BSD
 *
 * change.c - the matrices, and k and q of samples, when a sample is taken or dropped. */
#include <string.h>

#include "greedy.h"

/* ---- the matrices --------------------------------------------------------------------------- */

typedef struct change {
    const bait_greedy *greedy;
    const double *features; /* of the sample, BAIT_LANES apart */
    const double *factors;
    double sign;
    double *factor; /* (m, m): L */
    double *half;   /* (m, m): L^-1 q */
    double *middle; /* (m, m): L^-1 q L'^-1 */
} change;

/* v (m) <- A' v, whose elements are `stride` apart. */
static void apply_factor(const change *c, size_t stride, double *v)
{
    size_t m = c->greedy->matrices->m;
    const double *diagonal = c->factors, *left = diagonal + m * BAIT_LANES;
    const double *right = left + m * BAIT_LANES;
    double below = 0;
    for (size_t a = m; a-- > 0;) {
        double old = v[a * stride];
        v[a * stride] = diagonal[a * BAIT_LANES] * old - left[a * BAIT_LANES] * below;
        below += right[a * BAIT_LANES] * old;
    }
}

/* out (m) = the row (d m) of a matrix times x'. */
static void multiply_row(const change *c, const double *row, double *out)
{
    size_t d = c->greedy->matrices->d, m = c->greedy->matrices->m;
    memset(out, 0, m * sizeof *out);
    for (size_t k = 0; k < d; k++) {
        double feature = c->features[k * BAIT_LANES];
        for (size_t a = 0; a < m; a++)
            out[a] += feature * row[k * m + a];
    }
    apply_factor(c, 1, out);
}

/* fb_loop_body over rows of `change`: M^-1 x' and M^-1 F M^-1 x'. */
static void multiply_rows(void *argument, size_t first, size_t count)
{
    const change *c = argument;
    const bait_matrices *r = c->greedy->matrices;
    for (size_t i = first; i < first + count; i++) {
        double *row = c->greedy->change + i * 2 * r->m;
        multiply_row(c, r->inverse + i * r->size, row);
        multiply_row(c, r->spread + i * r->size, row + r->m);
    }
}

/* both (m, 2 m) = x times `change`: the sample's own k and q side by side. */
static void multiply_by_sample(const change *c, double *both)
{
    size_t m = c->greedy->matrices->m, size = c->greedy->matrices->size;
    memset(both, 0, 2 * m * m * sizeof *both);
    for (size_t i = 0; i < size; i++) {
        const double *row = c->greedy->change + i * 2 * m;
        double feature = c->features[i / m * BAIT_LANES], *sum = both + i % m * 2 * m;
        for (size_t j = 0; j < 2 * m; j++)
            sum[j] += feature * row[j];
    }
    for (size_t j = 0; j < 2 * m; j++)
        apply_factor(c, 2 * m, both + j);
}

/* L and L^-1 q L'^-1 from the sample's own k and q. */
static int make_factor(const change *c, const double *both)
{
    size_t m = c->greedy->matrices->m;
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < m; j++) {
            c->factor[i * m + j] = (i == j) + c->sign * both[i * 2 * m + j];
            c->half[i * m + j] = both[i * 2 * m + m + j];
        }
    if (kit_cholesky(NULL, NULL, m, c->factor) != FB_PLUGIN_OK)
        return bait_fail_rounding(c->greedy->host,
                                  c->sign > 0 ? "a sample is taken" : "a sample is dropped");
    kit_lower_solve(m, c->factor, m, m, c->half, m);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < m; j++)
            c->middle[j * m + i] = c->half[i * m + j];
    kit_lower_solve(m, c->factor, m, m, c->middle, m);
    return FB_PLUGIN_OK;
}

/* row (m) <- row L'^-1 */
static void solve_row(size_t m, const double *factor, double *row)
{
    for (size_t i = 0; i < m; i++) {
        double sum = row[i];
        for (size_t j = 0; j < i; j++)
            sum -= factor[i * m + j] * row[j];
        row[i] = sum / factor[i * m + i];
    }
}

/* fb_loop_body over rows of `change`: they become W and Z. */
static void finish_rows(void *argument, size_t first, size_t count)
{
    const change *c = argument;
    size_t m = c->greedy->matrices->m;
    for (size_t i = first; i < first + count; i++) {
        double *w = c->greedy->change + i * 2 * m, *z = w + m;
        double *swapped = c->greedy->swapped + i * 2 * m;
        solve_row(m, c->factor, w);
        solve_row(m, c->factor, z);
        for (size_t s = 0; s < m; s++)
            for (size_t t = 0; t < m; t++)
                z[t] -= 0.5 * c->sign * w[s] * c->middle[s * m + t];
        memcpy(swapped, z, m * sizeof *z);
        memcpy(swapped + m, w, m * sizeof *w);
    }
}

int bait_change_matrices(bait_greedy *greedy, const bait_samples *samples, size_t i, double sign)
{
    const fb_host *host = greedy->host;
    bait_matrices *r = greedy->matrices;
    size_t m = r->m, block = i / BAIT_LANES, lane = i % BAIT_LANES, grain = 16;
    double *both = greedy->small;
    change c = {.greedy = greedy,
                .features = samples->features[block * r->d] + lane,
                .factors = samples->factors[block * 3 * m] + lane,
                .sign = sign,
                .factor = both + 2 * m * m,
                .half = both + 3 * m * m,
                .middle = both + 4 * m * m};
    host->parallel_for(host, r->size, grain, multiply_rows, &c);
    multiply_by_sample(&c, both);
    int rc = make_factor(&c, both);
    if (rc != FB_PLUGIN_OK)
        return rc;
    host->parallel_for(host, r->size, grain, finish_rows, &c);
    kit_multiplication outer = {.m = r->size, .n = r->size, .k = m, .scale = -sign, .add = true,
                                .a = greedy->change, .a_stride = 2 * m,
                                .b = greedy->change, .b_stride = 2 * m, .b_transposed = true,
                                .c = r->inverse, .c_stride = r->size};
    kit_multiply(host, &outer);
    outer.k = 2 * m;
    outer.b = greedy->swapped;
    outer.c = r->spread;
    kit_multiply(host, &outer);
    return FB_PLUGIN_OK;
}

/* ---- k and q of samples --------------------------------------------------------------------- */

typedef struct update {
    const bait_greedy *greedy;
    bait_samples *samples;
    double sign;
} update;

/* k and q of a block, from x W and x Z (m, 2 m). */
static void update_block(size_t m, double sign, const bait_lanes *x, bait_lanes *k,
                         bait_lanes *q)
{
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j <= i; j++) {
            const bait_lanes *w_i = x + i * 2 * m, *z_i = w_i + m;
            const bait_lanes *w_j = x + j * 2 * m, *z_j = w_j + m;
            double *k_ij = k[bait_pairs(i) + j], *q_ij = q[bait_pairs(i) + j];
            bait_lanes k_sum = {0}, q_sum = {0};
            for (size_t s = 0; s < m; s++)
                for (size_t lane = 0; lane < BAIT_LANES; lane++) {
                    k_sum[lane] += w_i[s][lane] * w_j[s][lane];
                    q_sum[lane] += w_i[s][lane] * z_j[s][lane] + z_i[s][lane] * w_j[s][lane];
                }
            for (size_t lane = 0; lane < BAIT_LANES; lane++) {
                k_ij[lane] -= sign * k_sum[lane];
                q_ij[lane] -= sign * q_sum[lane];
            }
        }
}

/* bait_body */
static void update_blocks(void *argument, size_t first, size_t count, bait_lanes *work)
{
    const update *u = argument;
    const bait_samples *s = u->samples;
    size_t m = s->m, pairs = bait_pairs(m);
    for (size_t b = first; b < first + count; b++) {
        kit_multiplication x = {.m = 2 * m * m, .n = BAIT_LANES, .k = s->d, .scale = 1,
                                .a = u->greedy->change, .a_stride = 2 * m * m, .a_transposed = true,
                                .b = s->features[b * s->d], .b_stride = BAIT_LANES,
                                .c = work[0], .c_stride = BAIT_LANES};
        kit_multiply(NULL, &x);
        bait_apply_factors(s->factors + b * 3 * m, m, 2 * m, work, work + 2 * m * m);
        update_block(m, u->sign, work, s->k + b * pairs, s->q + b * pairs);
    }
}

int bait_change_samples(bait_greedy *greedy, bait_samples *samples, double sign)
{
    update u = {greedy, samples, sign};
    return bait_each_block(greedy->host, &greedy->blocks, samples->blocks, update_blocks, &u);
}

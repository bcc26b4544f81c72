/* SPDX-License-Identifier: 0BSD */
#include "information.h"

#include <string.h>

#include "blocks.h"

/* ---- memory --------------------------------------------------------------------------------- */

static double gigabytes(size_t size)
{
    return 32e-9 * (double)size * (double)size;
}

int bait_check_size(const fb_host *host, size_t d, size_t m)
{
    if (m == 0 || d <= BAIT_SIZE_MAX / m)
        return FB_PLUGIN_OK;
    return host->fail(host, FB_PLUGIN_ERANGE,
                      "%zu features and %zu classes make matrices of %zu rows, which take %.0f GB: "
                      "at most %d rows are allowed; set `components` to %zu at most",
                      d, m + 1, d * m, gigabytes(d * m), (int)BAIT_SIZE_MAX, BAIT_SIZE_MAX / m);
}

static int fail_large(const fb_host *host, size_t d, size_t m)
{
    return host->fail(host, FB_PLUGIN_ENOMEM,
                      "out of memory: matrices of %zu rows, which %zu features and %zu classes "
                      "make, take %.2f GB; lower `components`",
                      d * m, d, m + 1, gigabytes(d * m));
}

/* ---- rounding -------------------------------------------------------------------------------- */

int bait_fail_rounding(const fb_host *host, const char *what)
{
    return host->fail(host, FB_PLUGIN_ENUMERIC,
                      "BAIT's matrices are lost to rounding (%s): the embeddings are too large for "
                      "this lambda; raise it",
                      what);
}

/* ---- products of two features --------------------------------------------------------------- */

/* Pairs of features are taken so many at a time. */
enum { GROUP = 64 };

static size_t group_count(size_t d)
{
    return (bait_pairs(d) + GROUP - 1) / GROUP;
}

/* Writes the products h_k h_l of a block for the group's pairs (k, l); how many. */
static size_t make_products(size_t d, const bait_lanes *features, size_t group, bait_lanes *out)
{
    size_t first = group * GROUP, end = first + GROUP, k = 0;
    if (end > bait_pairs(d))
        end = bait_pairs(d);
    while (bait_pairs(k + 1) <= first)
        k++;
    for (size_t pair = first, l = first - bait_pairs(k); pair < end; pair++) {
        for (size_t lane = 0; lane < BAIT_LANES; lane++)
            out[pair - first][lane] = features[k][lane] * features[l][lane];
        if (l++ == k) {
            k++;
            l = 0;
        }
    }
    return end - first;
}

/* ---- sums of Fisher information ------------------------------------------------------------- */

int bait_information_alloc(const fb_host *host, size_t d, size_t m,
                           bait_information *ret_information)
{
    double *sum = host->alloc(host, bait_pairs(d), bait_pairs(m) * sizeof *sum);
    if (!sum)
        return fail_large(host, d, m);
    *ret_information = (bait_information){d, m, sum};
    return FB_PLUGIN_OK;
}

typedef struct addition {
    const bait_samples *samples;
    bait_information *information;
    size_t first, count; /* blocks that are added this time */
    bait_lanes *classes; /* (count, bait_pairs(m)): the lower triangles of A A' */
} addition;

/* fb_loop_body over blocks: A A', of which row i left of column j is right_i times one number. */
static void make_classes(void *argument, size_t first, size_t count)
{
    const addition *a = argument;
    size_t m = a->samples->m;
    for (size_t b = first; b < first + count; b++) {
        const bait_lanes *diagonal = a->samples->factors + (a->first + b) * 3 * m;
        const bait_lanes *left = diagonal + m, *right = left + m;
        bait_lanes *classes = a->classes + b * bait_pairs(m), before = {0};
        for (size_t j = 0; j < m; j++) {
            bait_lanes slope;
            for (size_t lane = 0; lane < BAIT_LANES; lane++) {
                double own = diagonal[j][lane], all = right[j][lane] * before[lane];
                classes[bait_pairs(j) + j][lane] = own * own + right[j][lane] * all;
                slope[lane] = all - left[j][lane] * own;
                before[lane] += left[j][lane] * left[j][lane];
            }
            for (size_t i = j + 1; i < m; i++)
                for (size_t lane = 0; lane < BAIT_LANES; lane++)
                    classes[bait_pairs(i) + j][lane] = right[i][lane] * slope[lane];
        }
    }
}

/* fb_loop_body over groups of pairs of features, which are rows of the sum. */
static void add_groups(void *argument, size_t first, size_t count)
{
    const addition *a = argument;
    size_t pairs = bait_pairs(a->samples->m), d = a->samples->d;
    for (size_t group = first; group < first + count; group++) {
        for (size_t b = 0; b < a->count; b++) {
            bait_lanes products[GROUP];
            size_t rows =
                make_products(d, a->samples->features + (a->first + b) * d, group, products);
            kit_multiplication sum = {.m = rows, .n = pairs, .k = BAIT_LANES, .scale = 1,
                                      .add = true, .a = products[0], .a_stride = BAIT_LANES,
                                      .b = a->classes[b * pairs], .b_stride = BAIT_LANES,
                                      .b_transposed = true,
                                      .c = a->information->sum + group * GROUP * pairs,
                                      .c_stride = pairs};
            kit_multiply(NULL, &sum);
        }
    }
}

int bait_add_information(const fb_host *host, const bait_samples *samples,
                         bait_information *information)
{
    enum { AT_ONCE = 32 };
    addition a = {.samples = samples, .information = information};
    a.classes = host->alloc(host, AT_ONCE, bait_pairs(samples->m) * sizeof *a.classes);
    if (!a.classes)
        return kit_fail_memory(host, "BAIT's Fisher information");
    for (; a.first < samples->blocks; a.first += a.count) {
        if (host->cancelled(host))
            return FB_PLUGIN_ECANCELLED;
        a.count = samples->blocks - a.first < AT_ONCE ? samples->blocks - a.first : AT_ONCE;
        host->parallel_for(host, a.count, 1, make_classes, &a);
        host->parallel_for(host, group_count(samples->d), 1, add_groups, &a);
    }
    return FB_PLUGIN_OK;
}

/* ---- the matrices --------------------------------------------------------------------------- */

/* out (size, size) = share times the sum, written out. */
static void expand(const bait_information *information, double share, double *out)
{
    size_t d = information->d, m = information->m, size = d * m;
    for (size_t k = 0; k < d; k++)
        for (size_t l = 0; l <= k; l++) {
            const double *pair = information->sum + (bait_pairs(k) + l) * bait_pairs(m);
            for (size_t c = 0; c < m; c++)
                for (size_t e = 0; e < m; e++) {
                    double value = share * pair[c > e ? bait_pairs(c) + e : bait_pairs(e) + c];
                    out[(k * m + c) * size + l * m + e] = value;
                    out[(l * m + e) * size + k * m + c] = value;
                }
        }
}

int bait_matrices_init(const fb_host *host, const bait_information *labeled,
                       const bait_information *all, double lambda, double labeled_share,
                       double share, bait_matrices *ret_matrices)
{
    size_t size = all->d * all->m;
    bait_matrices r = {.d = all->d, .m = all->m, .size = size};
    r.inverse = host->alloc(host, size * size, sizeof *r.inverse);
    r.spread = host->alloc(host, size * size, sizeof *r.spread);
    double *third = host->alloc(host, size * size, sizeof *third);
    if (!r.inverse || !r.spread || !third)
        return fail_large(host, r.d, r.m);
    expand(labeled, labeled_share, r.spread);
    for (size_t i = 0; i < size; i++)
        r.spread[i * size + i] += lambda;
    if (kit_cholesky(host, "M", size, r.spread) != FB_PLUGIN_OK)
        return bait_fail_rounding(host, "lambda beside the labelled samples' information");
    kit_cholesky_inverse(host, size, r.spread, r.inverse);
    expand(all, share, r.spread);
    kit_multiplication left = {.m = size, .n = size, .k = size, .scale = 1,
                               .a = r.inverse, .a_stride = size, .b = r.spread, .b_stride = size,
                               .c = third, .c_stride = size};
    kit_multiply(host, &left);
    kit_multiplication both = left;
    both.a = third;
    both.b = r.inverse;
    both.c = r.spread;
    kit_multiply(host, &both);
    *ret_matrices = r;
    return host->cancelled(host) ? FB_PLUGIN_ECANCELLED : FB_PLUGIN_OK;
}

/* ---- their forms in each sample ------------------------------------------------------------- */

typedef struct projection {
    bait_samples *samples;
    const double *forms; /* (2 bait_pairs(m), bait_pairs(d)) */
    bait_blocks blocks;
} projection;

/* Coefficients of h_k h_l in (I (x) h)' matrix (I (x) h), for each pair of contrasts. */
static void make_forms(const bait_matrices *r, const double *matrix, double *forms)
{
    size_t m = r->m, size = r->size, pairs = bait_pairs(r->d);
    for (size_t c = 0; c < m; c++)
        for (size_t e = 0; e <= c; e++) {
            double *form = forms + (bait_pairs(c) + e) * pairs;
            for (size_t k = 0; k < r->d; k++) {
                for (size_t l = 0; l < k; l++)
                    *form++ = matrix[(k * m + c) * size + l * m + e] +
                              matrix[(l * m + c) * size + k * m + e];
                *form++ = matrix[(k * m + c) * size + k * m + e];
            }
        }
}

/* triangle <- the lower triangle of A' S A, S symmetric and given by its own. `work` (m m + m). */
static void apply_both(const bait_lanes *factors, size_t m, bait_lanes *triangle,
                       bait_lanes *work)
{
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j <= i; j++) {
            memcpy(work[i * m + j], triangle[bait_pairs(i) + j], sizeof *work);
            memcpy(work[j * m + i], triangle[bait_pairs(i) + j], sizeof *work);
        }
    bait_apply_factors(factors, m, m, work, work + m * m);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < i; j++) {
            bait_lanes kept;
            memcpy(kept, work[i * m + j], sizeof kept);
            memcpy(work[i * m + j], work[j * m + i], sizeof kept);
            memcpy(work[j * m + i], kept, sizeof kept);
        }
    bait_apply_factors(factors, m, m, work, work + m * m);
    for (size_t i = 0; i < m; i++)
        memcpy(triangle[bait_pairs(i)], work[i * m], (i + 1) * sizeof *work);
}

/* bait_body: the forms, then A on both sides. A group's coefficients serve all of the blocks. */
static void project_blocks(void *argument, size_t first, size_t count, bait_lanes *work)
{
    const projection *p = argument;
    bait_samples *s = p->samples;
    size_t pairs = bait_pairs(s->m), feature_pairs = bait_pairs(s->d);
    for (size_t group = 0; group < group_count(s->d); group++)
        for (size_t b = first; b < first + count; b++) {
            bait_lanes products[GROUP];
            size_t k = make_products(s->d, s->features + b * s->d, group, products);
            kit_multiplication form = {.m = pairs, .n = BAIT_LANES, .k = k, .scale = 1,
                                       .add = group > 0,
                                       .a = p->forms + group * GROUP, .a_stride = feature_pairs,
                                       .b = products[0], .b_stride = BAIT_LANES,
                                       .c = s->k[b * pairs], .c_stride = BAIT_LANES};
            kit_multiply(NULL, &form);
            form.a += pairs * feature_pairs;
            form.c = s->q[b * pairs];
            kit_multiply(NULL, &form);
        }
    for (size_t b = first; b < first + count; b++) {
        apply_both(s->factors + b * 3 * s->m, s->m, s->k + b * pairs, work);
        apply_both(s->factors + b * 3 * s->m, s->m, s->q + b * pairs, work);
    }
}

int bait_project(const fb_host *host, const bait_matrices *matrices, bait_samples *samples)
{
    size_t pairs = bait_pairs(samples->m), feature_pairs = bait_pairs(samples->d);
    projection p = {.samples = samples};
    double *forms = host->alloc(host, 2 * pairs, feature_pairs * sizeof *forms);
    if (!forms)
        return fail_large(host, samples->d, samples->m);
    make_forms(matrices, matrices->inverse, forms);
    make_forms(matrices, matrices->spread, forms + pairs * feature_pairs);
    p.forms = forms;
    int rc = bait_blocks_init(host, samples->m * samples->m + samples->m, &p.blocks);
    if (rc != FB_PLUGIN_OK)
        return rc;
    return bait_each_block(host, &p.blocks, samples->blocks, project_blocks, &p);
}

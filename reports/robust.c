#include "robust.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Sorts x. */
static double iqm_in_place(double *x, size_t count)
{
    size_t cut = count / 4;
    double sum = 0;
    qsort(x, count, sizeof *x, by_value);
    for (size_t i = cut; i < count - cut; i++)
        sum += x[i];
    return sum / (double)(count - 2 * cut);
}

int robust_iqm(const double *x, size_t count, double *ret_iqm, fb_error *err)
{
    double *copy = fb_calloc(count + 1, sizeof *copy);
    if (!copy)
        return fb_fail_memory(err, count, sizeof *copy, "an interquartile mean");
    memcpy(copy, x, count * sizeof *x);
    *ret_iqm = iqm_in_place(copy, count);
    fb_free(copy);
    return FB_OK;
}

/* ---- bootstrap ------------------------------------------------------------------------------ */

static size_t total_of(const robust_strata *strata)
{
    size_t total = 0;
    for (size_t s = 0; s < strata->count; s++)
        total += strata->sizes[s];
    return total;
}

static void draw_replicates(const robust_strata *strata, size_t replicates, gsl_rng *rng,
                            double *sample, double *ret_iqms)
{
    for (size_t r = 0; r < replicates; r++) {
        size_t at = 0;
        for (size_t s = 0; s < strata->count; s++) {
            const double *values = strata->values + at;
            for (size_t i = 0; i < strata->sizes[s]; i++)
                sample[at + i] = values[gsl_rng_uniform_int(rng, strata->sizes[s])];
            at += strata->sizes[s];
        }
        ret_iqms[r] = iqm_in_place(sample, at);
    }
    qsort(ret_iqms, replicates, sizeof *ret_iqms, by_value);
}

/* The quantile of ascending values, interpolated between neighbours. */
static double quantile(const double *x, size_t count, double share)
{
    double place = fmin(fmax(share, 0), 1) * (double)(count - 1);
    size_t below = (size_t)place, above = below + 1 < count ? below + 1 : below;
    return x[below] + (place - (double)below) * (x[above] - x[below]);
}

/* The acceleration of BCa: the skewness of the estimates that leave one value out. */
static double acceleration(const robust_strata *strata, size_t total, double *sample,
                           double *left_out)
{
    double mean = 0, squares = 0, cubes = 0;
    for (size_t i = 0; i < total; i++) {
        memcpy(sample, strata->values, i * sizeof *sample);
        memcpy(sample + i, strata->values + i + 1, (total - i - 1) * sizeof *sample);
        left_out[i] = iqm_in_place(sample, total - 1);
        mean += left_out[i] / (double)total;
    }
    for (size_t i = 0; i < total; i++) {
        double d = mean - left_out[i];
        squares += d * d;
        cubes += d * d * d;
    }
    return squares > 0 ? cubes / (6 * pow(squares, 1.5)) : 0;
}

/* Where BCa reads the replicates for the normal quantile z. */
static double bca_share(double bias, double a, double z)
{
    return gsl_cdf_ugaussian_P(bias + (bias + z) / (1 - a * (bias + z)));
}

static robust_interval bca(const double *iqms, size_t replicates, double iqm, double a,
                           double level)
{
    double below = 0;
    for (size_t r = 0; r < replicates; r++)
        below += iqms[r] < iqm ? 1 : iqms[r] == iqm ? 0.5 : 0;
    double share = below / (double)replicates, z = gsl_cdf_ugaussian_Pinv((1 + level) / 2);
    if (share <= 0 || share >= 1)
        return (robust_interval){iqms[0], iqms[replicates - 1]};
    double bias = gsl_cdf_ugaussian_Pinv(share);
    return (robust_interval){quantile(iqms, replicates, bca_share(bias, a, -z)),
                             quantile(iqms, replicates, bca_share(bias, a, z))};
}

int robust_estimate_iqm(const robust_strata *strata, size_t replicates, double level, uint64_t seed,
                        robust_estimate *ret_estimate, fb_error *err)
{
    size_t total = total_of(strata);
    const double nan = (double)NAN;
    robust_estimate estimate = {nan, {nan, nan}, {nan, nan}};
    double *sample = fb_calloc(total + 1, sizeof *sample);
    double *left_out = fb_calloc(total + 1, sizeof *left_out);
    double *iqms = fb_calloc(replicates + 1, sizeof *iqms);
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    int rc = FB_OK;
    if (!sample || !left_out || !iqms || !rng)
        rc = fb_fail_memory(err, total + replicates, sizeof *iqms, "a bootstrap");
    if (!rc)
        rc = robust_iqm(strata->values, total, &estimate.iqm, err);
    if (!rc && total > 1 && replicates > 0) {
        gsl_rng_set(rng, seed);
        draw_replicates(strata, replicates, rng, sample, iqms);
        estimate.percentile = (robust_interval){quantile(iqms, replicates, (1 - level) / 2),
                                                quantile(iqms, replicates, (1 + level) / 2)};
        double a = acceleration(strata, total, sample, left_out);
        estimate.bca = bca(iqms, replicates, estimate.iqm, a, level);
    }
    if (!rc)
        *ret_estimate = estimate;
    if (rng)
        gsl_rng_free(rng);
    fb_free(sample);
    fb_free(left_out);
    fb_free(iqms);
    return rc;
}

/* How often each replicate draws each row, (replicates, rows). */
static void draw_counts(size_t rows, size_t replicates, gsl_rng *rng, double *ret_counts)
{
    for (size_t r = 0; r < replicates; r++)
        for (size_t i = 0; i < rows; i++)
            ret_counts[r * rows + gsl_rng_uniform_int(rng, rows)]++;
}

int robust_mean_band(const double *x, size_t rows, size_t columns, size_t replicates, double level,
                     uint64_t seed, double *ret_low, double *ret_high, fb_error *err)
{
    double *counts = fb_calloc(replicates, (rows + 1) * sizeof *counts);
    double *means = counts + replicates * rows;
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    int rc = FB_OK;
    if (!counts || !rng)
        rc = fb_fail_memory(err, replicates, (rows + 1) * sizeof *counts, "a bootstrap");
    if (!rc) {
        gsl_rng_set(rng, seed);
        draw_counts(rows, replicates, rng, counts);
    }
    for (size_t c = 0; !rc && c < columns; c++) {
        for (size_t r = 0; r < replicates; r++) {
            means[r] = 0;
            for (size_t i = 0; i < rows; i++)
                means[r] += counts[r * rows + i] * x[i * columns + c] / (double)rows;
        }
        qsort(means, replicates, sizeof *means, by_value);
        ret_low[c] = quantile(means, replicates, (1 - level) / 2);
        ret_high[c] = quantile(means, replicates, (1 + level) / 2);
    }
    gsl_rng_free(rng);
    fb_free(counts);
    return rc;
}

/* ---- Bayesian signed ranks ------------------------------------------------------------------ */

/* Shares of the pairs of weighted differences on each side of the rope. */
static robust_signed_rank pair_shares(const double *z, const double *w, size_t count, double rope)
{
    robust_signed_rank share = {0};
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++) {
            double sum = z[i] + z[j], weight = w[i] * w[j];
            if (sum == 2 * rope || sum == -2 * rope) {
                *(sum > 0 ? &share.right : sum < 0 ? &share.left : &share.rope) += weight / 2;
                share.rope += weight / 2;
            } else {
                *(sum > 2 * rope ? &share.right : sum < -2 * rope ? &share.left : &share.rope) +=
                    weight;
            }
        }
    return share;
}

static void count_winner(const robust_signed_rank *share, robust_signed_rank *wins)
{
    double best = fmax(share->right, fmax(share->rope, share->left));
    int winners = (share->right == best) + (share->rope == best) + (share->left == best);
    wins->right += (share->right == best) / (double)winners;
    wins->rope += (share->rope == best) / (double)winners;
    wins->left += (share->left == best) / (double)winners;
}

int robust_bayes_signed_rank(const double *z, size_t count, double rope, size_t draws,
                             uint64_t seed, robust_signed_rank *ret, fb_error *err)
{
    size_t all = count + 1;
    double *values = fb_calloc(3 * all, sizeof *values);
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    if (!values || !rng) {
        fb_free(values);
        if (rng)
            gsl_rng_free(rng);
        return fb_fail_memory(err, 3 * all, sizeof *values, "Bayesian signed ranks");
    }
    double *weights = values + all, *priors = weights + all;
    robust_signed_rank wins = {0};
    memcpy(values + 1, z, count * sizeof *z); /* values[0] = 0 is the pseudo-difference */
    for (size_t i = 0; i < all; i++)
        priors[i] = i == 0 ? 0.5 : 1;
    gsl_rng_set(rng, seed);
    for (size_t draw = 0; draw < draws; draw++) {
        gsl_ran_dirichlet(rng, all, priors, weights);
        robust_signed_rank share = pair_shares(values, weights, all, rope);
        count_winner(&share, &wins);
    }
    double n = (double)draws;
    *ret = (robust_signed_rank){wins.right / n, wins.rope / n, wins.left / n};
    gsl_rng_free(rng);
    fb_free(values);
    return FB_OK;
}

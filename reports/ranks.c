#include "ranks.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#define MATHLIB_STANDALONE
#include <Rmath.h>

#include "alloc.h"

typedef struct placed {
    double value;
    size_t index;
} placed;

static int by_value(const void *a, const void *b)
{
    const placed *x = a, *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

int rank_all(const double *x, size_t count, double *ret_ranks, fb_error *err)
{
    placed *order = fb_calloc(count + 1, sizeof *order);
    if (!order)
        return fb_fail_memory(err, count, sizeof *order, "ranks");
    for (size_t i = 0; i < count; i++)
        order[i] = (placed){x[i], i};
    qsort(order, count, sizeof *order, by_value);
    for (size_t first = 0, next; first < count; first = next) {
        for (next = first + 1; next < count && order[next].value == order[first].value;)
            next++;
        double shared = ((double)first + 1 + (double)next) / 2;
        for (size_t i = first; i < next; i++)
            ret_ranks[order[i].index] = shared;
    }
    fb_free(order);
    return FB_OK;
}

/* ---- Wilcoxon ------------------------------------------------------------------------------- */

typedef struct signed_ranks {
    double positive, negative; /* sums of ranks */
    double squares;            /* of the ranks of differences other than 0 */
    bool exact;
} signed_ranks;

/* `ranks` are those of the sizes of d. */
static signed_ranks sum_signed_ranks(const double *d, const double *ranks, size_t count)
{
    signed_ranks sums = {.exact = true};
    for (size_t i = 0; i < count; i++) {
        if (d[i] == 0 || ranks[i] != floor(ranks[i]))
            sums.exact = false;
        if (d[i] == 0)
            continue;
        *(d[i] > 0 ? &sums.positive : &sums.negative) += ranks[i];
        sums.squares += ranks[i] * ranks[i];
        /* Three equal sizes share a whole rank: look for another of the same. */
        for (size_t j = i + 1; j < count && sums.exact; j++)
            sums.exact = ranks[j] != ranks[i];
    }
    return sums;
}

static rank_wilcoxon wilcoxon_of(const signed_ranks *sums, size_t count)
{
    rank_wilcoxon test = {.w = fmin(sums->positive, sums->negative), .exact = sums->exact};
    if (sums->squares == 0) {
        test.p = test.p_greater = test.p_approximate = count ? 1 : (double)NAN;
        return test;
    }
    double middle = (sums->positive + sums->negative) / 2, sd = sqrt(sums->squares) / 2;
    test.p_approximate = fmin(1, 2 * gsl_cdf_ugaussian_P((test.w - middle) / sd));
    test.p = test.p_approximate;
    test.p_greater = gsl_cdf_ugaussian_Q((sums->positive - middle) / sd);
    if (sums->exact) {
        test.p = fmin(1, 2 * psignrank(test.w, (double)count, 1, 0));
        test.p_greater = psignrank(sums->positive - 1, (double)count, 0, 0);
    }
    return test;
}

int rank_wilcoxon_test(const double *d, size_t count, rank_wilcoxon *ret_test, fb_error *err)
{
    double *sizes = fb_calloc(count + 1, sizeof *sizes);
    double *ranks = fb_calloc(count + 1, sizeof *ranks);
    int rc = FB_OK;
    if (!sizes || !ranks)
        rc = fb_fail_memory(err, count, sizeof *ranks, "Wilcoxon's test");
    for (size_t i = 0; !rc && i < count; i++)
        sizes[i] = fabs(d[i]);
    if (!rc)
        rc = rank_all(sizes, count, ranks, err);
    if (!rc) {
        signed_ranks sums = sum_signed_ranks(d, ranks, count);
        *ret_test = wilcoxon_of(&sums, count);
    }
    fb_free(sizes);
    fb_free(ranks);
    return rc;
}

/* ---- correlations --------------------------------------------------------------------------- */

/* Pearson's correlation. */
static double correlate(const double *x, const double *y, size_t count)
{
    double mean_x = 0, mean_y = 0, xx = 0, yy = 0, xy = 0;
    for (size_t i = 0; i < count; i++) {
        mean_x += x[i] / (double)count;
        mean_y += y[i] / (double)count;
    }
    for (size_t i = 0; i < count; i++) {
        xx += (x[i] - mean_x) * (x[i] - mean_x);
        yy += (y[i] - mean_y) * (y[i] - mean_y);
        xy += (x[i] - mean_x) * (y[i] - mean_y);
    }
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : (double)NAN;
}

static int direction(double a, double b)
{
    return (a > b) - (a < b);
}

static double kendall(const double *x, const double *y, size_t count)
{
    double agreement = 0, x_pairs = 0, y_pairs = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++) {
            int x_sign = direction(x[i], x[j]), y_sign = direction(y[i], y[j]);
            agreement += x_sign * y_sign;
            x_pairs += x_sign != 0;
            y_pairs += y_sign != 0;
        }
    return x_pairs > 0 && y_pairs > 0 ? agreement / sqrt(x_pairs * y_pairs) : (double)NAN;
}

int rank_correlate(const double *x, const double *y, size_t count, rank_correlation *ret,
                   fb_error *err)
{
    double *x_ranks = fb_calloc(count + 1, sizeof *x_ranks);
    double *y_ranks = fb_calloc(count + 1, sizeof *y_ranks);
    int rc = FB_OK;
    if (!x_ranks || !y_ranks)
        rc = fb_fail_memory(err, count, sizeof *x_ranks, "rank correlations");
    if (!rc)
        rc = rank_all(x, count, x_ranks, err);
    if (!rc)
        rc = rank_all(y, count, y_ranks, err);
    if (!rc)
        *ret = (rank_correlation){correlate(x_ranks, y_ranks, count), kendall(x, y, count)};
    fb_free(x_ranks);
    fb_free(y_ranks);
    return rc;
}

double rank_superiority(const double *x, size_t x_count, const double *y, size_t y_count)
{
    double wins = 0;
    for (size_t i = 0; i < x_count; i++)
        for (size_t j = 0; j < y_count; j++)
            wins += (direction(x[i], y[j]) + 1) / 2.0;
    return wins / ((double)x_count * (double)y_count);
}

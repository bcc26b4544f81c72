#include "ranks.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

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

int rank_all(const double *x, size_t count, double slack, double *ret_ranks, fb_error *err)
{
    placed *order = fb_calloc(count + 1, sizeof *order);
    if (!order)
        return fb_fail_memory(err, count, sizeof *order, "ranks");
    for (size_t i = 0; i < count; i++)
        order[i] = (placed){x[i], i};
    qsort(order, count, sizeof *order, by_value);
    for (size_t first = 0, next; first < count; first = next) {
        for (next = first + 1; /* infinities are equal too */
             next < count && !(order[next].value > order[next - 1].value + slack);)
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
        rc = rank_all(sizes, count, RANK_SLACK, ranks, err);
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

/* Two values of one thing, and how both lists order it. */
typedef struct twin {
    double x, y;
} twin;

static int by_x_then_y(const void *a, const void *b)
{
    const twin *p = a, *q = b;
    int first = direction(p->x, q->x);
    return first ? first : direction(p->y, q->y);
}

static bool same_x(const twin *a, const twin *b)
{
    return a->x == b->x;
}

static bool same_y(const twin *a, const twin *b)
{
    return a->y == b->y;
}

static bool same_both(const twin *a, const twin *b)
{
    return same_x(a, b) && same_y(a, b);
}

/* Pairs within the runs of equal neighbours. */
static double tied_pairs(const twin *list, size_t count, bool (*same)(const twin *, const twin *))
{
    double pairs = 0;
    for (size_t first = 0, next; first < count; first = next) {
        for (next = first + 1; next < count && same(&list[next], &list[first]);)
            next++;
        pairs += (double)(next - first) * (double)(next - first - 1) / 2;
    }
    return pairs;
}

/* Sorts by y with merges, and counts the pairs that change places. */
static double sort_by_y(twin *list, size_t count, twin *room)
{
    size_t half = count / 2;
    if (count < 2)
        return 0;
    double exchanges = sort_by_y(list, half, room) + sort_by_y(list + half, count - half, room);
    memcpy(room, list, half * sizeof *room);
    for (size_t left = 0, right = half, to = 0; left < half; to++) {
        bool takes_right = right < count && list[right].y < room[left].y;
        exchanges += takes_right ? (double)(half - left) : 0;
        list[to] = takes_right ? list[right++] : room[left++];
    }
    return exchanges;
}

/* Kendall's tau-b in O(n log n) (Knight 1966). `list` and `room` hold `count` each. */
static double kendall(const double *x, const double *y, size_t count, twin *list, twin *room)
{
    for (size_t i = 0; i < count; i++)
        list[i] = (twin){x[i], y[i]};
    qsort(list, count, sizeof *list, by_x_then_y);
    double pairs = (double)count * ((double)count - 1) / 2;
    double x_ties = tied_pairs(list, count, same_x), both = tied_pairs(list, count, same_both);
    double discordant = sort_by_y(list, count, room);
    double y_ties = tied_pairs(list, count, same_y);
    double agreement = pairs - x_ties - y_ties + both - 2 * discordant;
    return pairs > x_ties && pairs > y_ties
               ? agreement / sqrt((pairs - x_ties) * (pairs - y_ties)) : (double)NAN;
}

int rank_correlate(const double *x, const double *y, size_t count, rank_correlation *ret,
                   fb_error *err)
{
    double *x_ranks = fb_calloc(count + 1, 2 * sizeof *x_ranks), *y_ranks = x_ranks + count;
    twin *list = fb_calloc(count + 1, 2 * sizeof *list);
    int rc = FB_OK;
    if (!x_ranks || !list)
        rc = fb_fail_memory(err, count, 2 * sizeof *list, "rank correlations");
    if (!rc)
        rc = rank_all(x, count, 0, x_ranks, err);
    if (!rc)
        rc = rank_all(y, count, 0, y_ranks, err);
    if (!rc)
        *ret = (rank_correlation){correlate(x_ranks, y_ranks, count),
                                  kendall(x, y, count, list, list + count)};
    fb_free(x_ranks);
    fb_free(list);
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

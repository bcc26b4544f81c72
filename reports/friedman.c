#include "friedman.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#define MATHLIB_STANDALONE
#include <Rmath.h>

#include "alloc.h"
#include "ranks.h"

friedman friedman_of_sums(const double *rank_sums, size_t k, size_t n, double ties)
{
    const double nan = (double)NAN;
    friedman test = {nan, nan, nan, nan, nan, nan};
    if (k < 2 || n < 2)
        return test;
    double groups = (double)k, blocks = (double)n, squares = 0, freedom = groups - 1;
    for (size_t i = 0; i < k; i++)
        squares += rank_sums[i] * rank_sums[i];
    test.plain = 12 / (blocks * groups * (groups + 1)) * squares - 3 * blocks * (groups + 1);
    test.plain_p = gsl_cdf_chisq_Q(fmax(0, test.plain), freedom);
    double untied = 1 - ties / (blocks * groups * (groups * groups - 1));
    if (untied > 0) {
        test.corrected = test.plain / untied;
        test.corrected_p = gsl_cdf_chisq_Q(fmax(0, test.corrected), freedom);
    }
    double rest = blocks * freedom - test.plain;
    bool unanimous = !(rest > 1e-9 * blocks * freedom);
    test.f = unanimous ? (double)INFINITY : (blocks - 1) * test.plain / rest;
    test.f_p = unanimous ? 0 : gsl_cdf_fdist_Q(fmax(0, test.f), freedom, freedom * (blocks - 1));
    return test;
}

/* Sum of t^3 - t over the groups of equal ranks. */
static double count_ties(const double *ranks, size_t k)
{
    double ties = 0;
    for (size_t i = 0; i < k; i++) {
        double equal = 0;
        for (size_t j = 0; j < k; j++)
            equal += ranks[j] == ranks[i];
        ties += equal * equal - 1; /* of each of `equal` members: t^3 - t in all */
    }
    return ties;
}

int friedman_test(const double *scores, size_t n, size_t k, double *ret_mean_ranks,
                  friedman *ret_test, fb_error *err)
{
    double *row = fb_calloc(3 * k + 1, sizeof *row), *ranks = row + k, *sums = ranks + k;
    if (!row)
        return fb_fail_memory(err, 3 * k, sizeof *row, "Friedman's test");
    double ties = 0;
    int rc = FB_OK;
    for (size_t i = 0; !rc && i < n; i++) {
        for (size_t j = 0; j < k; j++)
            row[j] = -scores[i * k + j];
        rc = rank_all(row, k, RANK_SLACK, ranks, err);
        for (size_t j = 0; !rc && j < k; j++)
            sums[j] += ranks[j];
        ties += count_ties(ranks, k);
    }
    for (size_t j = 0; !rc && j < k; j++)
        ret_mean_ranks[j] = sums[j] / (double)n;
    if (!rc)
        *ret_test = friedman_of_sums(sums, k, n, ties);
    fb_free(row);
    return rc;
}

/* ---- critical differences ------------------------------------------------------------------- */

/* The standard deviation of a difference of mean ranks, over sqrt(2). */
static double rank_scale(size_t k, size_t n)
{
    return sqrt((double)k * (double)(k + 1) / (6 * (double)n));
}

double friedman_nemenyi_q(size_t k, double alpha)
{
    return qtukey(1 - alpha, 1, (double)k, (double)INFINITY, 1, 0) / sqrt(2);
}

double friedman_nemenyi_cd(size_t k, size_t n, double alpha)
{
    return friedman_nemenyi_q(k, alpha) * rank_scale(k, n);
}

double friedman_dunn_cd(size_t k, size_t n, double alpha)
{
    return gsl_cdf_ugaussian_Qinv(alpha / (2 * (double)(k - 1))) * rank_scale(k, n);
}

/* ---- groups --------------------------------------------------------------------------------- */

typedef struct search {
    friedman_group neighbours[FRIEDMAN_MEMBERS_MAX];
    friedman_group *groups;
    size_t count, limit;
} search;

static friedman_group bit(size_t i)
{
    return (friedman_group)1 << i;
}

static int count_bits(friedman_group group)
{
    int count = 0;
    for (; group; group &= group - 1)
        count++;
    return count;
}

/* The members of `from` that a search must begin with: all but the neighbours of the strategy that
 * has most of them there, since a maximal group that lacks this strategy has one who is not its
 * neighbour (Tomita et al. 2006). Without it a group of n is found by way of its 2^n subsets. */
static friedman_group beginnings(const search *s, friedman_group from, friedman_group excluded)
{
    friedman_group best = 0;
    for (size_t i = 0; i < FRIEDMAN_MEMBERS_MAX; i++) {
        friedman_group near = ((from | excluded) & bit(i)) ? from & s->neighbours[i] : 0;
        if (count_bits(near) > count_bits(best))
            best = near;
    }
    return from & ~best;
}

/* Every maximal group that holds `group`, some of `candidates` and none of `excluded`, until there
 * are more than the limit. */
static void extend(search *s, friedman_group group, friedman_group candidates,
                   friedman_group excluded)
{
    bool several = (group & (group - 1)) != 0;
    if (!candidates && !excluded && several) {
        if (s->count < s->limit)
            s->groups[s->count] = group;
        s->count++;
    }
    friedman_group first = beginnings(s, candidates, excluded);
    for (size_t i = 0; i < FRIEDMAN_MEMBERS_MAX && s->count <= s->limit; i++) {
        if (!(first & bit(i)))
            continue;
        extend(s, group | bit(i), candidates & s->neighbours[i], excluded & s->neighbours[i]);
        candidates &= ~bit(i);
        excluded |= bit(i);
    }
}

/* By the smallest member that only one of two has. */
static int compare_groups(const void *a, const void *b)
{
    friedman_group x = *(const friedman_group *)a, y = *(const friedman_group *)b, rest = x ^ y;
    return rest == 0 ? 0 : x & rest & (~rest + 1) ? -1 : 1;
}

size_t friedman_groups(const bool *together, size_t k, friedman_group *ret_groups, size_t limit)
{
    search s = {.groups = ret_groups, .limit = limit};
    friedman_group all = 0;
    FB_CHECK(k <= FRIEDMAN_MEMBERS_MAX);
    for (size_t i = 0; i < k; i++) {
        all |= bit(i);
        for (size_t j = 0; j < k; j++)
            if (i != j && together[i * k + j] && together[j * k + i])
                s.neighbours[i] |= bit(j);
    }
    extend(&s, 0, all, 0);
    qsort(ret_groups, s.count < limit ? s.count : limit, sizeof *ret_groups, compare_groups);
    return s.count;
}

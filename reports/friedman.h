/* friedman.h - several strategies over several data sets by ranks (Demsar 2006): Friedman's test,
 * critical differences, and the groups that a critical-difference diagram joins. */
#ifndef FB_REPORTS_FRIEDMAN_H
#define FB_REPORTS_FRIEDMAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

/* Mean ranks of k strategies over N data sets, rank 1 for the largest score, and the tests of
 * whether they differ. */
typedef struct friedman {
    double plain, plain_p;         /* chi^2 with k - 1 degrees of freedom */
    double corrected, corrected_p; /* the same with the correction for ties */
    double f, f_p; /* Iman & Davenport (1980) from the plain one: F(k - 1, (k - 1)(N - 1)); infinity
                      and 0 when the ranks are the same in every data set */
} friedman;

/* The tests from rank sums; `ties` = sum over data sets and groups of t equal scores of t^3 - t.
 * NaN when k or N is below 2, or when everything is tied (corrected). */
friedman friedman_of_sums(const double *rank_sums, size_t k, size_t n, double ties);

/* scores (n, k), those of a row at most RANK_SLACK apart equal; writes the mean ranks (k). FB_ENOMEM. */
int friedman_test(const double *scores, size_t n, size_t k, double *ret_mean_ranks,
                  friedman *ret_test, fb_error *err);

/* The quantile q of Nemenyi's test: the studentized range's at 1 - alpha for k groups and
 * infinitely many degrees of freedom, over sqrt(2). */
double friedman_nemenyi_q(size_t k, double alpha);

/* Mean ranks that lie further apart differ: Nemenyi (all pairs), Bonferroni & Dunn (against one).
 */
double friedman_nemenyi_cd(size_t k, size_t n, double alpha);
double friedman_dunn_cd(size_t k, size_t n, double alpha);

enum { FRIEDMAN_MEMBERS_MAX = 64 }; /* strategies in a diagram */

/* A set of strategies no two of which differ: bit i is strategy i. */
typedef uint64_t friedman_group;

/* The maximal groups of two or more of the graph that joins i and j where `together` (k, k) says
 * so (Bron & Kerbosch 1973), in order of their smallest members. Writes at most `limit` and returns
 * how many there are, or limit + 1 when there are more; with strategies numbered by rank, those whose members are neighbours in rank
 * can be drawn as bars. */
size_t friedman_groups(const bool *together, size_t k, friedman_group *ret_groups, size_t limit);

#endif

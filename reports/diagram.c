#include "diagram.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "grid.h"
#include "ranks.h"
#include "statistics.h"

enum { SEED = 11 }; /* of the Bayesian test's draws */

static bool is_complete(const diagram *d, size_t strategy)
{
    for (size_t i = 0; i < d->datasets; i++)
        if (isnan(d->scores[i * d->strategies + strategy]))
            return false;
    return d->datasets > 0;
}

/* The members' scores, (datasets, count). */
static void copy_members(const diagram *d, double *ret_scores)
{
    for (size_t i = 0; i < d->datasets; i++)
        for (size_t m = 0; m < d->count; m++)
            ret_scores[i * d->count + m] = d->scores[i * d->strategies + d->members[m]];
}

/* Puts the members in order of their ranks; equal ones stay in the spec's order. */
static void sort_members(diagram *d)
{
    for (size_t i = 1; i < d->count; i++) {
        size_t member = d->members[i], j = i;
        double rank = d->mean_ranks[i];
        for (; j > 0 && d->mean_ranks[j - 1] > rank; j--) {
            d->members[j] = d->members[j - 1];
            d->mean_ranks[j] = d->mean_ranks[j - 1];
        }
        d->members[j] = member;
        d->mean_ranks[j] = rank;
    }
}

static int rank_members(diagram *d, double alpha, fb_error *err)
{
    double *scores = fb_calloc(d->datasets * d->count, sizeof *scores);
    if (!scores)
        return fb_fail_memory(err, d->datasets * d->count, sizeof *scores, "ranks");
    copy_members(d, scores);
    int rc = friedman_test(scores, d->datasets, d->count, d->mean_ranks, &d->test, err);
    fb_free(scores);
    if (rc)
        return rc;
    sort_members(d);
    if (d->count >= 2 && d->datasets >= 2)
        d->nemenyi_cd = friedman_nemenyi_cd(d->count, d->datasets, alpha);
    return FB_OK;
}

/* Wilcoxon's p values of all pairs of members into the upper triangle, then Holm over them. */
static int test_pairs(diagram *d, fb_error *err)
{
    size_t k = d->count;
    double *differences = fb_calloc(d->datasets, sizeof *differences);
    int rc = differences ? FB_OK : fb_fail_memory(err, d->datasets, sizeof *differences, "pairs");
    for (size_t i = 0; i < k * k; i++)
        d->uncorrected[i] = (double)NAN;
    for (size_t a = 0; !rc && a < k; a++)
        for (size_t b = a + 1; !rc && b < k; b++) {
            rank_wilcoxon test;
            for (size_t i = 0; i < d->datasets; i++) {
                double x = d->scores[i * d->strategies + d->members[a]] -
                           d->scores[i * d->strategies + d->members[b]];
                differences[i] = fabs(x) < 1e-12 ? 0 : x; /* what is left of equal sums */
            }
            rc = rank_wilcoxon_test(differences, d->datasets, &test, err);
            d->uncorrected[a * k + b] = rc ? (double)NAN : test.p;
            d->exact[a * k + b] = d->exact[b * k + a] = !rc && test.exact;
        }
    if (!rc)
        rc = stat_holm(d->uncorrected, k * k, d->p, err);
    for (size_t a = 0; a < k; a++)
        for (size_t b = a + 1; b < k; b++) {
            d->uncorrected[b * k + a] = d->uncorrected[a * k + b];
            d->p[b * k + a] = d->p[a * k + b];
        }
    fb_free(differences);
    return rc;
}

static int group_members(diagram *d, double alpha, fb_error *err)
{
    size_t k = d->count;
    bool *together = fb_calloc(k, k * sizeof *together);
    if (!together)
        return fb_fail_memory(err, k, k * sizeof *together, "groups");
    for (size_t i = 0; i < k * k; i++)
        together[i] = d->p[i] > alpha;
    size_t found = friedman_groups(together, k, d->groups, DIAGRAM_GROUPS);
    d->groups_dropped = found > DIAGRAM_GROUPS;
    d->group_count = d->groups_dropped ? DIAGRAM_GROUPS : found;
    fb_free(together);
    return FB_OK;
}

static int judge(diagram *d, double alpha, fb_error *err)
{
    d->verdict = d->datasets >= DIAGRAM_DATASETS && d->count >= 2 &&
                 d->count <= FRIEDMAN_MEMBERS_MAX;
    if (!d->verdict)
        return FB_OK;
    d->p = fb_calloc(d->count, d->count * sizeof *d->p);
    d->uncorrected = fb_calloc(d->count, d->count * sizeof *d->uncorrected);
    d->exact = fb_calloc(d->count, d->count * sizeof *d->exact);
    d->groups = fb_calloc(DIAGRAM_GROUPS, sizeof *d->groups);
    if (!d->p || !d->uncorrected || !d->exact || !d->groups)
        return fb_fail_memory(err, d->count, d->count * sizeof *d->p, "a diagram");
    int rc = test_pairs(d, err);
    return rc ? rc : group_members(d, alpha, err);
}

static int weigh(diagram *d, size_t baseline, fb_error *err)
{
    double *z = fb_calloc(d->datasets, sizeof *z);
    d->practical = fb_calloc(d->strategies, sizeof *d->practical);
    int rc = FB_OK;
    if (!z || !d->practical)
        rc = fb_fail_memory(err, d->strategies, sizeof *d->practical, "Bayesian signed ranks");
    for (size_t s = 0; !rc && s < d->strategies; s++) {
        d->practical[s] = (robust_signed_rank){(double)NAN, (double)NAN, (double)NAN};
        if (s == baseline || !is_complete(d, s) || !is_complete(d, baseline))
            continue;
        for (size_t i = 0; i < d->datasets; i++)
            z[i] = d->scores[i * d->strategies + s] - d->scores[i * d->strategies + baseline];
        rc = robust_bayes_signed_rank(z, d->datasets, DIAGRAM_ROPE, DIAGRAM_DRAWS, SEED,
                                      &d->practical[s], err);
    }
    fb_free(z);
    return rc;
}

int diagram_init(double *scores, size_t datasets, size_t strategies, ptrdiff_t baseline,
                 double alpha, diagram *ret_diagram, fb_error *err)
{
    const double nan = (double)NAN;
    diagram made = {.datasets = datasets, .strategies = strategies, .scores = scores,
                    .members = fb_calloc(strategies, sizeof *made.members),
                    .mean_ranks = fb_calloc(strategies, sizeof *made.mean_ranks),
                    .test = {nan, nan, nan, nan, nan, nan}, .nemenyi_cd = nan};
    int rc = FB_OK;
    if (!made.members || !made.mean_ranks)
        rc = fb_fail_memory(err, strategies, sizeof *made.mean_ranks, "a diagram");
    for (size_t s = 0; !rc && s < strategies; s++)
        if (is_complete(&made, s))
            made.members[made.count++] = s;
    if (!rc && made.count > 0)
        rc = rank_members(&made, alpha, err);
    if (!rc)
        rc = judge(&made, alpha, err);
    if (!rc && baseline != GRID_NONE)
        rc = weigh(&made, (size_t)baseline, err);
    if (rc)
        diagram_finish(&made);
    else
        *ret_diagram = made;
    return rc;
}

void diagram_finish(diagram *d)
{
    if (!d)
        return;
    fb_free(d->scores);
    fb_free(d->members);
    fb_free(d->mean_ranks);
    fb_free(d->p);
    fb_free(d->uncorrected);
    fb_free(d->exact);
    fb_free(d->groups);
    fb_free(d->practical);
    memset(d, 0, sizeof *d);
}

bool diagram_is_bar(friedman_group group)
{
    while (group && !(group & 1))
        group >>= 1;
    return (group & (group + 1)) == 0;
}

bool diagram_has(friedman_group group, size_t i)
{
    return group >> i & 1;
}

size_t diagram_first(friedman_group group)
{
    size_t i = 0;
    while (!diagram_has(group, i))
        i++;
    return i;
}

size_t diagram_last(friedman_group group)
{
    size_t i = 0;
    while (group >> i > 1)
        i++;
    return i;
}

size_t diagram_rows(const diagram *d, size_t rows[DIAGRAM_GROUPS])
{
    size_t ends[DIAGRAM_ROWS], used = 0; /* members are in order, so a row's last bar ends it */
    for (size_t g = 0; g < d->group_count; g++) {
        size_t first = diagram_first(d->groups[g]), row = 0;
        while (row < used && ends[row] >= first)
            row++;
        rows[g] = row;
        if (row == DIAGRAM_ROWS)
            continue;
        used = row == used ? used + 1 : used;
        ends[row] = diagram_last(d->groups[g]);
    }
    return used;
}

#include "statistics.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>

#include "alloc.h"

/* A spread this small beside the mean is the rounding of equal numbers. */
static const double ROUNDING = 1e-12;

stat_moments stat_describe(const double *x, size_t count)
{
    stat_moments m = {.count = count, .mean = (double)NAN, .sd = (double)NAN};
    if (count == 0)
        return m;
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += x[i];
    m.mean = sum / (double)count;
    if (count < 2)
        return m;
    double squares = 0;
    for (size_t i = 0; i < count; i++)
        squares += (x[i] - m.mean) * (x[i] - m.mean);
    m.sd = sqrt(squares / (double)(count - 1));
    return m;
}

double stat_aubc(const double *x, const double *y, size_t count)
{
    if (count < 2)
        return (double)NAN;
    double area = 0;
    for (size_t i = 1; i < count; i++)
        area += (x[i] - x[i - 1]) * (y[i] + y[i - 1]) / 2;
    return area / (x[count - 1] - x[0]);
}

stat_test stat_paired_t(const double *d, size_t count)
{
    stat_test test = {.t = (double)NAN, .p = (double)NAN};
    if (count < 2)
        return test;
    stat_moments m = stat_describe(d, count);
    if (!(m.sd > ROUNDING * fabs(m.mean))) {
        test.t = m.mean == 0 ? 0 : copysign((double)INFINITY, m.mean);
        test.p = m.mean == 0 ? 1 : 0;
        return test;
    }
    test.t = sqrt((double)count) * m.mean / m.sd;
    test.p = fmin(1, 2 * gsl_cdf_tdist_Q(fabs(test.t), (double)(count - 1)));
    return test;
}

double stat_half_width(stat_moments moments, double level)
{
    if (moments.count < 2)
        return (double)NAN;
    double quantile = gsl_cdf_tdist_Qinv((1 - level) / 2, (double)(moments.count - 1));
    return quantile * moments.sd / sqrt((double)moments.count);
}

/* How many completions of `sum` by +-d[0], ..., +-d[count-1] reach `bound` in size. Plain
 * recursion adds at most `count` terms to any sum, so that rounding cannot pile up as it would in
 * a Gray code. */
static size_t count_extreme(const double *d, size_t count, double sum, double bound)
{
    if (count == 0)
        return fabs(sum) >= bound;
    return count_extreme(d + 1, count - 1, sum + d[0], bound) +
           count_extreme(d + 1, count - 1, sum - d[0], bound);
}

/* What a sum must reach in size to be as extreme as that of d; sums that differ by rounding alone
 * are equal. */
static double extreme_bound(const double *d, size_t count)
{
    double sum = 0, size = 0;
    for (size_t i = 0; i < count; i++) {
        sum += d[i];
        size += fabs(d[i]);
    }
    return fabs(sum) - ROUNDING * size;
}

double stat_sign_flip(const double *d, size_t count)
{
    if (count == 0 || count > STAT_EXACT_LIMIT)
        return (double)NAN;
    /* Flipping every sign changes no size, so the first difference keeps its own. */
    size_t extreme = count_extreme(d + 1, count - 1, d[0], extreme_bound(d, count));
    return (double)extreme / ldexp(1, (int)count - 1);
}

double stat_sign_flip_drawn(const double *d, size_t count, size_t draws, uint64_t seed)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    double bound = extreme_bound(d, count);
    size_t extreme = 0;
    if (!rng || count == 0) {
        gsl_rng_free(rng);
        return (double)NAN;
    }
    gsl_rng_set(rng, seed);
    for (size_t draw = 0; draw < draws; draw++) {
        double sum = 0;
        for (size_t i = 0; i < count; i++)
            sum += gsl_rng_get(rng) & 1 ? d[i] : -d[i];
        extreme += fabs(sum) >= bound;
    }
    gsl_rng_free(rng);
    return (double)(extreme + 1) / (double)(draws + 1);
}

double stat_sign_flip_smallest(size_t count)
{
    return count > 1000 ? 0 : ldexp(1, 1 - (int)count);
}

size_t stat_least_trials(size_t tests, double alpha)
{
    size_t trials = 1;
    while (stat_sign_flip_smallest(trials) * (double)tests > alpha)
        trials++;
    return trials;
}

typedef struct ranked {
    double p;
    size_t index;
} ranked;

static int compare_ranked(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->p != y->p)
        return x->p < y->p ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

int stat_holm(const double *p, size_t count, double *ret_adjusted, fb_error *err)
{
    ranked *family = fb_calloc(count, sizeof *family);
    if (!family)
        return fb_fail_memory(err, count, sizeof *family, "Holm's correction");
    size_t tests = 0;
    for (size_t i = 0; i < count; i++)
        if (!isnan(p[i]))
            family[tests++] = (ranked){.p = p[i], .index = i};
    qsort(family, tests, sizeof *family, compare_ranked);
    for (size_t i = 0; i < count; i++)
        ret_adjusted[i] = (double)NAN;
    double largest = 0;
    for (size_t i = 0; i < tests; i++) {
        largest = fmax(largest, fmin(1, family[i].p * (double)(tests - i)));
        ret_adjusted[family[i].index] = largest;
    }
    fb_free(family);
    return FB_OK;
}

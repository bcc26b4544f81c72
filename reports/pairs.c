#include "pairs.h"

#include <math.h>

#include "alloc.h"

static int compare_all(const grid *g, pairs *p, fb_error *err)
{
    size_t k = g->data->strategy_count;
    for (size_t i = 0; i < g->data->setting_count; i++)
        for (size_t first = 0; first < k; first++)
            for (size_t second = first + 1; second < k; second++) {
                pair *made = &p->list[p->count++];
                *made = (pair){.setting = i, .first = first, .second = second};
                int rc = compare_pair(g, i, first, second, &made->comparison, err);
                if (rc)
                    return rc;
            }
    return FB_OK;
}

static int judge(pairs *p, bool corrected, double alpha, fb_error *err)
{
    double *values = fb_calloc(p->count, sizeof *values);
    if (!values)
        return fb_fail_memory(err, p->count, sizeof *values, "p values");
    for (size_t i = 0; i < p->count; i++) {
        values[i] = p->list[i].comparison.aubc_test.p;
        p->tests += isnan(values[i]) ? 0 : 1;
    }
    int rc = corrected ? stat_holm(values, p->count, values, err) : FB_OK;
    for (size_t i = 0; !rc && i < p->count; i++) {
        p->list[i].corrected_p = values[i];
        p->list[i].verdict = compare_verdict(&p->list[i].comparison, values[i], alpha);
    }
    fb_free(values);
    return rc;
}

int pairs_init(const grid *g, bool corrected, double alpha, pairs *ret_pairs, fb_error *err)
{
    size_t k = g->data->strategy_count, count = g->data->setting_count * k * (k - 1) / 2;
    pairs made = {.list = fb_calloc(count, sizeof *made.list)};
    int rc = made.list ? FB_OK : fb_fail_memory(err, count, sizeof *made.list, "the pairs");
    if (!rc)
        rc = compare_all(g, &made, err);
    if (!rc)
        rc = judge(&made, corrected, alpha, err);
    if (rc)
        pairs_finish(&made);
    else
        *ret_pairs = made;
    return rc;
}

void pairs_finish(pairs *p)
{
    if (!p)
        return;
    fb_free(p->list);
    *p = (pairs){0};
}

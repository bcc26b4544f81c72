#include "penalty.h"

#include <math.h>

#include "alloc.h"
#include "compare.h"
#include "statistics.h"

/* Accuracies of two strategies at one step over common trials. */
typedef struct scratch {
    double *d;     /* (trials) */
    bool *counted; /* (longest) rounds */
} scratch;

/* Differences first - second at a round over the trials that have both; how many. */
static size_t differences(const grid *g, size_t setting, size_t first, size_t second, size_t round,
                          double *ret_d)
{
    size_t count = 0;
    for (size_t t = 0; t < g->trial_count; t++) {
        grid_cell a = grid_compared(g, setting, first, t), b = grid_compared(g, setting, second, t);
        if (round < a.count && round < b.count)
            ret_d[count++] = a.accuracy[round] - b.accuracy[round];
    }
    return count;
}

/* The baseline's mean accuracy at a round, NaN when no trial has it. */
static double baseline_accuracy(const grid *g, size_t setting, size_t round)
{
    double sum = 0;
    size_t count = 0;
    for (size_t t = 0; t < g->trial_count; t++) {
        grid_cell cell = grid_compared(g, setting, (size_t)g->baseline, t);
        if (round < cell.count) {
            sum += cell.accuracy[round];
            count++;
        }
    }
    return count ? sum / (double)count : (double)NAN;
}

/* The first round that the doubling rule no longer counts: the baseline is as good as at its end,
 * which may come before that of others. */
static size_t doubling_end(const grid *g, size_t setting, size_t longest)
{
    size_t last = longest; /* the baseline's rounds */
    while (last > 0 && isnan(baseline_accuracy(g, setting, last - 1)))
        last--;
    double bound = last ? 0.99 * baseline_accuracy(g, setting, last - 1) : 0;
    size_t end = 1; /* round r has L0 + r B labels */
    while (end < last && baseline_accuracy(g, setting, end) <= bound)
        end *= 2;
    return end;
}

/* Marks the rounds that count; how many. */
static size_t choose_steps(const grid *g, size_t setting, penalty_steps rule, size_t longest,
                           bool *ret_counted)
{
    size_t steps = 0, end = rule == PENALTY_DOUBLING ? doubling_end(g, setting, longest) : longest;
    for (size_t round = 0; round < longest; round++) {
        bool power = (round & (round - 1)) == 0;
        ret_counted[round] = round < end && (rule == PENALTY_ALL || power) &&
                             round >= grid_first_step(g);
        steps += ret_counted[round];
    }
    return steps;
}

static void add_pair(const grid *g, size_t setting, size_t i, size_t j, double alpha,
                     size_t longest, size_t steps, const scratch *s, penalty *p)
{
    size_t trials = 0;
    for (size_t round = 0; round < longest; round++) {
        if (!s->counted[round])
            continue;
        size_t count = differences(g, setting, i, j, round, s->d);
        stat_test test = stat_paired_t(s->d, count);
        trials = count > trials ? count : trials;
        if (isnan(test.p))
            p->untested++;
        if (!(test.p < alpha) || test.t == 0)
            continue;
        size_t winner = test.t > 0 ? i : j, loser = test.t > 0 ? j : i;
        p->matrix[winner * p->strategies + loser] += 1 / (double)steps;
    }
    p->trials[i * p->strategies + j] += trials;
    p->trials[j * p->strategies + i] += trials;
}

static void add_setting(const grid *g, size_t setting, penalty_steps rule, double alpha,
                        const scratch *s, penalty *p)
{
    size_t longest = compare_longest(g, setting);
    size_t steps = choose_steps(g, setting, rule, longest, s->counted);
    p->steps[setting] = steps;
    if (steps == 0)
        return;
    p->settings++;
    p->expected_trials += grid_setting_trials(g, setting);
    p->expected += alpha / 2 * (double)(steps - s->counted[0]) / (double)steps;
    for (size_t i = 0; i < p->strategies; i++)
        for (size_t j = i + 1; j < p->strategies; j++)
            add_pair(g, setting, i, j, alpha, longest, steps, s, p);
}

static size_t longest_of_all(const grid *g)
{
    size_t longest = 0;
    for (size_t s = 0; s < g->data->setting_count; s++)
        longest = compare_longest(g, s) > longest ? compare_longest(g, s) : longest;
    return longest;
}

int penalty_init(const grid *g, penalty_steps rule, double alpha, penalty *ret_penalty,
                 fb_error *err)
{
    size_t k = g->data->strategy_count, settings = g->data->setting_count;
    if (rule == PENALTY_DOUBLING && g->baseline == GRID_NONE)
        return fb_fail(err, FB_EINVAL,
                       "the doubling rule of the penalty matrix needs the baseline's accuracies, "
                       "and these results have no baseline; name one with --baseline");
    penalty p = {
        .strategies = k,
        .matrix = fb_calloc(k * k + 1, sizeof *p.matrix),
        .column_means = fb_calloc(k + 1, sizeof *p.column_means),
        .steps = fb_calloc(settings + 1, sizeof *p.steps),
        .trials = fb_calloc(k * k + 1, sizeof *p.trials),
    };
    scratch s = {
        .d = fb_calloc(g->trial_count + 1, sizeof *s.d),
        .counted = fb_calloc(longest_of_all(g) + 1, sizeof *s.counted),
    };
    int rc = FB_OK;
    if (!p.matrix || !p.column_means || !p.steps || !p.trials || !s.d || !s.counted)
        rc = fb_fail_memory(err, k * k, sizeof *p.matrix, "a penalty matrix");
    for (size_t setting = 0; !rc && setting < settings; setting++)
        add_setting(g, setting, rule, alpha, &s, &p);
    for (size_t i = 0; !rc && i < k * k; i++)
        p.column_means[i % k] += p.matrix[i] / (double)k;
    fb_free(s.d);
    fb_free(s.counted);
    if (rc)
        penalty_finish(&p);
    else
        *ret_penalty = p;
    return rc;
}

void penalty_finish(penalty *p)
{
    if (!p)
        return;
    fb_free(p->matrix);
    fb_free(p->column_means);
    fb_free(p->steps);
    fb_free(p->trials);
    *p = (penalty){0};
}

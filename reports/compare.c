#include "compare.h"

#include <math.h>

#include "alloc.h"
#include "ranks.h"

/* A number for each trial, filled in as trials are found usable. */
typedef struct samples {
    size_t *lengths;           /* (trials) */
    double *first, *second, *third; /* (trials) each, in one block */
    size_t count;
} samples;

static int samples_init(samples *ret_samples, size_t trials, fb_error *err)
{
    samples made = {.lengths = fb_calloc(trials, sizeof *made.lengths),
                    .first = fb_calloc(trials, 3 * sizeof *made.first)};
    if (!made.lengths || !made.first) {
        fb_free(made.lengths);
        fb_free(made.first);
        return fb_fail_memory(err, trials, 4 * sizeof *made.first, "the trials' numbers");
    }
    made.second = made.first + trials;
    made.third = made.second + trials;
    *ret_samples = made;
    return FB_OK;
}

static void samples_finish(samples *s)
{
    fb_free(s->lengths);
    fb_free(s->first);
}

size_t compare_horizon(const size_t *lengths, size_t count)
{
    size_t best = 0, best_gain = 0;
    for (size_t i = 0; i < count; i++) {
        size_t h = lengths[i], trials = 0;
        for (size_t j = 0; j < count; j++)
            trials += lengths[j] >= h;
        size_t gain = h > 1 ? trials * (h - 1) : 0;
        if (gain > best_gain || (gain == best_gain && h > best)) {
            best = h;
            best_gain = gain;
        }
    }
    return best;
}

int compare_summarize(const grid *g, size_t setting, size_t strategy, summary *ret_summary,
                      fb_error *err)
{
    samples s = {0};
    int rc = samples_init(&s, g->trial_count, err);
    if (rc)
        return rc;
    for (size_t t = 0; t < g->trial_count; t++)
        s.lengths[t] = grid_at(g, setting, strategy, t)->count;
    size_t rounds = compare_horizon(s.lengths, g->trial_count);
    for (size_t t = 0; rounds > 0 && t < g->trial_count; t++) {
        const grid_cell *cell = grid_at(g, setting, strategy, t);
        if (cell->count < rounds)
            continue;
        s.first[s.count] = stat_aubc(cell->labeled, cell->accuracy, rounds);
        s.second[s.count] = cell->accuracy[rounds - 1];
        s.third[s.count] = cell->labeled[rounds - 1];
        s.count++;
    }
    *ret_summary = (summary){.used = {s.count, rounds},
                             .aubc = stat_describe(s.first, s.count),
                             .accuracy = stat_describe(s.second, s.count),
                             .labeled = stat_describe(s.third, s.count)};
    samples_finish(&s);
    return FB_OK;
}

/* Rounds from 0 on that both cells have, at the same numbers of labels. */
static size_t common_rounds(const grid_cell *a, const grid_cell *b)
{
    size_t n = 0;
    while (n < a->count && n < b->count && a->labeled[n] == b->labeled[n])
        n++;
    return n;
}

/* a - b, where what is left of two equal sums of accuracies is 0 and not the rounding. */
static double difference(double a, double b)
{
    return fabs(a - b) < 1e-12 ? 0 : a - b;
}

static double mean_of_steps(const double *accuracy, size_t first, size_t rounds)
{
    return stat_describe(accuracy + first, rounds - first).mean;
}

int compare_samples(const grid *g, size_t setting, size_t first, size_t second,
                    compare_sample *ret_samples, coverage *ret_used, fb_error *err)
{
    size_t count = 0, *lengths = fb_calloc(g->trial_count, sizeof *lengths);
    if (!lengths)
        return fb_fail_memory(err, g->trial_count, sizeof *lengths, "the trials' lengths");
    for (size_t t = 0; t < g->trial_count; t++) {
        grid_cell a = grid_compared(g, setting, first, t), b = grid_compared(g, setting, second, t);
        lengths[t] = common_rounds(&a, &b);
    }
    size_t rounds = compare_horizon(lengths, g->trial_count), first_step = grid_first_step(g);
    for (size_t t = 0; rounds > 1 && t < g->trial_count; t++) {
        if (lengths[t] < rounds)
            continue;
        const grid_cell *a = grid_at(g, setting, first, t), *b = grid_at(g, setting, second, t);
        double b_aubc = stat_aubc(b->labeled, b->accuracy, rounds);
        ret_samples[count++] = (compare_sample){
            .trial = t,
            .steps = difference(mean_of_steps(a->accuracy, first_step, rounds),
                                mean_of_steps(b->accuracy, first_step, rounds)),
            .aubc = difference(stat_aubc(a->labeled, a->accuracy, rounds), b_aubc),
            .final = difference(a->accuracy[rounds - 1], b->accuracy[rounds - 1]),
            .second_aubc = b_aubc};
    }
    *ret_used = (coverage){count, rounds};
    fb_free(lengths);
    return FB_OK;
}

/* Random flips, and the seed of their draws, where there are too many to go through them all. */
enum { FLIPS = 100000, FLIP_SEED = 20 };

static double sign_flip(const double *d, size_t count)
{
    return count > STAT_EXACT_LIMIT ? stat_sign_flip_drawn(d, count, FLIPS, FLIP_SEED)
                                    : stat_sign_flip(d, count);
}

int compare_pair(const grid *g, size_t setting, size_t first, size_t second,
                 comparison *ret_comparison, fb_error *err)
{
    size_t trials = g->trial_count;
    compare_sample *list = fb_calloc(trials, sizeof *list);
    double *steps = fb_calloc(trials, 3 * sizeof *steps), *aubc = steps + trials;
    double *final = aubc + trials;
    coverage used = {0};
    int rc = FB_OK;
    if (!list || !steps)
        rc = fb_fail_memory(err, trials, sizeof *list, "the pairs");
    if (!rc)
        rc = compare_samples(g, setting, first, second, list, &used, err);
    for (size_t i = 0; !rc && i < used.trials; i++) {
        steps[i] = list[i].steps;
        aubc[i] = list[i].aubc;
        final[i] = list[i].final;
    }
    rank_wilcoxon wilcoxon = {0};
    if (!rc)
        rc = rank_wilcoxon_test(aubc, used.trials, &wilcoxon, err);
    if (!rc)
        *ret_comparison = (comparison){.used = used,
                                       .steps = stat_describe(steps, used.trials),
                                       .aubc = stat_describe(aubc, used.trials),
                                       .final = stat_describe(final, used.trials),
                                       .steps_test = stat_paired_t(steps, used.trials),
                                       .aubc_test = stat_paired_t(aubc, used.trials),
                                       .final_test = stat_paired_t(final, used.trials),
                                       .exact_p = sign_flip(aubc, used.trials),
                                       .wilcoxon_p = wilcoxon.p,
                                       .wilcoxon_exact = wilcoxon.exact};
    fb_free(list);
    fb_free(steps);
    return rc;
}

verdict compare_verdict(const comparison *c, double corrected_p, double alpha)
{
    if (isnan(corrected_p))
        return VERDICT_UNTESTED;
    if (!(corrected_p <= alpha))
        return VERDICT_TIE;
    return c->aubc.mean > 0 ? VERDICT_WIN : VERDICT_LOSS;
}

size_t compare_longest(const grid *g, size_t setting)
{
    size_t longest = 0;
    for (size_t s = 0; s < g->data->strategy_count; s++)
        for (size_t t = 0; t < g->trial_count; t++) {
            size_t count = grid_at(g, setting, s, t)->count;
            longest = count > longest ? count : longest;
        }
    return longest;
}

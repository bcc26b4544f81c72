#include "selections.h"

#include <math.h>
#include <string.h>

#include "alloc.h"
#include "overlap.h"
#include "queries.h"
#include "ranks.h"
#include "average.h"

/* ---- overlap --------------------------------------------------------------------------------- */

/* The cells of a setting, and room for two lists of ids. */
typedef struct desk {
    const grid *g;
    size_t setting;
    queries *cells; /* (strategies, trials) */
    uint32_t *left, *right;
} desk;

static const queries *queries_at(const desk *d, size_t strategy, size_t trial)
{
    return &d->cells[strategy * d->g->trial_count + trial];
}

/* Jaccard's index over the rounds that both have, at most so many; NaN without one. */
static double jaccard_of(const desk *d, const queries *a, const queries *b, size_t most)
{
    size_t rounds = a->rounds < b->rounds ? a->rounds : b->rounds;
    if (rounds > most)
        rounds = most;
    size_t left = queries_ids(a, rounds, d->left), right = queries_ids(b, rounds, d->right);
    return overlap_jaccard(d->left, left, d->right, right);
}

/* Tables as they are summed up over settings, (strategies, strategies) and (strategies). */
typedef struct sums {
    average *first, *all, *spearman, *kendall;
    average *first_trials, *all_trials;
    average first_chance, all_chance;
    size_t *trials, *score_trials; /* those of selections */
} sums;

enum { FIRST_ROUND = 1 };

static void add_between(const desk *d, size_t a, size_t b, sums *to)
{
    size_t k = d->g->data->strategy_count;
    average first = {0}, all = {0};
    for (size_t t = 0; t < d->g->trial_count; t++) {
        const queries *x = queries_at(d, a, t), *y = queries_at(d, b, t);
        average_add(&first, jaccard_of(d, x, y, FIRST_ROUND));
        average_add(&all, jaccard_of(d, x, y, SIZE_MAX));
    }
    average_add(&to->first[a * k + b], average_mean(first));
    average_add(&to->all[a * k + b], average_mean(all));
    to->trials[a * k + b] += all.count;
    to->trials[b * k + a] += all.count;
}

static void add_trials(const desk *d, size_t strategy, sums *to)
{
    average first = {0}, all = {0};
    for (size_t t = 0; t < d->g->trial_count; t++)
        for (size_t u = t + 1; u < d->g->trial_count; u++) {
            const queries *x = queries_at(d, strategy, t), *y = queries_at(d, strategy, u);
            average_add(&first, jaccard_of(d, x, y, FIRST_ROUND));
            average_add(&all, jaccard_of(d, x, y, SIZE_MAX));
        }
    average_add(&to->first_trials[strategy], average_mean(first));
    average_add(&to->all_trials[strategy], average_mean(all));
    for (size_t t = 0; t < d->g->trial_count; t++)
        to->trials[strategy * (d->g->data->strategy_count + 1)] +=
            queries_at(d, strategy, t)->count > 0;
}

/* What chance gives in this setting, for the queries of its longest cell. */
static void add_chance(const desk *d, sums *to)
{
    const report_setting *setting = &d->g->data->settings[d->setting];
    const queries *longest = &d->cells[0];
    for (size_t i = 1; i < d->g->data->strategy_count * d->g->trial_count; i++)
        if (d->cells[i].rounds > longest->rounds)
            longest = &d->cells[i];
    if (longest->rounds == 0)
        return;
    size_t batch = longest->cell->rounds[0].query_count;
    size_t offered = setting->subpool && setting->subpool < setting->pool_count ? setting->subpool
                                                                          : setting->pool_count;
    average_add(&to->first_chance, overlap_by_chance(batch, batch, offered));
    average_add(&to->all_chance, overlap_by_chance_rounds(batch, longest->rounds, setting->subpool,
                                                        setting->pool_count));
}

/* ---- scores ---------------------------------------------------------------------------------- */

/* Gathers the scores of the samples that both first queries scored; how many. */
static size_t common_scores(const report_round *a, const report_round *b, double *ret_a,
                            double *ret_b)
{
    size_t count = 0;
    for (size_t i = 0, j = 0; i < a->score_count && j < b->score_count;) {
        uint32_t x = a->score_ids[i], y = b->score_ids[j];
        if (x == y) {
            ret_a[count] = a->scores[i];
            ret_b[count++] = b->scores[j];
        }
        i += x <= y;
        j += y <= x;
    }
    return count;
}

static bool has_scores(const queries *q)
{
    return q->cell && q->cell->round_count > 0 && q->cell->rounds[0].scores;
}

static int correlate_cells(const queries *a, const queries *b, average *spearman, average *kendall,
                           fb_error *err)
{
    if (!has_scores(a) || !has_scores(b))
        return FB_OK;
    const report_round *x = &a->cell->rounds[0], *y = &b->cell->rounds[0];
    double *left = fb_calloc(x->score_count, 2 * sizeof *left), *right = left + x->score_count;
    if (!left)
        return fb_fail_memory(err, x->score_count, 2 * sizeof *left, "scores");
    size_t count = common_scores(x, y, left, right);
    rank_correlation r = {(double)NAN, (double)NAN};
    int rc = count > 2 ? rank_correlate(left, right, count, &r, err) : FB_OK;
    fb_free(left);
    if (rc)
        return rc;
    average_add(spearman, r.spearman);
    average_add(kendall, r.kendall);
    return FB_OK;
}

static int add_scores(const desk *d, size_t a, size_t b, sums *to, fb_error *err)
{
    size_t k = d->g->data->strategy_count;
    average spearman = {0}, kendall = {0};
    int rc = FB_OK;
    for (size_t t = 0; !rc && t < d->g->trial_count; t++)
        rc = correlate_cells(queries_at(d, a, t), queries_at(d, b, t), &spearman, &kendall, err);
    if (rc)
        return rc;
    average_add(&to->spearman[a * k + b], average_mean(spearman));
    average_add(&to->kendall[a * k + b], average_mean(kendall));
    to->score_trials[a * k + b] += spearman.count;
    to->score_trials[b * k + a] += spearman.count;
    return FB_OK;
}

/* ---- classes --------------------------------------------------------------------------------- */

/* The classes of the data set, also those that nobody has asked for; where they are not known, as
 * many as the labels tell. */
static size_t count_classes(const desk *d)
{
    size_t known = d->g->data->settings[d->setting].class_count;
    uint32_t largest = 1;
    for (size_t i = 0; i < d->g->data->strategy_count * d->g->trial_count; i++) {
        const queries *q = &d->cells[i];
        for (size_t r = 0; r < q->rounds && q->cell->rounds[r].labels; r++)
            for (size_t j = 0; j < q->cell->rounds[r].query_count; j++)
                if (q->cell->rounds[r].labels[j] > largest)
                    largest = q->cell->rounds[r].labels[j];
    }
    return known > largest ? known : (size_t)largest + 1;
}

/* Adds a cell's class balance after each of its queries. */
static void add_balance(const queries *q, size_t classes, size_t *counts, average *balance,
                        average *queried_by_then)
{
    size_t total = 0;
    memset(counts, 0, classes * sizeof *counts);
    for (size_t r = 0; r < q->rounds && q->cell->rounds[r].labels; r++) {
        for (size_t j = 0; j < q->cell->rounds[r].query_count; j++)
            counts[q->cell->rounds[r].labels[j]]++;
        total += q->cell->rounds[r].query_count;
        average_add(&balance[r], overlap_class_balance(counts, classes));
        average_add(&queried_by_then[r], (double)total);
    }
}

static int fill_balance(const desk *d, selections *s, fb_error *err)
{
    size_t classes = count_classes(d);
    size_t *counts = fb_calloc(classes, sizeof *counts);
    average *seen = fb_calloc(s->rounds, 2 * sizeof *seen), *asked = seen + s->rounds;
    int rc = counts && seen ? FB_OK : fb_fail_memory(err, classes, sizeof *counts, "classes");
    for (size_t k = 0; !rc && k < s->strategies; k++) {
        memset(seen, 0, s->rounds * sizeof *seen);
        for (size_t t = 0; t < d->g->trial_count; t++)
            add_balance(queries_at(d, k, t), classes, counts, seen, asked);
        for (size_t r = 0; r < s->rounds; r++) {
            size_t at = (d->setting * s->strategies + k) * s->rounds + r;
            s->balance[at] = average_mean(seen[r]);
            s->balance_trials[at] = seen[r].count;
        }
    }
    for (size_t r = 0; !rc && r < s->rounds; r++)
        s->queried[d->setting * s->rounds + r] = average_mean(asked[r]);
    fb_free(counts);
    fb_free(seen);
    return rc;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static int add_desk(const desk *d, sums *to, selections *s, fb_error *err)
{
    int rc = FB_OK;
    for (size_t a = 0; a < s->strategies; a++) {
        add_trials(d, a, to);
        for (size_t b = a + 1; !rc && b < s->strategies; b++) {
            add_between(d, a, b, to);
            rc = add_scores(d, a, b, to, err);
        }
    }
    add_chance(d, to);
    return rc ? rc : fill_balance(d, s, err);
}

static int add_setting(const grid *g, size_t setting, sums *to, selections *s, fb_error *err)
{
    size_t cells = s->strategies * g->trial_count, most = 0;
    desk d = {.g = g, .setting = setting, .cells = fb_calloc(cells, sizeof *d.cells)};
    int rc = d.cells ? FB_OK : fb_fail_memory(err, cells, sizeof *d.cells, "queries");
    for (size_t i = 0; !rc && i < cells; i++) {
        const grid_cell *cell = grid_at(g, setting, i / g->trial_count, i % g->trial_count);
        rc = queries_init(cell->apart ? NULL : cell->source, &d.cells[i], err);
        most = !rc && d.cells[i].count > most ? d.cells[i].count : most;
    }
    d.left = fb_calloc(most, sizeof *d.left);
    d.right = fb_calloc(most, sizeof *d.right);
    if (!rc && (!d.left || !d.right))
        rc = fb_fail_memory(err, most, sizeof *d.left, "queries");
    if (!rc)
        rc = add_desk(&d, to, s, err);
    for (size_t i = 0; d.cells && i < cells; i++)
        queries_finish(&d.cells[i]);
    fb_free(d.cells);
    fb_free(d.left);
    fb_free(d.right);
    return rc;
}

/* Mirrors the upper triangle's means; the diagonal is NaN. */
static void finish_table(const average *upper, size_t k, double *ret)
{
    for (size_t a = 0; a < k; a++) {
        ret[a * k + a] = (double)NAN;
        for (size_t b = a + 1; b < k; b++)
            ret[a * k + b] = ret[b * k + a] = average_mean(upper[a * k + b]);
    }
}

static void finish_sums(const sums *from, selections *s)
{
    size_t k = s->strategies;
    finish_table(from->first, k, s->first.between);
    finish_table(from->all, k, s->all.between);
    finish_table(from->spearman, k, s->scores.spearman);
    finish_table(from->kendall, k, s->scores.kendall);
    for (size_t i = 0; i < k * k; i++)
        s->scored = s->scored || !isnan(s->scores.spearman[i]);
    for (size_t i = 0; i < k; i++) {
        s->first.trials[i] = average_mean(from->first_trials[i]);
        s->all.trials[i] = average_mean(from->all_trials[i]);
    }
    s->first.chance = average_mean(from->first_chance);
    s->all.chance = average_mean(from->all_chance);
}

/* All numbers of a selections struct in one block that begins at first.between, all counts in one
 * that begins at trials. */
static int make_room(const grid *g, selections *s, fb_error *err)
{
    size_t k = s->strategies;
    for (size_t i = 0; i < g->data->cell_count; i++) {
        size_t rounds;
        s->known = queries_count(&g->data->cells[i], &rounds) > 0 || s->known;
        s->rounds = rounds > s->rounds ? rounds : s->rounds;
    }
    size_t tables = 4 * k * k + 2 * k, lines = s->settings * (k + 1);
    if (s->rounds > 0 && lines > (SIZE_MAX / 2 - tables) / s->rounds)
        return fb_fail_memory(err, lines, s->rounds, "selections");
    double *next = fb_calloc(tables + lines * s->rounds, sizeof *next);
    s->first.between = next;
    s->trials = fb_calloc(2 * k * k + lines * s->rounds, sizeof *s->trials);
    if (!next || !s->trials)
        return fb_fail_memory(err, tables + lines * s->rounds, sizeof *next, "selections");
    s->score_trials = s->trials + k * k;
    s->balance_trials = s->score_trials + k * k;
    s->all.between = next += k * k;
    s->scores.spearman = next += k * k;
    s->scores.kendall = next += k * k;
    s->first.trials = next += k * k;
    s->all.trials = next += k;
    s->queried = next += k;
    s->balance = next + s->settings * s->rounds;
    return FB_OK;
}

int selections_init(const grid *g, selections *ret_selections, fb_error *err)
{
    size_t k = g->data->strategy_count, entries = 4 * k * k + 2 * k;
    selections s = {.settings = g->data->setting_count, .strategies = k};
    sums to = {.first = fb_calloc(entries, sizeof *to.first)};
    if (!to.first)
        return fb_fail_memory(err, entries, sizeof *to.first, "selections");
    to.all = to.first + k * k;
    to.spearman = to.all + k * k;
    to.kendall = to.spearman + k * k;
    to.first_trials = to.kendall + k * k;
    to.all_trials = to.first_trials + k;
    int rc = make_room(g, &s, err);
    to.trials = s.trials;
    to.score_trials = s.score_trials;
    for (size_t i = 0; !rc && i < s.settings; i++)
        rc = add_setting(g, i, &to, &s, err);
    if (!rc)
        finish_sums(&to, &s);
    fb_free(to.first);
    if (rc)
        selections_finish(&s);
    else
        *ret_selections = s;
    return rc;
}

void selections_finish(selections *s)
{
    if (!s)
        return;
    fb_free(s->first.between);
    fb_free(s->trials);
    *s = (selections){0};
}

const double *selections_balance(const selections *s, size_t setting, size_t strategy)
{
    return &s->balance[(setting * s->strategies + strategy) * s->rounds];
}

const size_t *selections_balance_trials(const selections *s, size_t setting, size_t strategy)
{
    return &s->balance_trials[(setting * s->strategies + strategy) * s->rounds];
}

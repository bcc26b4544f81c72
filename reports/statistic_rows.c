/* The rows of single settings, and what all rows share. */
#include "statistic_rows.h"

#include <math.h>

#include "alloc.h"
#include "costs.h"

const char *const statistic_paired_t = "paired-t", *const statistic_two_sided = "two-sided";

/* ---- a row ----------------------------------------------------------------------------------- */

report_statistic statistic_blank(const report_setting *setting, const report_strategy *strategy)
{
    const double none = (double)NAN;
    return (report_statistic){.setting = setting,
                              .strategy = strategy,
                              .value = none,
                              .sd = none,
                              .low = none,
                              .high = none,
                              .alpha = none,
                              .p = none,
                              .p_corrected = none,
                              .trials = REPORT_NO_COUNT,
                              .trials_expected = REPORT_NO_COUNT,
                              .rounds = REPORT_NO_COUNT,
                              .settings = REPORT_NO_COUNT,
                              .datasets = REPORT_NO_COUNT};
}

void statistic_hand_on(statistic_rows *rows, const report_statistic *row)
{
    if (!rows->rc)
        rows->rc = rows->take(rows->context, row, rows->err);
}

void statistic_number(statistic_rows *rows, report_statistic row, const char *measure,
                      double value)
{
    row.measure = measure;
    row.value = value;
    statistic_hand_on(rows, &row);
}

void statistic_mean(statistic_rows *rows, report_statistic row, const char *measure,
                    stat_moments moments)
{
    double half = stat_half_width(moments, GAINS_LEVEL);
    row.sd = moments.sd;
    row.low = moments.mean - half;
    row.high = moments.mean + half;
    row.interval = isnan(half) ? NULL : "student";
    statistic_number(rows, row, measure, moments.mean);
}

void statistic_test(const statistic_rows *rows, report_statistic *row, const char *test,
                    const char *sided, double p)
{
    row->test = test;
    row->sided = sided;
    row->alpha = rows->analysis->grid->data->alpha;
    row->p = p;
    row->p_corrected = (double)NAN;
    row->correction = NULL;
}

const char *statistic_wilcoxon(bool exact)
{
    return exact ? "wilcoxon" : "wilcoxon-normal";
}

void statistic_difference(statistic_rows *rows, report_statistic row, const char *measure,
                          stat_moments moments, stat_test test)
{
    statistic_test(rows, &row, statistic_paired_t, statistic_two_sided, test.p);
    statistic_mean(rows, row, measure, moments);
}

/* ---- a strategy in a setting ----------------------------------------------------------------- */

static void add_summary(statistic_rows *rows, report_statistic row, const summary *s)
{
    row.trials = s->used.trials;
    row.rounds = s->used.rounds;
    statistic_mean(rows, row, "aubc", s->aubc);
    statistic_mean(rows, row, "final_accuracy", s->accuracy);
    statistic_mean(rows, row, "final_labeled", s->labeled);
}

/* The difference of AUBC, a row a test; the t test's p is also corrected. */
static void add_aubc_tests(statistic_rows *rows, report_statistic row, const char *measure,
                           const comparison *c, double corrected_p)
{
    statistic_test(rows, &row, statistic_paired_t, statistic_two_sided, c->aubc_test.p);
    row.p_corrected = corrected_p;
    row.correction = rows->analysis->corrected ? "holm" : NULL;
    statistic_mean(rows, row, measure, c->aubc);
    statistic_test(rows, &row, c->used.trials > STAT_EXACT_LIMIT ? "sign-flip-drawn" : "sign-flip",
                   statistic_two_sided, c->exact_p);
    statistic_mean(rows, row, measure, c->aubc);
    statistic_test(rows, &row, statistic_wilcoxon(c->wilcoxon_exact), statistic_two_sided,
                   c->wilcoxon_p);
    statistic_mean(rows, row, measure, c->aubc);
}

static void add_comparison(statistic_rows *rows, report_statistic row, const result *r)
{
    const comparison *c = &r->against;
    const report_data *data = rows->analysis->grid->data;
    row.against = &data->strategies[rows->analysis->grid->baseline];
    row.trials = c->used.trials;
    row.rounds = c->used.rounds;
    statistic_difference(rows, row, "accuracy_difference", c->steps, c->steps_test);
    add_aubc_tests(rows, row, "aubc_difference", c, r->corrected_p);
    statistic_difference(rows, row, "final_accuracy_difference", c->final, c->final_test);
}

static void add_target(statistic_rows *rows, report_statistic row, size_t setting, size_t strategy)
{
    target_summary t;
    const targets *all = &rows->analysis->targets;
    if (!all->labels)
        return;
    int rc = targets_summarize(all, setting, strategy, &t, rows->err);
    rows->rc = rows->rc ? rows->rc : rc;
    if (rc)
        return;
    row.trials = t.tried;
    statistic_number(rows, row, "labels_to_target", t.median);
    statistic_number(rows, row, "target_share",
                     t.tried ? (double)t.reached / (double)t.tried : (double)NAN);
}

/* The class balance of everything that was asked for. */
static void add_balance(statistic_rows *rows, report_statistic row, size_t setting,
                        size_t strategy)
{
    const selections *s = &rows->analysis->selections;
    const double *balance = selections_balance(s, setting, strategy);
    size_t rounds = s->rounds;
    while (rounds > 0 && isnan(balance[rounds - 1]))
        rounds--;
    if (rounds == 0)
        return;
    row.rounds = rounds;
    row.trials = selections_balance_trials(s, setting, strategy)[rounds - 1];
    statistic_number(rows, row, "class_balance", balance[rounds - 1]);
}

void statistic_costs(statistic_rows *rows, report_statistic row, const cost *c)
{
    row.trials = c->trials;
    statistic_number(rows, row, "train_seconds", c->train);
    statistic_number(rows, row, "service_seconds", c->services);
    statistic_number(rows, row, "query_seconds", c->own);
    statistic_number(rows, row, "evaluate_seconds", c->evaluate);
    statistic_number(rows, row, "peak_rss_bytes",
                     c->peak_bytes ? (double)c->peak_bytes : (double)NAN);
    row.trials = c->complete;
    statistic_number(rows, row, "cell_seconds", c->cell_seconds);
}

static void add_strategy(statistic_rows *rows, size_t setting, size_t strategy)
{
    const analysis *a = rows->analysis;
    const report_data *data = a->grid->data;
    const result *r = analysis_at(a, setting, strategy);
    const cost c = cost_of(a->grid, setting, strategy);
    report_statistic row = statistic_blank(&data->settings[setting], &data->strategies[strategy]);
    row.trials_expected = grid_setting_trials(a->grid, setting);
    add_summary(rows, row, &r->summary);
    if (analysis_has_baseline(a) && !analysis_is_baseline(a, strategy))
        add_comparison(rows, row, r);
    add_target(rows, row, setting, strategy);
    add_balance(rows, row, setting, strategy);
    statistic_costs(rows, row, &c);
}

/* ---- a setting ------------------------------------------------------------------------------- */

/* The accuracy of networks trained on everything, where the setting has any. */
static void add_reference(statistic_rows *rows, size_t setting)
{
    const report_data *data = rows->analysis->grid->data;
    size_t expected = 0, finished = 0;
    double *accuracies = fb_calloc(data->reference_count, sizeof *accuracies);
    if (!accuracies) {
        rows->rc = fb_fail_memory(rows->err, data->reference_count, sizeof *accuracies,
                                  "references");
        return;
    }
    for (size_t i = 0; i < data->reference_count; i++) {
        const report_reference *reference = &data->references[i];
        if (reference->setting != setting)
            continue;
        expected++;
        double accuracy = grid_reference_accuracy(rows->analysis->grid, reference);
        if (!isnan(accuracy))
            accuracies[finished++] = accuracy;
    }
    report_statistic row = statistic_blank(&data->settings[setting], &data->reference);
    row.trials = finished;
    row.trials_expected = expected;
    row.rounds = 1;
    if (expected > 0)
        statistic_mean(rows, row, "final_accuracy", stat_describe(accuracies, finished));
    fb_free(accuracies);
}

static void add_pairs(statistic_rows *rows, size_t setting)
{
    const analysis *a = rows->analysis;
    const report_data *data = a->grid->data;
    for (size_t i = 0; i < a->pairs.count; i++) {
        const pair *p = &a->pairs.list[i];
        if (p->setting != setting)
            continue;
        report_statistic row = statistic_blank(&data->settings[setting],
                                               &data->strategies[p->first]);
        row.against = &data->strategies[p->second];
        row.trials = p->comparison.used.trials;
        row.trials_expected = grid_setting_trials(a->grid, setting);
        row.rounds = p->comparison.used.rounds;
        add_aubc_tests(rows, row, "pair_aubc_difference", &p->comparison, p->corrected_p);
    }
}

static void add_setting(statistic_rows *rows, size_t setting)
{
    const analysis *a = rows->analysis;
    const report_data *data = a->grid->data;
    add_reference(rows, setting);
    if (a->targets.labels) {
        const summary *s = &analysis_at(a, setting, (size_t)a->grid->baseline)->summary;
        report_statistic row = statistic_blank(&data->settings[setting],
                                               &data->strategies[a->grid->baseline]);
        row.trials = s->used.trials;
        row.trials_expected = grid_setting_trials(a->grid, setting);
        row.rounds = s->used.rounds;
        statistic_number(rows, row, "target_accuracy", a->targets.accuracy[setting]);
    }
    for (size_t s = 0; s < data->strategy_count; s++)
        add_strategy(rows, setting, s);
    add_pairs(rows, setting);
}

/* ---- all of it ------------------------------------------------------------------------------- */

int statistic_rows_all(const analysis *a, report_take_statistic take, void *context, fb_error *err)
{
    statistic_rows rows = {.analysis = a, .take = take, .context = context, .err = err};
    if (!grid_has_rounds(a->grid))
        return FB_OK;
    for (size_t i = 0; i < a->grid->data->setting_count; i++)
        add_setting(&rows, i);
    statistic_totals(&rows);
    return rows.rc;
}

int report_statistics(const report_data *data, report_take_statistic take, void *context,
                      fb_error *err)
{
    grid g = {0};
    analysis a = {0};
    if (data->cell_count == 0)
        return FB_OK;
    int rc = grid_init(data, &g, err);
    if (!rc)
        rc = analysis_init(&g, &a, err);
    if (!rc)
        rc = statistic_rows_all(&a, take, context, err);
    analysis_finish(&a);
    grid_finish(&g);
    return rc;
}

/* statistic_rows.c - what an analysis states, a row a number. */
#include <math.h>

#include "alloc.h"
#include "analysis.h"

/* What the rows of one strategy in one setting share. */
struct rows {
    const analysis *analysis;
    report_take_statistic take;
    void *context;
    report_statistic row;
};

static const double LEVEL = 0.95;

/* A row without numbers. */
static report_statistic blank(const report_setting *setting, const report_strategy *strategy)
{
    const double none = (double)NAN;
    return (report_statistic){.setting = setting,
                              .strategy = strategy,
                              .value = none,
                              .sd = none,
                              .low = none,
                              .high = none,
                              .p = none,
                              .p_corrected = none};
}

/* Hands on a number with its spread and interval. */
static int hand_on(struct rows *rows, const char *measure, stat_moments moments, fb_error *err)
{
    double half = stat_half_width(moments, LEVEL);
    rows->row.measure = measure;
    rows->row.value = moments.mean;
    rows->row.sd = moments.sd;
    rows->row.low = moments.mean - half;
    rows->row.high = moments.mean + half;
    return rows->take(rows->context, &rows->row, err);
}

static int hand_on_summary(struct rows *rows, const summary *s, fb_error *err)
{
    rows->row.trials = s->used.trials;
    rows->row.rounds = s->used.rounds;
    int rc = hand_on(rows, "aubc", s->aubc, err);
    if (!rc)
        rc = hand_on(rows, "final_accuracy", s->accuracy, err);
    return rc ? rc : hand_on(rows, "final_labeled", s->labeled, err);
}

static int hand_on_comparison(struct rows *rows, const result *r, fb_error *err)
{
    const comparison *c = &r->against;
    report_statistic *row = &rows->row;
    const report_data *data = rows->analysis->grid->data;
    row->against = &data->strategies[rows->analysis->grid->baseline];
    row->trials = c->used.trials;
    row->rounds = c->used.rounds;
    row->test = "paired-t";
    row->p = c->steps_test.p;
    int rc = hand_on(rows, "accuracy_difference", c->steps, err);
    row->p = c->aubc_test.p;
    row->p_corrected = r->corrected_p;
    row->correction = rows->analysis->corrected ? "holm" : NULL;
    if (!rc)
        rc = hand_on(rows, "aubc_difference", c->aubc, err);
    row->test = "sign-flip";
    row->p = c->exact_p;
    row->p_corrected = (double)NAN;
    row->correction = NULL;
    return rc ? rc : hand_on(rows, "aubc_difference", c->aubc, err);
}

static int hand_on_strategy(struct rows *rows, size_t setting, size_t strategy, fb_error *err)
{
    const analysis *a = rows->analysis;
    const report_data *data = a->grid->data;
    const result *r = analysis_at(a, setting, strategy);
    rows->row = blank(&data->settings[setting], &data->strategies[strategy]);
    rows->row.trials_expected = grid_setting_trials(a->grid, setting);
    int rc = hand_on_summary(rows, &r->summary, err);
    if (!rc && analysis_has_baseline(a) && !analysis_is_baseline(a, strategy))
        rc = hand_on_comparison(rows, r, err);
    return rc;
}

/* The accuracy of networks trained on everything, where the setting has any. */
static int hand_on_reference(struct rows *rows, size_t setting, fb_error *err)
{
    const report_data *data = rows->analysis->grid->data;
    size_t expected = 0, finished = 0;
    double *accuracies = fb_calloc(data->reference_count, sizeof *accuracies);
    if (!accuracies)
        return fb_fail_memory(err, data->reference_count, sizeof *accuracies, "references");
    for (size_t i = 0; i < data->reference_count; i++) {
        const report_reference *reference = &data->references[i];
        if (reference->setting != setting)
            continue;
        expected++;
        if (!isnan(reference->accuracy))
            accuracies[finished++] = reference->accuracy;
    }
    stat_moments moments = stat_describe(accuracies, finished);
    fb_free(accuracies);
    if (expected == 0)
        return FB_OK;
    rows->row = blank(&data->settings[setting], &data->reference);
    rows->row.trials = finished;
    rows->row.trials_expected = expected;
    rows->row.rounds = 1;
    return hand_on(rows, "final_accuracy", moments, err);
}

/* A strategy over all settings. */
static int hand_on_standing(struct rows *rows, const standing *s, fb_error *err)
{
    const analysis *a = rows->analysis;
    const report_data *data = a->grid->data;
    const struct {
        const char *measure;
        double value;
        bool difference;
    } numbers[] = {{"score", s->score, analysis_has_baseline(a)},
                   {"aubc", s->aubc, false},
                   {"rank", s->rank ? (double)s->rank : (double)NAN, false}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        report_statistic row = blank(NULL, &data->strategies[s->strategy]);
        row.measure = numbers[i].measure;
        row.value = numbers[i].value;
        if (numbers[i].difference)
            row.against = &data->strategies[a->grid->baseline];
        int rc = rows->take(rows->context, &row, err);
        if (rc)
            return rc;
    }
    return FB_OK;
}

static int hand_on_all(struct rows *rows, fb_error *err)
{
    const report_data *data = rows->analysis->grid->data;
    int rc = FB_OK;
    for (size_t i = 0; !rc && i < data->setting_count; i++) {
        rc = hand_on_reference(rows, i, err);
        for (size_t s = 0; !rc && s < data->strategy_count; s++)
            rc = hand_on_strategy(rows, i, s, err);
    }
    for (size_t s = 0; !rc && s < data->strategy_count; s++)
        rc = hand_on_standing(rows, &rows->analysis->standings[s], err);
    return rc;
}

static bool has_rounds(const report_data *data)
{
    for (size_t i = 0; i < data->cell_count; i++)
        if (data->cells[i].round_count > 0)
            return true;
    return false;
}

int report_statistics(const report_data *data, report_take_statistic take, void *context,
                      fb_error *err)
{
    grid g = {0};
    analysis a = {0};
    if (!has_rounds(data))
        return FB_OK;
    int rc = grid_init(data, &g, err);
    if (!rc)
        rc = analysis_init(&g, &a, err);
    struct rows rows = {.analysis = &a, .take = take, .context = context};
    if (!rc)
        rc = hand_on_all(&rows, err);
    analysis_finish(&a);
    grid_finish(&g);
    return rc;
}

#include "grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "names.h"

static int check_cells(const report_data *data, fb_error *err)
{
    if (data->cell_count == 0)
        return fb_fail(err, FB_EINVAL,
                       "%s: these results have no cell, so there is nothing to report; start the "
                       "experiment with `flipbench run`",
                       *data->name ? data->name : "results");
    for (size_t i = 0; i < data->cell_count; i++) {
        const report_cell *cell = &data->cells[i];
        if (cell->setting >= data->setting_count || cell->strategy >= data->strategy_count)
            return fb_fail(err, FB_EINVAL,
                           "results: cell %zu names setting %zu of %zu and strategy %zu of %zu, "
                           "expected indices below these counts",
                           i, cell->setting, data->setting_count, cell->strategy,
                           data->strategy_count);
    }
    return FB_OK;
}

static int compare_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Fills trials with the different trial ids, ascending. */
static int collect_trials(grid *g, fb_error *err)
{
    size_t count = g->data->cell_count;
    g->trials = fb_calloc(count, sizeof *g->trials);
    if (!g->trials)
        return fb_fail_memory(err, count, sizeof *g->trials, "the trials");
    for (size_t i = 0; i < count; i++)
        g->trials[i] = g->data->cells[i].trial;
    qsort(g->trials, count, sizeof *g->trials, compare_u32);
    for (size_t i = 0; i < count; i++)
        if (g->trial_count == 0 || g->trials[g->trial_count - 1] != g->trials[i])
            g->trials[g->trial_count++] = g->trials[i];
    return FB_OK;
}

/* Rounds that can be counted; see grid_cell. */
static size_t usable_rounds(const report_cell *cell)
{
    size_t n = 0;
    while (n < cell->round_count && isfinite(cell->rounds[n].accuracy) &&
           (n == 0 || cell->rounds[n].labeled > cell->rounds[n - 1].labeled))
        n++;
    return n;
}

static size_t cell_index(const grid *g, size_t setting, size_t strategy, size_t trial)
{
    return (setting * g->data->strategy_count + strategy) * g->trial_count + trial;
}

/* Puts a cell in its place and its curve at *numbers, which moves on. */
static int place_cell(grid *g, const report_cell *cell, double **numbers, fb_error *err)
{
    const uint32_t *trial = bsearch(&cell->trial, g->trials, g->trial_count,
                                    sizeof *g->trials, compare_u32);
    FB_CHECK(trial);
    size_t index = cell_index(g, cell->setting, cell->strategy, (size_t)(trial - g->trials));
    grid_cell *place = &g->cells[index];
    if (place->source)
        return fb_fail(err, FB_EINVAL,
                       "results: setting '%s', strategy '%s', trial %u is there twice, expected "
                       "once; report folders that do not overlap",
                       g->setting_names[cell->setting], g->strategy_names[cell->strategy],
                       (unsigned)cell->trial);
    size_t count = usable_rounds(cell);
    double *labeled = *numbers, *accuracy = *numbers + count;
    for (size_t i = 0; i < count; i++) {
        labeled[i] = cell->rounds[i].labeled;
        accuracy[i] = cell->rounds[i].accuracy;
    }
    *numbers += 2 * count;
    *place = (grid_cell){cell, labeled, accuracy, count, false};
    return FB_OK;
}

static int place_cells(grid *g, fb_error *err)
{
    const report_data *data = g->data;
    size_t rounds = 0, rows = data->setting_count * data->strategy_count;
    for (size_t i = 0; i < data->cell_count; i++)
        rounds += data->cells[i].round_count;
    if (rows > SIZE_MAX / g->trial_count)
        return fb_fail_memory(err, rows, g->trial_count, "the cells");
    g->cells = fb_calloc(rows * g->trial_count, sizeof *g->cells);
    g->numbers = fb_calloc(rounds, 2 * sizeof *g->numbers);
    if (!g->cells || !g->numbers)
        return fb_fail_memory(err, rows * g->trial_count, sizeof *g->cells, "the cells");
    double *numbers = g->numbers;
    int rc = FB_OK;
    for (size_t i = 0; !rc && i < data->cell_count; i++)
        rc = place_cell(g, &data->cells[i], &numbers, err);
    return rc;
}

static int name_all(grid *g, fb_error *err)
{
    const report_data *data = g->data;
    size_t settings = data->setting_count, strategies = data->strategy_count;
    name_parts *parts = fb_calloc(settings + strategies, sizeof *parts);
    if (!parts)
        return fb_fail_memory(err, settings + strategies, sizeof *parts, "names");
    for (size_t i = 0; i < settings; i++)
        parts[i] = (name_parts){data->settings[i].name, data->settings[i].network};
    for (size_t i = 0; i < strategies; i++)
        parts[settings + i] = (name_parts){data->strategies[i].label, data->strategies[i].params};
    int rc = names_create(parts, settings, &g->setting_names, err);
    if (!rc)
        rc = names_create(parts + settings, strategies, &g->strategy_names, err);
    fb_free(parts);
    return rc;
}

/* A label wins over an id, so that one of two variants of a strategy can be the baseline. */
static ptrdiff_t find_baseline(const report_data *data)
{
    for (size_t i = 0; data->baseline && i < data->strategy_count; i++)
        if (strcmp(data->strategies[i].label, data->baseline) == 0)
            return (ptrdiff_t)i;
    for (size_t i = 0; data->baseline && i < data->strategy_count; i++)
        if (strcmp(data->strategies[i].id, data->baseline) == 0)
            return (ptrdiff_t)i;
    return GRID_NONE;
}

int grid_init(const report_data *data, grid *ret_grid, fb_error *err)
{
    grid made = {.data = data, .baseline = find_baseline(data)};
    int rc = check_cells(data, err);
    if (!rc)
        rc = name_all(&made, err);
    if (!rc)
        rc = collect_trials(&made, err);
    if (!rc)
        rc = place_cells(&made, err);
    if (!rc)
        rc = grid_set_apart(&made, err);
    if (rc)
        grid_finish(&made);
    else
        *ret_grid = made;
    return rc;
}

void grid_finish(grid *g)
{
    if (!g || !g->data)
        return;
    names_destroy(g->setting_names, g->data->setting_count);
    names_destroy(g->strategy_names, g->data->strategy_count);
    fb_free(g->trials);
    fb_free(g->cells);
    fb_free(g->numbers);
    memset(g, 0, sizeof *g);
}

const grid_cell *grid_at(const grid *g, size_t setting, size_t strategy, size_t trial)
{
    return &g->cells[cell_index(g, setting, strategy, trial)];
}

bool grid_expected(const grid *g, size_t setting, size_t trial)
{
    for (size_t s = 0; s < g->data->strategy_count; s++)
        if (grid_at(g, setting, s, trial)->source)
            return true;
    return false;
}

size_t grid_first_step(const grid *g)
{
    return g->data->include_initial ? 0 : 1;
}

const char *grid_steps_text(const grid *g)
{
    return g->data->include_initial ? "all steps, the initial one among them"
                                    : "the steps after the first query";
}

size_t grid_setting_trials(const grid *g, size_t setting)
{
    size_t count = 0;
    for (size_t t = 0; t < g->trial_count; t++)
        count += grid_expected(g, setting, t);
    return count;
}

grid_gap grid_gap_of(const grid_cell *cell)
{
    const report_cell *source = cell->source;
    if (!source)
        return (grid_gap){"missing", ""};
    if (source->failure)
        return (grid_gap){"failed", source->failure};
    if (source->round_count == 0)
        return (grid_gap){"not run", ""};
    if (cell->count < source->round_count)
        return (grid_gap){"unusable", "an accuracy is not a number, or labels do not grow"};
    if (source->round_count < source->planned_rounds)
        return (grid_gap){"unfinished", ""};
    return (grid_gap){NULL, NULL};
}

bool grid_has_rounds(const grid *g)
{
    for (size_t i = 0; i < g->data->cell_count; i++)
        if (g->data->cells[i].round_count > 0)
            return true;
    return false;
}

size_t grid_missing_references(const grid *g)
{
    size_t missing = 0;
    for (size_t i = 0; i < g->data->reference_count; i++)
        missing += isnan(g->data->references[i].accuracy) ? 1 : 0;
    return missing;
}

size_t grid_gaps(const grid *g, size_t *ret_expected)
{
    size_t gaps = 0, expected = 0;
    for (size_t i = 0; i < g->data->setting_count; i++)
        for (size_t t = 0; t < g->trial_count; t++) {
            if (!grid_expected(g, i, t))
                continue;
            for (size_t s = 0; s < g->data->strategy_count; s++) {
                gaps += grid_gap_of(grid_at(g, i, s, t)).state != NULL;
                expected++;
            }
        }
    *ret_expected = expected;
    return gaps;
}

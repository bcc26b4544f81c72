#include "results.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "files.h"
#include "store.h"
#include "strbuf.h"

/* Where a walk over one folder is. */
struct reading {
    struct results *results;
    const char *directory;
    bool first_folder;
    report_cell *cell; /* of the last round row */
    json_t *keys;      /* (cell number as text) -> key, over all folders */
};

/* Keeps a copy of a text for as long as the results live. */
static const char *keep(struct results *results, const char *text, fb_error *err)
{
    json_t *copy = json_string(text);
    if (!copy || json_array_append_new(results->texts, copy) < 0) {
        fb_fail(err, FB_ENOMEM, "out of memory for the results");
        return NULL;
    }
    return json_string_value(copy);
}

static const char *text_of(const json_t *row, const char *column)
{
    const char *text = json_string_value(json_object_get(row, column));
    return text ? text : "";
}

static double number_of(const json_t *row, const char *column)
{
    const json_t *value = json_object_get(row, column);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static int64_t integer_of(const json_t *row, const char *column)
{
    return json_integer_value(json_object_get(row, column));
}

/* Room for one more element of an array; NULL when memory is short. */
static void *room_for_one(void *array, size_t count, size_t *capacity, size_t size, fb_error *err)
{
    if (count < *capacity)
        return array;
    size_t more = *capacity * 2 + 8;
    void *grown = fb_grow(array, count, more, size);
    if (grown)
        *capacity = more;
    else
        fb_fail_memory(err, more, size, "the results");
    return grown;
}

/* ---- settings, strategies, cells ----------------------------------------------------------- */

static int setting_of(struct results *results, const json_t *row, size_t *ret_index, fb_error *err)
{
    report_data *data = &results->data;
    for (size_t i = 0; i < data->setting_count; i++) {
        if (strcmp(data->settings[i].name, text_of(row, "setting")) == 0) {
            *ret_index = i;
            return FB_OK;
        }
    }
    report_setting *settings = room_for_one(data->settings, data->setting_count,
                                            &results->setting_capacity, sizeof *settings, err);
    if (!settings)
        return FB_ENOMEM;
    data->settings = settings;
    report_setting added = {
        .name = keep(results, text_of(row, "setting"), err),
        .dataset = keep(results, text_of(row, "dataset"), err),
        .network = keep(results, text_of(row, "network"), err),
        .validation_labels = (size_t)integer_of(row, "validation_labels"),
    };
    if (!added.name || !added.dataset || !added.network)
        return FB_ENOMEM;
    settings[data->setting_count] = added;
    *ret_index = data->setting_count++;
    return FB_OK;
}

static int strategy_of(struct results *results, const json_t *row, size_t *ret_index, fb_error *err)
{
    report_data *data = &results->data;
    for (size_t i = 0; i < data->strategy_count; i++) {
        const report_strategy *known = &data->strategies[i];
        if (strcmp(known->label, text_of(row, "strategy")) == 0 &&
            strcmp(known->params, text_of(row, "params")) == 0) {
            *ret_index = i;
            return FB_OK;
        }
    }
    report_strategy *strategies =
        room_for_one(data->strategies, data->strategy_count, &results->strategy_capacity,
                     sizeof *strategies, err);
    if (!strategies)
        return FB_ENOMEM;
    data->strategies = strategies;
    report_strategy added = {
        .label = keep(results, text_of(row, "strategy"), err),
        .id = keep(results, text_of(row, "strategy_id"), err),
        .params = keep(results, text_of(row, "params"), err),
    };
    if (!added.label || !added.id || !added.params)
        return FB_ENOMEM;
    strategies[data->strategy_count] = added;
    *ret_index = data->strategy_count++;
    return FB_OK;
}

static report_cell *find_cell(const report_data *data, size_t setting, size_t strategy,
                              uint32_t trial)
{
    for (size_t i = 0; i < data->cell_count; i++) {
        report_cell *cell = &data->cells[i];
        if (cell->setting == setting && cell->strategy == strategy && cell->trial == trial)
            return cell;
    }
    return NULL;
}

/* Enters a cell of a second folder that an earlier one held already: the same key, and the fuller
 * copy wins. */
static int merge_cell(struct reading *reading, report_cell *cell, const json_t *row, fb_error *err)
{
    char number[24];
    snprintf(number, sizeof number, "%zu", (size_t)(cell - reading->results->data.cells));
    if (strcmp(text_of(reading->keys, number), text_of(row, "key")) != 0)
        return fb_fail(err, FB_ECONFLICT,
                       "%s: setting '%s', strategy '%s', trial %u is another experiment than the "
                       "cell of that name in a folder before it; report them apart",
                       reading->directory, text_of(row, "setting"), text_of(row, "strategy"),
                       cell->trial);
    size_t planned = (size_t)integer_of(row, "planned_rounds");
    if (planned <= cell->planned_rounds)
        return FB_OK;
    report_round *rounds = fb_grow(cell->rounds, cell->round_count, planned, sizeof *rounds);
    if (!rounds)
        return fb_fail_memory(err, planned, sizeof *rounds, "a cell's rounds");
    cell->rounds = rounds;
    cell->planned_rounds = planned;
    return FB_OK;
}

static int take_cell(void *context, const json_t *row, fb_error *err)
{
    struct reading *reading = context;
    struct results *results = reading->results;
    report_data *data = &results->data;
    size_t setting = 0, strategy = 0;
    uint32_t trial = (uint32_t)integer_of(row, "trial");
    int rc = setting_of(results, row, &setting, err);
    if (!rc)
        rc = strategy_of(results, row, &strategy, err);
    if (rc)
        return rc;
    report_cell *cell = find_cell(data, setting, strategy, trial);
    if (cell)
        return merge_cell(reading, cell, row, err);
    report_cell *cells =
        room_for_one(data->cells, data->cell_count, &results->cell_capacity, sizeof *cells, err);
    if (!cells)
        return FB_ENOMEM;
    data->cells = cells;
    cell = &cells[data->cell_count];
    *cell = (report_cell){.setting = setting,
                          .strategy = strategy,
                          .trial = trial,
                          .planned_rounds = (size_t)integer_of(row, "planned_rounds")};
    if (json_is_string(json_object_get(row, "failure"))) {
        cell->failure = keep(results, text_of(row, "failure"), err);
        if (!cell->failure)
            return FB_ENOMEM;
    }
    cell->rounds = fb_calloc(cell->planned_rounds, sizeof *cell->rounds);
    char number[24];
    snprintf(number, sizeof number, "%zu", data->cell_count);
    if (!cell->rounds ||
        json_object_set_new(reading->keys, number, json_string(text_of(row, "key"))) < 0)
        return fb_fail_memory(err, cell->planned_rounds, sizeof *cell->rounds, "a cell's rounds");
    data->cell_count++;
    return FB_OK;
}

/* ---- rounds -------------------------------------------------------------------------------- */

static report_cell *cell_of(struct reading *reading, const json_t *row)
{
    size_t setting = 0, strategy = 0;
    uint32_t trial = (uint32_t)integer_of(row, "trial");
    setting_of(reading->results, row, &setting, NULL); /* known from the cells */
    strategy_of(reading->results, row, &strategy, NULL);
    report_cell *cell = reading->cell;
    if (!cell || cell->setting != setting || cell->strategy != strategy || cell->trial != trial)
        cell = find_cell(&reading->results->data, setting, strategy, trial);
    reading->cell = cell;
    return cell;
}

static int take_round(void *context, const json_t *row, fb_error *err)
{
    struct reading *reading = context;
    report_cell *cell = cell_of(reading, row);
    size_t round = (size_t)integer_of(row, "round");
    FB_CHECK(cell != NULL);
    if (round < cell->round_count)
        return FB_OK; /* an earlier folder has it */
    if (round > cell->round_count || round >= cell->planned_rounds)
        return fb_fail(err, FB_EFORMAT, "%s: round %zu of a cell is missing; the file is damaged",
                       reading->directory, cell->round_count);
    report_round *to = &cell->rounds[cell->round_count++];
    *to = (report_round){
        .round = (uint32_t)round,
        .labeled = (uint32_t)integer_of(row, "labeled"),
        .accuracy = number_of(row, "accuracy"),
        .balanced_accuracy = number_of(row, "balanced_accuracy"),
        .macro_f1 = number_of(row, "macro_f1"),
        .loss = number_of(row, "loss"),
        .validation_accuracy = number_of(row, "validation_accuracy"),
        .train_seconds = number_of(row, "train_seconds"),
        .query_seconds = number_of(row, "query_seconds"),
        .service_seconds = number_of(row, "service_seconds"),
        .evaluate_seconds = number_of(row, "evaluate_seconds"),
        .peak_rss_bytes = (uint64_t)integer_of(row, "peak_rss_bytes"),
    };
    snprintf(to->selected_sha256, sizeof to->selected_sha256, "%s",
             text_of(row, "selected_sha256"));
    return FB_OK;
}

/* ---- provenance ---------------------------------------------------------------------------- */

/* The last run's facts of the first folder become the provenance. */
static int take_run(void *context, const json_t *row, fb_error *err)
{
    struct reading *reading = context;
    if (!reading->first_folder)
        return FB_OK;
    report_data *data = &reading->results->data;
    json_t *facts = json_loads(text_of(row, "facts"), 0, NULL);
    size_t count = json_object_size(facts) + 1, i = 0;
    report_fact *list = fb_calloc(count, sizeof *list);
    int rc = FB_OK;
    if (!list || json_array_append(reading->results->texts, facts) < 0) {
        rc = fb_fail_memory(err, count, sizeof *list, "the provenance");
        fb_free(list);
        list = NULL;
        goto done;
    }
    const char *name;
    json_t *value;
    json_object_foreach (facts, name, value) {
        if (json_is_string(value))
            list[i++] = (report_fact){name, json_string_value(value)};
        else if (strcmp(name, "alpha") == 0)
            data->alpha = json_number_value(value);
    }
    list[i++] = (report_fact){"started", keep(reading->results, text_of(row, "started"), err)};
    data->name = text_of(facts, "experiment");
    data->baseline = text_of(facts, "baseline");
    data->correction = text_of(facts, "correction");
done:
    fb_free((void *)data->provenance);
    data->provenance = list;
    data->provenance_count = i;
    json_decref(facts);
    return rc;
}

static int take_spec(struct reading *reading, fb_error *err)
{
    fb_strbuf path = FB_STRBUF_INIT;
    char *text = NULL;
    size_t length = 0;
    fb_strbuf_printf(&path, "%s/resolved.yaml", reading->directory);
    int rc = fb_strbuf_check(&path, "a path", err);
    if (!rc)
        rc = fb_file_read(path.text, 16 << 20, &text, &length, err);
    if (rc == FB_ENOENT) { /* a folder that holds the database alone can be reported too */
        rc = FB_OK;
        reading->results->data.resolved_spec = "";
    } else if (!rc) {
        reading->results->data.resolved_spec = keep(reading->results, text, err);
        rc = reading->results->data.resolved_spec
                 ? FB_OK
                 : fb_fail(err, FB_EFORMAT, "%s: not valid UTF-8", path.text);
    }
    fb_free(text);
    fb_strbuf_finish(&path);
    return rc;
}

static int load_folder(struct reading *reading, fb_error *err)
{
    struct store *store = NULL;
    int rc = store_open(reading->directory, false, &store, err);
    if (!rc)
        rc = store_walk(store, STORE_CELLS, take_cell, reading, err);
    if (!rc)
        rc = store_walk(store, STORE_ROUNDS, take_round, reading, err);
    if (!rc)
        rc = store_walk(store, STORE_RUNS, take_run, reading, err);
    if (!rc && reading->first_folder)
        rc = take_spec(reading, err);
    store_close(store);
    return rc;
}

int results_load(const char *const *directories, size_t count, struct results *ret_results,
                 fb_error *err)
{
    struct results results = {.data = {.name = "", .baseline = "random", .alpha = 0.05}};
    results.texts = json_array();
    struct reading reading = {.results = &results, .keys = json_object()};
    int rc = results.texts && reading.keys ? FB_OK
                                           : fb_fail(err, FB_ENOMEM, "out of memory for results");
    for (size_t i = 0; !rc && i < count; i++) {
        reading.directory = directories[i];
        reading.first_folder = i == 0;
        reading.cell = NULL;
        rc = load_folder(&reading, err);
    }
    json_decref(reading.keys);
    /* failed in one folder, done in another */
    for (size_t i = 0; i < results.data.cell_count; i++) {
        report_cell *cell = &results.data.cells[i];
        if (cell->round_count == cell->planned_rounds)
            cell->failure = NULL;
    }
    if (rc)
        results_finish(&results);
    else
        *ret_results = results;
    return rc;
}

void results_finish(struct results *results)
{
    if (!results)
        return;
    for (size_t i = 0; i < results->data.cell_count; i++)
        fb_free(results->data.cells[i].rounds);
    fb_free(results->data.cells);
    fb_free(results->data.strategies);
    fb_free(results->data.settings);
    fb_free((void *)results->data.provenance);
    json_decref(results->texts);
    *results = (struct results){0};
}

#include "results.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "files.h"
#include "identity.h"
#include "json_text.h"
#include "store.h"
#include "strbuf.h"
#include "utf8.h"

/* Labels that results may have: memory is asked for by their number, which a damaged file could make
 * anything. */
enum { CLASSES_MAX = 1 << 20 };

/* Where a cell of the database is among the results. */
struct place {
    int64_t id;
    size_t cell;
};

struct reading {
    struct results *results;
    const char *name;     /* of the folder, for sentences */
    json_t *facts;        /* name -> values in which the runs differ, oldest first */
    struct place *places; /* by id once all cells are read */
    size_t place_count, place_capacity;
};

/* Keeps a copy of a text for as long as the results live; equal texts are one. */
static int keep(struct results *results, const char *text, const char **ret_text, fb_error *err)
{
    if (!fb_utf8_valid(text))
        return fb_fail(err, FB_EFORMAT, "a text of the results is not UTF-8: they are damaged");
    json_t *kept = json_object_get(results->texts, text);
    if (!kept && json_object_set_new(results->texts, text, json_string(text)) == 0)
        kept = json_object_get(results->texts, text);
    if (!kept)
        return fb_fail_memory(err, strlen(text) + 1, 1, "a text of the results");
    *ret_text = json_string_value(kept);
    return FB_OK;
}

/* Makes room for one more element of an array; FB_ENOMEM. */
static int make_room(void *array, size_t count, size_t *capacity, size_t size, fb_error *err)
{
    void *old, *grown;
    if (count < *capacity)
        return FB_OK;
    size_t more = *capacity * 2 + 8;
    memcpy(&old, array, sizeof old); /* `array` is the address of a pointer to any type */
    grown = fb_grow(old, count, more, size);
    if (!grown)
        return fb_fail_memory(err, more, size, "the results");
    memcpy(array, &grown, sizeof grown);
    *capacity = more;
    return FB_OK;
}

/* ---- settings, strategies, cells ----------------------------------------------------------- */

static int setting_of(struct results *results, const store_cell *from, size_t *ret_index,
                      fb_error *err)
{
    report_data *data = &results->data;
    for (size_t i = 0; i < data->setting_count; i++) {
        if (strcmp(data->settings[i].name, from->setting) == 0) {
            *ret_index = i;
            return FB_OK;
        }
    }
    int rc = make_room(&data->settings, data->setting_count, &results->setting_capacity,
                       sizeof *data->settings, err);
    if (rc)
        return rc;
    report_setting added = {
        .validation_labels = from->validation_labels,
        .class_count = from->class_count,
        .pool_count = from->pool_count,
    };
    rc = keep(results, from->setting, &added.name, err);
    if (!rc)
        rc = keep(results, from->dataset, &added.dataset, err);
    if (!rc)
        rc = keep(results, from->network, &added.network, err);
    if (rc)
        return rc;
    *ret_index = data->setting_count;
    data->settings[data->setting_count++] = added;
    return FB_OK;
}

static int strategy_of(struct results *results, const store_cell *from, size_t *ret_index,
                       fb_error *err)
{
    report_data *data = &results->data;
    for (size_t i = 0; i < data->strategy_count; i++) {
        const report_strategy *known = &data->strategies[i];
        if (strcmp(known->label, from->strategy) == 0 && strcmp(known->params, from->params) == 0) {
            *ret_index = i;
            return FB_OK;
        }
    }
    int rc = make_room(&data->strategies, data->strategy_count, &results->strategy_capacity,
                       sizeof *data->strategies, err);
    if (rc)
        return rc;
    report_strategy added = {0};
    rc = keep(results, from->strategy, &added.label, err);
    if (!rc)
        rc = keep(results, from->strategy_id, &added.id, err);
    if (!rc)
        rc = keep(results, from->params, &added.params, err);
    if (rc)
        return rc;
    *ret_index = data->strategy_count;
    data->strategies[data->strategy_count++] = added;
    return FB_OK;
}

/* What the cell's identity says of its setting, which is known, and of its strategy's version. */
static int read_identity(struct results *results, const char *text, report_cell *cell,
                         fb_error *err)
{
    json_t *identity = NULL;
    char *setting = NULL;
    int rc = json_text_read(text, strlen(text), &identity, err);
    if (!rc && json_is_object(identity) && !(setting = identity_setting(identity)))
        rc = fb_fail(err, FB_ENOMEM, "out of memory for what a cell is");
    if (rc)
        goto done;
    cell->algo_version =
        (uint32_t)json_integer_value(json_object_get(identity, "algo_version"));
    results->data.settings[cell->setting].subpool = (size_t)json_integer_value(
        json_object_get(json_object_get(identity, "budget"), "subpool"));
    if (setting)
        rc = keep(results, setting, &cell->fingerprint, err);
done:
    fb_free(setting);
    json_decref(identity);
    return rc;
}

/* Marks a cell of `reference: full` until its round is read. */
static const size_t IS_REFERENCE = SIZE_MAX;

/* The cell's texts and numbers, without a round. */
static int describe_cell(struct results *results, const store_cell *from, report_cell *ret_cell,
                         fb_error *err)
{
    report_cell cell = {.trial = from->trial, .planned_rounds = from->planned_rounds};
    int rc = setting_of(results, from, &cell.setting, err);
    if (strcmp(from->strategy_id, PLAN_REFERENCE_ID) == 0)
        cell.strategy = IS_REFERENCE;
    else if (!rc)
        rc = strategy_of(results, from, &cell.strategy, err);
    if (!rc)
        rc = read_identity(results, from->identity, &cell, err);
    if (!rc && from->failure)
        rc = keep(results, from->failure, &cell.failure, err);
    if (!rc)
        *ret_cell = cell;
    return rc;
}

static int take_cell(void *context, const store_cell *from, fb_error *err)
{
    struct reading *reading = context;
    struct results *results = reading->results;
    report_data *data = &results->data;
    report_cell cell;
    int rc = make_room(&data->cells, data->cell_count, &results->cell_capacity,
                       sizeof *data->cells, err);
    if (!rc)
        rc = make_room(&reading->places, reading->place_count, &reading->place_capacity,
                       sizeof *reading->places, err);
    if (!rc)
        rc = describe_cell(results, from, &cell, err);
    if (rc)
        return rc;
    reading->places[reading->place_count++] = (struct place){from->id, data->cell_count};
    data->cells[data->cell_count++] = cell;
    return FB_OK;
}

/* ---- rounds -------------------------------------------------------------------------------- */

static int compare_places(const void *a, const void *b)
{
    int64_t x = ((const struct place *)a)->id, y = ((const struct place *)b)->id;
    return (x > y) - (x < y);
}

/* Copies of a round's arrays, released with its cell. */
static int copy_queries(report_round *to, const store_round *from, fb_error *err)
{
    for (size_t i = 0; i < from->query_count; i++)
        if (from->queries[i].label >= CLASSES_MAX)
            return fb_fail(err, FB_EFORMAT, "a sample has the label %u, and %d is the largest: the "
                           "results are damaged", (unsigned)from->queries[i].label,
                           CLASSES_MAX - 1);
    uint32_t *queried = fb_calloc(from->query_count, sizeof *queried);
    uint32_t *labels = fb_calloc(from->query_count, sizeof *labels);
    to->queried = queried;
    to->labels = labels;
    if (!queried || !labels)
        return fb_fail_memory(err, from->query_count, sizeof *queried, "a round's queries");
    to->query_count = from->query_count;
    for (size_t i = 0; i < from->query_count; i++) {
        queried[i] = from->queries[i].sample;
        labels[i] = from->queries[i].label;
    }
    if (from->query_count > 0)
        store_selection_digest(from->queries, from->query_count, to->selected_sha256);
    return FB_OK;
}

static int copy_scores(report_round *to, const store_round *from, fb_error *err)
{
    if (from->score_count == 0)
        return FB_OK;
    to->score_ids = fb_memdup(from->score_ids, from->score_count, sizeof *from->score_ids);
    to->scores = fb_memdup(from->scores, from->score_count, sizeof *from->scores);
    if (!to->score_ids || !to->scores)
        return fb_fail_memory(err, from->score_count, sizeof *from->scores, "a round's scores");
    to->score_count = from->score_count;
    return FB_OK;
}

/* Makes room for one more round. The planned ones are a number in a file, and might be any. */
static int grow_rounds(report_cell *cell, fb_error *err)
{
    enum { FIRST = 8 };
    size_t count = cell->round_count, more = count ? 2 * count : FIRST;
    if (count != 0 && (count < FIRST || (count & (count - 1)) != 0)) /* grown at 0, 8, 16, 32 ... */
        return FB_OK;
    report_round *grown = fb_grow(cell->rounds, count, more, sizeof *grown);
    if (!grown)
        return fb_fail_memory(err, more, sizeof *grown, "a cell's rounds");
    cell->rounds = grown;
    return FB_OK;
}

static int take_round(void *context, int64_t cell_id, const store_round *from, fb_error *err)
{
    struct reading *reading = context;
    struct place wanted = {.id = cell_id};
    const struct place *place = bsearch(&wanted, reading->places, reading->place_count,
                                        sizeof wanted, compare_places);
    report_cell *cell = place ? &reading->results->data.cells[place->cell] : NULL;
    if (!cell) /* entered by a run that began in between */
        return FB_OK;
    if (from->round != cell->round_count || from->round >= cell->planned_rounds)
        return fb_fail(err, FB_EFORMAT, "%s: round %zu of a cell is missing; the file is damaged",
                       reading->name, cell->round_count);
    if (cell->strategy == IS_REFERENCE && from->round > 0)
        return fb_fail(err, FB_EFORMAT, "%s: a network trained on everything has more than one "
                       "round; the file is damaged", reading->name);
    int rc = grow_rounds(cell, err);
    if (rc)
        return rc;
    report_round *to = &cell->rounds[cell->round_count++];
    *to = (report_round){
        .round = from->round,
        .labeled = from->labeled,
        .accuracy = from->metrics.accuracy,
        .balanced_accuracy = from->metrics.balanced_accuracy,
        .macro_f1 = from->metrics.macro_f1,
        .loss = from->metrics.loss,
        .validation_accuracy = from->validation_accuracy,
        .train_seconds = from->train_seconds,
        .query_seconds = from->query_seconds,
        .service_seconds = from->service_seconds,
        .evaluate_seconds = from->evaluate_seconds,
        .peak_rss_bytes = from->peak_rss_bytes,
    };
    rc = copy_queries(to, from, err);
    return rc ? rc : copy_scores(to, from, err);
}

/* Moves the cells of `reference: full` to where the report looks for them. */
static int move_references(struct results *results, fb_error *err)
{
    report_data *data = &results->data;
    size_t kept = 0;
    data->references = fb_calloc(data->cell_count, sizeof *data->references);
    if (!data->references)
        return fb_fail_memory(err, data->cell_count, sizeof *data->references, "references");
    for (size_t i = 0; i < data->cell_count; i++) {
        const report_cell *cell = &data->cells[i];
        if (cell->strategy != IS_REFERENCE) {
            data->cells[kept++] = *cell;
            continue;
        }
        bool done = cell->round_count > 0;
        data->reference = (report_strategy){PLAN_REFERENCE_LABEL, PLAN_REFERENCE_ID,
                                            PLAN_REFERENCE_PARAMS};
        data->references[data->reference_count++] =
            (report_reference){.setting = cell->setting,
                               .trial = cell->trial,
                               .accuracy = done ? cell->rounds[0].accuracy : (double)NAN,
                               .labeled = done ? cell->rounds[0].labeled : 0,
                               .round = done ? cell->rounds : NULL,
                               .failure = cell->failure,
                               .fingerprint = cell->fingerprint};
        if (!done)
            fb_free(cell->rounds);
    }
    data->cell_count = kept;
    return FB_OK;
}

/* ---- provenance ---------------------------------------------------------------------------- */

/* Adds a fact of a run, unless an earlier run said the same. */
static int add_fact(json_t *facts, const char *name, const char *value)
{
    json_t *values = json_object_get(facts, name), *known;
    size_t i;
    if (!values) {
        values = json_array();
        if (json_object_set_new(facts, name, values) < 0)
            return FB_ENOMEM;
    }
    json_array_foreach (values, i, known)
        if (strcmp(json_string_value(known), value) == 0)
            return FB_OK;
    return json_array_append_new(values, json_string(value)) < 0 ? FB_ENOMEM : FB_OK;
}

static int take_run(void *context, const json_t *row, fb_error *err)
{
    struct reading *reading = context;
    const char *name, *started = json_string_value(json_object_get(row, "started"));
    const char *text = json_string_value(json_object_get(row, "facts"));
    json_t *value, *facts = NULL;
    int rc = text ? json_text_read(text, strlen(text), &facts, err) : FB_OK;
    if (rc)
        return rc;
    json_object_foreach (facts, name, value) {
        if (!rc && json_is_string(value))
            rc = add_fact(reading->facts, name, json_string_value(value));
        else if (strcmp(name, "alpha") == 0)
            reading->results->data.alpha = json_number_value(value);
        else if (strcmp(name, "include_initial") == 0)
            reading->results->data.include_initial = json_is_true(value);
    }
    if (!rc && started)
        rc = add_fact(reading->facts, "started", started);
    json_decref(facts);
    return rc ? fb_fail(err, rc, "out of memory for the provenance") : FB_OK;
}

/* The newest run's word on something; *ret_text stays when no run has one. */
static int newest(const struct reading *reading, const char *name, const char **ret_text,
                  fb_error *err)
{
    const json_t *values = json_object_get(reading->facts, name);
    const char *text = json_string_value(json_array_get(values, json_array_size(values) - 1));
    return text ? keep(reading->results, text, ret_text, err) : FB_OK;
}

/* Turns the collected facts into the report's. */
static int list_facts(struct reading *reading, fb_error *err)
{
    report_data *data = &reading->results->data;
    fb_strbuf text = FB_STRBUF_INIT;
    size_t count = json_object_size(reading->facts), n = 0, i;
    report_fact *list = fb_calloc(count, sizeof *list);
    const char *name;
    json_t *values, *value;
    data->provenance = list;
    if (!list)
        return fb_fail_memory(err, count, sizeof *list, "the provenance");
    int rc = FB_OK;
    json_object_foreach (reading->facts, name, values) {
        fb_strbuf_reset(&text);
        json_array_foreach (values, i, value)
            fb_strbuf_printf(&text, "%s%s", i ? "; " : "", json_string_value(value));
        rc = fb_strbuf_check(&text, "the provenance", err);
        if (!rc)
            rc = keep(reading->results, name, &list[n].name, err);
        if (!rc)
            rc = keep(reading->results, text.text, &list[n].value, err);
        if (rc)
            break;
        data->provenance_count = ++n;
    }
    fb_strbuf_finish(&text);
    if (!rc)
        rc = newest(reading, "experiment", &data->name, err);
    if (!rc)
        rc = newest(reading, "baseline", &data->baseline, err);
    if (!rc)
        rc = newest(reading, "correction", &data->correction, err);
    return rc;
}

/* ---- the whole ----------------------------------------------------------------------------- */

static int take_spec(struct results *results, const char *directory, fb_error *err)
{
    fb_strbuf path = FB_STRBUF_INIT;
    char *text = NULL;
    size_t length = 0;
    fb_strbuf_printf(&path, "%s/resolved.yaml", directory);
    int rc = fb_strbuf_check(&path, "a path", err);
    if (!rc)
        rc = fb_file_read(path.text, 16 << 20, &text, &length, err);
    if (rc == FB_ENOENT) { /* a folder that holds the database alone can be reported too */
        rc = FB_OK;
        results->data.resolved_spec = "";
    } else if (!rc) {
        rc = keep(results, text, &results->data.resolved_spec, err);
        if (rc)
            fb_fail_prefix(err, "%s", path.text);
    }
    fb_free(text);
    fb_strbuf_finish(&path);
    return rc;
}

/* Opens one folder as it is, or several joined in memory. */
static int open_folders(const char *const *directories, size_t count, struct store **ret_store,
                        fb_error *err)
{
    struct store *joined = NULL;
    if (count == 1)
        return store_open(directories[0], false, ret_store, err);
    int rc = store_open_memory(&joined, err);
    for (size_t i = 0; !rc && i < count; i++)
        rc = store_merge(joined, directories[i], err);
    if (rc)
        store_close(joined);
    else
        *ret_store = joined;
    return rc;
}

static int load(struct reading *reading, struct store *store, bool with_scores, fb_error *err)
{
    int rc = store_each_cell(store, take_cell, reading, err);
    if (rc)
        return rc;
    if (reading->place_count > 0)
        qsort(reading->places, reading->place_count, sizeof *reading->places, compare_places);
    rc = store_each_round(store, with_scores, take_round, reading, err);
    if (!rc)
        rc = move_references(reading->results, err);
    if (!rc)
        rc = store_walk(store, STORE_RUNS, take_run, reading, err);
    return rc ? rc : list_facts(reading, err);
}

int results_load(const char *const *directories, size_t count, bool with_scores,
                 struct results *ret_results, fb_error *err)
{
    struct results results = {.data = {.name = "", .baseline = "random", .alpha = 0.05,
                                       .correction = "holm"},
                              .texts = json_object()};
    struct reading reading = {
        .results = &results, .name = directories[0], .facts = json_object()};
    struct store *store = NULL;
    int rc = results.texts && reading.facts ? FB_OK
                                            : fb_fail(err, FB_ENOMEM, "out of memory for results");
    if (!rc)
        rc = open_folders(directories, count, &store, err);
    if (!rc)
        rc = load(&reading, store, with_scores, err);
    if (!rc)
        rc = take_spec(&results, directories[0], err);
    store_close(store);
    json_decref(reading.facts);
    fb_free(reading.places);
    if (rc)
        results_finish(&results);
    else
        *ret_results = results;
    return rc;
}

/* Takes NULL. */
static void free_rounds(report_round *rounds, size_t count)
{
    for (size_t r = 0; rounds && r < count; r++) {
        fb_free((void *)rounds[r].queried);
        fb_free((void *)rounds[r].labels);
        fb_free((void *)rounds[r].score_ids);
        fb_free((void *)rounds[r].scores);
    }
    fb_free(rounds);
}

void results_finish(struct results *results)
{
    if (!results)
        return;
    report_data *data = &results->data;
    for (size_t i = 0; i < data->cell_count; i++)
        free_rounds(data->cells[i].rounds, data->cells[i].round_count);
    for (size_t i = 0; i < data->reference_count; i++)
        free_rounds((report_round *)data->references[i].round, 1);
    fb_free(data->references);
    fb_free(data->cells);
    fb_free(data->strategies);
    fb_free(data->settings);
    fb_free((void *)data->provenance);
    json_decref(results->texts);
    *results = (struct results){0};
}

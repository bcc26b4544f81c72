/* A results database, by every reader: reports, exports, and what a run looks up. */
#include <fcntl.h>
#include <gsl/gsl_errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "fuzz_json.h"
#include "results.h"
#include "store.h"

static char g_folder[64];

static void remove_folder(void)
{
    store_remove(g_folder, NULL);
    rmdir(g_folder);
}

static const char *folder(void)
{
    if (!*g_folder) {
        snprintf(g_folder, sizeof g_folder, "/tmp/flipbench-fuzz-XXXXXX");
        FB_CHECK(mkdtemp(g_folder));
        atexit(remove_folder);
        gsl_set_error_handler_off(); /* as main does */
    }
    return g_folder;
}

static void write_database(const uint8_t *data, size_t size)
{
    char path[96];
    snprintf(path, sizeof path, "%s/results.db", folder());
    store_remove(folder(), NULL);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    FB_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    FB_CHECK(close(fd) == 0);
}

static int take_row(void *context, const json_t *row, fb_error *err)
{
    (void)context;
    (void)err;
    FB_CHECK(json_is_object(row));
    fuzz_note_json(row);
    return FB_OK;
}

/* What `run` reads of a cell before it goes on with it. */
static int take_cell(void *context, const json_t *row, fb_error *err)
{
    struct store *store = context;
    store_progress progress = {0};
    float state[4];
    (void)err;
    const char *key = json_string_value(json_object_get(row, "key"));
    if (!key)
        return FB_OK;
    fb_error problem = {0};
    if (fuzz_status(store_load_progress(store, key, &progress, &problem), &problem))
        store_progress_finish(&progress);
    fuzz_status(store_load_state(store, key, 0, state, 4, &problem), &problem);
    return FB_OK;
}

static void read_store(struct store *store)
{
    static const store_view views[] = {STORE_CELLS,  STORE_ROUNDS,  STORE_TRACES,
                                       STORE_SCORES, STORE_RECORDS, STORE_RUNS};
    for (size_t v = 0; v < sizeof views / sizeof *views; v++) {
        json_t *names = NULL;
        fb_error err = {0};
        if (fuzz_status(store_columns(store, views[v], &names, &err), &err))
            json_decref(names);
        fuzz_status(store_walk(store, views[v], take_row, NULL, &err), &err);
    }
    fb_error err = {0};
    fuzz_status(store_walk(store, STORE_CELLS, take_cell, store, &err), &err);
}

static void note_cells(const report_data *data)
{
    for (size_t i = 0; i < data->cell_count; i++) {
        const report_cell *cell = &data->cells[i];
        fuzz_note_text(data->settings[cell->setting].name);
        fuzz_note_text(data->strategies[cell->strategy].label);
        fuzz_note_text(cell->failure);
        fuzz_note_text(cell->fingerprint);
        fuzz_note(&cell->algo_version, sizeof cell->algo_version);
        for (size_t r = 0; r < cell->round_count; r++)
            fuzz_note(&cell->rounds[r].accuracy, sizeof cell->rounds[r].accuracy);
    }
    for (size_t i = 0; i < data->provenance_count; i++)
        fuzz_note_text(data->provenance[i].value);
    fuzz_note_text(data->baseline);
    fuzz_note(&data->alpha, sizeof data->alpha);
}

static int take_statistic(void *context, const report_statistic *row, fb_error *err)
{
    (void)context;
    (void)err;
    FB_CHECK(row->measure);
    return FB_OK;
}

static void use_results(const report_data *data)
{
    fb_error err = {0};
    note_cells(data);
    if (!fuzz_starved) /* test_reports does that */
        fuzz_status(report_statistics(data, take_statistic, NULL, &err), &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct store *store = NULL;
    struct results results = {0};
    fb_error err = {0};
    write_database(data, size);
    const char *directory = folder();
    if (fuzz_status(results_load(&directory, 1, true, &results, &err), &err)) {
        use_results(&results.data);
        results_finish(&results);
    }
    if (fuzz_status(store_open(directory, false, &store, &err), &err))
        read_store(store);
    store_close(store);
    return 0;
}

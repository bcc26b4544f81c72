/* store_read.c - progress of a cell, and the views that export and reports walk. */
#include <string.h>

#include "alloc.h"
#include "store_sqlite.h"

int store_cell_id(struct store *store, const char *key, int64_t *ret_id, fb_error *err)
{
    int rc;
    sqlite3_stmt *find = store_prepare(store, "SELECT id FROM cells WHERE key=?", &rc, err);
    if (rc)
        return rc;
    sqlite3_bind_text(find, 1, key, -1, SQLITE_STATIC);
    int step = sqlite3_step(find);
    if (step == SQLITE_ROW)
        *ret_id = sqlite3_column_int64(find, 0);
    else if (step == SQLITE_DONE)
        rc = fb_fail(err, FB_ENOENT, "%s: there is no cell %s", store->path, key);
    else
        rc = store_fail(store, "look up a cell", err);
    sqlite3_finalize(find);
    return rc;
}

/* ---- progress ------------------------------------------------------------------------------ */

static int count_rows(struct store *store, const char *sql, int64_t cell, size_t *ret_count,
                      fb_error *err)
{
    int rc;
    sqlite3_stmt *count = store_prepare(store, sql, &rc, err);
    if (rc)
        return rc;
    sqlite3_bind_int64(count, 1, cell);
    if (sqlite3_step(count) == SQLITE_ROW)
        *ret_count = (size_t)sqlite3_column_int64(count, 0);
    else
        rc = store_fail(store, "count a cell's rows", err);
    sqlite3_finalize(count);
    return rc;
}

static int read_rounds(struct store *store, int64_t cell, store_progress *progress, fb_error *err)
{
    int rc, step = SQLITE_DONE;
    sqlite3_stmt *read = store_prepare(
        store, "SELECT round, accuracy FROM rounds WHERE cell=? ORDER BY round", &rc, err);
    if (rc)
        return rc;
    sqlite3_bind_int64(read, 1, cell);
    for (size_t r = 0; r < progress->round_count; r++) {
        step = sqlite3_step(read);
        if (step != SQLITE_ROW || sqlite3_column_int64(read, 0) != (sqlite3_int64)r) {
            rc = fb_fail(err, FB_EFORMAT, "%s: round %zu of a cell is missing; the file is damaged",
                         store->path, r);
            break;
        }
        progress->accuracy[r] = sqlite3_column_double(read, 1);
    }
    sqlite3_finalize(read);
    return rc;
}

static int read_queries(struct store *store, int64_t cell, store_progress *progress, fb_error *err)
{
    int rc;
    sqlite3_stmt *read = store_prepare(
        store, "SELECT round, sample, label FROM queries WHERE cell=? ORDER BY round, rank", &rc,
        err);
    if (rc)
        return rc;
    sqlite3_bind_int64(read, 1, cell);
    for (size_t q = 0; q < progress->query_count; q++) {
        size_t round = SIZE_MAX;
        if (sqlite3_step(read) == SQLITE_ROW)
            round = (size_t)sqlite3_column_int64(read, 0);
        if (round >= progress->round_count) {
            rc = fb_fail(err, FB_EFORMAT, "%s: queries without a round; the file is damaged",
                         store->path);
            break;
        }
        progress->batch[round]++;
        progress->queries[q] = (store_query){(uint32_t)sqlite3_column_int64(read, 1),
                                             (uint32_t)sqlite3_column_int64(read, 2)};
    }
    sqlite3_finalize(read);
    return rc;
}

int store_load_progress(struct store *store, const char *key, store_progress *ret_progress,
                        fb_error *err)
{
    int64_t cell = 0;
    store_progress progress = {0};
    int rc = store_cell_id(store, key, &cell, err);
    if (!rc)
        rc = count_rows(store, "SELECT count(*) FROM rounds WHERE cell=?", cell,
                        &progress.round_count, err);
    if (!rc)
        rc = count_rows(store, "SELECT count(*) FROM queries WHERE cell=?", cell,
                        &progress.query_count, err);
    if (rc)
        goto done;
    progress.batch = fb_calloc(progress.round_count, sizeof *progress.batch);
    progress.accuracy = fb_calloc(progress.round_count, sizeof *progress.accuracy);
    progress.queries = fb_calloc(progress.query_count, sizeof *progress.queries);
    if (!progress.batch || !progress.accuracy || !progress.queries) {
        rc = fb_fail(err, FB_ENOMEM, "out of memory for a cell's progress");
        goto done;
    }
    rc = read_rounds(store, cell, &progress, err);
    if (!rc)
        rc = read_queries(store, cell, &progress, err);
done:
    if (rc)
        store_progress_finish(&progress);
    else
        *ret_progress = progress;
    return rc;
}

void store_progress_finish(store_progress *progress)
{
    if (!progress)
        return;
    fb_free(progress->batch);
    fb_free(progress->accuracy);
    fb_free(progress->queries);
    *progress = (store_progress){0};
}

int store_load_state(struct store *store, const char *key, size_t round, float *ret_state,
                     size_t count, fb_error *err)
{
    int rc;
    const size_t bytes = count * sizeof *ret_state;
    sqlite3_stmt *read = store_prepare(store,
                                       "SELECT state FROM states JOIN cells ON cells.id=states.cell"
                                       " WHERE key=? AND round=? AND length(state)=?",
                                       &rc, err);
    if (rc)
        return rc;
    sqlite3_bind_text(read, 1, key, -1, SQLITE_STATIC);
    sqlite3_bind_int64(read, 2, (sqlite3_int64)round);
    sqlite3_bind_int64(read, 3, (sqlite3_int64)bytes);
    int step = sqlite3_step(read);
    const void *state = step == SQLITE_ROW ? sqlite3_column_blob(read, 0) : NULL;
    if (state)
        memcpy(ret_state, state, bytes);
    else if (step == SQLITE_DONE)
        rc = fb_fail(err, FB_EFORMAT,
                     "%s: the weights that round %zu of a cell left are missing; the file is "
                     "damaged; move it away, or start over with --fresh", store->path, round);
    else
        rc = store_fail(store, "read a network's state", err);
    sqlite3_finalize(read);
    return rc;
}

/* ---- views --------------------------------------------------------------------------------- */

/* Every view is in the order of the spec, then by name, so that the same results give the same
 * bytes. */
#define CELL_ORDER "setting_order, setting, strategy_order, strategy, params, trial"

static const char *view_sql(store_view view)
{
    switch (view) {
    case STORE_CELLS:
        return "SELECT setting, dataset, network, strategy, strategy_id, params, trial, key,"
               " validation_labels, planned_rounds,"
               " (SELECT count(*) FROM rounds WHERE cell=cells.id) AS finished_rounds,"
               " CASE WHEN (SELECT count(*) FROM rounds WHERE cell=cells.id) < planned_rounds"
               "   THEN (SELECT cause FROM failures WHERE cell=cells.id ORDER BY id DESC LIMIT 1)"
               "   END AS failure,"
               " identity FROM cells ORDER BY " CELL_ORDER;
    case STORE_ROUNDS:
        return "SELECT setting, dataset, network, strategy, params, trial, round, labeled,"
               " validation_labels, accuracy, balanced_accuracy, macro_f1, loss,"
               " validation_accuracy, train_seconds, query_seconds, service_seconds,"
               " evaluate_seconds, peak_rss_bytes, selected_sha256"
               " FROM rounds JOIN cells ON cells.id=rounds.cell ORDER BY " CELL_ORDER ", round";
    case STORE_TRACES:
        return "SELECT setting, dataset, network, strategy, params, trial, round, rank, sample,"
               " outcome, label FROM queries JOIN cells ON cells.id=queries.cell"
               " ORDER BY " CELL_ORDER ", round, rank";
    case STORE_SCORES:
        return "SELECT setting, dataset, network, strategy, params, trial, round, sample, score"
               " FROM scores JOIN cells ON cells.id=scores.cell ORDER BY " CELL_ORDER
               ", round, sample";
    case STORE_RECORDS:
        return "SELECT setting, dataset, network, strategy, params, trial, round, name, value"
               " FROM records JOIN cells ON cells.id=records.cell ORDER BY " CELL_ORDER
               ", round, name";
    case STORE_RUNS:
        return "SELECT id, started, facts FROM runs ORDER BY id";
    }
    fb_check_failed("view is one of store_view", __FILE__, __LINE__);
}

static json_t *column_json(sqlite3_stmt *read, int column)
{
    switch (sqlite3_column_type(read, column)) {
    case SQLITE_INTEGER:
        return json_integer(sqlite3_column_int64(read, column));
    case SQLITE_FLOAT:
        return json_real(sqlite3_column_double(read, column));
    case SQLITE_TEXT:
        return json_string((const char *)sqlite3_column_text(read, column));
    default:
        return json_null();
    }
}

static json_t *row_json(sqlite3_stmt *read)
{
    json_t *row = json_object();
    for (int c = 0; row && c < sqlite3_column_count(read); c++) {
        if (json_object_set_new(row, sqlite3_column_name(read, c), column_json(read, c)) < 0) {
            json_decref(row);
            row = NULL;
        }
    }
    return row;
}

/* All rows are read before the first is handed on: a reader that is slow to print must not hold
 * the lock that a run needs to write. */
int store_walk(struct store *store, store_view view, store_row row, void *context, fb_error *err)
{
    int rc, step = SQLITE_DONE;
    json_t *rows = json_array();
    sqlite3_stmt *read = store_prepare(store, view_sql(view), &rc, err);
    while (!rc && (step = sqlite3_step(read)) == SQLITE_ROW)
        if (json_array_append_new(rows, row_json(read)) < 0)
            rc = fb_fail(err, FB_ENOMEM, "out of memory for the results' rows");
    if (!rc && step != SQLITE_DONE)
        rc = store_fail(store, "read the results", err);
    sqlite3_finalize(read);
    size_t count = json_array_size(rows);
    for (size_t i = 0; !rc && i < count; i++)
        rc = row(context, json_array_get(rows, i), err);
    json_decref(rows);
    return rc;
}

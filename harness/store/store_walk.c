/* store_walk.c - views of the database as rows of JSON, for export. */
#include <string.h>

#include "alloc.h"
#include "store_sqlite.h"

/* Every view is in the order of the spec, then by name, so that the same results give the same
 * bytes. */
#define OF_A_CELL "setting, dataset, network, strategy, params, trial"

struct view {
    bool by_cell;    /* ?1 is a cell's id, and all cells are gone through */
    const char *sql;
};

static const struct view views[] = {
    [STORE_CELLS] = {true, "SELECT setting, dataset, network, strategy, strategy_id, params, trial,"
                           " key, validation_labels, planned_rounds,"
                           " (SELECT count(*) FROM rounds WHERE cell=cells.id) AS finished_rounds,"
                           " CASE WHEN (SELECT count(*) FROM rounds WHERE cell=cells.id)"
                           "   < planned_rounds THEN (SELECT cause FROM failures"
                           "   WHERE cell=cells.id ORDER BY id DESC LIMIT 1) END AS failure,"
                           " identity FROM cells WHERE id=?1"},
    [STORE_ROUNDS] = {true, "SELECT " OF_A_CELL ", round, labeled, validation_labels, accuracy,"
                            " balanced_accuracy, macro_f1, loss, validation_accuracy,"
                            " train_seconds, query_seconds, service_seconds, evaluate_seconds,"
                            " peak_rss_bytes, nullif(selected_sha256, '') AS selected_sha256"
                            " FROM rounds JOIN cells ON cells.id=cell WHERE cell=?1"
                            " ORDER BY round"},
    [STORE_TRACES] = {true, "SELECT " OF_A_CELL ", round, rank, sample, outcome, label"
                            " FROM queries JOIN cells ON cells.id=cell WHERE cell=?1"
                            " ORDER BY round, rank"},
    [STORE_SCORES] = {true, "SELECT " OF_A_CELL ", round, sample, score"
                            " FROM scores JOIN cells ON cells.id=cell WHERE cell=?1"
                            " ORDER BY round, sample"},
    [STORE_RECORDS] = {true, "SELECT " OF_A_CELL ", round, name, value"
                             " FROM records JOIN cells ON cells.id=cell WHERE cell=?1"
                             " ORDER BY round, name"},
    /* By time, so that it does not matter in which order folders were merged. */
    [STORE_RUNS] = {false, "SELECT row_number() OVER (ORDER BY started, id) AS run, started, facts"
                           " FROM runs ORDER BY run"},
};

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

int store_columns(struct store *store, store_view view, json_t **ret_names, fb_error *err)
{
    int rc;
    sqlite3_stmt *read = store_prepare(store, views[view].sql, &rc, err);
    if (rc)
        return rc;
    json_t *names = json_array();
    for (int c = 0; !rc && c < sqlite3_column_count(read); c++)
        if (json_array_append_new(names, json_string(sqlite3_column_name(read, c))) < 0)
            rc = fb_fail(err, FB_ENOMEM, "out of memory for the columns' names");
    sqlite3_finalize(read);
    if (rc)
        json_decref(names);
    else
        *ret_names = names;
    return rc;
}

/* Hands on the rows of a prepared statement. All are read before the first is handed on: a reader
 * that is slow to print must not hold the lock that a run needs to write. */
static int hand_on(struct store *store, sqlite3_stmt *read, store_row row, void *context,
                   fb_error *err)
{
    int rc = FB_OK, step = SQLITE_DONE;
    json_t *rows = json_array();
    while (!rc && (step = sqlite3_step(read)) == SQLITE_ROW)
        if (json_array_append_new(rows, row_json(read)) < 0)
            rc = fb_fail(err, FB_ENOMEM, "out of memory for the results' rows");
    if (!rc && step != SQLITE_DONE)
        rc = store_fail(store, "read the results", err);
    sqlite3_reset(read);
    size_t count = json_array_size(rows);
    for (size_t i = 0; !rc && i < count; i++)
        rc = row(context, json_array_get(rows, i), err);
    json_decref(rows);
    return rc;
}

int store_walk(struct store *store, store_view view, store_row row, void *context, fb_error *err)
{
    int rc;
    int64_t *ids = NULL;
    size_t count = 1;
    sqlite3_stmt *read = store_prepare(store, views[view].sql, &rc, err);
    if (!rc && views[view].by_cell)
        rc = store_cell_ids(store, &ids, &count, err);
    for (size_t i = 0; !rc && i < count; i++) {
        if (ids)
            sqlite3_bind_int64(read, 1, ids[i]);
        rc = hand_on(store, read, row, context, err);
    }
    sqlite3_finalize(read);
    fb_free(ids);
    return rc;
}

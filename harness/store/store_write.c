/* store_write.c - runs, cells, rounds and failures going into the database. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "alloc.h"
#include "digest.h"
#include "identity.h"
#include "json_text.h"
#include "store_sqlite.h"
#include "strbuf.h"

static void utc_now(char *out, size_t size)
{
    time_t now = time(NULL);
    struct tm parts;
    gmtime_r(&now, &parts);
    strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

int store_begin_run(struct store *store, const json_t *facts, fb_error *err)
{
    int rc;
    char started[32];
    utc_now(started, sizeof started);
    char *text = json_text_write(facts, JSON_COMPACT);
    if (!text)
        return fb_fail(err, FB_ENOMEM, "out of memory for the run's provenance");
    sqlite3_stmt *insert =
        store_prepare(store, "INSERT INTO runs(started, facts) VALUES(?,?)", &rc, err);
    if (!rc) {
        /* Here and below the texts outlive the statement: binding takes no memory, cannot fail. */
        sqlite3_bind_text(insert, 1, started, -1, SQLITE_STATIC);
        sqlite3_bind_text(insert, 2, text, -1, SQLITE_STATIC);
        rc = store_finish(store, insert, "record the run", err);
    }
    free(text);
    if (!rc)
        store->run = sqlite3_last_insert_rowid(store->db);
    return rc;
}

int store_end_transaction(struct store *store, int rc, fb_error *err)
{
    if (!rc)
        rc = store_run_sql(store, "COMMIT", "write", err);
    if (rc)
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

/* ---- cells --------------------------------------------------------------------------------- */

/* Refuses a plan whose cell is stored under the same name with another identity. */
static int check_identity(struct store *store, const struct plan *plan, const plan_cell *cell,
                          fb_error *err)
{
    const plan_setting *setting = &plan->settings[cell->setting];
    const plan_strategy *strategy = &plan->strategies[cell->strategy];
    int rc;
    sqlite3_stmt *find = store_prepare(store,
                                       "SELECT identity FROM cells WHERE setting=? AND "
                                       "strategy_id=? AND params=? AND trial=? AND key<>?",
                                       &rc, err);
    if (rc)
        return rc;
    sqlite3_bind_text(find, 1, setting->spec->name, -1, SQLITE_STATIC);
    sqlite3_bind_text(find, 2, strategy->id, -1, SQLITE_STATIC);
    sqlite3_bind_text(find, 3, strategy->params_text, -1, SQLITE_STATIC);
    sqlite3_bind_int64(find, 4, cell->trial);
    sqlite3_bind_text(find, 5, cell->key, -1, SQLITE_STATIC);
    int step = sqlite3_step(find);
    if (step == SQLITE_ROW) {
        fb_strbuf difference = FB_STRBUF_INIT;
        identity_difference((const char *)sqlite3_column_text(find, 0), "there", cell->identity,
                            "now", &difference);
        rc = fb_fail(err, FB_ECONFLICT,
                     "%s: setting '%s', strategy '%s', trial %u is stored here from another "
                     "experiment: they differ in %s; choose another -o, rename the setting, or "
                     "start over with --fresh",
                     store->path, setting->spec->name, strategy->label, cell->trial,
                     difference.text);
        fb_strbuf_finish(&difference);
    } else if (step != SQLITE_DONE) {
        rc = store_fail(store, "look up a cell", err);
    }
    sqlite3_finalize(find);
    return rc;
}

static int enter_cell(struct store *store, const struct plan *plan, const plan_cell *cell,
                      fb_error *err)
{
    const plan_setting *setting = &plan->settings[cell->setting];
    const plan_strategy *strategy = &plan->strategies[cell->strategy];
    const data_split *split = &setting->splits[cell->trial_index];
    int rc = check_identity(store, plan, cell, err);
    if (rc)
        return rc;
    sqlite3_stmt *insert = store_prepare(
        store,
        "INSERT INTO cells(key, identity, setting, setting_order, dataset, network, strategy,"
        " strategy_order, strategy_id, params, trial, validation_labels, planned_rounds,"
        " class_count, pool_count)"
        " VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
        " ON CONFLICT(key) DO UPDATE SET setting=excluded.setting,"
        " setting_order=excluded.setting_order, strategy=excluded.strategy,"
        " strategy_order=excluded.strategy_order, class_count=excluded.class_count,"
        " pool_count=excluded.pool_count,"
        " planned_rounds=max(excluded.planned_rounds,"
        "   (SELECT count(*) FROM rounds WHERE rounds.cell=cells.id))",
        &rc, err);
    if (rc)
        return rc;
    sqlite3_bind_text(insert, 1, cell->key, -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 2, cell->identity, -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 3, setting->spec->name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(insert, 4, (sqlite3_int64)cell->setting);
    sqlite3_bind_text(insert, 5, setting->spec->dataset_label, -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 6, setting->spec->network.name, -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 7, strategy->label, -1, SQLITE_STATIC);
    sqlite3_bind_int64(insert, 8,
                       plan_is_reference(plan, cell) ? -1 : (sqlite3_int64)cell->strategy);
    sqlite3_bind_text(insert, 9, strategy->id, -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 10, strategy->params_text, -1, SQLITE_STATIC);
    sqlite3_bind_int64(insert, 11, cell->trial);
    sqlite3_bind_int64(insert, 12, (sqlite3_int64)split->validation_count);
    sqlite3_bind_int64(insert, 13, (sqlite3_int64)cell->rounds);
    sqlite3_bind_int64(insert, 14, (sqlite3_int64)setting->data->class_count);
    sqlite3_bind_int64(insert, 15, (sqlite3_int64)split->pool_count);
    return store_finish(store, insert, "enter a cell", err);
}

int store_enter_plan(struct store *store, const struct plan *plan, fb_error *err)
{
    int rc = store_run_sql(store, "BEGIN IMMEDIATE", "write", err);
    if (rc)
        return rc;
    rc = store_migrate(store, err);
    for (size_t i = 0; !rc && i < plan->cell_count; i++)
        rc = enter_cell(store, plan, &plan->cells[i], err);
    return store_end_transaction(store, rc, err);
}

/* ---- rounds -------------------------------------------------------------------------------- */

void store_selection_digest(const store_query *queries, size_t count, char ret_hex[FB_DIGEST_HEX])
{
    fb_digest digest;
    fb_digest_init(&digest);
    for (size_t i = 0; i < count; i++) {
        uint32_t id = queries[i].sample;
        uint8_t bytes[4] = {(uint8_t)id, (uint8_t)(id >> 8), (uint8_t)(id >> 16),
                            (uint8_t)(id >> 24)};
        fb_digest_bytes(&digest, bytes, sizeof bytes);
    }
    fb_digest_end_hex(&digest, ret_hex);
}

static bool same_double(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

/* An extended cell computes its last round again, to make the query that it lacked. The numbers
 * must come out the same; then the old row makes way. */
static int retire_last_round(struct store *store, int64_t cell, const store_round *round,
                             fb_error *err)
{
    int rc;
    sqlite3_stmt *find = store_prepare(
        store, "SELECT accuracy, loss, selected_sha256 FROM rounds WHERE cell=? AND round=?", &rc,
        err);
    if (rc)
        return rc;
    sqlite3_bind_int64(find, 1, cell);
    sqlite3_bind_int64(find, 2, round->round);
    int step = sqlite3_step(find);
    if (step == SQLITE_ROW) {
        double accuracy = sqlite3_column_double(find, 0), loss = sqlite3_column_double(find, 1);
        bool queried = sqlite3_column_bytes(find, 2) > 0;
        if (queried || !same_double(accuracy, round->metrics.accuracy) ||
            !same_double(loss, round->metrics.loss))
            rc = fb_fail(err, FB_ECONFLICT,
                         "%s: round %u was computed again with another result (accuracy %.17g, "
                         "stored %.17g): the trainer, the data or the machine has changed",
                         store->path, round->round, round->metrics.accuracy, accuracy);
    } else if (step != SQLITE_DONE) {
        rc = store_fail(store, "look up a round", err);
    }
    sqlite3_finalize(find);
    if (rc || step == SQLITE_DONE)
        return rc;
    sqlite3_stmt *erase =
        store_prepare(store, "DELETE FROM rounds WHERE cell=? AND round=?", &rc, err);
    if (rc)
        return rc;
    sqlite3_bind_int64(erase, 1, cell);
    sqlite3_bind_int64(erase, 2, round->round);
    return store_finish(store, erase, "replace a round", err);
}

static int insert_round(struct store *store, int64_t cell, const store_round *round, fb_error *err)
{
    int rc;
    char selected[FB_DIGEST_HEX] = "";
    if (round->query_count)
        store_selection_digest(round->queries, round->query_count, selected);
    sqlite3_stmt *insert =
        store_prepare(store, "INSERT INTO rounds VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", &rc, err);
    if (rc)
        return rc;
    sqlite3_bind_int64(insert, 1, cell);
    sqlite3_bind_int64(insert, 2, round->round);
    sqlite3_bind_int64(insert, 3, store->run);
    sqlite3_bind_int64(insert, 4, round->labeled);
    sqlite3_bind_double(insert, 5, round->metrics.accuracy);
    sqlite3_bind_double(insert, 6, round->metrics.balanced_accuracy);
    sqlite3_bind_double(insert, 7, round->metrics.macro_f1);
    sqlite3_bind_double(insert, 8, round->metrics.loss);
    if (!isnan(round->validation_accuracy)) /* otherwise NULL */
        sqlite3_bind_double(insert, 9, round->validation_accuracy);
    sqlite3_bind_double(insert, 10, round->train_seconds);
    sqlite3_bind_double(insert, 11, round->query_seconds);
    sqlite3_bind_double(insert, 12, round->service_seconds);
    sqlite3_bind_double(insert, 13, round->evaluate_seconds);
    sqlite3_bind_int64(insert, 14, (sqlite3_int64)round->peak_rss_bytes);
    sqlite3_bind_text(insert, 15, selected, -1, SQLITE_STATIC);
    return store_finish(store, insert, "write a round", err);
}

/* One row of a table whose first columns are cell and round, bound by the caller from column 3 on.
 */
static int step_row(struct store *store, sqlite3_stmt *insert, fb_error *err)
{
    if (sqlite3_step(insert) != SQLITE_DONE)
        return store_fail(store, "write a round", err);
    sqlite3_reset(insert);
    return FB_OK;
}

static sqlite3_stmt *prepare_rows(struct store *store, int64_t cell, const store_round *round,
                                  const char *sql, int *rc, fb_error *err)
{
    sqlite3_stmt *insert = store_prepare(store, sql, rc, err);
    if (insert) {
        sqlite3_bind_int64(insert, 1, cell);
        sqlite3_bind_int64(insert, 2, round->round);
    }
    return insert;
}

static int insert_queries(struct store *store, int64_t cell, const store_round *round,
                          fb_error *err)
{
    int rc;
    sqlite3_stmt *insert = prepare_rows(
        store, cell, round, "INSERT INTO queries VALUES(?,?,?,?,'labelled',?)", &rc, err);
    for (size_t i = 0; !rc && i < round->query_count; i++) {
        sqlite3_bind_int64(insert, 3, (sqlite3_int64)i);
        sqlite3_bind_int64(insert, 4, round->queries[i].sample);
        sqlite3_bind_int64(insert, 5, round->queries[i].label);
        rc = step_row(store, insert, err);
    }
    sqlite3_finalize(insert);
    return rc;
}

static int insert_scores(struct store *store, int64_t cell, const store_round *round, fb_error *err)
{
    int rc;
    sqlite3_stmt *insert =
        prepare_rows(store, cell, round, "INSERT INTO scores VALUES(?,?,?,?)", &rc, err);
    for (size_t i = 0; !rc && i < round->score_count; i++) {
        sqlite3_bind_int64(insert, 3, round->score_ids[i]);
        sqlite3_bind_double(insert, 4, round->scores[i]);
        rc = step_row(store, insert, err);
    }
    sqlite3_finalize(insert);
    return rc;
}

static int insert_records(struct store *store, int64_t cell, const store_round *round,
                          fb_error *err)
{
    int rc;
    sqlite3_stmt *insert =
        prepare_rows(store, cell, round, "INSERT INTO records VALUES(?,?,?,?)", &rc, err);
    for (size_t i = 0; !rc && i < round->record_count; i++) {
        sqlite3_bind_text(insert, 3, round->records[i].name, -1, SQLITE_STATIC);
        sqlite3_bind_double(insert, 4, round->records[i].value);
        rc = step_row(store, insert, err);
    }
    sqlite3_finalize(insert);
    return rc;
}

/* The cell's newest state takes the place of the one before. */
static int insert_state(struct store *store, int64_t cell, const store_round *round, fb_error *err)
{
    int rc;
    if (!round->state)
        return FB_OK;
    sqlite3_stmt *insert = prepare_rows(store, cell, round,
                                        "INSERT OR REPLACE INTO states VALUES(?,?,?)", &rc, err);
    if (rc)
        return rc;
    sqlite3_bind_blob64(insert, 3, round->state, round->state_count * sizeof *round->state,
                        SQLITE_STATIC);
    return store_finish(store, insert, "write a network's state", err);
}

int store_put_round(struct store *store, const char *key, const store_round *round, fb_error *err)
{
    int64_t cell = 0;
    int rc = store_run_sql(store, "BEGIN IMMEDIATE", "write", err);
    if (rc)
        return rc;
    rc = store_cell_id(store, key, &cell, err);
    if (!rc)
        rc = retire_last_round(store, cell, round, err);
    if (!rc)
        rc = insert_round(store, cell, round, err);
    if (!rc)
        rc = insert_queries(store, cell, round, err);
    if (!rc)
        rc = insert_scores(store, cell, round, err);
    if (!rc)
        rc = insert_records(store, cell, round, err);
    if (!rc)
        rc = insert_state(store, cell, round, err);
    return store_end_transaction(store, rc, err);
}

int store_put_failure(struct store *store, const char *key, int64_t round, const char *cause,
                      fb_error *err)
{
    int64_t cell = 0;
    char at[32];
    utc_now(at, sizeof at);
    int rc = store_cell_id(store, key, &cell, err);
    if (rc)
        return rc;
    sqlite3_stmt *insert = store_prepare(
        store, "INSERT INTO failures(cell, run, round, cause, at) VALUES(?,?,?,?,?)", &rc, err);
    if (rc)
        return rc;
    sqlite3_bind_int64(insert, 1, cell);
    sqlite3_bind_int64(insert, 2, store->run);
    if (round >= 0)
        sqlite3_bind_int64(insert, 3, round);
    sqlite3_bind_text(insert, 4, cause, -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 5, at, -1, SQLITE_STATIC);
    return store_finish(store, insert, "record a failure", err);
}

/* store_read.c - what a run needs back: a cell's progress and its network's state. */
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
        if (step != SQLITE_ROW && step != SQLITE_DONE) {
            rc = store_fail(store, "read a cell's rounds", err);
            break;
        }
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
        int step = sqlite3_step(read);
        if (step != SQLITE_ROW && step != SQLITE_DONE) {
            rc = store_fail(store, "read a cell's queries", err);
            break;
        }
        if (step == SQLITE_ROW)
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

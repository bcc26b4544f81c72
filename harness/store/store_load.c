/* store_load.c - all cells and rounds as structs, for reports: fast, and without JSON. */
#include <math.h>
#include <string.h>

#include "alloc.h"
#include "store_sqlite.h"

/* The order of the spec, then by name. */
#define CELL_ORDER " ORDER BY setting_order, setting, strategy_order, strategy, params, trial"

int store_cell_ids(struct store *store, int64_t **ret_ids, size_t *ret_count, fb_error *err)
{
    int rc, step = SQLITE_DONE;
    int64_t *ids = NULL;
    size_t count = 0, capacity = 0;
    sqlite3_stmt *read = store_prepare(store, "SELECT id FROM cells" CELL_ORDER, &rc, err);
    while (!rc && (step = sqlite3_step(read)) == SQLITE_ROW) {
        if (count == capacity) {
            int64_t *grown = fb_grow(ids, count, capacity = 2 * capacity + 64, sizeof *ids);
            if (!grown) {
                rc = fb_fail_memory(err, capacity, sizeof *ids, "cells");
                break;
            }
            ids = grown;
        }
        ids[count++] = sqlite3_column_int64(read, 0);
    }
    if (!rc && step != SQLITE_DONE)
        rc = store_fail(store, "list the cells", err);
    sqlite3_finalize(read);
    if (rc) {
        fb_free(ids);
        return rc;
    }
    *ret_ids = ids;
    *ret_count = count;
    return FB_OK;
}

/* ---- cells --------------------------------------------------------------------------------- */

/* `counts` are the columns that older databases lack. */
#define CELLS_SQL(counts)                                                                          \
    "SELECT id, setting, dataset, network, strategy, strategy_id, params, identity, trial,"        \
    " validation_labels, planned_rounds, CASE WHEN planned_rounds >"                               \
    "   (SELECT count(*) FROM rounds WHERE cell=cells.id) THEN (SELECT cause FROM failures"        \
    "   WHERE cell=cells.id ORDER BY id DESC LIMIT 1) END, " counts " FROM cells" CELL_ORDER

static const char *text_at(sqlite3_stmt *read, int column)
{
    const char *text = (const char *)sqlite3_column_text(read, column);
    return text ? text : "";
}

static size_t count_at(sqlite3_stmt *read, int column)
{
    sqlite3_int64 value = sqlite3_column_int64(read, column);
    return value > 0 ? (size_t)value : 0;
}

static double number_at(sqlite3_stmt *read, int column)
{
    bool null = sqlite3_column_type(read, column) == SQLITE_NULL;
    return null ? (double)NAN : sqlite3_column_double(read, column);
}

static store_cell cell_at(sqlite3_stmt *read)
{
    return (store_cell){
        .id = sqlite3_column_int64(read, 0),
        .setting = text_at(read, 1),
        .dataset = text_at(read, 2),
        .network = text_at(read, 3),
        .strategy = text_at(read, 4),
        .strategy_id = text_at(read, 5),
        .params = text_at(read, 6),
        .identity = text_at(read, 7),
        .trial = (uint32_t)count_at(read, 8),
        .validation_labels = count_at(read, 9),
        .planned_rounds = count_at(read, 10),
        .failure = (const char *)sqlite3_column_text(read, 11),
        .class_count = count_at(read, 12),
        .pool_count = count_at(read, 13),
    };
}

int store_each_cell(struct store *store, store_take_cell take, void *context, fb_error *err)
{
    int64_t version = 0;
    int step = SQLITE_DONE, rc = store_version(store, "main", &version, err);
    if (rc)
        return rc;
    sqlite3_stmt *read = store_prepare(
        store, version < 3 ? CELLS_SQL("0, 0") : CELLS_SQL("class_count, pool_count"), &rc, err);
    while (!rc && (step = sqlite3_step(read)) == SQLITE_ROW) {
        store_cell cell = cell_at(read);
        bool short_of_memory = sqlite3_errcode(store->db) == SQLITE_NOMEM; /* a text is missing */
        rc = short_of_memory ? store_fail(store, "read the cells", err)
                             : take(context, &cell, err);
    }
    if (!rc && step != SQLITE_DONE)
        rc = store_fail(store, "read the cells", err);
    sqlite3_finalize(read);
    return rc;
}

/* ---- rounds -------------------------------------------------------------------------------- */

static const char rounds_sql[] =
    "SELECT cell, round, labeled, accuracy, balanced_accuracy, macro_f1, loss,"
    " validation_accuracy, train_seconds, query_seconds, service_seconds, evaluate_seconds,"
    " peak_rss_bytes FROM rounds ORDER BY cell, round";
static const char queries_sql[] =
    "SELECT cell, round, sample, label FROM queries ORDER BY cell, round, rank";
static const char scores_sql[] =
    "SELECT cell, round, sample, score FROM scores ORDER BY cell, round, sample";

/* Rows that belong to rounds, read in step with them. */
struct stream {
    sqlite3_stmt *read;
    int step; /* SQLITE_ROW: a row is waiting */
};

/* The rounds, what belongs to them, and room for those of one round. */
struct rounds {
    struct store *store;
    struct stream rounds, queries, scores; /* scores.read: NULL when they are not wanted */
    store_query *query;
    uint32_t *score_ids;
    double *score;
    size_t query_room, score_room;
};

/* Fails at once: the error is the last one only until another stream steps. */
static int step_stream(struct store *store, struct stream *stream, fb_error *err)
{
    stream->step = sqlite3_step(stream->read);
    bool fine = stream->step == SQLITE_ROW || stream->step == SQLITE_DONE;
    return fine ? FB_OK : store_fail(store, "read the rounds", err);
}

static int open_stream(struct store *store, const char *sql, struct stream *stream, fb_error *err)
{
    int rc;
    stream->read = store_prepare(store, sql, &rc, err);
    return rc ? rc : step_stream(store, stream, err);
}

/* Whether the row that waits is of this round. */
static bool is_of_round(const struct stream *stream, int64_t cell, uint32_t round)
{
    return stream->step == SQLITE_ROW && sqlite3_column_int64(stream->read, 0) == cell &&
           sqlite3_column_int64(stream->read, 1) == (sqlite3_int64)round;
}

static int take_queries(struct rounds *all, int64_t cell, store_round *round, fb_error *err)
{
    struct stream *stream = &all->queries;
    int rc = FB_OK;
    while (!rc && is_of_round(stream, cell, round->round)) {
        size_t count = round->query_count;
        if (count == all->query_room) {
            size_t room = 2 * count + 64;
            store_query *grown = fb_grow(all->query, count, room, sizeof *grown);
            if (!grown)
                return fb_fail_memory(err, room, sizeof *grown, "a round's queries");
            all->query = grown;
            all->query_room = room;
        }
        all->query[count] = (store_query){(uint32_t)sqlite3_column_int64(stream->read, 2),
                                          (uint32_t)sqlite3_column_int64(stream->read, 3)};
        round->query_count++;
        rc = step_stream(all->store, stream, err);
    }
    round->queries = all->query;
    return rc;
}

static int make_score_room(struct rounds *all, size_t count, fb_error *err)
{
    size_t room = 2 * count + 64;
    if (count < all->score_room)
        return FB_OK;
    uint32_t *ids = fb_grow(all->score_ids, count, room, sizeof *ids);
    if (ids)
        all->score_ids = ids;
    double *score = fb_grow(all->score, count, room, sizeof *score);
    if (score)
        all->score = score;
    if (!ids || !score)
        return fb_fail_memory(err, room, sizeof *score, "a round's scores");
    all->score_room = room;
    return FB_OK;
}

static int take_scores(struct rounds *all, int64_t cell, store_round *round, fb_error *err)
{
    struct stream *stream = &all->scores;
    int rc = FB_OK;
    while (!rc && is_of_round(stream, cell, round->round)) {
        rc = make_score_room(all, round->score_count, err);
        if (rc)
            return rc;
        all->score_ids[round->score_count] = (uint32_t)sqlite3_column_int64(stream->read, 2);
        all->score[round->score_count++] = sqlite3_column_double(stream->read, 3);
        rc = step_stream(all->store, stream, err);
    }
    round->score_ids = round->score_count ? all->score_ids : NULL;
    round->scores = round->score_count ? all->score : NULL;
    return rc;
}

static store_round round_at(sqlite3_stmt *read)
{
    return (store_round){
        .round = (uint32_t)sqlite3_column_int64(read, 1),
        .labeled = (uint32_t)sqlite3_column_int64(read, 2),
        .metrics = {.accuracy = number_at(read, 3),
                    .balanced_accuracy = number_at(read, 4),
                    .macro_f1 = number_at(read, 5),
                    .loss = number_at(read, 6)},
        .validation_accuracy = number_at(read, 7),
        .train_seconds = number_at(read, 8),
        .query_seconds = number_at(read, 9),
        .service_seconds = number_at(read, 10),
        .evaluate_seconds = number_at(read, 11),
        .peak_rss_bytes = (uint64_t)count_at(read, 12),
    };
}

static int read_all(struct rounds *all, store_take_round take, void *context, fb_error *err)
{
    struct stream *rows = &all->rounds;
    while (rows->step == SQLITE_ROW) {
        int64_t cell = sqlite3_column_int64(rows->read, 0);
        store_round round = round_at(rows->read);
        int rc = take_queries(all, cell, &round, err);
        if (!rc)
            rc = take_scores(all, cell, &round, err);
        if (!rc)
            rc = take(context, cell, &round, err);
        if (!rc)
            rc = step_stream(all->store, rows, err);
        if (rc)
            return rc;
    }
    /* A row that no round has taken stands where the file is damaged. */
    if (all->queries.step == SQLITE_ROW || all->scores.step == SQLITE_ROW)
        return fb_fail(err, FB_EFORMAT,
                       "%s: queries or scores without a round; the file is damaged",
                       all->store->path);
    return FB_OK;
}

int store_each_round(struct store *store, bool with_scores, store_take_round take, void *context,
                     fb_error *err)
{
    struct rounds all = {.store = store};
    /* One transaction: the three statements see the same rounds while a run goes on. */
    int rc = store_run_sql(store, "BEGIN", "read the rounds", err);
    if (rc)
        return rc;
    rc = open_stream(store, rounds_sql, &all.rounds, err);
    if (!rc)
        rc = open_stream(store, queries_sql, &all.queries, err);
    if (!rc && with_scores)
        rc = open_stream(store, scores_sql, &all.scores, err);
    if (!rc)
        rc = read_all(&all, take, context, err);
    sqlite3_finalize(all.rounds.read);
    sqlite3_finalize(all.queries.read);
    sqlite3_finalize(all.scores.read);
    sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
    fb_free(all.query);
    fb_free(all.score_ids);
    fb_free(all.score);
    return rc;
}

/* store.h - the results folder's database (sqlite3.h only behind this header).
 *
 * DIR/results.db, SQLite with a rollback journal and synchronous=FULL: a finished round is one
 * transaction, so that after a kill at any instant it is there whole or not at all. One process
 * writes, guarded by a lock on DIR/lock. */
#ifndef FB_STORE_H
#define FB_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest.h"
#include "host.h"
#include "nn.h"
#include "plan.h"
#include "status.h"

struct store;

/* Takes the folder's lock, creating the folder when it is missing. FB_EBUSY when another process
 * has it. The descriptor is closed on exec; the lock goes with the process. */
int store_lock(const char *directory, int *ret_fd, fb_error *err);

/* Opens DIR/results.db, creating it when `writable`. FB_ENOENT when a reader finds
 * none; FB_EFORMAT when the file is not a flipbench database or damaged. */
int store_open(const char *directory, bool writable, struct store **ret_store, fb_error *err);

/* Opens an empty database in memory, for store_merge. */
int store_open_memory(struct store **ret_store, fb_error *err);

/* Takes NULL. */
void store_close(struct store *store);

/* Removes the database and its journal (--fresh). The lock must be held. */
int store_remove(const char *directory, fb_error *err);

/* Starts a run: a row of provenance (a JSON object of facts). */
int store_begin_run(struct store *store, const json_t *facts, fb_error *err);

/* Makes an older database one of this version and enters the plan's cells; when one of them is
 * refused, neither. A cell that is there under the same name, strategy and trial but with
 * another identity is FB_ECONFLICT; the sentence names the first difference. */
int store_enter_plan(struct store *store, const struct plan *plan, fb_error *err);

/* One queried sample. */
typedef struct store_query {
    uint32_t sample;
    uint32_t label;
} store_query;

/* What a cell has behind it: queries of its rounds 0 .. round_count-1, `batch[r]` of them in round
 * r (0 in a last round that has been evaluated only), and the accuracy of each. */
typedef struct store_progress {
    size_t round_count;
    size_t *batch;
    double *accuracy;
    store_query *queries;
    size_t query_count;
} store_progress;

int store_load_progress(struct store *store, const char *key, store_progress *ret_progress,
                        fb_error *err);
void store_progress_finish(store_progress *progress);

/* One finished round. */
typedef struct store_round {
    uint32_t round, labeled;
    nn_metrics metrics;
    double validation_accuracy; /* NaN without validation */
    double train_seconds, query_seconds, service_seconds, evaluate_seconds;
    uint64_t peak_rss_bytes;
    const store_query *queries; /* in order of rank; outcome "labelled" */
    size_t query_count;
    const uint32_t *score_ids; /* the sub-pool, with `scores`; NULL without */
    const double *scores;
    size_t score_count;
    const host_record *records;
    size_t record_count;
    const float *state; /* with `start: warm`: the network's, for the next round; NULL without */
    size_t state_count;
} store_round;

/* Writes a round as one transaction; its state, if any, replaces the one that the cell had. A
 * round that is there already (the last one of a cell that is now extended) must have the same
 * metrics to the bit: FB_ECONFLICT otherwise. */
int store_put_round(struct store *store, const char *key, const store_round *round, fb_error *err);

/* The state that a cell's round left to the next one, `count` floats. FB_EFORMAT when the newest
 * one stored is of another round or size. */
int store_load_state(struct store *store, const char *key, size_t round, float *ret_state,
                     size_t count, fb_error *err);

/* Records why a cell failed; `round` -1 when it never got to one. */
int store_put_failure(struct store *store, const char *key, int64_t round, const char *cause,
                      fb_error *err);

/* The 64 hexadecimal digits that `selected_sha256` holds: SHA-256 of the ids, in order, 4 bytes
 * each, least significant first. */
void store_selection_digest(const store_query *queries, size_t count, char ret_hex[FB_DIGEST_HEX]);

/* ---- several into one ------------------------------------------------------------------------ */

/* Adds the results in another folder: runs, cells, rounds and all that belongs to them. Of a cell
 * that both have, the fuller copy stays. Labels and places of strategies and settings that are
 * known already stay as they are; new ones come behind them. FB_ECONFLICT, with nothing added, when
 * a cell is there from another experiment or with other numbers; the sentence names the cell and
 * the first difference. Merging what is there already changes nothing. */
int store_merge(struct store *store, const char *directory, fb_error *err);

/* ---- all of it, for export ------------------------------------------------------------------- */

typedef enum store_view {
    STORE_CELLS = 1,
    STORE_ROUNDS,
    STORE_TRACES,
    STORE_SCORES,
    STORE_RECORDS,
    STORE_RUNS
} store_view;

/* The names of a view's columns, in order, as an array of texts. */
int store_columns(struct store *store, store_view view, json_t **ret_names, fb_error *err);

/* Walks a view of the whole database in a fixed order. `row` gets each row as a JSON object whose
 * members are the columns in order (null for SQL NULL); a non-zero return stops the walk and is
 * passed on. One cell's rows are in memory at a time, and the database is not locked while `row`
 * has them. */
typedef int (*store_row)(void *context, const json_t *row, fb_error *err);
int store_walk(struct store *store, store_view view, store_row row, void *context, fb_error *err);

/* ---- all of it, for reports ------------------------------------------------------------------ */

/* A cell. Texts live until the callback returns. */
typedef struct store_cell {
    int64_t id; /* in this database and as long as it is open */
    const char *setting, *dataset, *network, *strategy, *strategy_id, *params;
    const char *identity; /* canonical JSON */
    const char *failure;  /* the cause when the last attempt failed; NULL otherwise */
    uint32_t trial;
    size_t validation_labels, planned_rounds;
    size_t class_count, pool_count; /* 0: of an older version, which did not know */
} store_cell;

/* Calls `take` with every cell, in the order of the views; a non-zero return stops. */
typedef int (*store_take_cell)(void *context, const store_cell *cell, fb_error *err);
int store_each_cell(struct store *store, store_take_cell take, void *context, fb_error *err);

/* Calls `take` with every round by cell id, then round, with its queries and, if wanted, its
 * scores, but without records and state. Arrays live until the callback returns. FB_EFORMAT when
 * there are queries or scores of no round. */
typedef int (*store_take_round)(void *context, int64_t cell, const store_round *round,
                                fb_error *err);
int store_each_round(struct store *store, bool with_scores, store_take_round take, void *context,
                     fb_error *err);

#endif

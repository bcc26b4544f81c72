/* store_sqlite.h - what the store's files share: statements and errors of SQLite. */
#ifndef FB_STORE_SQLITE_H
#define FB_STORE_SQLITE_H

#include <sqlite3.h>

#include "store.h"

struct store {
    sqlite3 *db;
    char *path;
    int64_t run; /* the row of `runs` that new rounds belong to; 0 for a reader */
};

/* The sentence for SQLite's last error: "PATH: WHAT: REASON". */
int store_fail(const struct store *store, const char *what, fb_error *err);

/* Prepares a statement; NULL (and *rc set) when it fails. */
sqlite3_stmt *store_prepare(struct store *store, const char *sql, int *rc, fb_error *err);

/* Runs a prepared statement that returns no row, and finalises it. */
int store_finish(struct store *store, sqlite3_stmt *statement, const char *what, fb_error *err);

/* Runs SQL text that takes no values. */
int store_run_sql(struct store *store, const char *sql, const char *what, fb_error *err);

/* Ends a transaction: commits it, or, given a failure, rolls it back and keeps its sentence. */
int store_end_transaction(struct store *store, int rc, fb_error *err);

/* The first number that a query gives. */
int store_read_number(struct store *store, const char *sql, int64_t *ret_value, fb_error *err);

/* Right after opening: no trust in what the file says, whoever wrote it. */
int store_guard(struct store *store, fb_error *err);

/* FB_EFORMAT when the file holds SQL that would run (views, triggers, ...), as none of ours does;
 * *ret_empty is whether it holds no table either. */
int store_refuse_programs(struct store *store, bool *ret_empty, fb_error *err);

/* The version of the schema of "main", or of an attached database. */
int store_version(struct store *store, const char *schema, int64_t *ret_version, fb_error *err);

/* Makes an older database one of this version, within the caller's transaction: with a plan that is
 * refused, it stays as it is, and the program that wrote it can go on with it. */
int store_migrate(struct store *store, fb_error *err);

/* The id of the cell with this key; FB_ENOENT when there is none. */
int store_cell_id(struct store *store, const char *key, int64_t *ret_id, fb_error *err);

/* The ids of all cells in the order of the views; released with fb_free. */
int store_cell_ids(struct store *store, int64_t **ret_ids, size_t *ret_count, fb_error *err);

#endif

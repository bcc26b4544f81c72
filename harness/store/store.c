/* store.c - opening the results folder: lock, schema, statements. */
/* flock is BSD. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "alloc.h"
#include "files.h"
#include "store_sqlite.h"
#include "strbuf.h"

enum {
    APPLICATION_ID = 0x666c7062, /* "flpb": tells our files from other SQLite databases */
    SCHEMA_VERSION = 3
};

/* Version 2 added it: the newest state of each cell with `start: warm`, floats of this machine's
 * byte order. */
#define STATES_SQL                                                                                 \
    "CREATE TABLE states("                                                                         \
    "  cell INTEGER PRIMARY KEY REFERENCES cells(id) ON DELETE CASCADE,"                           \
    "  round INTEGER NOT NULL, state BLOB NOT NULL) STRICT;"

/* Version 3 added them: classes of the data set, and samples that are unlabelled at the start. */
#define COUNTS_SQL                                                                                 \
    "ALTER TABLE cells ADD COLUMN class_count INTEGER NOT NULL DEFAULT 0;"                         \
    "ALTER TABLE cells ADD COLUMN pool_count INTEGER NOT NULL DEFAULT 0;"

static const char schema_sql[] =
    "CREATE TABLE runs("
    "  id INTEGER PRIMARY KEY, started TEXT NOT NULL, facts TEXT NOT NULL) STRICT;"
    "CREATE TABLE cells("
    "  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, identity TEXT NOT NULL,"
    "  setting TEXT NOT NULL, setting_order INTEGER NOT NULL, dataset TEXT NOT NULL,"
    "  network TEXT NOT NULL, strategy TEXT NOT NULL, strategy_order INTEGER NOT NULL,"
    "  strategy_id TEXT NOT NULL, params TEXT NOT NULL, trial INTEGER NOT NULL,"
    "  validation_labels INTEGER NOT NULL, planned_rounds INTEGER NOT NULL,"
    "  UNIQUE(setting, strategy_id, params, trial)) STRICT;"
    "CREATE TABLE rounds("
    "  cell INTEGER NOT NULL REFERENCES cells(id) ON DELETE CASCADE, round INTEGER NOT NULL,"
    "  run INTEGER NOT NULL REFERENCES runs(id), labeled INTEGER NOT NULL,"
    "  accuracy REAL NOT NULL, balanced_accuracy REAL NOT NULL, macro_f1 REAL NOT NULL,"
    "  loss REAL NOT NULL, validation_accuracy REAL, train_seconds REAL NOT NULL,"
    "  query_seconds REAL NOT NULL, service_seconds REAL NOT NULL,"
    "  evaluate_seconds REAL NOT NULL, peak_rss_bytes INTEGER NOT NULL,"
    "  selected_sha256 TEXT NOT NULL, PRIMARY KEY(cell, round)) STRICT;"
    "CREATE TABLE queries("
    "  cell INTEGER NOT NULL, round INTEGER NOT NULL, rank INTEGER NOT NULL,"
    "  sample INTEGER NOT NULL, outcome TEXT NOT NULL CHECK(outcome IN ('labelled','discarded')),"
    "  label INTEGER, PRIMARY KEY(cell, round, rank), UNIQUE(cell, sample),"
    "  FOREIGN KEY(cell, round) REFERENCES rounds(cell, round) ON DELETE CASCADE)"
    "  WITHOUT ROWID, STRICT;"
    "CREATE TABLE scores("
    "  cell INTEGER NOT NULL, round INTEGER NOT NULL, sample INTEGER NOT NULL,"
    "  score REAL NOT NULL, PRIMARY KEY(cell, round, sample),"
    "  FOREIGN KEY(cell, round) REFERENCES rounds(cell, round) ON DELETE CASCADE)"
    "  WITHOUT ROWID, STRICT;"
    "CREATE TABLE records("
    "  cell INTEGER NOT NULL, round INTEGER NOT NULL, name TEXT NOT NULL, value REAL,"
    "  PRIMARY KEY(cell, round, name),"
    "  FOREIGN KEY(cell, round) REFERENCES rounds(cell, round) ON DELETE CASCADE)"
    "  WITHOUT ROWID, STRICT;"
    "CREATE TABLE failures("
    "  id INTEGER PRIMARY KEY, cell INTEGER NOT NULL REFERENCES cells(id) ON DELETE CASCADE,"
    "  run INTEGER NOT NULL REFERENCES runs(id), round INTEGER, cause TEXT NOT NULL,"
    "  at TEXT NOT NULL) STRICT;" STATES_SQL COUNTS_SQL;

/* ---- statements ---------------------------------------------------------------------------- */

int store_fail(const struct store *store, const char *what, fb_error *err)
{
    int code = sqlite3_errcode(store->db);
    const char *reason = sqlite3_errmsg(store->db);
    if (code == SQLITE_NOMEM)
        return fb_fail(err, FB_ENOMEM, "%s: cannot %s: out of memory", store->path, what);
    if (code == SQLITE_FULL)
        return fb_fail(err, FB_ESTORE,
                       "%s: cannot %s: the disk is full; free some space and run the same command "
                       "again, finished rounds are kept",
                       store->path, what);
    if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
        return fb_fail(err, FB_EFORMAT,
                       "%s: cannot %s: the file is damaged or no flipbench database (%s); move it "
                       "away and run again",
                       store->path, what, reason);
    return fb_fail(err, FB_ESTORE, "%s: cannot %s: %s", store->path, what, reason);
}

sqlite3_stmt *store_prepare(struct store *store, const char *sql, int *rc, fb_error *err)
{
    sqlite3_stmt *statement = NULL;
    *rc = FB_OK;
    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) != SQLITE_OK)
        *rc = store_fail(store, "prepare a statement", err);
    return statement;
}

int store_finish(struct store *store, sqlite3_stmt *statement, const char *what, fb_error *err)
{
    int rc = FB_OK;
    if (sqlite3_step(statement) != SQLITE_DONE)
        rc = store_fail(store, what, err);
    sqlite3_finalize(statement);
    return rc;
}

int store_run_sql(struct store *store, const char *sql, const char *what, fb_error *err)
{
    if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return store_fail(store, what, err);
    return FB_OK;
}

int store_read_number(struct store *store, const char *sql, int64_t *ret_value, fb_error *err)
{
    int rc;
    sqlite3_stmt *statement = store_prepare(store, sql, &rc, err);
    if (rc)
        return rc;
    if (sqlite3_step(statement) == SQLITE_ROW)
        *ret_value = sqlite3_column_int64(statement, 0);
    else
        rc = store_fail(store, "read", err);
    sqlite3_finalize(statement);
    return rc;
}

/* ---- opening ------------------------------------------------------------------------------- */

static char *path_in(const char *directory, const char *name)
{
    fb_strbuf path = FB_STRBUF_INIT;
    fb_strbuf_printf(&path, "%s/%s", directory, name);
    char *text = fb_strbuf_take(&path);
    fb_strbuf_finish(&path);
    return text;
}

int store_lock(const char *directory, int *ret_fd, fb_error *err)
{
    int rc = fb_make_directories(directory, err);
    char *path = rc ? NULL : path_in(directory, "lock");
    if (rc || !path)
        return rc ? rc : fb_fail(err, FB_ENOMEM, "out of memory for a path");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
        rc = fb_fail(err, FB_EIO, "%s: cannot create the lock: %s", path, strerror(errno));
    else if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        rc = fb_fail(err, FB_EBUSY,
                     "%s: another flipbench run is writing to this folder; wait for it to end or "
                     "choose another -o",
                     directory);
    if (rc && fd >= 0)
        close(fd);
    if (!rc)
        *ret_fd = fd;
    fb_free(path);
    return rc;
}

/* Runs SQL that makes the tables those of SCHEMA_VERSION; the caller has begun a transaction. */
static int make_tables(struct store *store, const char *sql, fb_error *err)
{
    static const char what[] = "create the tables";
    char marks[128];
    snprintf(marks, sizeof marks, "PRAGMA application_id=%d; PRAGMA user_version=%d;",
             APPLICATION_ID, SCHEMA_VERSION);
    int rc = store_run_sql(store, sql, what, err);
    if (!rc)
        rc = store_run_sql(store, marks, what, err);
    return rc;
}

static int make_database(struct store *store, fb_error *err)
{
    int rc = store_run_sql(store, "BEGIN IMMEDIATE", "create the tables", err);
    if (!rc)
        rc = make_tables(store, schema_sql, err);
    return rc ? rc : store_run_sql(store, "COMMIT", "create the tables", err);
}

int store_version(struct store *store, const char *schema, int64_t *ret_version, fb_error *err)
{
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA %s.user_version", schema);
    return store_read_number(store, sql, ret_version, err);
}

int store_migrate(struct store *store, fb_error *err)
{
    int64_t version = 0;
    int rc = store_version(store, "main", &version, err);
    if (rc || version == SCHEMA_VERSION)
        return rc;
    return make_tables(store, version == 1 ? STATES_SQL COUNTS_SQL : COUNTS_SQL, err);
}

/* Sees to it that the open file is ours and of a version that we know; creates the tables in a new
 * one. A reader needs none that older ones lack. */
static int check_schema(struct store *store, bool writable, fb_error *err)
{
    int64_t application = 0, version = 0;
    bool empty = false;
    int rc = store_read_number(store, "PRAGMA application_id", &application, err);
    if (!rc)
        rc = store_read_number(store, "PRAGMA user_version", &version, err);
    if (!rc)
        rc = store_refuse_programs(store, &empty, err);
    if (rc)
        return rc;
    if (application == 0 && version == 0 && empty && writable)
        return make_database(store, err);
    if (application != APPLICATION_ID)
        return fb_fail(err, FB_EFORMAT, "%s: this is not a flipbench results database",
                       store->path);
    if (version < 1 || version > SCHEMA_VERSION)
        return fb_fail(err, FB_EFORMAT,
                       "%s: the database has version %lld, and this flipbench reads versions up to "
                       "%d", store->path, (long long)version, SCHEMA_VERSION);
    return FB_OK;
}

/* Opens the database at store->path. */
static int open_database(struct store *store, int flags, fb_error *err)
{
    if (sqlite3_open_v2(store->path, &store->db, flags, NULL) != SQLITE_OK)
        return store_fail(store, "open", err);
    sqlite3_busy_timeout(store->db, 60000);
    int rc = store_guard(store, err);
    return rc ? rc
              : store_run_sql(store,
                              "PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL; "
                              "PRAGMA foreign_keys=ON;",
                              "open", err);
}

int store_open(const char *directory, bool writable, struct store **ret_store, fb_error *err)
{
    int rc = FB_OK;
    struct store *store = fb_calloc(1, sizeof *store);
    if (store)
        store->path = path_in(directory, "results.db");
    if (!store || !store->path)
        rc = fb_fail(err, FB_ENOMEM, "out of memory for the results database");
    else if (!writable && access(store->path, R_OK) < 0)
        rc = fb_fail(err, FB_ENOENT,
                     "%s: there are no results here (%s); 'flipbench run SPEC -o %s' makes them",
                     store->path, strerror(errno), directory);
    else
        rc = open_database(store, SQLITE_OPEN_READWRITE | (writable ? SQLITE_OPEN_CREATE : 0),
                           err);
    if (!rc)
        rc = check_schema(store, writable, err);
    if (rc)
        store_close(store);
    else
        *ret_store = store;
    return rc;
}

int store_open_memory(struct store **ret_store, fb_error *err)
{
    int rc = FB_OK;
    struct store *store = fb_calloc(1, sizeof *store);
    if (store)
        store->path = fb_strdup(":memory:");
    if (!store || !store->path)
        rc = fb_fail(err, FB_ENOMEM, "out of memory for the results database");
    if (!rc)
        rc = open_database(store, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err);
    if (!rc)
        rc = make_database(store, err);
    if (rc)
        store_close(store);
    else
        *ret_store = store;
    return rc;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    sqlite3_close(store->db);
    fb_free(store->path);
    fb_free(store);
}

int store_remove(const char *directory, fb_error *err)
{
    static const char *const names[] = {"results.db-journal", "results.db"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = path_in(directory, names[i]);
        if (!path)
            return fb_fail(err, FB_ENOMEM, "out of memory for a path");
        int failed = unlink(path) < 0 && errno != ENOENT;
        int rc =
            failed ? fb_fail(err, FB_EIO, "%s: cannot remove: %s", path, strerror(errno)) : FB_OK;
        fb_free(path);
        if (rc)
            return rc;
    }
    return FB_OK;
}

/* store_guard.c - a database file may come from anybody: what SQLite would run of it is refused. */
#include <string.h>

#include "store_sqlite.h"

/* All that ours have is plain tables and the indexes that keys make, which have no SQL. Views,
 * triggers, virtual tables, indexes and columns by expressions are programs, and may never end. */
static const char programs_sql[] =
    "SELECT type, name FROM sqlite_schema AS s WHERE (type<>'table' AND sql IS NOT NULL)"
    " OR (type='table' AND (sql NOT LIKE 'CREATE TABLE %' OR EXISTS"
    "   (SELECT 1 FROM pragma_table_xinfo(s.name) WHERE hidden<>0)))";

int store_guard(struct store *store, fb_error *err)
{
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    return store_run_sql(store, "PRAGMA cell_size_check=ON", "open", err);
}

int store_refuse_programs(struct store *store, bool *ret_empty, fb_error *err)
{
    int rc;
    sqlite3_stmt *find = store_prepare(store, programs_sql, &rc, err);
    if (rc)
        return rc;
    int step = sqlite3_step(find);
    if (step == SQLITE_ROW)
        rc = fb_fail(err, FB_EFORMAT,
                     "%s: this is not a flipbench results database: it has a %s '%.60s'",
                     store->path, (const char *)sqlite3_column_text(find, 0),
                     (const char *)sqlite3_column_text(find, 1));
    else if (step != SQLITE_DONE)
        rc = store_fail(store, "read", err);
    sqlite3_finalize(find);
    int64_t count = 0;
    if (!rc)
        rc = store_read_number(store, "SELECT count(*) FROM sqlite_schema", &count, err);
    if (!rc)
        *ret_empty = count == 0;
    return rc;
}

/* store_merge.c - the results of another folder added: its database is attached as "part". */
#include <string.h>

#include "alloc.h"
#include "identity.h"
#include "store_sqlite.h"
#include "strbuf.h"

/* ---- contradictions ------------------------------------------------------------------------ */

/* Runs a query of at most one row, a contradiction; `refuse` makes a sentence of it. */
static int refuse_row(struct store *store, const char *sql, const char *directory,
                      int (*refuse)(sqlite3_stmt *row, const char *directory, fb_error *err),
                      fb_error *err)
{
    int rc;
    sqlite3_stmt *find = store_prepare(store, sql, &rc, err);
    if (rc)
        return rc;
    int step = sqlite3_step(find);
    if (step == SQLITE_ROW)
        rc = refuse(find, directory, err);
    else if (step != SQLITE_DONE)
        rc = store_fail(store, "compare with another folder", err);
    sqlite3_finalize(find);
    return rc;
}

static const char *text_at(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    return text ? text : "nothing";
}

static const char other_identity_sql[] =
    "SELECT p.setting, p.strategy, p.trial, m.identity, p.identity FROM part.cells p"
    " JOIN main.cells m USING(setting, strategy_id, params, trial)"
    " WHERE m.key<>p.key ORDER BY p.id LIMIT 1";

static int refuse_identity(sqlite3_stmt *row, const char *directory, fb_error *err)
{
    fb_strbuf difference = FB_STRBUF_INIT;
    identity_difference(text_at(row, 3), "before", text_at(row, 4), "here", &difference);
    int rc = fb_fail(err, FB_ECONFLICT,
                     "%s: setting '%s', strategy '%s', trial %s is another experiment than the "
                     "cell of that name in a folder before it: they differ in %s; keep them apart",
                     directory, text_at(row, 0), text_at(row, 1), text_at(row, 2),
                     difference.text);
    fb_strbuf_finish(&difference);
    return rc;
}

static const char other_name_sql[] =
    "SELECT p.setting, m.setting FROM part.cells p JOIN main.cells m USING(key)"
    " WHERE m.setting<>p.setting ORDER BY p.id LIMIT 1";

static int refuse_name(sqlite3_stmt *row, const char *directory, fb_error *err)
{
    return fb_fail(err, FB_ECONFLICT,
                   "%s: its setting '%s' is called '%s' in a folder before it; give both the same "
                   "name in their specs and run both again, which computes nothing anew",
                   directory, text_at(row, 0), text_at(row, 1));
}

/* The deterministic columns of a round, of both; a round that has no query yet may get one. */
static const char *const compared[] = {"labeled",  "accuracy", "balanced_accuracy",  "macro_f1",
                                       "loss", "validation_accuracy", "selected_sha256"};
static const char other_round_sql[] =
    "SELECT c.setting, c.strategy, c.trial, p.round, m.labeled, p.labeled, m.accuracy, p.accuracy,"
    " m.balanced_accuracy, p.balanced_accuracy, m.macro_f1, p.macro_f1, m.loss, p.loss,"
    " m.validation_accuracy, p.validation_accuracy, m.selected_sha256, p.selected_sha256"
    " FROM part.cells c JOIN main.cells d USING(key) JOIN part.rounds p ON p.cell=c.id"
    " JOIN main.rounds m ON m.cell=d.id AND m.round=p.round"
    " WHERE (m.labeled, m.accuracy, m.balanced_accuracy, m.macro_f1, m.loss, m.validation_accuracy)"
    " IS NOT (p.labeled, p.accuracy, p.balanced_accuracy, p.macro_f1, p.loss,"
    " p.validation_accuracy)"
    " OR (m.selected_sha256<>p.selected_sha256 AND m.selected_sha256<>'' AND p.selected_sha256<>'')"
    " ORDER BY c.id, p.round LIMIT 1";

/* Writes the value as text that tells any two numbers apart. */
static void add_value(sqlite3_stmt *row, int column, fb_strbuf *out)
{
    if (sqlite3_column_type(row, column) == SQLITE_FLOAT)
        fb_strbuf_add_double(out, sqlite3_column_double(row, column));
    else
        fb_strbuf_add(out, text_at(row, column));
}

static int refuse_round(sqlite3_stmt *row, const char *directory, fb_error *err)
{
    fb_strbuf before = FB_STRBUF_INIT, here = FB_STRBUF_INIT;
    size_t i = 0;
    do {
        fb_strbuf_reset(&before);
        fb_strbuf_reset(&here);
        add_value(row, 4 + 2 * (int)i, &before);
        add_value(row, 5 + 2 * (int)i, &here);
    } while (strcmp(before.text, here.text) == 0 && ++i < sizeof compared / sizeof *compared);
    FB_CHECK(i < sizeof compared / sizeof *compared);
    int rc = fb_fail(err, FB_ECONFLICT,
                     "%s: setting '%s', strategy '%s', trial %s, round %s has the %s %s, but %s in "
                     "a folder before it, though it should be the same; compute it again in an "
                     "empty folder to see which one is wrong",
                     directory, text_at(row, 0), text_at(row, 1), text_at(row, 2), text_at(row, 3),
                     compared[i], here.text, before.text);
    fb_strbuf_finish(&before);
    fb_strbuf_finish(&here);
    return rc;
}

static const char other_query_sql[] =
    "SELECT c.setting, c.strategy, c.trial, p.round, p.rank FROM part.cells c"
    " JOIN main.cells d USING(key) JOIN part.queries p ON p.cell=c.id"
    " JOIN main.queries m ON m.cell=d.id AND m.round=p.round AND m.rank=p.rank"
    " WHERE (m.sample, m.outcome, m.label) IS NOT (p.sample, p.outcome, p.label)"
    " ORDER BY c.id, p.round, p.rank LIMIT 1";

static int refuse_query(sqlite3_stmt *row, const char *directory, fb_error *err)
{
    return fb_fail(err, FB_ECONFLICT,
                   "%s: setting '%s', strategy '%s', trial %s, round %s: the query of rank %s is "
                   "another one than in a folder before it, or has another label, though it should "
                   "be the same; one of the folders was changed",
                   directory, text_at(row, 0), text_at(row, 1), text_at(row, 2), text_at(row, 3),
                   text_at(row, 4));
}

static int refuse_contradictions(struct store *store, const char *directory, fb_error *err)
{
    int rc = refuse_row(store, other_identity_sql, directory, refuse_identity, err);
    if (!rc)
        rc = refuse_row(store, other_name_sql, directory, refuse_name, err);
    if (!rc)
        rc = refuse_row(store, other_round_sql, directory, refuse_round, err);
    if (!rc)
        rc = refuse_row(store, other_query_sql, directory, refuse_query, err);
    return rc;
}

/* ---- adding -------------------------------------------------------------------------------- */

/* Runs that are not here yet, and where each of the part's runs is. */
static const char runs_sql[] =
    "INSERT INTO main.runs(started, facts) SELECT started, facts FROM part.runs p"
    " WHERE NOT EXISTS (SELECT 1 FROM main.runs m WHERE m.started=p.started AND m.facts=p.facts)"
    " GROUP BY started, facts ORDER BY min(id);"
    "CREATE TEMP TABLE run_of AS SELECT p.id AS part, min(m.id) AS here FROM part.runs p"
    " JOIN main.runs m ON m.started=p.started AND m.facts=p.facts GROUP BY p.id;";

/* Cells that are not here yet, under the names and in the places that are known here already. */
static const char cells_sql[] =
    "CREATE TEMP TABLE known_settings AS SELECT setting, min(setting_order) AS place"
    " FROM main.cells GROUP BY setting;"
    "CREATE TEMP TABLE known_strategies AS SELECT strategy_id, params, min(strategy) AS label,"
    " min(strategy_order) AS place FROM main.cells GROUP BY strategy_id, params;"
    "INSERT INTO main.cells(key, identity, setting, setting_order, dataset, network, strategy,"
    " strategy_order, strategy_id, params, trial, validation_labels, planned_rounds)"
    " SELECT p.key, p.identity, p.setting, coalesce(k.place, p.setting_order +"
    "   (SELECT coalesce(max(place) + 1, 0) FROM known_settings)), p.dataset, p.network,"
    " coalesce(q.label, p.strategy), coalesce(q.place, CASE WHEN p.strategy_order < 0 THEN -1"
    "   ELSE p.strategy_order + (SELECT coalesce(max(place) + 1, 0) FROM known_strategies) END),"
    " p.strategy_id, p.params, p.trial, p.validation_labels, p.planned_rounds"
    " FROM part.cells p LEFT JOIN known_settings k USING(setting)"
    " LEFT JOIN known_strategies q USING(strategy_id, params)"
    " WHERE p.key NOT IN (SELECT key FROM main.cells) ORDER BY p.id;"
    "UPDATE main.cells SET planned_rounds=max(cells.planned_rounds, p.planned_rounds)"
    " FROM part.cells p WHERE p.key=cells.key;";
static const char counts_sql[] = /* from version 3 on */
    "UPDATE main.cells SET class_count=max(cells.class_count, p.class_count),"
    " pool_count=max(cells.pool_count, p.pool_count) FROM part.cells p WHERE p.key=cells.key;";

/* Where each of the part's cells is, and whether its copy takes the place of the one here. */
#define FULLNESS(schema, id)                                                                       \
    "((SELECT count(*) FROM " schema ".rounds WHERE cell=" id "),"                                 \
    " (SELECT count(*) FROM " schema ".queries WHERE cell=" id "),"                                \
    " (SELECT count(*) FROM " schema ".scores WHERE cell=" id "))"
static const char copies_sql[] =
    "CREATE TEMP TABLE cell_of AS SELECT p.id AS part, m.id AS here, " FULLNESS("part", "p.id")
    " > " FULLNESS("main", "m.id") " AS fuller FROM part.cells p JOIN main.cells m USING(key);";

#define COPY(table, columns)                                                                       \
    "INSERT INTO main." table " SELECT c.here, " columns " FROM part." table " p"                  \
    " JOIN cell_of c ON c.part=p.cell AND c.fuller ORDER BY p.cell, p.round;"
static const char rounds_sql[] =
    "DELETE FROM main.rounds WHERE cell IN (SELECT here FROM cell_of WHERE fuller);"
    "DELETE FROM main.states WHERE cell IN (SELECT here FROM cell_of WHERE fuller);"
    COPY("rounds", "round, (SELECT here FROM run_of WHERE part=p.run), labeled, accuracy,"
                   " balanced_accuracy, macro_f1, loss, validation_accuracy, train_seconds,"
                   " query_seconds, service_seconds, evaluate_seconds, peak_rss_bytes,"
                   " selected_sha256")
    COPY("queries", "round, rank, sample, outcome, label")
    COPY("scores", "round, sample, score")
    COPY("records", "round, name, value");
static const char states_sql[] = COPY("states", "round, state"); /* from version 2 on */

static const char failures_sql[] =
    "INSERT INTO main.failures(cell, run, round, cause, at)"
    " SELECT c.here, (SELECT here FROM run_of WHERE part=p.run), p.round, p.cause, p.at"
    " FROM part.failures p JOIN cell_of c ON c.part=p.cell"
    " WHERE NOT EXISTS (SELECT 1 FROM main.failures m WHERE m.cell=c.here AND m.round IS p.round"
    "   AND m.cause=p.cause AND m.at=p.at) ORDER BY p.id;";

static const char tidy_sql[] =
    "DROP TABLE temp.run_of; DROP TABLE temp.known_settings; DROP TABLE temp.known_strategies;"
    "DROP TABLE temp.cell_of;";

static int add_part(struct store *store, fb_error *err)
{
    int64_t version = 0;
    int rc = store_version(store, "part", &version, err);
    const struct {
        const char *sql;
        int64_t since;
    } steps[] = {{runs_sql, 1},   {cells_sql, 1},  {counts_sql, 3},   {copies_sql, 1},
                 {rounds_sql, 1}, {states_sql, 2}, {failures_sql, 1}, {tidy_sql, 1}};
    for (size_t i = 0; !rc && i < sizeof steps / sizeof *steps; i++)
        if (version >= steps[i].since)
            rc = store_run_sql(store, steps[i].sql, "add another folder", err);
    return rc;
}

/* Reads the whole file: what is damaged would not always be noticed in passing. */
static int check_whole(struct store *part, fb_error *err)
{
    int rc;
    sqlite3_stmt *check = store_prepare(part, "PRAGMA quick_check(1)", &rc, err);
    if (rc)
        return rc;
    if (sqlite3_step(check) != SQLITE_ROW)
        rc = store_fail(part, "read the results", err);
    else if (strcmp(text_at(check, 0), "ok") != 0)
        rc = fb_fail(err, FB_EFORMAT, "%s: the file is damaged; leave it out", part->path);
    sqlite3_finalize(check);
    return rc;
}

static int attach(struct store *store, const char *path, fb_error *err)
{
    int rc;
    sqlite3_stmt *attach = store_prepare(store, "ATTACH ? AS part", &rc, err);
    if (rc)
        return rc;
    sqlite3_bind_text(attach, 1, path, -1, SQLITE_STATIC);
    return store_finish(store, attach, "open another folder", err);
}

int store_merge(struct store *store, const char *directory, fb_error *err)
{
    struct store *part = NULL;
    int rc = store_open(directory, false, &part, err);
    if (!rc)
        rc = check_whole(part, err);
    if (!rc)
        rc = attach(store, part->path, err);
    if (rc) {
        store_close(part);
        return rc;
    }
    rc = store_run_sql(store, "BEGIN IMMEDIATE", "write", err);
    if (!rc) {
        rc = refuse_contradictions(store, directory, err);
        if (!rc)
            rc = add_part(store, err);
        rc = store_end_transaction(store, rc, err);
    }
    sqlite3_exec(store->db, "DETACH part", NULL, NULL, NULL);
    store_close(part);
    return rc;
}

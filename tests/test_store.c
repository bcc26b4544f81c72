/* The store: what is written comes back, contradictions are refused, a reader never sees half a
 * round. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store_sqlite.h"

enum { CELLS = 2 };

/* A plan of two cells, made by hand: the store looks at names, identities and keys only. */
struct fixture {
    char directory[64];
    spec_setting spec_setting;
    catalog_strategy plugins[CELLS];
    data_split split;
    dataset data;
    plan_setting setting;
    plan_strategy strategies[CELLS];
    plan_cell cells[CELLS];
    struct spec spec;
    struct plan plan;
    struct store *store;
};

static struct fixture *make_fixture(void)
{
    static char ids[CELLS][8] = {"random", "ldm"};
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    snprintf(f->directory, sizeof f->directory, "/tmp/flipbench-store-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    f->spec_setting.name = (char *)"a setting";
    f->spec_setting.dataset_label = (char *)"blobs";
    snprintf(f->spec_setting.network.name, sizeof f->spec_setting.network.name, "mlp");
    f->setting.spec = &f->spec_setting;
    f->setting.splits = &f->split;
    f->setting.data = &f->data;
    f->data.class_count = 3;
    f->split.pool_count = 100;
    for (size_t i = 0; i < CELLS; i++) {
        f->plugins[i].id = ids[i];
        f->strategies[i] =
            (plan_strategy){.id = ids[i], .plugin = &f->plugins[i], .label = ids[i],
                            .params_text = (char *)"{}"};
        f->cells[i] = (plan_cell){.strategy = i, .rounds = 3};
        f->cells[i].identity = (char *)(i ? "{\"seed\":1,\"strategy\":\"ldm\"}"
                                          : "{\"seed\":1,\"strategy\":\"random\"}");
        snprintf(f->cells[i].key, sizeof f->cells[i].key, "key-%zu", i);
    }
    f->plan = (struct plan){.spec = &f->spec,
                            .settings = &f->setting,
                            .strategies = f->strategies,
                            .cells = f->cells,
                            .cell_count = CELLS};
    return f;
}

static int set_up(void **state)
{
    struct fixture *f = make_fixture();
    json_t *facts = json_pack("{s:s}", "experiment", "a test");
    fb_error err = {0};
    assert_int_equal(store_open(f->directory, true, &f->store, &err), 0);
    assert_int_equal(store_begin_run(f->store, facts, &err), 0);
    assert_int_equal(store_enter_plan(f->store, &f->plan, &err), 0);
    json_decref(facts);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    store_close(f->store);
    assert_int_equal(store_remove(f->directory, NULL), 0);
    char lock[96];
    snprintf(lock, sizeof lock, "%s/lock", f->directory);
    unlink(lock);
    assert_int_equal(rmdir(f->directory), 0);
    free(f);
    return 0;
}

static const store_query some_queries[] = {{7, 1}, {3, 0}, {11, 2}};

static store_round a_round(uint32_t number, size_t queries)
{
    return (store_round){.round = number,
                         .labeled = 10 + 3 * number,
                         .metrics = {0.1 + number, 1.0 / 3.0, 0.25, 1.5},
                         .validation_accuracy = NAN,
                         .queries = some_queries,
                         .query_count = queries};
}

static void a_round_comes_back(void **state)
{
    struct fixture *f = *state;
    store_round round = a_round(0, 3);
    store_progress progress = {0};
    fb_error err = {0};
    assert_int_equal(store_put_round(f->store, "key-0", &round, &err), 0);
    assert_int_equal(store_load_progress(f->store, "key-0", &progress, &err), 0);
    assert_int_equal(progress.round_count, 1);
    assert_int_equal(progress.batch[0], 3);
    assert_memory_equal(progress.queries, some_queries, sizeof some_queries);
    assert_memory_equal(&progress.accuracy[0], &round.metrics.accuracy, sizeof(double));
    store_progress_finish(&progress);
    assert_int_equal(store_load_progress(f->store, "key-1", &progress, &err), 0);
    assert_int_equal(progress.round_count, 0);
    store_progress_finish(&progress);
}

static void a_sample_is_queried_once(void **state)
{
    struct fixture *f = *state;
    store_round first = a_round(0, 2), second = a_round(1, 2);
    store_progress progress = {0};
    fb_error err = {0};
    assert_int_equal(store_put_round(f->store, "key-0", &first, &err), 0);
    assert_int_equal(store_put_round(f->store, "key-0", &second, &err), FB_ESTORE);
    assert_non_null(strstr(err.text, "results.db"));
    assert_int_equal(store_load_progress(f->store, "key-0", &progress, &err), 0);
    assert_int_equal(progress.round_count, 1); /* the refused round left nothing behind */
    store_progress_finish(&progress);
}

static void a_last_round_may_be_extended_but_not_changed(void **state)
{
    struct fixture *f = *state;
    store_round last = a_round(0, 0), same = a_round(0, 3), other = a_round(0, 3);
    fb_error err = {0};
    other.metrics.accuracy = nextafter(last.metrics.accuracy, 1.0);
    assert_int_equal(store_put_round(f->store, "key-0", &last, &err), 0);
    assert_int_equal(store_put_round(f->store, "key-0", &other, &err), FB_ECONFLICT);
    assert_int_equal(store_put_round(f->store, "key-0", &same, &err), 0);
    assert_int_equal(store_put_round(f->store, "key-0", &same, &err), FB_ECONFLICT);
}

static void another_experiment_is_refused_by_name(void **state)
{
    struct fixture *f = *state;
    fb_error err = {0};
    assert_int_equal(store_enter_plan(f->store, &f->plan, &err), 0); /* entering twice is fine */
    f->cells[1].identity = (char *)"{\"seed\":2,\"strategy\":\"ldm\"}";
    snprintf(f->cells[1].key, sizeof f->cells[1].key, "key-2");
    assert_int_equal(store_enter_plan(f->store, &f->plan, &err), FB_ECONFLICT);
    assert_non_null(strstr(err.text, "seed (1 there, 2 now)"));
    /* Keys that one of the two lacks, and keys inside keys. */
    f->cells[1].identity = (char *)"{\"seed\":1,\"strategy\":\"ldm\",\"features\":\"f\"}";
    assert_int_equal(store_enter_plan(f->store, &f->plan, &err), FB_ECONFLICT);
    assert_non_null(strstr(err.text, "differ in features (none there, \"f\" now)"));
    f->cells[1].identity = (char *)"{\"strategy\":\"ldm\","
                                   "\"recipe\":{\"batch\":1,\"epochs\":2}}";
    f->cells[1].key[0] = 'K';
    assert_int_equal(store_run_sql(f->store,
                                   "UPDATE cells SET identity='{\"strategy\":\"ldm\","
                                   "\"recipe\":{\"batch\":1}}' WHERE key='key-1'",
                                   "test", &err),
                     0);
    assert_int_equal(store_enter_plan(f->store, &f->plan, &err), FB_ECONFLICT);
    assert_non_null(strstr(err.text, "differ in recipe.epochs (none there, 2 now)"));
}

/* Only the newest state of a cell is kept; a round without one, its last, keeps it. */
static void a_state_is_left_to_the_next_round(void **state)
{
    struct fixture *f = *state;
    static const float first[] = {1.5f, -2.0f, 0.25f}, second[] = {3.0f, 4.0f, 5.0f};
    store_round rounds[3] = {a_round(0, 0), a_round(1, 0), a_round(2, 0)};
    float read[3] = {0};
    fb_error err = {0};
    rounds[0].state = first;
    rounds[1].state = second;
    rounds[0].state_count = rounds[1].state_count = 3;
    assert_int_equal(store_load_state(f->store, "key-0", 0, read, 3, &err), FB_EFORMAT);
    assert_int_equal(store_put_round(f->store, "key-0", &rounds[0], &err), 0);
    assert_int_equal(store_load_state(f->store, "key-0", 0, read, 3, &err), 0);
    assert_memory_equal(read, first, sizeof first);
    assert_int_equal(store_load_state(f->store, "key-1", 0, read, 3, &err), FB_EFORMAT);
    assert_int_equal(store_put_round(f->store, "key-0", &rounds[1], &err), 0);
    assert_int_equal(store_put_round(f->store, "key-0", &rounds[2], &err), 0);
    assert_int_equal(store_load_state(f->store, "key-0", 1, read, 3, &err), 0);
    assert_memory_equal(read, second, sizeof second);
    assert_int_equal(store_load_state(f->store, "key-0", 0, read, 3, &err), FB_EFORMAT);
    assert_int_equal(store_load_state(f->store, "key-0", 1, read, 2, &err), FB_EFORMAT);
    assert_non_null(strstr(err.text, "round 1"));
    assert_non_null(strstr(err.text, "start over with --fresh"));
}

/* Makes the file what the first version wrote. */
static void make_old(struct store *store)
{
    fb_error err = {0};
    if (store_run_sql(store, "DROP TABLE states; ALTER TABLE cells DROP COLUMN class_count;"
                      "ALTER TABLE cells DROP COLUMN pool_count; PRAGMA user_version=1;", "test", &err))
        fail_msg("%s", err.text);
}

static int64_t version_of(struct store *store)
{
    sqlite3_stmt *read = NULL;
    assert_int_equal(sqlite3_prepare_v2(store->db, "PRAGMA user_version", -1, &read, NULL), 0);
    assert_int_equal(sqlite3_step(read), SQLITE_ROW);
    int64_t version = sqlite3_column_int64(read, 0);
    sqlite3_finalize(read);
    return version;
}

struct walk {
    size_t rows;
    char failure[64];
};

static int count_row(void *context, const json_t *row, fb_error *err)
{
    struct walk *walk = context;
    (void)err;
    walk->rows++;
    const char *failure = json_string_value(json_object_get(row, "failure"));
    if (failure)
        snprintf(walk->failure, sizeof walk->failure, "%s", failure);
    return 0;
}

static void a_failure_is_recorded_until_the_cell_is_complete(void **state)
{
    struct fixture *f = *state;
    struct walk walk = {0};
    fb_error err = {0};
    assert_int_equal(store_put_failure(f->store, "key-0", 0, "it crashed", &err), 0);
    assert_int_equal(store_walk(f->store, STORE_CELLS, count_row, &walk, &err), 0);
    assert_int_equal(walk.rows, CELLS);
    assert_string_equal(walk.failure, "it crashed");
    for (uint32_t r = 0; r < 3; r++) {
        store_round round = a_round(r, 0);
        assert_int_equal(store_put_round(f->store, "key-0", &round, &err), 0);
    }
    walk = (struct walk){0};
    assert_int_equal(store_walk(f->store, STORE_CELLS, count_row, &walk, &err), 0);
    assert_string_equal(walk.failure, "");
}

static void a_database_of_the_first_version_is_read_and_then_migrated(void **state)
{
    struct fixture *f = *state;
    static const float numbers[] = {1.0f};
    store_round round = a_round(0, 2);
    struct walk walk = {0};
    fb_error err = {0};
    float read[1];
    assert_int_equal(store_put_round(f->store, "key-0", &round, &err), 0);
    make_old(f->store);
    store_close(f->store);
    assert_int_equal(store_open(f->directory, false, &f->store, &err), 0);
    assert_int_equal(store_walk(f->store, STORE_ROUNDS, count_row, &walk, &err), 0);
    assert_int_equal(walk.rows, 1);
    assert_int_equal(version_of(f->store), 1); /* a reader changes nothing */
    store_close(f->store);
    assert_int_equal(store_open(f->directory, true, &f->store, &err), 0);
    char *planned = f->cells[1].identity;
    f->cells[1].identity = (char *)"{\"seed\":2,\"strategy\":\"ldm\"}";
    strcpy(f->cells[1].key, "key-other");
    assert_int_equal(store_enter_plan(f->store, &f->plan, &err), FB_ECONFLICT);
    assert_int_equal(version_of(f->store), 1); /* nor does a run that is refused */
    f->cells[1].identity = planned;
    strcpy(f->cells[1].key, "key-1");
    assert_int_equal(store_enter_plan(f->store, &f->plan, &err), 0);
    assert_int_equal(version_of(f->store), 3);
    json_t *facts = json_object();
    assert_int_equal(store_begin_run(f->store, facts, &err), 0);
    json_decref(facts);
    round = a_round(1, 0);
    round.state = numbers;
    round.state_count = 1;
    assert_int_equal(store_put_round(f->store, "key-0", &round, &err), 0);
    assert_int_equal(store_load_state(f->store, "key-0", 1, read, 1, &err), 0);
    assert_int_equal(store_run_sql(f->store, "PRAGMA user_version=4;", "test", &err), 0);
    store_close(f->store);
    f->store = NULL;
    assert_int_equal(store_open(f->directory, true, &f->store, &err), FB_EFORMAT);
    assert_non_null(strstr(err.text, "version 4"));
}

static void the_lock_is_exclusive(void **state)
{
    struct fixture *f = *state;
    int first = -1, second = -1;
    fb_error err = {0};
    assert_int_equal(store_lock(f->directory, &first, &err), 0);
    assert_int_equal(store_lock(f->directory, &second, &err), FB_EBUSY);
    assert_int_equal(second, -1);
    close(first);
    assert_int_equal(store_lock(f->directory, &second, &err), 0);
    close(second);
}

static void the_selection_digest_is_of_little_endian_ids_in_order(void **state)
{
    (void)state;
    /* printf '\x07\0\0\0\x03\0\0\0\x0b\0\0\0' | sha256sum */
    char hex[FB_DIGEST_HEX];
    store_selection_digest(some_queries, 3, hex);
    assert_string_equal(hex, "334d0dee681e47d8e9580b65ef4dc740c1e0570061e9f6048c6fe88b479ddba6");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_round_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_sample_is_queried_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_last_round_may_be_extended_but_not_changed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(another_experiment_is_refused_by_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_state_is_left_to_the_next_round, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_database_of_the_first_version_is_read_and_then_migrated, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failure_is_recorded_until_the_cell_is_complete, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_lock_is_exclusive, set_up, tear_down),
        cmocka_unit_test(the_selection_digest_is_of_little_endian_ids_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Results read back for a report: from one folder, from several, and when memory runs short. */
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

#include "alloc.h"
#include "results.h"
#include "store.h"

/* Strategies random and ldm, and a reference, each in one trial. */
enum { CELLS = 3, FOLDERS = 2 };

struct fixture {
    char directories[FOLDERS][64];
    struct spec spec;
    spec_setting spec_setting;
    catalog_strategy plugins[2];
    dataset data;
    data_split split;
    plan_setting setting;
    plan_strategy strategies[CELLS];
    plan_cell cells[CELLS];
    struct plan plan;
};

/* A plan made by hand: the store looks at names, identities and keys only. */
static void make_plan(struct fixture *f, uint32_t trial)
{
    static char ids[CELLS][16] = {"random", "ldm", PLAN_REFERENCE_ID};
    static char identities[CELLS][128], network[] = "mlp";
    f->spec_setting = (spec_setting){.name = (char *)"a setting", .dataset_label = (char *)"blobs"};
    memcpy(f->spec_setting.network.name, network, sizeof network);
    f->data.class_count = 3;
    f->split = (data_split){.pool_count = 100, .validation_count = 7};
    f->setting = (plan_setting){.spec = &f->spec_setting, .data = &f->data, .splits = &f->split};
    for (size_t i = 0; i < CELLS; i++) {
        f->strategies[i] = (plan_strategy){.id = ids[i],
                                           .plugin = i < 2 ? &f->plugins[i] : NULL,
                                           .label = ids[i],
                                           .params_text = (char *)"{}"};
        snprintf(identities[i], sizeof identities[i],
                 "{\"seed\":1,\"%s\":\"%s\",\"algo_version\":%zu,\"trial\":%u}",
                 i < 2 ? "strategy" : "reference",
                 ids[i], i + 4, trial);
        f->cells[i] = (plan_cell){
            .strategy = i, .trial = trial, .rounds = i < 2 ? 2 : 1, .identity = identities[i]};
        snprintf(f->cells[i].key, sizeof f->cells[i].key, "key-%zu-%u", i, trial);
    }
    f->plan = (struct plan){.spec = &f->spec, .settings = &f->setting, .strategies = f->strategies,
                            .cells = f->cells, .cell_count = CELLS};
}

static void put(struct store *store, const char *key, uint32_t round, size_t queries,
                double accuracy)
{
    static const store_query some[] = {{7, 1}, {3, 0}, {11, 2}};
    static const uint32_t ids[] = {3, 7, 11, 12};
    static const double scores[] = {0.5, 0.25, -1, 2};
    store_round row = {.round = round, .labeled = 10 + 3 * round, .metrics = {accuracy, 0, 0, 0},
                       .validation_accuracy = (double)NAN, .queries = some, .query_count = queries,
                       .score_ids = ids, .scores = scores, .score_count = queries ? 4 : 0};
    fb_error err = {0};
    if (store_put_round(store, key, &row, &err))
        fail_msg("%s", err.text);
}

/* Trial 0 in the first folder, 1 in the second, where ldm has failed and the reference waits. */
static void fill(struct fixture *f, uint32_t trial)
{
    struct store *store = NULL;
    fb_error err = {0};
    json_t *facts = json_pack("{s:s, s:s, s:f, s:s}", "experiment", "e", "baseline", "ldm", "alpha",
                              0.01, "host", trial ? "second" : "first");
    make_plan(f, trial);
    assert_int_equal(store_open(f->directories[trial], true, &store, &err), 0);
    assert_int_equal(store_begin_run(store, facts, &err), 0);
    assert_int_equal(store_enter_plan(store, &f->plan, &err), 0);
    put(store, f->cells[0].key, 0, 3, 0.5);
    put(store, f->cells[0].key, 1, 0, 0.75);
    if (trial == 0) {
        put(store, f->cells[1].key, 0, 3, 0.5);
        put(store, f->cells[1].key, 1, 0, 0.625);
        put(store, f->cells[2].key, 0, 0, 0.9375);
    } else {
        assert_int_equal(store_put_failure(store, f->cells[1].key, 0, "it broke", &err), 0);
    }
    store_close(store);
    json_decref(facts);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    for (uint32_t i = 0; i < FOLDERS; i++) {
        snprintf(f->directories[i], sizeof f->directories[i], "/tmp/flipbench-results-XXXXXX");
        assert_non_null(mkdtemp(f->directories[i]));
        fill(f, i);
    }
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < FOLDERS; i++) {
        assert_int_equal(store_remove(f->directories[i], NULL), 0);
        assert_int_equal(rmdir(f->directories[i]), 0);
    }
    free(f);
    return 0;
}

static struct results load(const struct fixture *f, size_t count, bool scores)
{
    const char *const folders[FOLDERS] = {f->directories[0], f->directories[1]};
    struct results results = {0};
    fb_error err = {0};
    if (results_load(folders, count, scores, &results, &err))
        fail_msg("%s", err.text);
    return results;
}

static void everything_comes_back(void **state)
{
    struct results results = load(*state, 1, true);
    const report_data *data = &results.data;
    assert_string_equal(data->name, "e");
    assert_string_equal(data->baseline, "ldm");
    assert_true(data->alpha > 0.009 && data->alpha < 0.011);
    assert_int_equal(data->setting_count, 1);
    assert_int_equal(data->settings[0].class_count, 3);
    assert_int_equal(data->settings[0].pool_count, 100);
    assert_int_equal(data->settings[0].validation_labels, 7);
    assert_int_equal(data->strategy_count, 2); /* the reference is none */
    assert_int_equal(data->cell_count, 2);
    const report_cell *ldm = &data->cells[1];
    assert_string_equal(data->strategies[ldm->strategy].label, "ldm");
    assert_int_equal(ldm->algo_version, 5);
    assert_string_equal(ldm->fingerprint, "{\"seed\":1}");
    assert_ptr_equal(ldm->fingerprint, data->cells[0].fingerprint);
    const report_round *round = &ldm->rounds[0];
    assert_int_equal(round->query_count, 3);
    assert_int_equal(round->queried[2], 11);
    assert_int_equal(round->labels[2], 2);
    assert_string_equal(round->selected_sha256,
                        "334d0dee681e47d8e9580b65ef4dc740c1e0570061e9f6048c6fe88b479ddba6");
    assert_int_equal(round->score_count, 4);
    assert_int_equal(round->score_ids[3], 12);
    assert_true(round->scores[2] < -0.9);
    assert_int_equal(ldm->rounds[1].query_count, 0);
    assert_string_equal(ldm->rounds[1].selected_sha256, "");
    assert_int_equal(data->reference_count, 1);
    assert_true(data->references[0].accuracy > 0.93);
    assert_int_equal(data->references[0].labeled, 10);
    assert_string_equal(data->reference.label, PLAN_REFERENCE_LABEL);
    results_finish(&results);
}

static void several_folders_are_joined(void **state)
{
    struct results results = load(*state, 2, false);
    const report_data *data = &results.data;
    assert_int_equal(data->cell_count, 4);
    assert_int_equal(data->reference_count, 2);
    assert_null(data->references[1].round);
    assert_true(isnan(data->references[1].accuracy));
    for (size_t i = 0; i < data->cell_count; i++) {
        const report_cell *cell = &data->cells[i];
        bool failed = cell->strategy == 1 && cell->trial == 1;
        assert_int_equal(cell->round_count, failed ? 0 : 2);
        assert_int_equal(cell->failure != NULL, failed);
        assert_true(failed || !cell->rounds[0].scores);
    }
    for (size_t i = 0; i < data->provenance_count; i++)
        if (strcmp(data->provenance[i].name, "host") == 0)
            assert_string_equal(data->provenance[i].value, "first; second");
    results_finish(&results);
}

static void memory_may_run_short(void **state)
{
    const struct fixture *f = *state;
    const char *const folders[FOLDERS] = {f->directories[0], f->directories[1]};
    struct results results = {0};
    fb_alloc_fail_at(0);
    assert_int_equal(results_load(folders, 2, true, &results, NULL), 0);
    uint64_t needed = fb_alloc_count();
    results_finish(&results);
    for (uint64_t n = 1; n <= needed; n++) {
        fb_error err = {0};
        fb_alloc_fail_at(n);
        int rc = results_load(folders, 2, true, &results, &err);
        fb_alloc_fail_at(0);
        if (rc != FB_ENOMEM || !*err.text)
            fail_msg("allocation %u of %u: %s, '%s'", (unsigned)n, (unsigned)needed,
                     fb_status_name(rc), err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(everything_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(several_folders_are_joined, set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_may_run_short, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("results", tests, NULL, NULL);
}

/* Memory runs short at each allocation in turn, in flipbench and in the libraries it calls, while
 * an experiment is planned, trained and stored: FB_ENOMEM with a sentence, or the right result. What
 * reads files is starved in tests/fuzz. */
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

#include "nn_fixture.h"
#include "plan.h"
#include "scratch.h"
#include "short_memory.h"
#include "store.h"

/* A piece of work that releases all it took. Its result goes to `out`, which is zeroed before. */
enum { OUT = 256 };
typedef int (*work)(void *context, char out[OUT], fb_error *err);

/* Does the work while the n-th allocation alone fails, for every n; then with all of them from the
 * n-th on, for every STRIDE-th n. */
static void starve(work body, void *context, uint64_t least)
{
    enum { STRIDE = 7 };
    char expected[OUT] = "";
    fb_error err = {0};
    if (body(context, expected, &err))
        fail_msg("%s", err.text);
    for (int on = 0; on <= 1; on++) {
        bool failed = true;
        uint64_t n = 0;
        while (failed) {
            char out[OUT] = "";
            n += on ? STRIDE : 1;
            err = (fb_error){0};
            memory_fail_at(n, on);
            int rc = body(context, out, &err);
            failed = memory_count() >= n;
            memory_fail_at(0, false);
            if (rc && (rc != FB_ENOMEM || !strstr(err.text, "memory")))
                fail_msg("allocation %lu: %s (%s)", (unsigned long)n, fb_status_name(rc), err.text);
            if (!rc)
                assert_string_equal(out, expected);
        }
        assert_true(n > least);
    }
}

/* ---- the plan -------------------------------------------------------------------------------- */

static const char spec_text[] =
    "flipbench: 1\n"
    "name: starved\n"
    "trials: 1\n"
    "reference: full\n"
    "settings:\n"
    "  - name: blobs\n"
    "    dataset: {format: synthetic, generator: blobs, train: 40, test: 10, classes: 3,\n"
    "              features: 4}\n"
    "    network: {layers: [{dense: 4, relu: true}, {dropout: 0.5}, dense]}\n"
    "    validation: 6\n"
    "    train: {epochs: 1, batch: 8, keep: best-validation}\n"
    "    budget: {initial: 6, query: 4, rounds: 2}\n"
    "strategies: [random, margin]\n";

/* The catalogue, which needs a process of its own, is made once. */
struct planned {
    struct catalog catalog;
    struct spec spec;
    struct plan plan;
};

static int make_plan(struct planned *p, fb_error *err)
{
    int rc = spec_parse("t.yaml", spec_text, sizeof spec_text - 1, NULL, 0, &p->spec, err);
    return rc ? rc : plan_build(&p->spec, &p->catalog, 0, 1, NULL, &p->plan, err);
}

static int plan_once(void *context, char out[OUT], fb_error *err)
{
    struct planned p = {.catalog = *(const struct catalog *)context};
    int rc = make_plan(&p, err);
    if (!rc) /* the key is made of all that decides the result */
        snprintf(out, OUT, "%zu %s %s", p.plan.cell_count, p.plan.cells[0].key,
                 p.plan.cells[p.plan.cell_count - 1].key);
    plan_finish(&p.plan);
    spec_finish(&p.spec);
    return rc;
}

static struct planned set_up_plan(void)
{
    static const char *const paths[] = {STRATEGY_DIR "/random.so", STRATEGY_DIR "/margin.so"};
    struct planned p = {0};
    fb_error err = {0};
    if (catalog_build(paths, 2, &p.catalog, &err))
        fail_msg("%s", err.text);
    return p;
}

static void test_a_plan(void **state)
{
    (void)state;
    struct planned p = set_up_plan();
    starve(plan_once, &p.catalog, 500);
    catalog_finish(&p.catalog);
}

/* ---- training -------------------------------------------------------------------------------- */

static int train_once(void *context, char out[OUT], fb_error *err)
{
    const samples *s = context;
    nn_recipe recipe = recipe_of(8, 1, 1e-3);
    nn_training training = training_of(s);
    nn_training_result result;
    nn_metrics metrics;
    nn_network *network = NULL;
    nn_network_spec spec;
    int rc = nn_network_named("s-cnn", NULL, 0, &spec, err);
    if (!rc)
        rc = nn_create(&spec, s->source.shape, 3, NN_PORTABLE, &network, err);
    if (!rc)
        rc = nn_set_threads(network, 2, err);
    if (!rc) {
        nn_initialize(network, stream_of("weights", 1));
        rc = nn_train(network, &recipe, &training, &result, err);
    }
    if (!rc)
        rc = nn_evaluate(network, &s->source, s->ids, s->labels, s->count, &metrics, err);
    if (!rc)
        snprintf(out, OUT, "%a %a", metrics.accuracy, metrics.loss);
    nn_destroy(network);
    return rc;
}

static void test_a_training(void **state)
{
    (void)state;
    samples s = make_samples((nn_shape){8, 8, 1}, 3, 12, true, 5);
    starve(train_once, &s, 5);
    free_samples(&s);
}

/* ---- the store ------------------------------------------------------------------------------- */

/* SQLite's: what is written here need not survive a power cut, and is soon removed. */
__attribute__((visibility("default"))) int fdatasync(int fd)
{
    (void)fd;
    return 0;
}

__attribute__((visibility("default"))) int fsync(int fd)
{
    (void)fd;
    return 0;
}

static int store_rounds(struct store *store, struct plan *plan, char out[OUT], fb_error *err)
{
    static const store_query queries[] = {{7, 1}, {3, 0}, {11, 2}, {20, 1}};
    const char *key = plan->cells[0].key;
    const store_round round = {.labeled = 6, .metrics = {0.5, 0.25, 0.125, 1.5},
                               .validation_accuracy = NAN, .queries = queries, .query_count = 4};
    store_progress progress = {0};
    json_t *facts = json_pack("{s:s}", "experiment", "starved");
    int rc = facts ? store_begin_run(store, facts, err)
                   : fb_fail(err, FB_ENOMEM, "out of memory for a test's facts");
    json_decref(facts);
    if (!rc)
        rc = store_enter_plan(store, plan, err);
    if (!rc)
        rc = store_put_round(store, key, &round, err);
    if (!rc)
        rc = store_put_failure(store, plan->cells[1].key, 0, "a cause", err);
    if (!rc)
        rc = store_load_progress(store, key, &progress, err);
    if (!rc)
        snprintf(out, OUT, "%zu rounds, %zu queries, %a", progress.round_count,
                 progress.query_count, progress.accuracy[0]);
    store_progress_finish(&progress);
    return rc;
}

static int store_once(void *context, char out[OUT], fb_error *err)
{
    struct planned *p = context;
    const char *folder = scratch_path("results");
    struct store *store = NULL;
    int lock = -1, rc = store_lock(folder, &lock, err);
    if (!rc)
        rc = store_open(folder, true, &store, err);
    if (!rc)
        rc = store_rounds(store, &p->plan, out, err);
    store_close(store);
    close(lock);
    memory_fail_no_more();
    assert_int_equal(store_remove(folder, NULL), 0);
    return rc;
}

static void test_a_store(void **state)
{
    (void)state;
    struct planned p = set_up_plan();
    fb_error err = {0};
    if (make_plan(&p, &err))
        fail_msg("%s", err.text);
    starve(store_once, &p, 500);
    plan_finish(&p.plan);
    spec_finish(&p.spec);
    catalog_finish(&p.catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_plan),
        cmocka_unit_test(test_a_training),
        cmocka_unit_test(test_a_store),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}

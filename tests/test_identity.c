/* The identity of a cell: literal, because every stored result hangs on it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "alloc.h"
#include "digest.h"
#include "identity.h"
#include "spec_probe.h"

/* A plan of one cell, made by hand from a spec. */
struct fixture {
    struct spec spec;
    dataset data;
    plan_setting setting;
    catalog_strategy plugin;
    plan_strategy strategy;
    plan_cell cell;
    struct plan plan;
};

static struct fixture *make_fixture(const char *train)
{
    static const char pattern[] =
        "flipbench: 1\n"
        "name: x\n"
        "seed: 7\n"
        "settings:\n"
        "  - name: one\n"
        "    dataset: {format: synthetic, generator: glyphs}\n"
        "    network: NETWORK\n"
        "    validation: 20\n"
        "    train: TRAIN\n"
        "    budget: {initial: {count: 20, balance: none}, query: 10, rounds: 3, subpool: 100}\n"
        "strategies: [random]\n";
    char *named = probe_replaced(pattern, "NETWORK", strstr(train, "C:") ? "linear" : "mlp");
    char *text = probe_replaced(named, "TRAIN", train);
    struct fixture *f = fb_calloc(1, sizeof *f);
    assert_non_null(f);
    f->spec = probe_parse(text);
    fb_free(text);
    fb_free(named);
    strcpy(f->data.digest, "b7c2e94e5a3495ea2b6dac7b9e52ff273d2ce585c0ab6609c900a9e19b7776b0");
    f->setting = (plan_setting){.spec = f->spec.settings, .data = &f->data};
    strcpy(f->setting.network_digest,
           "89c24fd6bc715f6d33e7cc17c755cc070efc4341103f52d45b0da7fcf26799f3");
    f->plugin = (catalog_strategy){.id = f->spec.strategies[0].id, .algo_version = 1};
    f->strategy = (plan_strategy){.id = f->plugin.id, .plugin = &f->plugin, .params = json_object()};
    f->plan = (struct plan){.spec = &f->spec, .settings = &f->setting, .strategies = &f->strategy,
                            .cells = &f->cell, .cell_count = 1};
    return f;
}

static void free_fixture(struct fixture *f)
{
    json_decref(f->strategy.params);
    spec_finish(&f->spec);
    fb_free(f);
}

static char *identity_of(const char *train)
{
    struct fixture *f = make_fixture(train);
    json_t *identity = identity_json(&f->plan, &f->cell);
    char *text = identity_text(identity);
    assert_non_null(text);
    json_decref(identity);
    free_fixture(f);
    return text;
}

/* From a results folder that an earlier flipbench made; what has changed since is the trainer's
 * version. */
static void cells_from_before_keep_their_key(void **state)
{
    (void)state;
    char hex[FB_DIGEST_HEX], version[32];
    snprintf(version, sizeof version, "\"numerics_version\":%d,", (int)NN_NUMERICS_VERSION);
    char *now = identity_of("{learning_rate: 2e-4, beta1: 0.8, beta2: 0.99, epsilon: 1e-8, "
                             "batch: 16, epochs: 1, keep: best-validation}");
    char *text = probe_replaced(now, version, "\"numerics_version\":2,");
    assert_string_equal(
        text,
        "{\"algo_version\":1,\"budget\":{\"balance\":false,\"initial\":20,\"query\":10,"
        "\"subpool\":100,\"test_share\":0.0,\"validation\":20},\"dataset\":"
        "\"b7c2e94e5a3495ea2b6dac7b9e52ff273d2ce585c0ab6609c900a9e19b7776b0\",\"engine\":"
        "\"portable\",\"engine_fingerprint\":\"\",\"network\":"
        "\"89c24fd6bc715f6d33e7cc17c755cc070efc4341103f52d45b0da7fcf26799f3\","
        "\"numerics_version\":2,\"params\":{},\"recipe\":{\"batch\":16,\"beta1\":"
        "0.80000000000000004,\"beta2\":0.98999999999999999,\"epochs\":1,\"epsilon\":1e-8,\"keep\":"
        "\"best-validation\",\"learning_rate\":0.00020000000000000001,\"optimizer\":\"adam\","
        "\"start\":\"cold\"},\"seed\":7,\"strategy\":\"random\",\"trial\":0}");
    fb_digest digest;
    fb_digest_init(&digest);
    fb_digest_bytes(&digest, text, strlen(text));
    fb_digest_end_hex(&digest, hex);
    assert_string_equal(hex, "0e88cb5b2f754a3b4e765d8b84904d756f8a931ed9081d9c641c79e891003b6d");
    fb_free(now);
    fb_free(text);
}

static void recipes_say_what_they_do(void **state)
{
    (void)state;
    static const struct {
        const char *train, *recipe;
    } cases[] = {
        {"{optimizer: adamw, schedule: cosine}",
         "{\"batch\":32,\"beta1\":0.90000000000000002,\"beta2\":0.999,\"epochs\":20,\"epsilon\":"
         "9.9999999999999995e-8,\"keep\":\"last\",\"learning_rate\":0.001,\"optimizer\":\"adamw\","
         "\"schedule\":\"cosine\",\"start\":\"cold\",\"weight_decay\":0.01}"},
        {"{optimizer: sgd, momentum: 0.5, nesterov: true, start: warm, clip_norm: 2, "
         "schedule: {step: {epochs: 3, factor: 0.5}}, augment: {crop: 4, flip: true}}",
         "{\"batch\":32,\"clip_norm\":2.0,\"crop\":4,\"epochs\":20,\"flip\":1,\"keep\":\"last\","
         "\"learning_rate\":0.001,\"momentum\":0.5,\"nesterov\":true,\"optimizer\":\"sgd\","
         "\"schedule\":{\"epochs\":3,\"factor\":0.5},\"start\":\"warm\"}"},
        {"{optimizer: rmsprop, stop: {accuracy: 0.5, patience: 3}, class_weights: [1, 0.5]}",
         "{\"batch\":32,\"class_weights\":[1.0,0.5],\"epochs\":20,\"epsilon\":"
         "9.9999999999999995e-8,\"keep\":\"last\",\"learning_rate\":0.001,\"optimizer\":"
         "\"rmsprop\",\"rho\":0.90000000000000002,\"start\":\"cold\",\"stop_accuracy\":0.5,"
         "\"stop_patience\":3}"},
        {"{C: 2, class_weights: balanced}",
         "{\"C\":2.0,\"class_weights\":\"balanced\",\"optimizer\":\"lbfgs\"}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = identity_of(cases[i].train);
        if (!strstr(text, cases[i].recipe))
            fail_msg("%s\nlacks\n%s", text, cases[i].recipe);
        fb_free(text);
    }
}

/* What is off, and what no number depends on, leaves no trace. */
static void what_changes_nothing_is_not_in_it(void **state)
{
    (void)state;
    char *plain = identity_of("{}");
    char *spelt = identity_of("{threads: 7, weight_decay: 0, schedule: constant, start: cold, "
                              "stop: {}, augment: {crop: 0, flip: false}, optimizer: adam}");
    assert_string_equal(plain, spelt);
    fb_free(plain);
    fb_free(spelt);
}

/* Lists of samples are in it by their content. */
static void lists_of_samples_are_in_it(void **state)
{
    (void)state;
    struct fixture *f = make_fixture("{}");
    f->setting.initial_ids = (data_ids){.count = 1, .digest = "a1"};
    f->setting.validation_ids = (data_ids){.count = 1, .digest = "b2"};
    f->data.test_ids = (data_ids){.count = 1, .digest = "c3"};
    json_t *identity = identity_json(&f->plan, &f->cell);
    char *text = identity_text(identity);
    static const char budget[] =
        "{\"balance\":false,\"initial\":20,\"initial_ids\":\"a1\",\"query\":10,\"subpool\":100,"
        "\"test_ids\":\"c3\",\"test_share\":0.0,\"validation\":20,\"validation_ids\":\"b2\"}";
    assert_non_null(strstr(text, budget));
    fb_free(text);
    json_decref(identity);
    free_fixture(f);
}

/* And so are files that a strategy reads, whatever their names. */
static void files_of_strategies_are_in_it(void **state)
{
    (void)state;
    struct fixture *f = make_fixture("{}");
    json_object_set_new(f->strategy.params, "file", json_string("/here/a.csv"));
    json_object_set_new(f->strategy.params, "setting", json_string("x"));
    f->strategy.files = json_pack("{s:s}", "file", "sha256:d4");
    json_t *identity = identity_json(&f->plan, &f->cell);
    char *text = identity_text(identity);
    assert_non_null(strstr(text, "\"params\":{\"file\":\"sha256:d4\",\"setting\":\"x\"}"));
    assert_string_equal(json_string_value(json_object_get(f->strategy.params, "file")),
                        "/here/a.csv");
    fb_free(text);
    json_decref(identity);
    json_decref(f->strategy.files);
    free_fixture(f);
}

/* A reference is a setting's: what is no strategy's must be equal, so that they are compared. */
static void a_reference_has_the_identity_of_its_setting(void **state)
{
    (void)state;
    struct fixture *f = make_fixture("{}");
    json_t *cell = identity_json(&f->plan, &f->cell);
    f->strategy.plugin = NULL;
    json_t *reference = identity_json(&f->plan, &f->cell);
    char *whole = identity_text(reference);
    char *of_cell = identity_setting(cell), *of_reference = identity_setting(reference);
    assert_non_null(strstr(whole, "\"reference\":\"full\""));
    assert_null(strstr(whole, "strategy"));
    assert_string_equal(of_cell, of_reference);
    assert_null(strstr(of_cell, "trial"));
    assert_null(strstr(of_cell, "random"));
    assert_non_null(strstr(of_cell, "\"seed\":7"));
    fb_free(whole);
    fb_free(of_cell);
    fb_free(of_reference);
    json_decref(cell);
    json_decref(reference);
    free_fixture(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_from_before_keep_their_key),
        cmocka_unit_test(recipes_say_what_they_do),
        cmocka_unit_test(what_changes_nothing_is_not_in_it),
        cmocka_unit_test(lists_of_samples_are_in_it),
        cmocka_unit_test(files_of_strategies_are_in_it),
        cmocka_unit_test(a_reference_has_the_identity_of_its_setting),
    };
    return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}

/* The spec: defaults, what is refused and where, --set, the grid, and the resolved text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "alloc.h"
#include "spec_probe.h"
#include "strbuf.h"

#define HEAD "flipbench: 1\nname: base\n"
#define SETTING                                                                                    \
    "settings:\n"                                                                                  \
    "  - name: one\n"                                                                              \
    "    dataset: {format: synthetic, generator: blobs}\n"                                         \
    "    network: mlp\n"                                                                           \
    "    budget: {initial: 10, query: 5, rounds: 2}\n"
#define STRATEGIES "strategies:\n  - random\n  - {use: entropy, label: E, cut: 0.5}\n"

static const char base[] = HEAD SETTING STRATEGIES; /* settings from line 3, strategies from 8 */

static struct spec parse_with(const char *text, const char *const *overrides, size_t count)
{
    struct spec spec = {0};
    fb_error err = {0};
    if (spec_parse("dir/t.yaml", text, strlen(text), overrides, count, &spec, &err))
        fail_msg("%s", err.text);
    return spec;
}

static struct spec parse(const char *text)
{
    return parse_with(text, NULL, 0);
}

static void assert_double(double a, double b)
{
    assert_true(!(a < b) && !(a > b));
}

/* ---- what is read ---------------------------------------------------------------------------- */

static void fills_in_the_defaults(void **state)
{
    (void)state;
    struct spec spec = parse(base);
    assert_string_equal(spec.path, "dir/t.yaml");
    assert_string_equal(spec.source, base);
    assert_string_equal(spec.name, "base");
    assert_int_equal(spec.seed, 0);
    assert_int_equal(spec.trial_first, 0);
    assert_int_equal(spec.trial_count, 5);
    assert_string_equal(spec.report.baseline, "random");
    assert_double(spec.report.alpha, 0.05);
    assert_int_equal(spec.report.correction, SPEC_HOLM);
    assert_false(spec.report.include_initial);
    assert_double(spec.limits.seconds, 3600);
    assert_int_equal(spec.limits.memory, 0);
    assert_int_equal(spec.setting_count, 1);
    const spec_setting *setting = &spec.settings[0];
    assert_string_equal(setting->dataset_label, "blobs");
    assert_int_equal(setting->dataset.format, DATA_SYNTHETIC);
    assert_int_equal(setting->dataset.train_count, 0);
    assert_int_equal(setting->split.validation, 0);
    assert_int_equal(setting->split.initial, 10);
    assert_true(setting->split.balance);
    assert_string_equal(setting->network.name, "mlp");
    assert_int_equal(setting->network.layers[0].size, 128);
    assert_int_equal(setting->engine, NN_PORTABLE);
    assert_int_equal(setting->recipe.optimizer, NN_ADAM);
    assert_double(setting->recipe.learning_rate, 1e-3);
    assert_double(setting->recipe.beta1, 0.9);
    assert_double(setting->recipe.beta2, 0.999);
    assert_double(setting->recipe.epsilon, 1e-7);
    assert_int_equal(setting->recipe.batch, 32);
    assert_int_equal(setting->recipe.epochs, 20);
    assert_int_equal(setting->recipe.keep, NN_KEEP_LAST);
    assert_int_equal(setting->query, 5);
    assert_int_equal(setting->rounds, 2);
    assert_false(setting->rounds_all);
    assert_int_equal(setting->subpool, 0);
    assert_int_equal(setting->place.line, 4);
    assert_int_equal(setting->place.column, 5);
    spec_finish(&spec);
}

static const char full[] =
    "flipbench: 1\n"
    "name: 'everything: written out'\n"
    "seed: 9223372036854775807\n"
    "trials: {first: 10, count: 3}\n"
    "settings:\n"
    "- name: digits\n"
    "  dataset: {format: idx, train_images: data/ti.gz, train_labels: /abs/tl, test: 0.25}\n"
    "  validation: 50\n"
    "  network: {name: mlp, hidden: [64, 32]}\n"
    "  train: {optimizer: adam, learning_rate: 2e-4, beta1: 0, beta2: .99, epsilon: 1E-8,\n"
    "          batch: 64, epochs: 3, keep: best-validation, start: cold, engine: blas}\n"
    "  budget: {initial: {count: 30, balance: none}, query: 7, rounds: all, subpool: 100}\n"
    "- name: synthetic\n"
    "  dataset: {format: synthetic, generator: random-rbf, seed: 3, train: 500, test: 100,\n"
    "            classes: 6, features: 4, noise: 0.5}\n"
    "  network: s-cnn\n"
    "  budget: {initial: 10, query: 5, rounds: 0}\n"
    "- name: clothes\n"
    "  dataset: fashion-mnist\n"
    "  network: {name: s-cnn}\n"
    "  budget: {initial: 10, query: 5, rounds: 2}\n"
    "strategies:\n"
    "- {use: bald, passes: 100, label: BALD}\n"
    "- {use: bald, passes: '20', label: BALD, note: ''}\n"
    "- random\n"
    "report: {baseline: BALD, alpha: 0.01, correction: none, include_initial: true}\n"
    "limits: {seconds: 1.5, memory: 4 GiB}\n";

static void reads_every_key(void **state)
{
    (void)state;
    struct spec spec = parse(full);
    assert_string_equal(spec.name, "everything: written out");
    assert_true(spec.seed == INT64_MAX);
    assert_int_equal(spec.trial_first, 10);
    assert_int_equal(spec.trial_count, 3);
    const spec_setting *digits = &spec.settings[0];
    char here[4096];
    fb_strbuf path = FB_STRBUF_INIT;
    assert_non_null(getcwd(here, sizeof here));
    fb_strbuf_printf(&path, "%s/dir/data/ti.gz", here);
    assert_string_equal(digits->dataset.train_images, path.text);
    fb_strbuf_finish(&path);
    assert_string_equal(digits->dataset.train_labels, "/abs/tl");
    assert_null(digits->dataset.test_images);
    assert_string_equal(digits->dataset_label, "ti.gz");
    assert_double(digits->split.test_share, 0.25);
    assert_int_equal(digits->split.validation, 50);
    assert_int_equal(digits->network.layer_count, 3);
    assert_int_equal(digits->network.layers[1].size, 32);
    assert_double(digits->recipe.learning_rate, 2e-4);
    assert_double(digits->recipe.beta1, 0);
    assert_double(digits->recipe.beta2, 0.99);
    assert_double(digits->recipe.epsilon, 1e-8);
    assert_int_equal(digits->recipe.keep, NN_KEEP_BEST_VALIDATION);
    assert_int_equal(digits->engine, NN_BLAS);
    assert_int_equal(digits->split.initial, 30);
    assert_false(digits->split.balance);
    assert_true(digits->rounds_all);
    assert_int_equal(digits->subpool, 100);
    const data_spec *rbf = &spec.settings[1].dataset;
    assert_string_equal(rbf->name, "random-rbf");
    assert_int_equal(rbf->seed, 3);
    assert_int_equal(rbf->train_count, 500);
    assert_int_equal(rbf->test_count, 100);
    assert_int_equal(rbf->class_count, 6);
    assert_int_equal(rbf->feature_count, 4);
    assert_double(rbf->noise, 0.5);
    assert_int_equal(spec.settings[1].rounds, 0);
    assert_int_equal(spec.settings[2].dataset.format, DATA_REGISTRY);
    assert_string_equal(spec.settings[2].dataset_label, "fashion-mnist");
    assert_string_equal(spec.report.baseline, "BALD");
    assert_double(spec.report.alpha, 0.01);
    assert_int_equal(spec.report.correction, SPEC_NO_CORRECTION);
    assert_true(spec.report.include_initial);
    assert_double(spec.limits.seconds, 1.5);
    assert_true(spec.limits.memory == UINT64_C(4) << 30);
    spec_finish(&spec);
}

static void keeps_parameters_as_text_with_their_places(void **state)
{
    (void)state;
    struct spec spec = parse(full);
    assert_int_equal(spec.strategy_count, 3);
    const spec_strategy *bald = &spec.strategies[1];
    assert_string_equal(bald->id, "bald");
    assert_string_equal(bald->label, "BALD");
    assert_int_equal(bald->place.line, 24);
    assert_int_equal(bald->param_count, 2);
    assert_string_equal(bald->params[0].name, "passes");
    assert_string_equal(bald->params[0].value, "20");
    assert_int_equal(bald->params[0].place.line, 24);
    assert_int_equal(bald->params[0].place.column, 23);
    assert_string_equal(bald->params[1].value, "");
    assert_string_equal(spec.strategies[2].id, "random");
    assert_null(spec.strategies[2].label);
    assert_int_equal(spec.strategies[2].place.column, 3);
    spec_finish(&spec);
}

static void takes_a_test_set_from_files(void **state)
{
    (void)state;
    char *text = probe_replaced(base, "{format: synthetic, generator: blobs}",
                          "{format: idx, train_images: /a, train_labels: /b, test_images: /c/d,\n"
                          "              test_labels: /e}");
    struct spec spec = parse(text);
    const spec_setting *setting = &spec.settings[0];
    assert_string_equal(setting->dataset.test_images, "/c/d");
    assert_string_equal(setting->dataset.test_labels, "/e");
    assert_double(setting->split.test_share, 0);
    spec_finish(&spec);
    fb_free(text);
}

static void tells_strategies_of_one_label_apart_by_parameters(void **state)
{
    (void)state;
    struct spec spec = parse(HEAD SETTING "strategies:\n"
                                          "  - {use: bald, label: B, passes: 20}\n"
                                          "  - {use: bald, label: B}\n"
                                          "  - {use: bald, label: B, passes: 30}\n"
                                          "  - {use: bald, label: B, passes: 30, other: 1}\n"
                                          "  - bald\n");
    assert_int_equal(spec.strategy_count, 5);
    spec_finish(&spec);
}

static void a_reference_is_the_specs_or_the_settings_own(void **state)
{
    (void)state;
    static const char two[] = HEAD SETTING "    reference: none\n"
                              "  - {name: two, dataset: {format: synthetic, generator: blobs},\n"
                              "     network: mlp, budget: {initial: 10, query: 5, rounds: 2}}\n"
                              STRATEGIES "reference: full\n";
    struct spec spec = parse(two), none = parse(base);
    assert_int_equal(none.settings[0].reference, SPEC_NO_REFERENCE);
    assert_int_equal(spec.settings[0].reference, SPEC_NO_REFERENCE);
    assert_int_equal(spec.settings[1].reference, SPEC_REFERENCE_FULL);
    probe_reads_back(two);
    spec_finish(&none);
    spec_finish(&spec);
}

/* A label is a text, whatever it looks like. */
static void a_baseline_named_0_is_written_out(void **state)
{
    (void)state;
    struct spec spec = parse(HEAD SETTING "strategies: [random, {use: margin, label: 0}]\n"
                                          "report: {baseline: 0}\n");
    struct spec again = parse(spec.resolved);
    assert_string_equal(again.report.baseline, "0");
    spec_finish(&spec);
    spec_finish(&again);
}

static void takes_the_first_strategy_as_baseline_without_random(void **state)
{
    (void)state;
    struct spec spec = parse(HEAD SETTING "strategies: [margin, entropy]\n");
    assert_string_equal(spec.report.baseline, "margin");
    spec_finish(&spec);
}

/* ---- what is refused ------------------------------------------------------------------------- */

static const struct probe_mistake mistakes[] = {
    /* the root */
    {"flipbench: 1", "flipbench: 2", "1:12",
     "flipbench: expected 1 (the version of the format; this program reads 1), found '2'"},
    {"flipbench: 1\n", "", "1:1", "the key 'flipbench' is missing"},
    {"name: base\n", "", "1:1", "the key 'name' is missing"},
    {"name: base", "name:", "2:6", "name: expected a text of one line, found nothing"},
    {"name: base", "name: [x]", "2:7", "name: expected a text of one line, found a list"},
    {"name: base", "name: \"a\\nb\"", "2:7", "expected a text of one line, found the quoted"},
    {"name: base", "name: base\nseeed: 3", "3:1",
     "unknown key 'seeed'; known here: flipbench, name, seed, trials, "},
    {"name: base", "name: base\nseeed: 3", "3:1", "limits, scores; did you mean 'seed'?"},
    {"name: base", "name: base\nname: b", "3:1", "the key 'name' is repeated (first at 2:1)"},
    {HEAD SETTING, HEAD "settings: []\n", "3:11",
     "settings: expected a list of one setting or more, found a list"},
    {HEAD SETTING, HEAD, "1:1", "the key 'settings' is missing"},
    {STRATEGIES, "", "1:1", "the key 'strategies' is missing"},
    /* integers */
    {"name: base", "name: base\nseed: yes", "3:7",
     "seed: expected an integer from 0 to 9223372036854775807, found 'yes'"},
    {"name: base", "name: base\nseed: \"5\"", "3:7",
     "found the quoted text '5'; remove the quotes"},
    {"name: base", "name: base\nseed: -1", "3:7", "seed: expected an integer from 0"},
    {"name: base", "name: base\nseed: 9223372036854775808", "3:7", "found '9223372036854775808'"},
    {"name: base", "name: base\nseed: 007", "3:7", "found '007'"},
    {"name: base", "name: base\nseed: 1e3", "3:7", "found '1e3'"},
    {"name: base", "name: base\nseed: 0x10", "3:7", "found '0x10'"},
    {"name: base", "name: base\nseed: [1]", "3:7", "found a list"},
    {"name: base", "name: base\nseed:", "3:6", "found nothing"},
    {"name: base", "name: base\ntrials: 0", "3:9",
     "trials.count: expected an integer from 1 to 1000000, found '0'"},
    {"name: base", "name: base\ntrials: {frist: 1}", "3:10",
     "unknown key 'frist' in trials; known here: first, count; did you mean 'first'?"},
    {"name: base", "name: base\ntrials: [1]", "3:9",
     "trials: expected a mapping with the keys first, count, found a list"},
    /* the setting */
    {"name: one", "nmae: one", "4:5", "unknown key 'nmae'; known here: name, dataset, validation"},
    {"  - name: one\n", "  - validation: 3\n", "4:5", "the key 'name' is missing"},
    {"    network: mlp\n", "", "4:5", "the key 'network' is missing"},
    {"network: mlp", "network: mpl", "6:14",
     "network: expected one of s-cnn, k-cnn, resnet-18, wrn-16-8, mlp, linear, found 'mpl'; did "
     "you mean 'mlp'?"},
    {"network: mlp", "network: {name: mlp, hidden: 5}", "6:34", "network.hidden: expected a list"},
    {"network: mlp", "network: {name: mlp, hidden: []}", "6:34", "network.hidden: expected a list"},
    {"network: mlp", "network: {name: mlp, hidden: [8, 0]}", "6:38",
     "network.hidden: expected an integer from 1 to 65536, found '0'"},
    {"network: mlp", "network: {name: s-cnn, hidden: [8]}", "6:14", "hidden layers"},
    {"network: mlp", "network: {hidden: [8]}", "6:14", "the key 'network.name' is missing"},
    {"network: mlp", "network: mlp\n    validation: ids.txt", "7:17",
     "validation: expected an integer from 0 to 1000000000 (or {ids: FILE}), found 'ids.txt'"},
    /* the data set */
    {"{format: synthetic, generator: blobs}", "fashion", "5:14",
     "dataset: expected one of cifar-10, cifar-100, fashion-mnist, mnist, found 'fashion'"},
    {"{format: synthetic, generator: blobs}", "{name: minst}", "5:21",
     "fashion-mnist, mnist, found 'minst'; did you mean 'mnist'?"},
    {"{format: synthetic, generator: blobs}", "{}", "5:14", "the key 'dataset.name' is missing"},
    {"{format: synthetic, generator: blobs}", "[mnist]", "5:14",
     "dataset: expected a mapping with the keys format, name, standardize, found a list"},
    {"format: synthetic", "format: csv", "5:23",
     "dataset.format: expected one of registry, idx, cifar, libsvm, synthetic, found 'csv'"},
    {"generator: blobs", "generator: blob", "5:45", "did you mean 'blobs'?"},
    {"generator: blobs", "generator: blobs, tests: 5", "5:52", "unknown key 'tests' in dataset"},
    {"generator: blobs", "generator: blobs, test: 0.2", "5:58",
     "dataset.test: expected an integer from 1 to 10000000, found '0.2'"},
    {"generator: blobs", "generator: blobs, noise: 0", "5:59",
     "dataset.noise: expected a number above 0 and at most 1000000, found '0'"},
    {"{format: synthetic, generator: blobs}", "{format: idx, train_images: a}", "5:14",
     "the key 'dataset.train_labels' is missing"},
    {"{format: synthetic, generator: blobs}", "{format: idx, train_images: a, train_labels: b}",
     "5:14", "dataset: there is no test set; give test_images and test_labels, 'test: 0.2'"},
    {"{format: synthetic, generator: blobs}",
     "{format: idx, train_images: a, train_labels: b, test_images: c}", "5:75",
     "test_labels is missing"},
    {"{format: synthetic, generator: blobs}",
     "{format: idx, train_images: a, train_labels: b, test_images: c, test_labels: d, test: .2}",
     "5:100", "the test set comes from test_images already"},
    {"{format: synthetic, generator: blobs}",
     "{format: idx, train_images: a, train_labels: b, test: 1}", "5:68",
     "dataset.test: expected a number above 0 and below 1 (the share of the training samples"},
    /* the budget */
    {"    budget: {initial: 10, query: 5, rounds: 2}\n", "", "4:5",
     "the key 'budget.initial.count' is missing"},
    {"initial: 10, ", "", "7:13", "the key 'budget.initial.count' is missing"},
    {", query: 5", "", "7:13", "the key 'budget.query' is missing (labels asked for in a round)"},
    {", rounds: 2", "", "7:13", "the key 'budget.rounds' is missing (queries made, or 'all')"},
    {"initial: 10", "initial: 0", "7:23", "budget.initial.count: expected an integer from 1"},
    {"initial: 10", "initial: {count: 5, balance: yes}", "7:43",
     "budget.initial.balance: expected one of classes, none, found 'yes'"},
    {"rounds: 2", "rounds: every", "7:45",
     "budget.rounds: expected an integer from 0 to 1000000 (or 'all'), found 'every'"},
    {"rounds: 2", "rounds: 2, subpool: 4", "7:57",
     "budget.subpool: 4 samples are offered in a round, but budget.query asks for 5"},
    /* strategies */
    {STRATEGIES, "strategies: []\n", "8:13", "strategies: expected a list of one strategy or more"},
    {STRATEGIES, "strategies: random\n", "8:13", "strategies: expected a list of one strategy"},
    {"- random", "- [random]", "9:5", "strategies: expected a strategy's id or {use: ID, ...}"},
    {"- random", "- ", "9:4", "found nothing"},
    {"- random", "- {label: R}", "9:5", "the key 'strategies.use' is missing"},
    {"- random", "- {use: [x]}", "9:11", "strategies.use: expected a strategy's id, found a list"},
    {"- random", "- {use: random, label: ''}", "9:26", "strategies.label: expected a text"},
    {"- random", "- {use: x, p: {a: 1}}", "9:17", "strategies.p: expected a single value"},
    {"- random", "- {use: entropy, label: E, cut: 0.5}", "10:5",
     "strategies: 'E' is listed twice with the same parameters (first at 9:5)"},
    {"- random", "- {use: random, a: 1, b: 2}\n  - {use: random, b: 2, a: 1}", "10:5",
     "'random' is listed twice with the same parameters"},
    {"- random", "- {use: margin, label: E, cut: 0.5}", "10:5", "'E' is listed twice"},
    /* report and limits */
    {STRATEGIES, STRATEGIES "report: {baseline: randm}\n", "11:20",
     "report.baseline: expected one of random, entropy, E, found 'randm'; did you mean 'random'?"},
    {STRATEGIES, STRATEGIES "report: {alpha: 1}\n", "11:17",
     "report.alpha: expected a number above 0 and below 1, found '1'"},
    {STRATEGIES, STRATEGIES "report: {correction: fdr}\n", "11:22",
     "report.correction: expected one of holm, none, found 'fdr'"},
    {STRATEGIES, STRATEGIES "reference: all\n", "11:12",
     "reference: expected one of none, full, found 'all'"},
    {STRATEGIES, STRATEGIES "scores: yes\n", "11:9", "scores: expected one of false, true"},
    {STRATEGIES, STRATEGIES "limits: {seconds: 0}\n", "11:19",
     "limits.seconds: expected a number above 0 and at most 1000000000, found '0'"},
    {STRATEGIES, STRATEGIES "limits: {memory: 4 GB}\n", "11:18",
     "limits.memory: expected a number of bytes, such as 4294967296, 4096 MiB or 4 GiB"},
    {STRATEGIES, STRATEGIES "limits: {memory: 9999999 TiB}\n", "11:18", "found '9999999 TiB'"},
    /* the grid */
    {STRATEGIES, STRATEGIES "grid: {train.epochs: 5}\n", "11:22",
     "grid.train.epochs: expected a list of one single value or more"},
    {STRATEGIES, STRATEGIES "grid: {train.epochs: []}\n", "11:22", "expected a list of one single"},
    {STRATEGIES, STRATEGIES "grid: {train.epochs: [[5]]}\n", "11:23",
     "grid.train.epochs: expected a single value, found a list"},
    {STRATEGIES, STRATEGIES "grid: {epochs: [5]}\n", "11:8",
     "grid: 'epochs' is no path inside a setting"},
    {STRATEGIES, STRATEGIES "grid: {name: [a, b]}\n", "11:8", "grid: 'name' is no path"},
    {STRATEGIES, STRATEGIES "grid: {network.hidden: [5]}\n", "11:8",
     "grid.network.hidden: 'hidden' cannot be set inside the single value 'mlp'"},
    {STRATEGIES, STRATEGIES "grid: {}\n", "11:7", "grid: expected a mapping such as"},
    {STRATEGIES, STRATEGIES "grid: {train.epochs: [5, x]}\n", "11:26",
     "train.epochs: expected an integer from 1 to 1000000, found 'x'"},
    {STRATEGIES, STRATEGIES "grid: {train.epoch: [5]}\n", "11:22", "unknown key 'epoch' in train"},
    {STRATEGIES, STRATEGIES "grid: {train.learning_rate: [1e-3, 0.001]}\n", "4:11",
     "two settings are named 'one learning_rate=0.001'"},
};

static void refuses_each_mistake_at_its_place(void **state)
{
    (void)state;
    probe_mistakes(base, mistakes, sizeof mistakes / sizeof mistakes[0]);
}

static void refuses_what_is_no_mapping(void **state)
{
    (void)state;
    assert_true(probe_is_refused("- a\n", NULL, 0, "t.yaml:1:1: ",
                           "expected a mapping with the keys flipbench, name, seed"));
    assert_true(probe_is_refused("", NULL, 0, "t.yaml:1:1: ", "there is nothing here"));
    assert_true(probe_is_refused("--- \n", NULL, 0, "t.yaml:", "found nothing"));
}

static void refuses_two_settings_of_one_name(void **state)
{
    (void)state;
    const char *text = HEAD SETTING "  - {name: one, dataset: mnist, network: mlp,\n"
                                    "     budget: {initial: 1, query: 1, rounds: 1}}\n" STRATEGIES;
    assert_true(probe_is_refused(text, NULL, 0, "t.yaml:8:12: ",
                           "two settings are named 'one' (the first at 4:5)"));
}

static void refuses_a_grid_that_is_too_large(void **state)
{
    (void)state;
    fb_strbuf text = FB_STRBUF_INIT;
    fb_strbuf_add(&text, HEAD SETTING STRATEGIES "grid:\n");
    const char *const keys[] = {"train.epochs", "train.batch", "budget.query", "budget.rounds"};
    for (size_t i = 0; i < 4; i++)
        fb_strbuf_printf(&text, "  %s: [1, 2, 3, 4, 5, 6]\n", keys[i]);
    assert_true(probe_is_refused(text.text, NULL, 0, "t.yaml:12:3: ", "more than 1000 settings"));
    fb_strbuf_finish(&text);
}

static void names_a_file_that_is_not_there(void **state)
{
    (void)state;
    struct spec spec = {0};
    fb_error err = {0};
    assert_int_equal(spec_read("/no/such/spec.yaml", NULL, 0, &spec, &err), FB_ENOENT);
    assert_non_null(strstr(err.text, "/no/such/spec.yaml: cannot open"));
}

/* ---- --set ----------------------------------------------------------------------------------- */

static void sets_values_from_the_command_line(void **state)
{
    (void)state;
    const char *const overrides[] = {
        "seed=9", "trials=2", "report.alpha=0.1", "settings.0.budget.query=3", "train.epochs=4",
        "network={name: mlp, hidden: [8]}", "strategies.1.cut=0.75", "limits.memory=2 MiB",
        "train.learning_rate=1e-2"};
    struct spec spec = parse_with(base, overrides, sizeof overrides / sizeof overrides[0]);
    assert_int_equal(spec.seed, 9);
    assert_int_equal(spec.trial_count, 2);
    assert_double(spec.report.alpha, 0.1);
    assert_int_equal(spec.settings[0].query, 3);
    assert_int_equal(spec.settings[0].recipe.epochs, 4);
    assert_double(spec.settings[0].recipe.learning_rate, 1e-2);
    assert_int_equal(spec.settings[0].network.layers[0].size, 8);
    assert_string_equal(spec.strategies[1].params[0].value, "0.75");
    assert_int_equal(spec.strategies[1].params[0].place.line, 0);
    assert_int_equal(spec.limits.memory, 2 << 20);
    assert_string_equal(spec.source, base);
    spec_finish(&spec);
}

static void sets_a_key_in_every_setting(void **state)
{
    (void)state;
    const char *const overrides[] = {"budget.rounds=1", "settings.1.train.epochs=2"};
    struct spec spec = parse_with(full, overrides, 2);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(spec.settings[i].rounds, 1);
    assert_int_equal(spec.settings[0].recipe.epochs, 3);
    assert_int_equal(spec.settings[1].recipe.epochs, 2);
    assert_int_equal(spec.settings[2].recipe.epochs, 20);
    spec_finish(&spec);
}

static void refuses_a_wrong_set(void **state)
{
    (void)state;
    static const struct {
        const char *override, *start, *words;
    } cases[] = {
        {"seed", "t.yaml: --set seed: ", "expected PATH=VALUE"},
        {"=1", "t.yaml: --set =1: ", "expected PATH=VALUE"},
        {"seed=", "t.yaml: --set seed=: ", "there is no value behind the '='"},
        {"seed=[", "t.yaml: --set seed=[: ", "not valid YAML"},
        {"seed=x", "t.yaml: seed: expected an integer", "found 'x' (given by --set)"},
        {"sed=1", "t.yaml: --set sed=1: ", "a spec has no key 'sed'; known are flipbench, name, "},
        {"train.epoch=1", "t.yaml: unknown key 'epoch' in train", "(given by --set)"},
        {"train.epochs=0", "t.yaml: train.epochs: expected an integer", "(given by --set)"},
        {"settings.4.validation=1", "t.yaml: --set settings.4", "there is no item 4: the list has"},
        {"network.hidden=[3]", "t.yaml: --set network.hidden", "inside the single value 'mlp'"},
        {"strategies.0.passes=3", "t.yaml: --set strategies.0", "inside the single value 'random'"},
        {"train={keep: best-validation}", "t.yaml: train.keep needs validation", "--set"},
        {"grid=5", "t.yaml: grid: expected a mapping", "(given by --set)"},
        {"grid={train.epochs: 5}", "t.yaml: grid.train.epochs: expected a list", "--set"},
    };
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        wrong += !probe_is_refused(base, &cases[i].override, 1, cases[i].start, cases[i].words);
    assert_int_equal(wrong, 0);
}

/* ---- the grid -------------------------------------------------------------------------------- */

static void a_place_in_a_list_names_no_point_alone(void **state)
{
    (void)state;
    struct spec spec = parse(HEAD
                             "settings:\n"
                             "  - {name: one, dataset: mnist, network: {name: mlp, hidden: [7]},\n"
                             "     budget: {initial: 10, query: 5, rounds: 2}}\n" STRATEGIES
                             "grid: {network.hidden.0: [3, 4]}\n");
    assert_int_equal(spec.setting_count, 2);
    assert_string_equal(spec.settings[1].name, "one network.hidden.0=4");
    spec_finish(&spec);
}

static void unrolls_the_grid(void **state)
{
    (void)state;
    struct spec spec = parse(HEAD SETTING
                            "  - {name: two, dataset: mnist, network: s-cnn,\n"
                            "     budget: {initial: 10, query: 5, rounds: 2}}\n" STRATEGIES
                            "grid:\n"
                            "  train.learning_rate: [1e-3, 1E-4]\n"
                            "  budget.query: [2, 3, 20]\n");
    static const char *const names[] = {
        "one learning_rate=0.001 query=2",  "one learning_rate=0.001 query=3",
        "one learning_rate=0.001 query=20", "one learning_rate=0.0001 query=2",
        "one learning_rate=0.0001 query=3", "one learning_rate=0.0001 query=20",
        "two learning_rate=0.001 query=2"};
    static const size_t queries[] = {2, 3, 20};
    assert_int_equal(spec.setting_count, 12);
    for (size_t i = 0; i < 7; i++)
        assert_string_equal(spec.settings[i].name, names[i]);
    for (size_t i = 0; i < 12; i++) {
        assert_int_equal(spec.settings[i].query, queries[i % 3]);
        assert_double(spec.settings[i].recipe.learning_rate, i / 3 % 2 ? 1e-4 : 1e-3);
        assert_int_equal(spec.settings[i].place.line, i < 6 ? 4 : 8);
    }
    spec_finish(&spec);
}

static void names_grid_keys_that_end_alike_in_full(void **state)
{
    (void)state;
    struct spec spec = parse(HEAD "settings:\n"
                                 "  - {name: one, dataset: {name: mnist}, network: {name: mlp},\n"
                                 "     budget: {initial: 10, query: 5, rounds: 2}}\n" STRATEGIES
                                 "grid: {dataset.name: [fashion-mnist], network.name: [s-cnn]}\n");
    assert_string_equal(spec.settings[0].name,
                        "one dataset.name=fashion-mnist network.name=s-cnn");
    assert_string_equal(spec.settings[0].dataset.name, "fashion-mnist");
    assert_string_equal(spec.settings[0].network.name, "s-cnn");
    spec_finish(&spec);
}

static void refuses_to_hide_a_set_behind_the_grid(void **state)
{
    (void)state;
    const char *text = HEAD SETTING STRATEGIES "grid: {train.epochs: [5, 6]}\n";
    const char *const hidden[] = {"train.epochs=7"};
    assert_true(probe_is_refused(text, hidden, 1, "t.yaml: train.epochs has values in the grid",
                           "set grid.train.epochs instead (given by --set)"));
    const char *const shown[] = {"grid.train.epochs=[7]", "grid.budget.query=[1, 2]"};
    struct spec spec = parse_with(text, shown, 2);
    assert_int_equal(spec.setting_count, 2);
    assert_string_equal(spec.settings[1].name, "one epochs=7 query=2");
    spec_finish(&spec);
}

/* ---- the resolved text ----------------------------------------------------------------------- */

static const char resolved_base[] =
    "flipbench: 1\n"
    "name: base\n"
    "seed: 0\n"
    "trials:\n"
    "  first: 0\n"
    "  count: 5\n"
    "reference: none\n"
    "settings:\n"
    "- name: one\n"
    "  dataset:\n"
    "    format: synthetic\n"
    "    generator: blobs\n"
    "    seed: 0\n"
    "    standardize: none\n"
    "  validation: 0\n"
    "  network:\n"
    "    name: mlp\n"
    "    hidden: [128]\n"
    "  train:\n"
    "    optimizer: adam\n"
    "    learning_rate: 0.001\n"
    "    beta1: 0.9\n"
    "    beta2: 0.999\n"
    "    epsilon: 1e-07\n"
    "    weight_decay: 0\n"
    "    schedule: constant\n"
    "    batch: 32\n"
    "    epochs: 20\n"
    "    keep: last\n"
    "    start: cold\n"
    "    augment:\n"
    "      crop: 0\n"
    "      flip: false\n"
    "    engine: portable\n"
    "    threads: 1\n"
    "  budget:\n"
    "    initial:\n"
    "      count: 10\n"
    "      balance: classes\n"
    "    query: 5\n"
    "    rounds: 2\n"
    "    subpool: 0\n"
    "  reference: none\n"
    "strategies:\n"
    "- use: random\n"
    "- use: entropy\n"
    "  label: E\n"
    "  cut: 0.5\n"
    "report:\n"
    "  baseline: random\n"
    "  alpha: 0.05\n"
    "  correction: holm\n"
    "  include_initial: false\n"
    "limits:\n"
    "  seconds: 3600\n"
    "  memory: 0\n"
    "scores: false\n";

static void writes_every_default_out(void **state)
{
    (void)state;
    struct spec spec = parse(base);
    assert_string_equal(spec.resolved, resolved_base);
    spec_finish(&spec);
}

static void resolved_reads_back_as_the_same(void **state)
{
    (void)state;
    probe_reads_back(base);
    probe_reads_back(full);
    probe_reads_back(HEAD SETTING STRATEGIES
                      "grid: {train.learning_rate: [1e-3, 0.1234567890123456789, 3e-300]}\n");
    probe_reads_back(HEAD SETTING
                      "strategies: [{use: 'odd: \"id\"', p: \"a\\nb\\tc \", q: '# x'}]\n");
}

static void reads_the_specs_that_ship(void **state)
{
    (void)state;
    static const char *const names[] = {"quickstart", "glyphs-smoke", "strategies", "paper/mnist",
                                        "paper/mnist-no-validation", "paper/cifar-10",
                                        "paper/cifar-10-no-validation"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[sizeof EXPERIMENTS + 64];
        snprintf(path, sizeof path, EXPERIMENTS "/%s.yaml", names[i]);
        struct spec spec = {0};
        fb_error err = {0};
        if (spec_read(path, NULL, 0, &spec, &err))
            fail_msg("%s", err.text);
        probe_reads_back(spec.source);
        spec_finish(&spec);
    }
}

/* The paper's numbers; the twin without validation differs in nothing else. */
static void ships_the_papers_settings(void **state)
{
    (void)state;
    static const struct {
        const char *name, *network;
        nn_optimizer optimizer;
        double learning_rate;
        size_t batch, epochs, initial, query, rounds, subpool;
    } papers[] = {
        {"mnist", "s-cnn", NN_ADAM, 1e-3, 32, 50, 20, 20, 50, 2000},
        {"cifar-10", "k-cnn", NN_RMSPROP, 1e-4, 64, 150, 200, 400, 24, 4000},
    };
    for (size_t i = 0; i < 4; i++) {
        bool twin = i % 2;
        char path[sizeof EXPERIMENTS + 64];
        struct spec spec = {0};
        snprintf(path, sizeof path, EXPERIMENTS "/paper/%s%s.yaml", papers[i / 2].name,
                 twin ? "-no-validation" : "");
        assert_int_equal(spec_read(path, NULL, 0, &spec, NULL), 0);
        assert_int_equal(spec.setting_count, 1);
        const spec_setting *setting = &spec.settings[0];
        assert_string_equal(setting->dataset.name, papers[i / 2].name);
        assert_string_equal(setting->network.name, papers[i / 2].network);
        assert_int_equal(setting->recipe.optimizer, papers[i / 2].optimizer);
        assert_double(setting->recipe.learning_rate, papers[i / 2].learning_rate);
        assert_int_equal(setting->recipe.batch, papers[i / 2].batch);
        assert_int_equal(setting->recipe.epochs, papers[i / 2].epochs);
        assert_int_equal(setting->split.initial, papers[i / 2].initial);
        assert_int_equal(setting->query, papers[i / 2].query);
        assert_int_equal(setting->rounds, papers[i / 2].rounds);
        assert_int_equal(setting->subpool, papers[i / 2].subpool);
        assert_int_equal(setting->split.validation, twin ? 0 : 5000);
        assert_int_equal(setting->recipe.keep, twin ? NN_KEEP_LAST : NN_KEEP_BEST_VALIDATION);
        spec_finish(&spec);
    }
}

/* ---- damage and shortage --------------------------------------------------------------------- */

static void survives_damaged_specs(void **state)
{
    (void)state;
    fb_strbuf text = FB_STRBUF_INIT;
    fb_strbuf_add(&text, full);
    fb_strbuf_add(&text, "grid: {train.learning_rate: [1e-3, 1e-4]}\n");
    probe_damage(text.text);
    fb_strbuf_finish(&text);
}

static void fails_cleanly_without_memory(void **state)
{
    (void)state;
    const char *const overrides[] = {"seed=3", "train.epochs=4", "grid.budget.query=[1, 2]"};
    char *text = probe_replaced(full, "strategies:", "grid: {train.batch: [8, 9]}\nstrategies:");
    probe_short_memory(text, overrides, 3);
    fb_free(text);
}

static void errors_stay_errors_without_memory(void **state)
{
    (void)state;
    char *text = probe_replaced(base, "network: mlp", "network: mpl");
    int rc = FB_ENOMEM;
    for (uint64_t n = 1; rc == FB_ENOMEM; n++) {
        struct spec spec = {0};
        fb_error err = {0};
        fb_alloc_fail_at(n);
        rc = spec_parse("t.yaml", text, strlen(text), NULL, 0, &spec, &err);
        fb_alloc_fail_at(0);
        assert_true(rc == FB_ENOMEM || rc == FB_EINVAL);
        assert_int_equal(err.status, rc);
    }
    fb_free(text);
}

static void finishes_nothing(void **state)
{
    (void)state;
    struct spec spec = {0};
    spec_finish(&spec);
    spec_finish(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_in_the_defaults),
        cmocka_unit_test(reads_every_key),
        cmocka_unit_test(keeps_parameters_as_text_with_their_places),
        cmocka_unit_test(takes_a_test_set_from_files),
        cmocka_unit_test(tells_strategies_of_one_label_apart_by_parameters),
        cmocka_unit_test(a_reference_is_the_specs_or_the_settings_own),
        cmocka_unit_test(a_baseline_named_0_is_written_out),
        cmocka_unit_test(takes_the_first_strategy_as_baseline_without_random),
        cmocka_unit_test(refuses_each_mistake_at_its_place),
        cmocka_unit_test(refuses_what_is_no_mapping),
        cmocka_unit_test(refuses_two_settings_of_one_name),
        cmocka_unit_test(refuses_a_grid_that_is_too_large),
        cmocka_unit_test(names_a_file_that_is_not_there),
        cmocka_unit_test(sets_values_from_the_command_line),
        cmocka_unit_test(sets_a_key_in_every_setting),
        cmocka_unit_test(refuses_a_wrong_set),
        cmocka_unit_test(a_place_in_a_list_names_no_point_alone),
        cmocka_unit_test(unrolls_the_grid),
        cmocka_unit_test(names_grid_keys_that_end_alike_in_full),
        cmocka_unit_test(refuses_to_hide_a_set_behind_the_grid),
        cmocka_unit_test(writes_every_default_out),
        cmocka_unit_test(resolved_reads_back_as_the_same),
        cmocka_unit_test(reads_the_specs_that_ship),
        cmocka_unit_test(ships_the_papers_settings),
        cmocka_unit_test(survives_damaged_specs),
        cmocka_unit_test(fails_cleanly_without_memory),
        cmocka_unit_test(errors_stay_errors_without_memory),
        cmocka_unit_test(finishes_nothing),
    };
    return cmocka_run_group_tests_name("spec", tests, NULL, NULL);
}

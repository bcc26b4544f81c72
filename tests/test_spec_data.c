/* test_spec_data.c - where a setting's samples come from: files, lists of files, test sets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "alloc.h"
#include "spec.h"

enum { TEXT_SIZE = 2048 };

/* What varies in the spec of these tests, as YAML; NULL: something that is right. */
typedef struct variant {
    const char *dataset; /* line 4, column 14 */
    const char *more;    /* whole lines, from line 6 on */
    const char *initial;
} variant;

static const char *write_spec(variant v, char text[TEXT_SIZE])
{
    int n = snprintf(text, TEXT_SIZE,
                     "flipbench: 1\n"
                     "name: t\n"
                     "settings: [{name: s,\n"
                     "    dataset: %s,\n"
                     "    network: mlp,\n"
                     "%s"
                     "    budget: {query: 5, rounds: 1, initial: %s}}]\n"
                     "strategies: [random]\n",
                     v.dataset ? v.dataset : "mnist", v.more ? v.more : "",
                     v.initial ? v.initial : "10");
    assert_true(n > 0 && n < TEXT_SIZE);
    return text;
}

static struct spec parse(const char *text)
{
    struct spec spec = {0};
    fb_error err = {0};
    if (spec_parse("/d/t.yaml", text, strlen(text), NULL, 0, &spec, &err))
        fail_msg("%s\nin:\n%s", err.text, text);
    return spec;
}

/* Also checks that what is written out reads back as the same. */
static struct spec parse_variant(variant v)
{
    char text[TEXT_SIZE];
    struct spec spec = parse(write_spec(v, text)), again = parse(spec.resolved);
    assert_string_equal(spec.resolved, again.resolved);
    spec_finish(&spec);
    return again;
}

static void assert_refused(variant v, const char *place, const char *words)
{
    char text[TEXT_SIZE], start[64];
    struct spec spec = {0};
    fb_error err = {0};
    write_spec(v, text);
    snprintf(start, sizeof start, "/d/t.yaml:%s: ", place);
    int rc = spec_parse("/d/t.yaml", text, strlen(text), NULL, 0, &spec, &err);
    assert_int_not_equal(rc, FB_OK);
    if (strncmp(err.text, start, strlen(start)) != 0 || !strstr(err.text, words))
        fail_msg("expected '%s...%s' in: %s", start, words, err.text);
    assert_null(spec.path);
}

/* ---- CIFAR ---- */

static void takes_lists_of_files(void **state)
{
    (void)state;
    struct spec spec = parse_variant((variant){
        .dataset = "{format: cifar, train: [a.bin, /x/b.bin], test: [c.bin], classes: 100}"});
    const data_spec *data = &spec.settings[0].dataset;
    assert_int_equal(data->format, DATA_CIFAR);
    assert_int_equal(data->class_count, 100);
    assert_int_equal(data->train_file_count, 2);
    assert_string_equal(data->train_files[0], "/d/a.bin");
    assert_string_equal(data->train_files[1], "/x/b.bin");
    assert_int_equal(data->test_file_count, 1);
    assert_string_equal(data->test_files[0], "/d/c.bin");
    assert_true(spec.settings[0].split.test_share <= 0);
    assert_string_equal(spec.settings[0].dataset_label, "a.bin");
    spec_finish(&spec);
    spec = parse_variant((variant){.dataset = "{format: cifar, train: [a], test: 0.25}"});
    assert_int_equal(spec.settings[0].dataset.class_count, 10);
    assert_int_equal(spec.settings[0].dataset.test_file_count, 0);
    assert_true(spec.settings[0].split.test_share >= 0.25);
    spec_finish(&spec);
}

static void refuses_bad_lists_of_files(void **state)
{
    (void)state;
    assert_refused((variant){"{format: cifar, train: a, test: [b]}", NULL, NULL}, "4:37",
                   "dataset.train: expected a list of one file or more, found 'a'");
    assert_refused((variant){"{format: cifar, train: [], test: [b]}", NULL, NULL}, "4:37",
                   "dataset.train: expected a list of one file or more");
    assert_refused((variant){"{format: cifar, train: [a, [b]], test: [b]}", NULL, NULL}, "4:41",
                   "dataset.train: expected a file's path, found a list");
    assert_refused((variant){"{format: cifar, train: [a], test: []}", NULL, NULL}, "4:48",
                   "dataset.test: expected a list of one file or more");
    assert_refused((variant){"{format: cifar, train: [a], test: 1}", NULL, NULL}, "4:48",
                   "dataset.test: expected a number above 0 and below 1");
    assert_refused((variant){"{format: cifar, test: [a]}", NULL, NULL}, "4:14",
                   "the key 'dataset.train' is missing (a list of files)");
    assert_refused((variant){"{format: cifar, train: [a]}", NULL, NULL}, "4:14",
                   "dataset: there is no test set; give a list of files as 'test', 'test: 0.2' to");
    assert_refused((variant){"{format: cifar, train: [a], test: [b], classes: 20}", NULL, NULL},
                   "4:62", "dataset.classes: expected 10 or 100, found '20'");
}

/* ---- libsvm and the test set ---- */

static void takes_libsvm_files(void **state)
{
    (void)state;
    struct spec spec = parse_variant((variant){
        .dataset = "{format: libsvm, file: a/b.txt, test_file: /c, features: 7}"});
    const data_spec *data = &spec.settings[0].dataset;
    assert_int_equal(data->format, DATA_LIBSVM);
    assert_string_equal(data->file, "/d/a/b.txt");
    assert_string_equal(data->test_file, "/c");
    assert_int_equal(data->feature_count, 7);
    assert_null(data->test_ids);
    assert_false(data->standardize);
    assert_string_equal(spec.settings[0].dataset_label, "b.txt");
    spec_finish(&spec);
    spec = parse_variant((variant){
        .dataset = "{format: libsvm, file: a, test: {ids: t.txt}, standardize: train}"});
    assert_string_equal(spec.settings[0].dataset.test_ids, "/d/t.txt");
    assert_null(spec.settings[0].dataset.test_file);
    assert_true(spec.settings[0].dataset.standardize);
    spec_finish(&spec);
}

static void refuses_bad_test_sets(void **state)
{
    (void)state;
    assert_refused((variant){"{format: libsvm, file: a}", NULL, NULL}, "4:14",
                   "dataset: there is no test set; give test_file, 'test: 0.2' to draw that share "
                   "of the training samples, or 'test: {ids: FILE}'");
    assert_refused((variant){"{format: libsvm, file: a, test_file: b, test: .5}", NULL, NULL},
                   "4:60", "dataset.test: the test set is test_file already");
    assert_refused((variant){"{format: libsvm, file: a, test: {id: b}}", NULL, NULL}, "4:47",
                   "unknown key 'id' in dataset.test; known here: ids");
    assert_refused((variant){"{format: libsvm, file: a, test: {ids: [b]}}", NULL, NULL}, "4:52",
                   "dataset.test.ids: expected a file's path, found a list");
    assert_refused((variant){"{format: libsvm, file: a, test: {}}", NULL, NULL}, "4:46",
                   "the key 'dataset.test.ids' is missing (a file of samples, one a line)");
    assert_refused((variant){"{format: libsvm, file: a, test: [b]}", NULL, NULL}, "4:46",
                   "dataset.test: expected a number above 0 and below 1 (the share of the training "
                   "samples that is drawn as test set; or {ids: FILE}), found a list");
    assert_refused((variant){"{format: libsvm, file: a, test: .5, features: 0}", NULL, NULL},
                   "4:60", "dataset.features: expected an integer from 1 to 16777216");
}

static void standardizes_by_a_test_set_that_stays(void **state)
{
    (void)state;
    static const char *const fine[] = {
        "{name: mnist, standardize: train}",
        "{format: synthetic, generator: blobs, standardize: train}",
        "{format: cifar, train: [a], test: [b], standardize: train}",
        "{format: idx, train_images: a, train_labels: b, test: {ids: c}, standardize: train}",
        "{format: libsvm, file: a, test_file: b, standardize: train}",
    };
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        struct spec spec = parse_variant((variant){.dataset = fine[i]});
        assert_true(spec.settings[0].dataset.standardize);
        spec_finish(&spec);
    }
    assert_refused((variant){"{format: libsvm, file: a, test: .5, standardize: train}", NULL, NULL},
                   "4:63", "dataset.standardize: each trial draws another test set ('test: 0.5'); "
                           "name its samples with 'test: {ids: FILE}'");
    assert_refused((variant){"{name: mnist, standardize: yes}", NULL, NULL}, "4:41",
                   "dataset.standardize: expected one of none, train, found 'yes'");
}

/* ---- validation and initial labels ---- */

static void takes_files_of_samples(void **state)
{
    (void)state;
    struct spec spec = parse_variant((variant){.more = "    validation: {ids: v.txt},\n"
                                                       "    train: {keep: best-validation},\n",
                                               .initial = "{ids: /i.txt}"});
    const spec_setting *setting = &spec.settings[0];
    assert_string_equal(setting->validation_ids, "/d/v.txt");
    assert_string_equal(setting->initial_ids, "/i.txt");
    assert_int_equal(setting->split.validation, 0);
    assert_int_equal(setting->split.initial, 0);
    spec_finish(&spec);
    spec = parse_variant((variant){.more = "    validation: 30,\n", .initial = "{count: 7}"});
    assert_null(spec.settings[0].validation_ids);
    assert_null(spec.settings[0].initial_ids);
    assert_int_equal(spec.settings[0].split.validation, 30);
    assert_int_equal(spec.settings[0].split.initial, 7);
    assert_true(spec.settings[0].split.balance);
    spec_finish(&spec);
}

static void refuses_bad_files_of_samples(void **state)
{
    (void)state;
    assert_refused((variant){NULL, "    validation: [1],\n", NULL}, "6:17",
                   "validation: expected an integer from 0 to 1000000000 (or {ids: FILE}), found");
    assert_refused((variant){NULL, "    validation: {ids: },\n", NULL}, "6:23",
                   "validation.ids: expected a file's path, found nothing");
    assert_refused((variant){NULL, NULL, "{ids: a, balance: none}"}, "6:53",
                   "unknown key 'balance' in budget.initial; known here: ids");
    assert_refused((variant){NULL, NULL, "{ids: a, count: 5}"}, "6:53",
                   "unknown key 'count' in budget.initial; known here: ids");
    assert_refused((variant){NULL, NULL, "{id: a}"}, "6:45",
                   "unknown key 'id' in budget.initial; known here: count, balance, ids");
    assert_refused((variant){NULL, NULL, "{balance: none}"}, "6:44",
                   "the key 'budget.initial.count' is missing (or {ids: FILE})");
    assert_refused((variant){NULL, NULL, "[1]"}, "6:44", "budget.initial: expected a mapping");
}

/* What is left half-read when memory runs short is released. */
static void fails_cleanly_without_memory(void **state)
{
    (void)state;
    char text[TEXT_SIZE];
    write_spec((variant){"{format: cifar, train: [a, b], test: {ids: c}, standardize: train}",
                         "    validation: {ids: d},\n", "{ids: e}"}, text);
    uint64_t n = 0;
    int rc;
    do {
        struct spec spec = {0};
        fb_error err = {0};
        fb_alloc_fail_at(++n);
        rc = spec_parse("/d/t.yaml", text, strlen(text), NULL, 0, &spec, &err);
        fb_alloc_fail_at(0);
        assert_true(rc == FB_OK || rc == FB_ENOMEM);
        spec_finish(&spec);
    } while (rc);
    assert_true(n > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_lists_of_files),
        cmocka_unit_test(refuses_bad_lists_of_files),
        cmocka_unit_test(takes_libsvm_files),
        cmocka_unit_test(refuses_bad_test_sets),
        cmocka_unit_test(standardizes_by_a_test_set_that_stays),
        cmocka_unit_test(takes_files_of_samples),
        cmocka_unit_test(refuses_bad_files_of_samples),
        cmocka_unit_test(fails_cleanly_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

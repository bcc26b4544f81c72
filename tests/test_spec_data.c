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
                   "dataset: there is no test set; give a list of files as 'test', or 'test: 0.2'");
    assert_refused((variant){"{format: cifar, train: [a], test: [b], classes: 20}", NULL, NULL},
                   "4:62", "dataset.classes: expected 10 or 100, found '20'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_lists_of_files),
        cmocka_unit_test(refuses_bad_lists_of_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

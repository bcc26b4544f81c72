/* test_published.c - a published data set of the registry, where this machine has it: sizes,
 * classes, first labels and the digest of everything.
 *
 * test_published NAME
 *
 * Exit status 77, which Meson shows as skipped, when the data set is nowhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "datasets.h"

enum { EXIT_SKIPPED = 77, TRAIN = 60000, TEST = 10000, CLASSES = 10 };

/* What is known of the sets from their authors. */
static const struct published {
    const char *name;
    uint32_t first[4]; /* labels of the training set */
    size_t train[CLASSES], test[CLASSES]; /* samples of each class */
} g_published[] = {
    {"fashion-mnist", {9, 0, 0, 3},
     {6000, 6000, 6000, 6000, 6000, 6000, 6000, 6000, 6000, 6000},
     {1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000}},
    {"mnist", {5, 0, 4, 1},
     {5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949},
     {980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009}},
};

static const struct published *g_expected;
static dataset g_data;

static void assert_counts(const data_part *part, const size_t *expected)
{
    size_t counts[CLASSES] = {0};
    for (size_t i = 0; i < part->count; i++)
        counts[part->labels[i]]++;
    for (size_t c = 0; c < CLASSES; c++)
        assert_int_equal(counts[c], expected[c]);
}

static void test_published(void **state)
{
    (void)state;
    assert_int_equal(g_data.height, 28);
    assert_int_equal(g_data.width, 28);
    assert_int_equal(g_data.channels, 1);
    assert_int_equal(g_data.class_count, CLASSES);
    assert_int_equal(g_data.train.count, TRAIN);
    assert_int_equal(g_data.test.count, TEST);
    assert_memory_equal(g_data.train.labels, g_expected->first, sizeof g_expected->first);
    assert_counts(&g_data.train, g_expected->train);
    assert_counts(&g_data.test, g_expected->test);
}

static void test_digest(void **state)
{
    (void)state;
    size_t count;
    const data_registry_entry *entries = data_registry(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(entries[i].name, g_expected->name) == 0)
            assert_string_equal(g_data.digest, entries[i].digest);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_published),
                                       cmocka_unit_test(test_digest)};
    for (size_t i = 0; i < sizeof g_published / sizeof *g_published; i++)
        if (argc == 2 && strcmp(argv[1], g_published[i].name) == 0)
            g_expected = &g_published[i];
    if (!g_expected) {
        fprintf(stderr, "usage: test_published fashion-mnist|mnist\n");
        return 2;
    }
    data_spec spec = {.format = DATA_REGISTRY, .name = g_expected->name};
    fb_error err = {0};
    int rc = dataset_load(&spec, &g_data, &err);
    if (rc) {
        printf("%s: %s\n", rc == FB_ENOENT ? "skipped" : "failed", err.text);
        return rc == FB_ENOENT ? EXIT_SKIPPED : 1;
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dataset_finish(&g_data);
    return failed ? 1 : 0;
}

/* test_split.c - one trial's roles: disjoint, balanced, nested, listed in files, and refused with
 * the numbers. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "alloc.h"
#include "datasets.h"
#include "scratch.h"

enum { SAMPLES = 1000, CLASSES = 7 };

static uint32_t g_labels[SAMPLES];

/* 1000 samples of 7 classes; class 6 has only three. */
static dataset example(void)
{
    dataset data = {.height = 1, .width = 1, .channels = 1, .class_count = CLASSES};
    for (uint32_t i = 0; i < SAMPLES; i++)
        g_labels[i] = i % 400 == 13 ? 6 : i * 7919 % 6;
    data.train = (data_part){.count = SAMPLES, .labels = g_labels};
    strcpy(data.digest, "0123456789abcdef");
    return data;
}

static data_split draw(const dataset *data, split_spec spec, uint64_t seed, uint32_t trial)
{
    data_split split = {0};
    fb_error err = {0};
    int rc = data_split_draw(data, &spec, seed, trial, &split, &err);
    if (rc)
        fail_msg("%s", err.text);
    return split;
}

static void assert_ascending(const uint32_t *ids, size_t count)
{
    for (size_t i = 1; i < count; i++)
        assert_true(ids[i - 1] < ids[i]);
}

static void mark(uint8_t *seen, const uint32_t *ids, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_true(ids[i] < SAMPLES);
        seen[ids[i]]++;
    }
}

static void assert_partition(const data_split *split)
{
    uint8_t seen[SAMPLES] = {0};
    mark(seen, split->pool, split->pool_count);
    mark(seen, split->initial, split->initial_count);
    mark(seen, split->validation, split->validation_count);
    mark(seen, split->test, split->test_count);
    for (size_t i = 0; i < SAMPLES; i++)
        assert_int_equal(seen[i], 1);
    assert_ascending(split->pool, split->pool_count);
    assert_ascending(split->initial, split->initial_count);
    assert_ascending(split->validation, split->validation_count);
    assert_ascending(split->test, split->test_count);
}

static void count_classes(const uint32_t *ids, size_t count, size_t ret_counts[CLASSES])
{
    memset(ret_counts, 0, CLASSES * sizeof *ret_counts);
    for (size_t i = 0; i < count; i++)
        ret_counts[g_labels[ids[i]]]++;
}

static int contains(const uint32_t *ids, size_t count, uint32_t id)
{
    for (size_t i = 0; i < count; i++)
        if (ids[i] == id)
            return 1;
    return 0;
}

static void assert_subset(const uint32_t *small, size_t small_count, const uint32_t *large,
                          size_t large_count)
{
    for (size_t i = 0; i < small_count; i++)
        assert_true(contains(large, large_count, small[i]));
}

static void test_roles_are_a_partition(void **state)
{
    (void)state;
    dataset data = example();
    for (uint32_t trial = 0; trial < 20; trial++) {
        split_spec spec = {.validation = 53, .test_share = 0.2, .initial = 20};
        spec.balance = trial % 2;
        data_split split = draw(&data, spec, 42, trial);
        assert_int_equal(split.validation_count, 53);
        assert_int_equal(split.initial_count, 20);
        assert_int_equal(split.test_count, 200);
        assert_int_equal(split.pool_count, SAMPLES - 53 - 20 - 200);
        assert_partition(&split);
        data_split_finish(&split);
        assert_null(split.pool);
    }
}

/* Within one of each other, except for the class that has too few: the others share its places. */
static void assert_balanced(const uint32_t *ids, size_t count, size_t rare)
{
    size_t counts[CLASSES], low = SIZE_MAX, high = 0;
    count_classes(ids, count, counts);
    for (size_t c = 0; c < CLASSES - 1; c++) {
        low = counts[c] < low ? counts[c] : low;
        high = counts[c] > high ? counts[c] : high;
    }
    assert_true(high - low <= 1);
    assert_true(counts[CLASSES - 1] == rare ||
                (counts[CLASSES - 1] < rare && high - counts[CLASSES - 1] <= 1));
}

static void test_balance(void **state)
{
    (void)state;
    dataset data = example();
    for (size_t count = 0; count <= 60; count++) {
        data_split split = draw(&data, (split_spec){.validation = count}, 1, 3);
        assert_int_equal(split.validation_count, count);
        assert_balanced(split.validation, count, 3);
        data_split_finish(&split);
        split = draw(&data, (split_spec){.initial = count, .balance = true}, 1, 3);
        assert_int_equal(split.initial_count, count);
        assert_balanced(split.initial, count, 3);
        data_split_finish(&split);
    }
    data_split split = draw(&data, (split_spec){.initial = 14, .balance = true}, 5, 0);
    size_t counts[CLASSES];
    count_classes(split.initial, 14, counts);
    for (size_t c = 0; c < CLASSES; c++)
        assert_int_equal(counts[c], 2);
    data_split_finish(&split);
}

/* Without balance the classes come as they may: over many trials, in proportion. */
static void test_without_balance(void **state)
{
    (void)state;
    dataset data = example();
    size_t rare = 0, counts[CLASSES];
    for (uint32_t trial = 0; trial < 200; trial++) {
        data_split split = draw(&data, (split_spec){.initial = 100}, 1, trial);
        count_classes(split.initial, 100, counts);
        rare += counts[CLASSES - 1];
        data_split_finish(&split);
    }
    assert_in_range(rare, 30, 90); /* expected: 200 x 100 x 3 / 1000 = 60, deviation 7 */
}

static void test_larger_contains_smaller(void **state)
{
    (void)state;
    dataset data = example();
    for (int balance = 0; balance < 2; balance++) {
        data_split before = draw(&data, (split_spec){.balance = balance}, 9, 1);
        for (size_t count = 1; count < 60; count += 3) {
            split_spec spec = {.validation = count, .initial = 0, .balance = balance};
            data_split split = draw(&data, spec, 9, 1);
            assert_subset(before.validation, before.validation_count, split.validation,
                          split.validation_count);
            data_split_finish(&before);
            before = split;
        }
        data_split_finish(&before);
        before = draw(&data, (split_spec){.balance = balance}, 9, 1);
        for (size_t count = 1; count < 60; count += 3) {
            split_spec spec = {.validation = 30, .initial = count, .balance = balance};
            data_split split = draw(&data, spec, 9, 1);
            assert_subset(before.initial, before.initial_count, split.initial,
                          split.initial_count);
            data_split_finish(&before);
            before = split;
        }
        data_split_finish(&before);
    }
}

static size_t count_shared(const data_split *a, const data_split *b)
{
    size_t shared = 0;
    for (size_t i = 0; i < a->initial_count; i++)
        shared += (size_t)contains(b->initial, b->initial_count, a->initial[i]);
    return shared;
}

/* Trials, seeds and data sets each give other samples; the same ones give the same. */
static void test_streams(void **state)
{
    (void)state;
    dataset data = example(), other = example();
    strcpy(other.digest, "0123456789abcdee");
    const split_spec spec = {.validation = 50, .initial = 100, .balance = true};
    data_split a = draw(&data, spec, 42, 0), same = draw(&data, spec, 42, 0);
    data_split trial = draw(&data, spec, 42, 1), seed = draw(&data, spec, 43, 0);
    data_split digest = draw(&other, spec, 42, 0);
    assert_int_equal(count_shared(&a, &same), 100);
    assert_memory_equal(a.pool, same.pool, a.pool_count * sizeof *a.pool);
    assert_memory_equal(a.validation, same.validation, 50 * sizeof *a.validation);
    assert_true(count_shared(&a, &trial) < 40);
    assert_true(count_shared(&a, &seed) < 40);
    assert_true(count_shared(&a, &digest) < 40);
    data_split_finish(&a);
    data_split_finish(&same);
    data_split_finish(&trial);
    data_split_finish(&seed);
    data_split_finish(&digest);
}

/* The ids of one split, computed from the description in datasets.h by another program. */
static void test_known_split(void **state)
{
    (void)state;
    static const uint32_t initial[] = {5, 378, 413, 517, 555, 572, 592};
    static const uint32_t validation[] = {10, 13, 99, 264, 349, 448, 698, 959};
    dataset data = example();
    const split_spec spec = {.validation = 8, .initial = 7, .balance = true};
    data_split split = draw(&data, spec, 42, 0);
    assert_memory_equal(split.initial, initial, sizeof initial);
    assert_memory_equal(split.validation, validation, sizeof validation);
    data_split_finish(&split);
}

static void assert_refused(const dataset *data, split_spec spec, int status, const char *words)
{
    data_split split = {.pool_count = 77};
    fb_error err = {0};
    assert_int_equal(data_split_draw(data, &spec, 1, 0, &split, &err), status);
    if (!strstr(err.text, words))
        fail_msg("expected '%s' in: %s", words, err.text);
    assert_int_equal(split.pool_count, 77);
    assert_null(split.pool);
}

static void test_refusals(void **state)
{
    (void)state;
    dataset data = example();
    assert_refused(&data, (split_spec){.validation = 990, .initial = 11}, FB_ERANGE,
                   "1000 training samples, too few for 0 test samples, 990 validation samples and "
                   "11 initial labels");
    assert_refused(&data, (split_spec){.validation = SIZE_MAX, .initial = 2}, FB_ERANGE, "few");
    assert_refused(&data, (split_spec){.validation = 2, .initial = SIZE_MAX}, FB_ERANGE, "few");
    assert_refused(&data, (split_spec){.test_share = 0.5, .initial = 501}, FB_ERANGE,
                   "500 test samples");
    assert_refused(&data, (split_spec){.test_share = 0.0001}, FB_ERANGE, "is no sample");
    assert_refused(&data, (split_spec){.test_share = 1}, FB_ERANGE, "test share of 1");
    assert_refused(&data, (split_spec){.test_share = -0.5}, FB_ERANGE, "test share of -0.5");
    assert_refused(&data, (split_spec){.test_share = (double)NAN}, FB_ERANGE, "test share of nan");
    data.test.count = 10;
    assert_refused(&data, (split_spec){.test_share = 0.5}, FB_EINVAL, "10 test samples");
    data.test.count = 0;
    data_split split = draw(&data, (split_spec){.validation = 990, .initial = 10}, 1, 0);
    assert_int_equal(split.pool_count, 0);
    assert_partition(&split);
    data_split_finish(&split);
    data_split_finish(NULL);
}

static void test_memory_short(void **state)
{
    (void)state;
    dataset data = example();
    const split_spec spec = {.validation = 8, .initial = 7, .test_share = 0.1, .balance = true};
    uint64_t n = 0;
    int rc;
    do {
        data_split split = {.pool_count = 77};
        fb_error err = {0};
        fb_alloc_fail_at(++n);
        rc = data_split_draw(&data, &spec, 1, 0, &split, &err);
        fb_alloc_fail_at(0);
        if (rc) {
            assert_int_equal(rc, FB_ENOMEM);
            assert_non_null(strstr(err.text, "out of memory"));
            assert_int_equal(split.pool_count, 77);
        } else {
            data_split_finish(&split);
        }
    } while (rc);
    assert_true(n > 8);
}

/* ---- samples that are listed by id ---- */

static data_ids read_ids(const char *name, const char *text)
{
    data_ids ids = {0};
    fb_error err = {0};
    if (data_ids_read(scratch_write(name, text, strlen(text), false), SAMPLES, &ids, &err))
        fail_msg("%s", err.text);
    return ids;
}

static void test_id_file(void **state)
{
    (void)state;
    static const uint32_t expected[] = {0, 3, 7, 999};
    static const size_t lines[] = {5, 7, 1, 4};
    data_ids ids = read_ids("a", "7\n\n# comment\r\n\t 999 # last\r\n0\n  \n3");
    data_ids same = read_ids("b", "0\n3\n7\n999\n"), other = read_ids("c", "0\n3\n7\n998\n");
    assert_int_equal(ids.count, 4);
    assert_memory_equal(ids.ids, expected, sizeof expected);
    assert_memory_equal(ids.lines, lines, sizeof lines);
    assert_string_equal(ids.digest, same.digest); /* neither name nor order */
    assert_string_not_equal(ids.digest, other.digest);
    data_ids_finish(&ids);
    data_ids_finish(&same);
    data_ids_finish(&other);
    data_ids_finish(NULL);
}

static void test_bad_id_files(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int status;
        const char *words;
    } cases[] = {
        {"", FB_EFORMAT, "/ids: there are no samples; expected one a line"},
        {"# 1\n", FB_EFORMAT, "/ids: there are no samples"},
        {"1\n2\n1000\n", FB_ERANGE,
         "/ids:3:1: there is no sample 1000: the data set has 1000 training samples, 0 to 999"},
        {"1\n 18446744073709551616\n", FB_EFORMAT, "/ids:2:2: expected the position of a sample"},
        {"1\n-1\n", FB_EFORMAT, "/ids:2:1: expected the position of a sample, an integer from 0, "
                               "found '-1'"},
        {"1.0\n", FB_EFORMAT, "/ids:1:1: "},
        {"1,2\n", FB_EFORMAT, "/ids:1:1: "},
        {"1 2\n", FB_EFORMAT, "/ids:1:3: expected one sample a line, found '2'"},
        {"id\n1\n", FB_EFORMAT, "/ids:1:1: "},
        {"5\n1\n\n05\n1\n", FB_EFORMAT, "/ids:5: sample 1 is repeated (first in line 2)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        data_ids ids = {.count = 77};
        fb_error err = {0};
        const char *path = scratch_write("ids", cases[i].text, strlen(cases[i].text), false);
        assert_int_equal(data_ids_read(path, SAMPLES, &ids, &err), cases[i].status);
        if (!strstr(err.text, cases[i].words))
            fail_msg("expected '%s' in: %s", cases[i].words, err.text);
        assert_int_equal(ids.count, 77);
    }
    data_ids ids = {0};
    fb_error err = {0};
    assert_int_equal(data_ids_read(scratch_path("none"), SAMPLES, &ids, &err), FB_ENOENT);
    const char *nul = scratch_write("ids", "1\n2\0\n", 5, false);
    assert_int_equal(data_ids_read(nul, SAMPLES, &ids, &err), FB_EFORMAT);
}

static void assert_ids(const uint32_t *found, size_t count, const data_ids *expected)
{
    assert_int_equal(count, expected->count);
    assert_memory_equal(found, expected->ids, count * sizeof *found);
}

/* Listed samples have their roles in each trial; what is drawn avoids them and is not otherwise
 * another draw. */
static void test_listed_roles(void **state)
{
    (void)state;
    dataset data = example();
    data_ids validation = read_ids("v", "900\n5\n30\n"), initial = read_ids("i", "1\n0\n999\n");
    data.test_ids = read_ids("t", "13\n12\n11\n10\n");
    for (uint32_t trial = 0; trial < 5; trial++) {
        split_spec spec = {.validation_ids = &validation, .initial_ids = &initial};
        data_split split = draw(&data, spec, 42, trial);
        assert_ids(split.validation, split.validation_count, &validation);
        assert_ids(split.initial, split.initial_count, &initial);
        assert_ids(split.test, split.test_count, &data.test_ids);
        assert_partition(&split);
        data_split_finish(&split);
        split = draw(&data, (split_spec){.validation = 50, .initial_ids = &initial}, 42, trial);
        assert_int_equal(split.validation_count, 50);
        assert_partition(&split);
        data_split_finish(&split);
    }
    data_ids_finish(&data.test_ids);
    split_spec spec = {.validation_ids = &validation, .initial = 100, .test_share = 0.2};
    data_split split = draw(&data, spec, 42, 0);
    data_split drawn = draw(&data, (split_spec){.initial = 100}, 42, 0);
    assert_int_equal(split.test_count, 200);
    assert_int_equal(split.initial_count, 100);
    assert_partition(&split);
    assert_true(count_shared(&split, &drawn) > 60);
    data_split_finish(&split);
    data_split_finish(&drawn);
    data_ids_finish(&validation);
    data_ids_finish(&initial);
}

static void test_listed_refusals(void **state)
{
    (void)state;
    dataset data = example();
    data_ids validation = read_ids("v", "900\n5\n"), initial = read_ids("i", "1\n\n# x\n900\n");
    const split_spec both = {.validation_ids = &validation, .initial_ids = &initial};
    assert_refused(&data, both, FB_EINVAL,
                   "/i:4: sample 900 is to be in the initial labels, but is in the validation set "
                   "already");
    data.test_ids = read_ids("t", "5\n");
    assert_refused(&data, both, FB_EINVAL,
                   "/v:2: sample 5 is to be in the validation set, but is in the test set already");
    assert_refused(&data, (split_spec){.test_share = 0.1}, FB_EINVAL, "has 1 test samples already");
    assert_refused(&data, (split_spec){.validation = 1000}, FB_ERANGE,
                   "1000 training samples (1 are listed for a role), too few for 0 test samples, "
                   "1000 validation");
    data_ids_finish(&data.test_ids);
    data_ids_finish(&validation);
    data_ids_finish(&initial);
}

static void test_ids_memory_short(void **state)
{
    (void)state;
    const char *path = scratch_write("ids", "1\n2\n", 4, false);
    uint64_t n = 0;
    int rc;
    do {
        data_ids ids = {.count = 77};
        fb_error err = {0};
        fb_alloc_fail_at(++n);
        rc = data_ids_read(path, SAMPLES, &ids, &err);
        fb_alloc_fail_at(0);
        if (rc) {
            assert_int_equal(rc, FB_ENOMEM);
            assert_int_equal(ids.count, 77);
        } else {
            data_ids_finish(&ids);
        }
    } while (rc);
    assert_int_equal(n, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roles_are_a_partition),
        cmocka_unit_test(test_balance),
        cmocka_unit_test(test_without_balance),
        cmocka_unit_test(test_larger_contains_smaller),
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_known_split),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_memory_short),
        cmocka_unit_test(test_id_file),
        cmocka_unit_test(test_bad_id_files),
        cmocka_unit_test(test_listed_roles),
        cmocka_unit_test(test_listed_refusals),
        cmocka_unit_test(test_ids_memory_short),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}

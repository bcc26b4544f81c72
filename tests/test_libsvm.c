/* test_libsvm.c - libsvm files good and bad, and standardized features. */
#include <float.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "alloc.h"
#include "datasets.h"
#include "data_probe.h"
#include "scratch.h"

static const char *write_text(const char *name, const char *text)
{
    return scratch_write(name, text, strlen(text), false);
}

static dataset load_text(const char *text)
{
    data_spec spec = {.format = DATA_LIBSVM, .file = write_text("data", text)};
    return data_loaded(&spec);
}

static void assert_floats(const float *found, const float *expected, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!(fabsf(found[i] - expected[i]) <= 0))
            fail_msg("number %zu: expected %.9g, found %.9g", i, (double)expected[i],
                     (double)found[i]);
}

static void assert_labels(const data_part *part, const uint32_t *expected, size_t count)
{
    assert_int_equal(part->count, count);
    assert_memory_equal(part->labels, expected, count * sizeof *expected);
}

/* ---- what is read ---- */

static void test_plain_file(void **state)
{
    (void)state;
    static const float expected[] = {0.5f, 0, -2, 0, 0, 0, 0, 0, 0, 0,
                                     0, 1e-3f, 0.25f, 0, 7};
    static const uint32_t labels[] = {1, 0, 1};
    static const char *const texts[] = {
        "+1 1:0.5 3:-2\n-1\n+1 2:1e-3 3:.25 5:7\n",           /* as tools write it */
        "+1 1:0.5 3:-2\r\n-1\r\n+1 2:1e-3 3:.25 5:7\r\n",     /* by other tools */
        "# x\n\n 1\t1:+0.5  3:-2.\t# y\n-1#\n \n1 2:.1E-02 3:25e-2 5:7", /* by hand */
    };
    for (size_t i = 0; i < 3; i++) {
        dataset data = load_text(texts[i]);
        assert_int_equal(data.height, 1);
        assert_int_equal(data.width, 1);
        assert_int_equal(data.channels, 5);
        assert_int_equal(data.class_count, 2);
        assert_labels(&data.train, labels, 3);
        assert_floats(data.train.f32, expected, 15);
        assert_null(data.train.u8);
        assert_int_equal(data.test.count, 0);
        dataset_finish(&data);
    }
}

/* Labels of both files count, in the order of numbers, wherever they stand. */
static void test_classes(void **state)
{
    (void)state;
    static const uint32_t train[] = {2, 0, 3, 2}, test[] = {1, 3};
    data_spec spec = {.format = DATA_LIBSVM,
                      .file = write_text("a", "7 1:1\n-20 1:2\n100 1:3\n+7 1:4\n"),
                      .test_file = write_text("b", "-3 2:1\n0100 1:0\n")};
    dataset data = data_loaded(&spec);
    assert_int_equal(data.class_count, 4);
    assert_int_equal(data.channels, 2);
    assert_labels(&data.train, train, 4);
    assert_labels(&data.test, test, 2);
    dataset_finish(&data);
    spec.feature_count = 4;
    data = data_loaded(&spec);
    assert_int_equal(data.channels, 4);
    assert_floats(data.test.f32, (float[]){0, 1, 0, 0, 0, 0, 0, 0}, 8);
    dataset_finish(&data);
}

/* Each number is the float nearest to the double nearest to what the text says. */
static void test_numbers(void **state)
{
    (void)state;
    static const float expected[] = {0.1f, 16777216, 1.17549435e-38f, 3.40282347e38f, -0.0f, 0,
                                     0.333333343f};
    dataset data = load_text("1 1:0.1 2:16777217 3:1.17549435e-38 4:3.4028234e38 5:-0 6:1e-999 "
                             "7:0.33333333333333333333333333333333333333333333333333333\n0\n");
    assert_floats(data.train.f32, expected, 7);
    dataset_finish(&data);
}

/* A program whose locale writes 0,5 reads 0.5 nevertheless. */
static void test_locale(void **state)
{
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "es_ES.UTF-8", "de_DE"};
    bool found = false;
    for (size_t i = 0; i < 4 && !found; i++)
        found = setlocale(LC_ALL, names[i]) != NULL;
    if (!found)
        print_message("# no locale with a decimal comma is installed: read in the locale C\n");
    dataset data = load_text("1 1:0.5\n0 1:1.5e0\n");
    assert_floats(data.train.f32, (float[]){0.5f, 1.5f}, 2);
    assert_true(!found || localeconv()->decimal_point[0] == ',');
    dataset_finish(&data);
    setlocale(LC_ALL, "C");
}

/* ---- what is refused ---- */

static const struct damage {
    const char *text;
    int status;
    const char *place, *words;
} damages[] = {
    {"", FB_EFORMAT, ": ", "there are no samples; expected one a line"},
    {"# only a comment\n\n", FB_EFORMAT, ": ", "there are no samples"},
    {"1 1:1\n1 1:2\n", FB_EFORMAT, ": ", "every label is 1; expected at least two classes"},
    {"1\n2\n", FB_EFORMAT, ": ", "no line has a feature"},
    {"1 1:1\nx 1:1\n", FB_EFORMAT, ":2:1: ",
     "expected a label, an integer such as -1, +1 or 7, found 'x'"},
    {"1.0 1:1\n", FB_EFORMAT, ":1:1: ", "found '1.0'"},
    {"1,2 1:1\n", FB_EFORMAT, ":1:1: ", "found '1,2'"},
    {"- 1:1\n", FB_EFORMAT, ":1:1: ", "found '-'"},
    {"2147483648 1:1\n", FB_EFORMAT, ":1:1: ", "found '2147483648'"},
    {"1:1\n", FB_EFORMAT, ":1:1: ", "expected a label"},
    {"1 qid:3 1:1\n", FB_EFORMAT, ":1:3: ", "expected INDEX:VALUE such as 3:0.25, found 'qid:3'"},
    {"1 1\n", FB_EFORMAT, ":1:3: ", "expected INDEX:VALUE such as 3:0.25, found '1'"},
    {"1 -1:1\n", FB_EFORMAT, ":1:3: ", "found '-1:1'"},
    {"1 0:1\n", FB_EFORMAT, ":1:3: ", "index 0; expected indices from 1 on"},
    {"1 2:1 2:1\n", FB_EFORMAT, ":1:7: ", "index 2 after index 2; expected ascending indices"},
    {"1 2:1 1:1\n", FB_EFORMAT, ":1:7: ", "index 1 after index 2"},
    {"0 1:1\n1 16777217:1\n", FB_ERANGE, ":2:3: ", "index 16777217; expected 16777216 at most"},
    {"1 18446744073709551615:1\n", FB_ERANGE, ":1:3: ", "index 18446744073709551615;"},
    {"1 18446744073709551617:1\n", FB_EFORMAT, ":1:3: ", "found '18446744073709551617:1'"},
    {"1 1:\n", FB_EFORMAT, ":1:5: ",
     "expected a number such as 0.25 or 1e-3, found the end of the line"},
    {"1 1: 5\n", FB_EFORMAT, ":1:5: ", "found a blank"},
    {"1 1:#\n", FB_EFORMAT, ":1:5: ", "found a comment"},
    {"1 1:nan\n", FB_EFORMAT, ":1:5: ", "found 'nan'"},
    {"1 1:-inf\n", FB_EFORMAT, ":1:5: ", "found '-inf'"},
    {"1 1:0x1p3\n", FB_EFORMAT, ":1:5: ", "found '0x1p3'"},
    {"1 1:0,5\n", FB_EFORMAT, ":1:5: ", "found '0,5'"},
    {"1 1:1e\n", FB_EFORMAT, ":1:5: ", "found '1e'"},
    {"1 1:1e+\n", FB_EFORMAT, ":1:5: ", "found '1e+'"},
    {"1 1:.\n", FB_EFORMAT, ":1:5: ", "found '.'"},
    {"1 1:1 \xc3\xa4\n", FB_EFORMAT, ":1:7: ", "found '\?\?'"},
    {"1 1:1\r2 1:1\n", FB_EFORMAT, ":1:5: ", "found '1?2'"},
    {"1 1:3.5e38\n", FB_ERANGE, ":1:5: ", "fits into 32-bit floating point"},
    {"1 1:1e999\n", FB_ERANGE, ":1:5: ", "fits into 32-bit floating point"},
    {"1 1:0123456789012345678901234567890123456789x\n", FB_EFORMAT, ":1:5: ",
     "found '01234567890123456789012345678901...'"},
};

static void test_damaged_files(void **state)
{
    (void)state;
    char words[256];
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        const struct damage *damage = &damages[i];
        data_spec spec = {.format = DATA_LIBSVM, .file = write_text("bad", damage->text)};
        snprintf(words, sizeof words, "/bad%s", damage->place);
        data_refused(&spec, damage->status, words);
        data_refused(&spec, damage->status, damage->words);
        spec.file = write_text("good", "1 1:1\n2 1:1\n");
        spec.test_file = write_text("bad", damage->text); /* its labels and features may be few */
        if (*damage->text && damage->place[1] != ' ')
            data_refused(&spec, damage->status, words);
    }
}

static void test_nul_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
        const char *words;
    } cases[] = {
        {"\0", 1, ":1:1: expected a label, an integer such as -1, +1 or 7, found '?'"},
        {"1 1:1\n2\0 1:1\n", 13,
         ":2:1: expected a label, an integer such as -1, +1 or 7, found '2?'"},
        {"1 1:1\n2 1:1\0\n", 13, ":2:5: expected a number such as 0.25 or 1e-3, found '1?'"},
        {"1 1:1\n2 1:1 \0", 13, ":2:7: expected INDEX:VALUE such as 3:0.25, found '?'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        data_spec spec = {.format = DATA_LIBSVM,
                          .file = scratch_write("nul", cases[i].bytes, cases[i].length, false)};
        data_refused(&spec, FB_EFORMAT, cases[i].words);
    }
}

/* Cut anywhere, a file is refused or is a smaller one; nothing is read beyond its end. */
static void test_cut_anywhere(void **state)
{
    (void)state;
    static const char text[] = "+1 1:0.25 10:-1e-3 # c\r\n-1 2:3\n";
    for (size_t n = 0; n < sizeof text; n++) {
        data_spec spec = {.format = DATA_LIBSVM, .file = scratch_write("cut", text, n, false)};
        dataset data = {0};
        fb_error err = {0};
        int rc = dataset_load(&spec, &data, &err);
        assert_true(rc == FB_OK || (rc == FB_EFORMAT && strstr(err.text, "/cut:")));
        assert_true(rc == FB_OK || n < 30);
        dataset_finish(&data);
    }
}

static void test_limits(void **state)
{
    (void)state;
    data_spec spec = {.format = DATA_LIBSVM};
    data_refused(&spec, FB_EINVAL, "needs a file");
    spec.file = write_text("data", "1 1:1\n2 3:1\n");
    spec.feature_count = 2;
    data_refused(&spec, FB_ERANGE, ":2:3: index 3; expected 2 at most, as 'features' says");
    spec.feature_count = (1 << 24) + 1;
    data_refused(&spec, FB_EINVAL, "at most 16777216 features");
    spec.feature_count = 0;
    spec.test_file = scratch_path("nothing");
    data_refused(&spec, FB_ENOENT, "nothing: cannot open");
    spec.test_file = NULL;
    /* 600 lines, two of them with the largest index: more than 32 GiB as a matrix. */
    char text[600 * 2 + 40] = "";
    size_t length = 0;
    for (size_t i = 0; i < 600; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "%zu\n", i % 2);
    snprintf(text + length, sizeof text - length, "0 16777216:1\n");
    spec.file = write_text("large", text);
    data_refused(&spec, FB_ERANGE, "large: 601 samples of 16777216 numbers of 4 bytes are more");
}

static void test_memory_short(void **state)
{
    (void)state;
    static const char ids[] = "0\n3\n";
    data_spec spec = {.format = DATA_LIBSVM, .standardize = true,
                      .file = write_text("data", "1 1:1\n2 3:1\n3 1:1\n2 2:2\n"),
                      .test_ids = write_text("ids", ids)};
    data_short_of_memory(&spec, 12);
}

/* ---- standardized features ---- */

/* Features 1 and 2 over the rows 1, 2, 4 and 5: means 3 and 10, deviations sqrt(5) and 0. */
static void test_standardize_by_ids(void **state)
{
    (void)state;
    const double root = sqrt(5);
    data_spec spec = {.format = DATA_LIBSVM, .standardize = true,
                      .file = write_text("data", "1 1:100 2:-7\n2 1:0 2:10\n1 1:2 2:10\n1 1:8\n"
                                                 "1 1:4 2:10\n2 1:6 2:10\n"),
                      .test_ids = write_text("ids", "# the test set\n3\n0\n")};
    const float expected[] = {(float)(97 / root), 0, (float)(-3 / root), 0, (float)(-1 / root), 0,
                              (float)(5 / root), 0, (float)(1 / root), 0, (float)(3 / root), 0};
    dataset data = data_loaded(&spec);
    assert_int_equal(data.train.count, 6);
    assert_floats(data.train.f32, expected, 12);
    assert_int_equal(data.test_ids.count, 2);
    assert_int_equal(data.test_ids.ids[0], 0);
    assert_int_equal(data.test_ids.ids[1], 3);
    spec.standardize = false;
    dataset plain = data_loaded(&spec);
    assert_floats(plain.train.f32, (float[]){100, -7, 0, 10}, 4);
    assert_string_not_equal(plain.digest, data.digest);
    assert_string_equal(plain.test_ids.digest, data.test_ids.digest);
    spec.test_ids = NULL;
    dataset whole = data_loaded(&spec);
    assert_string_equal(whole.digest, plain.digest); /* which rows are the test set is no array */
    spec.standardize = true;
    dataset all = data_loaded(&spec);
    assert_string_not_equal(all.digest, data.digest);
    dataset_finish(&data);
    dataset_finish(&plain);
    dataset_finish(&whole);
    dataset_finish(&all);
}

/* The test part is measured by the training part. */
static void test_standardize_test_part(void **state)
{
    (void)state;
    data_spec spec = {.format = DATA_LIBSVM, .standardize = true,
                      .file = write_text("a", "1 1:1 2:0.1\n2 1:3 2:0.1\n"),
                      .test_file = write_text("b", "1 1:2 2:0.1\n2 1:5 2:9\n")};
    dataset data = data_loaded(&spec);
    assert_floats(data.train.f32, (float[]){-1, 0, 1, 0}, 4);
    assert_floats(data.test.f32, (float[]){0, 0, 3, 0}, 4);
    dataset_finish(&data);
}

/* Pixels become floats, the same as of their values. */
static void test_standardize_pixels(void **state)
{
    (void)state;
    static const uint8_t images[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2,
                                     10, 255, 30, 255};
    static const uint8_t labels[] = {0, 0, 8, 1, 0, 0, 0, 2, 0, 1};
    data_spec spec = {.format = DATA_IDX, .standardize = true,
                      .train_images = scratch_write("i", images, sizeof images, false),
                      .train_labels = scratch_write("l", labels, sizeof labels, false)};
    dataset data = data_loaded(&spec);
    assert_null(data.train.u8);
    assert_floats(data.train.f32, (float[]){-1, 0, 1, 0}, 4);
    dataset_finish(&data);
}

static void test_standardize_refusals(void **state)
{
    (void)state;
    data_spec spec = {.format = DATA_LIBSVM, .standardize = true,
                      .file = write_text("data", "1 1:1\n2 1:3\n"),
                      .test_ids = write_text("ids", "0\n1\n")};
    data_refused(&spec, FB_ERANGE, "every sample is in the test set");
    spec.file = write_text("data", "1 1:1e38\n2 1:1e-38\n1 1:2e-38\n");
    spec.test_ids = write_text("ids", "0\n");
    data_refused(&spec, FB_ENUMERIC, "too far apart");
    spec.test_file = write_text("test", "1 1:1\n");
    data_refused(&spec, FB_EINVAL, "ids: a list of test samples, but the data set has 1 test");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_file),
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_locale),
        cmocka_unit_test(test_damaged_files),
        cmocka_unit_test(test_nul_bytes),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_memory_short),
        cmocka_unit_test(test_standardize_by_ids),
        cmocka_unit_test(test_standardize_test_part),
        cmocka_unit_test(test_standardize_pixels),
        cmocka_unit_test(test_standardize_refusals),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}

/* test_npy.c - .npy files: what is written reads back, and nothing malformed gets in. */
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
#include "files.h"
#include "scratch.h"

/* Writes a version 1.0 file with a header of exactly this text. */
static const char *write_npy(const char *header, const void *numbers, size_t bytes)
{
    uint8_t file[4096] = "\x93NUMPY\x01";
    size_t length = strlen(header);
    assert_true(10 + length + bytes <= sizeof file);
    file[8] = (uint8_t)length;
    file[9] = (uint8_t)(length >> 8);
    memcpy(file + 10, header, length);
    if (bytes)
        memcpy(file + 10 + length, numbers, bytes);
    return scratch_write("array.npy", file, 10 + length + bytes, false);
}

static void assert_refused(const char *path, bool integers, const char *words)
{
    npy_array array = {.count = 77};
    fb_error err = {0};
    int rc = (integers ? npy_read_integers : npy_read_floats)(path, &array, &err);
    assert_true(rc < 0);
    assert_int_equal(rc, err.status);
    if (!strstr(err.text, words) || !strstr(err.text, path))
        fail_msg("expected '%s' and the path in: %s", words, err.text);
    assert_int_equal(array.count, 77);
    assert_null(array.f32);
    assert_null(array.i64);
}

static void test_round_trip(void **state)
{
    (void)state;
    const double numbers[] = {0, -1.5, 3e30, NAN, INFINITY, 1e-40, 7, 8, 9, 10, 11, 12};
    const size_t shapes[][4] = {{12}, {3, 4}, {2, 3, 2}, {2, 1, 3, 2}, {0, 5}};
    const size_t ndims[] = {1, 2, 3, 4, 2}, counts[] = {12, 12, 12, 12, 0};
    for (size_t k = 0; k < 5; k++) {
        npy_array array = {0};
        const char *path = scratch_path("round.npy");
        assert_int_equal(npy_write_doubles(path, numbers, shapes[k], ndims[k], NULL), 0);
        assert_int_equal(npy_read_floats(path, &array, NULL), 0);
        assert_int_equal(array.ndim, ndims[k]);
        assert_int_equal(array.count, counts[k]);
        assert_memory_equal(array.shape, shapes[k], sizeof shapes[k]);
        for (size_t i = 0; i < counts[k]; i++)
            assert_true(array.f32[i] == (float)numbers[i] || (i == 3 && isnan(array.f32[i])));
        npy_finish(&array);
        assert_null(array.f32);
    }
    npy_array scalar = {0};
    assert_int_equal(npy_write_doubles(scratch_path("s.npy"), numbers + 1, NULL, 0, NULL), 0);
    assert_int_equal(npy_read_floats(scratch_path("s.npy"), &scalar, NULL), 0);
    assert_int_equal(scalar.ndim, 0);
    assert_int_equal(scalar.count, 1);
    assert_true(scalar.f32[0] == -1.5f);
    npy_finish(&scalar);
    npy_finish(NULL);
}

/* What numpy.save writes for numpy.array([[1.5, -2.0]]). */
static void test_written_bytes(void **state)
{
    (void)state;
    static const char head[] = "\x93NUMPY\x01\x00v\x00"
                               "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }";
    static const uint8_t numbers[] = {0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0};
    char *file = NULL;
    size_t length = 0;
    const char *path = scratch_path("bytes.npy");
    assert_int_equal(npy_write_doubles(path, (double[]){1.5, -2}, (size_t[]){1, 2}, 2, NULL), 0);
    assert_int_equal(fb_file_read(path, 4096, &file, &length, NULL), 0);
    assert_int_equal(length, 128 + 16);
    assert_memory_equal(file, head, sizeof head - 1);
    for (size_t i = sizeof head - 1; i < 127; i++)
        assert_int_equal(file[i], ' ');
    assert_int_equal(file[127], '\n');
    assert_memory_equal(file + 128, numbers, sizeof numbers);
    fb_free(file);
}

#define HEADER(descr) "{'descr': '" descr "', 'fortran_order': False, 'shape': (3,), }\n"

static void assert_integers(const char *path, int64_t a, int64_t b, int64_t c)
{
    npy_array array = {0};
    assert_int_equal(npy_read_integers(path, &array, NULL), 0);
    assert_int_equal(array.count, 3);
    assert_true(array.i64[0] == a && array.i64[1] == b && array.i64[2] == c);
    npy_finish(&array);
    assert_int_equal(npy_read_floats(path, &array, NULL), 0);
    assert_true(array.f32[0] == (float)a && array.f32[1] == (float)b && array.f32[2] == (float)c);
    npy_finish(&array);
}

static void test_types(void **state)
{
    (void)state;
    const int32_t i4[] = {1, -2, INT32_MIN};
    const int64_t i8[] = {1, -2, INT64_MIN};
    const uint8_t u1[] = {1, 2, 255};
    const uint32_t u4[] = {1, 2, UINT32_MAX};
    const float f4[] = {1.5f, -0.0f, 1e-45f};
    assert_integers(write_npy(HEADER("<i4"), i4, sizeof i4), 1, -2, INT32_MIN);
    assert_integers(write_npy(HEADER("<i8"), i8, sizeof i8), 1, -2, INT64_MIN);
    assert_integers(write_npy(HEADER("|u1"), u1, sizeof u1), 1, 2, 255);
    assert_integers(write_npy(HEADER("<u4"), u4, sizeof u4), 1, 2, UINT32_MAX);
    npy_array array = {0};
    assert_int_equal(npy_read_floats(write_npy(HEADER("<f4"), f4, sizeof f4), &array, NULL), 0);
    assert_memory_equal(array.f32, f4, sizeof f4);
    npy_finish(&array);
    assert_refused(write_npy(HEADER("<f4"), f4, sizeof f4), true, "expected integers");
    assert_refused(write_npy(HEADER(">f4"), f4, sizeof f4), false, "'>f4' (big-endian); expected");
    assert_refused(write_npy(HEADER("<i2"), f4, 6), false, "'<i2'; expected");
    assert_refused(write_npy(HEADER("|O"), f4, 6), false, "'|O'; expected");
}

/* Versions 2 and 3 have a 32-bit length. */
static void test_versions(void **state)
{
    (void)state;
    for (uint8_t version = 0; version < 6; version++) {
        uint8_t file[256] = "\x93NUMPY";
        const char *header = HEADER("|u1");
        size_t length = strlen(header);
        npy_array array = {0};
        file[6] = version;
        file[8] = (uint8_t)length;
        memcpy(file + 12, header, length);
        memcpy(file + 12 + length, "\1\2\3", 3);
        const char *path = scratch_write("version.npy", file, 12 + length + 3, false);
        if (version == 2 || version == 3) {
            assert_int_equal(npy_read_floats(path, &array, NULL), 0);
            assert_true(array.f32[2] == 3.0f);
            npy_finish(&array);
        } else {
            assert_refused(path, false, version == 1 ? "malformed" : "format version");
        }
    }
}

static void test_bad_headers(void **state)
{
    (void)state;
    static const struct {
        const char *header, *words;
    } bad[] = {
        {"", "expected a dictionary"},
        {"[1]", "expected a dictionary"},
        {"{", "a quoted key"},
        {"{}", "lacks a key"},
        {"{'descr': '|u1', 'shape': (3,), }", "lacks a key"},
        {"{'descr': '|u1', 'fortran_order': True, 'shape': (3,), }", "Fortran order"},
        {"{'descr': '|u1', 'fortran_order': Maybe, 'shape': (3,), }", "True or False"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (3,), 'x': 1}", "has the key 'x'"},
        {"{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (3,)}", "twice"},
        {"{'descr': '|u1' 'fortran_order': False, 'shape': (3,)}", "a comma or a closing brace"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (3)}", "a comma in a tuple"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': 3}", "tuple of dimensions"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (-3,)}", "a dimension"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (,)}", "a dimension"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (3, 1", "closing parenthesis"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (1,1,1,1,3)}", "more than 4 dim"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (4,)}", "need 4: the file is trunc"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (2,)}", "the file is too long"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (3,)} x", "nothing after the dict"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999,)}", "smaller"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (8589934592, 8589934592)}", "limit"},
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,)}", "the quoted name"},
        {"{'descr': '|u\x01', 'fortran_order': False, 'shape': (3,)}", "name of a number type"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_refused(write_npy(bad[i].header, "\1\2\3", 3), false, bad[i].words);
    npy_array array = {0};
    const char *odd = "{\"shape\":(3,),'fortran_order' :False,'descr':'|u1'}";
    assert_int_equal(npy_read_floats(write_npy(odd, "\1\2\3", 3), &array, NULL), 0);
    npy_finish(&array);
}

static void test_bad_files(void **state)
{
    (void)state;
    fb_error err = {0};
    npy_array array = {0};
    assert_int_equal(npy_read_floats(scratch_path("none.npy"), &array, &err), FB_ENOENT);
    assert_int_equal(npy_read_floats(scratch_path(""), &array, &err), FB_EIO);
    assert_refused(scratch_write("empty.npy", "", 0, false), false, "expected a .npy file");
    assert_refused(scratch_write("text.npy", "1,2,3\n4,5,6\n", 12, false), false, "\\x93NUMPY");
    assert_refused(scratch_write("cut.npy", "\x93NUMPY\x01\x00\xff\xff{}", 12, false), false,
                   "a .npy header of 65535 bytes in a file of 12 bytes");
    assert_refused(scratch_write("cut.npy", "\x93NUMPY\x02\x00\xff\xff", 10, false), false,
                   "a .npy header of 0 bytes in a file of 10 bytes");
    const double one = 1;
    const char *nowhere = scratch_path("no/such/folder.npy");
    assert_int_equal(npy_write_doubles(nowhere, &one, NULL, 0, &err), FB_ENOENT);
    assert_non_null(strstr(err.text, "no/such/folder.npy"));
}

/* A file cut anywhere is refused; one with a changed byte is refused or read, and never
 * crashes. */
static void test_damage(void **state)
{
    (void)state;
    const float numbers[] = {1, 2, 3};
    char *file = NULL;
    size_t length = 0, read = 0;
    const char *good = write_npy(HEADER("<f4"), numbers, sizeof numbers);
    assert_int_equal(fb_file_read(good, 4096, &file, &length, NULL), 0);
    for (size_t n = 0; n < length; n++)
        assert_refused(scratch_write("damaged.npy", file, n, false), n % 2, "");
    for (size_t bit = 0; bit < 8 * length; bit++) {
        npy_array array = {0};
        fb_error err = {0};
        file[bit / 8] = (char)(file[bit / 8] ^ 1 << bit % 8);
        const char *path = scratch_write("damaged.npy", file, length, false);
        int rc = npy_read_floats(path, &array, &err);
        assert_true(rc == 0 || strlen(err.text) > strlen(path));
        read += rc == 0;
        npy_finish(&array);
        file[bit / 8] = (char)(file[bit / 8] ^ 1 << bit % 8);
    }
    assert_true(read >= 8 * sizeof numbers && read < 2 * 8 * sizeof numbers);
    fb_free(file);
}

static void test_memory_short(void **state)
{
    (void)state;
    const double numbers[] = {1, 2, 3};
    const size_t shape[] = {3};
    const char *path = scratch_path("short.npy");
    uint64_t n = 0;
    int rc;
    do {
        fb_error err = {0};
        fb_alloc_fail_at(++n);
        rc = npy_write_doubles(path, numbers, shape, 1, &err);
        fb_alloc_fail_at(0);
        assert_true(rc == 0 || (rc == FB_ENOMEM && strstr(err.text, "out of memory")));
    } while (rc);
    assert_true(n > 3);
    n = 0;
    do {
        npy_array array = {0};
        fb_error err = {0};
        fb_alloc_fail_at(++n);
        rc = npy_read_floats(path, &array, &err);
        fb_alloc_fail_at(0);
        assert_true(rc == 0 || (rc == FB_ENOMEM && strstr(err.text, "out of memory")));
        npy_finish(&array);
    } while (rc);
    assert_int_equal(n, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),  cmocka_unit_test(test_written_bytes),
        cmocka_unit_test(test_types),       cmocka_unit_test(test_versions),
        cmocka_unit_test(test_bad_headers), cmocka_unit_test(test_bad_files),
        cmocka_unit_test(test_damage),      cmocka_unit_test(test_memory_short),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}

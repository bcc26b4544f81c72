/* test_base.c - core/base: errors, memory, strings, files, digests and random streams.
 *
 * The numbers of the streams come from the published vectors of Random123 and from another
 * program that was written from the description in stream.h. */
#include <fcntl.h>
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "alloc.h"
#include "digest.h"
#include "files.h"
#include "scratch.h"
#include "status.h"
#include "strbuf.h"
#include "stream.h"
#include "utf8.h"

/* ---- status.h ---- */

static void test_status_names(void **state)
{
    (void)state;
    assert_string_equal(fb_status_name(FB_OK), "FB_OK");
    assert_string_equal(fb_status_name(FB_ENOMEM), "FB_ENOMEM");
    assert_string_equal(fb_status_name(-13), "FB_ECONFLICT");
    assert_string_equal(fb_status_text(FB_ENOMEM), "out of memory");
    assert_string_equal(fb_status_name(1), "FB_E?");
    assert_string_equal(fb_status_text(-1000), "unknown status");
    for (int status = FB_ECONFLICT; status <= FB_OK; status++)
        assert_string_not_equal(fb_status_name(status), "FB_E?");
}

static void test_fail(void **state)
{
    (void)state;
    fb_error err = {0};
    assert_int_equal(fb_fail(&err, FB_EINVAL, "%s: expected %d", "key", 3), FB_EINVAL);
    assert_int_equal(err.status, FB_EINVAL);
    assert_string_equal(err.text, "key: expected 3");
    assert_int_equal(fb_fail_prefix(&err, "%s:%d", "file", 7), FB_EINVAL);
    assert_string_equal(err.text, "file:7: key: expected 3");
    assert_int_equal(fb_fail(NULL, FB_EIO, "unseen"), FB_EIO);
    assert_true(fb_fail_prefix(NULL, "unseen") < 0);
}

/* `text` follows `full` up to a character boundary near the end of the buffer. */
static void assert_cut(const char *text, const char *full)
{
    size_t size = sizeof((fb_error *)NULL)->text, length = 0;
    assert_true(strlen(text) < size);
    while (text[length] && text[length] == full[length])
        length++;
    assert_true((full[length] & 0xC0) != 0x80);
    assert_true(length + 12 > size);
}

static void test_fail_cuts_at_a_character(void **state)
{
    (void)state;
    static const char *const characters[] = {"a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9d\x84\x9e"};
    for (size_t c = 0; c < 4; c++) {
        for (size_t shift = 0; shift < 4; shift++) {
            char full[2000] = "xxxx";
            fb_error err = {0};
            full[shift] = '\0';
            while (strlen(full) + 5 < sizeof full)
                strcat(full, characters[c]);
            fb_fail(&err, FB_EINVAL, "%s", full);
            assert_cut(err.text, full);
            assert_int_equal(strncmp(err.text, full, strlen(err.text)), 0);
            fb_fail_prefix(&err, "%s", "12");
            assert_memory_equal(err.text, "12: ", 4);
            assert_cut(err.text + 4, full);
            fb_fail(&err, FB_EINVAL, "short");
            fb_fail_prefix(&err, "%s", full);
            assert_cut(err.text, full);
        }
    }
    fb_error err = {0};
    char fits[1024];
    memset(fits, 'a', sizeof fits);
    fits[1023] = '\0';
    fb_fail(&err, FB_EINVAL, "%s", fits);
    assert_string_equal(err.text, fits);
}

/* ---- alloc.h ---- */

static void test_alloc(void **state)
{
    (void)state;
    uint8_t *bytes = fb_calloc(100, 3);
    assert_non_null(bytes);
    assert_int_equal((uintptr_t)bytes % 64, 0);
    for (size_t i = 0; i < 300; i++)
        assert_int_equal(bytes[i], 0);
    memset(bytes, 7, 300);
    bytes = fb_grow(bytes, 100, 200, 3);
    assert_non_null(bytes);
    for (size_t i = 0; i < 600; i++)
        assert_int_equal(bytes[i], i < 300 ? 7 : 0);
    fb_free(bytes);
    fb_free(NULL);
    void *nothing = fb_calloc(0, 8);
    assert_non_null(nothing);
    nothing = fb_grow(nothing, 0, 0, 8);
    assert_non_null(nothing);
    fb_free(nothing);
    char *copy = fb_strdup("text");
    assert_string_equal(copy, "text");
    fb_free(copy);
    copy = fb_memdup("abcdef", 2, 3);
    assert_memory_equal(copy, "abcdef", 6);
    fb_free(copy);
}

/* Large memory comes another way. */
static void test_alloc_large(void **state)
{
    enum { SIZE = 5000000 };
    (void)state;
    uint8_t *bytes = fb_calloc(SIZE, 1);
    assert_non_null(bytes);
    assert_int_equal((uintptr_t)bytes % 64, 0);
    for (size_t i = 0; i < SIZE; i += 1000)
        assert_int_equal(bytes[i], 0);
    memset(bytes, 7, SIZE);
    bytes = fb_grow(bytes, SIZE, 2 * SIZE, 1);
    assert_non_null(bytes);
    assert_int_equal(bytes[SIZE - 1], 7);
    assert_int_equal(bytes[SIZE], 0);
    assert_int_equal(bytes[2 * SIZE - 1], 0);
    fb_free(bytes);
}

static void test_alloc_refuses_overflow(void **state)
{
    (void)state;
    fb_error err = {0};
    char *text = fb_strdup("kept");
    assert_null(fb_calloc(SIZE_MAX, 2));
    assert_null(fb_calloc(SIZE_MAX / 2 + 1, 2));
    assert_null(fb_calloc(SIZE_MAX - 10, 1)); /* rounding up to the alignment would overflow */
    assert_null(fb_grow(text, 5, SIZE_MAX / 4, 8));
    assert_string_equal(text, "kept");
    fb_free(text);
    assert_int_equal(fb_fail_memory(&err, 3, 5, "a thing"), FB_ENOMEM);
    assert_string_equal(err.text, "out of memory: 3 x 5 bytes for a thing could not be had");
}

static void test_alloc_fails_on_demand(void **state)
{
    (void)state;
    fb_alloc_fail_at(2);
    void *first = fb_calloc(1, 1), *second = fb_calloc(1, 1), *third = fb_calloc(1, 1);
    assert_int_equal(fb_alloc_count(), 3);
    fb_alloc_fail_at(0);
    void *fourth = fb_calloc(1, 1);
    assert_non_null(first);
    assert_null(second);
    assert_null(third);
    assert_non_null(fourth);
    assert_int_equal(fb_alloc_count(), 1);
    fb_free(first);
    fb_free(fourth);
}

/* ---- strbuf.h ---- */

static void test_strbuf(void **state)
{
    (void)state;
    fb_strbuf buf = FB_STRBUF_INIT;
    assert_string_equal(buf.text, "");
    fb_strbuf_add(&buf, "one");
    fb_strbuf_printf(&buf, " %d %s", 2, "three");
    fb_strbuf_add_bytes(&buf, "\0x", 2);
    assert_int_equal(buf.length, 13);
    assert_memory_equal(buf.text, "one 2 three\0x", 14);
    fb_strbuf_reset(&buf);
    assert_string_equal(buf.text, "");
    for (int i = 0; i < 1000; i++)
        fb_strbuf_printf(&buf, "%03d", i);
    assert_int_equal(buf.length, 3000);
    assert_int_equal(strlen(buf.text), 3000);
    assert_string_equal(buf.text + 2997, "999");
    assert_int_equal(fb_strbuf_check(&buf, "text", NULL), 0);
    char *text = fb_strbuf_take(&buf);
    assert_memory_equal(text, "000001002", 9);
    fb_free(text);
    assert_string_equal(buf.text, "");
    text = fb_strbuf_take(&buf);
    assert_string_equal(text, "");
    fb_free(text);
    fb_strbuf_finish(&buf);
    fb_strbuf_finish(NULL);
    fb_strbuf zeroed = {0};
    fb_strbuf_finish(&zeroed);
}

static void test_strbuf_failures(void **state)
{
    (void)state;
    fb_error err = {0};
    fb_strbuf buf = FB_STRBUF_INIT;
    fb_strbuf_add(&buf, "kept");
    fb_alloc_fail_at(1);
    fb_strbuf_printf(&buf, "%100s", "lost");
    fb_alloc_fail_at(0);
    fb_strbuf_add(&buf, "also lost");
    assert_string_equal(buf.text, "kept");
    assert_int_equal(fb_strbuf_check(&buf, "a table", &err), FB_ENOMEM);
    assert_string_equal(err.text, "out of memory while writing a table");
    assert_null(fb_strbuf_take(&buf));
    fb_strbuf_finish(&buf);
    fb_strbuf_add_bytes(&buf, "", SIZE_MAX); /* a length that cannot be: no endless doubling */
    assert_true(buf.failed);
    fb_strbuf_finish(&buf);
    assert_false(buf.failed);
}

static void assert_double(double value, const char *expected)
{
    char text[32];
    assert_string_equal(fb_format_double(text, sizeof text, value), expected);
}

static void test_format_double(void **state)
{
    (void)state;
    assert_double(0.1, "0.1");
    assert_double(1e-5, "1e-05");
    assert_double(0.1 + 0.2, "0.30000000000000004");
    assert_double(-0.0, "-0");
    assert_double(1e23, "1e+23");
    assert_double(100, "100");
    assert_double(1e15, "1e+15");
    assert_double(123, "123");
    assert_double(INFINITY, "inf");
    assert_double(-INFINITY, "-inf");
    assert_double(NAN, "nan");
    assert_double(-NAN, "nan");
    assert_double(DBL_TRUE_MIN, "5e-324");
    assert_double(DBL_MAX, "1.7976931348623157e+308");
    fb_stream stream = {1};
    for (uint64_t i = 0; i < 20000; i++) {
        char text[32];
        double value;
        uint64_t bits = fb_stream_u64(stream, 0, i);
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        double back = strtod(fb_format_double(text, sizeof text, value), NULL);
        assert_memory_equal(&back, &value, sizeof value);
    }
    fb_strbuf buf = FB_STRBUF_INIT;
    fb_strbuf_add_double(&buf, 2.5);
    assert_string_equal(buf.text, "2.5");
    fb_strbuf_finish(&buf);
}

/* ---- digest.h ---- */

static void test_digest(void **state)
{
    (void)state;
    fb_digest digest;
    char hex[FB_DIGEST_HEX], again[FB_DIGEST_HEX];
    fb_digest_init(&digest); /* the vectors of FIPS 180-4's examples */
    fb_digest_bytes(&digest, "abc", 3);
    fb_digest_end_hex(&digest, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    fb_digest_bytes(&digest, "", 0);
    fb_digest_end_hex(&digest, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (int i = 0; i < 1000000; i++)
        fb_digest_bytes(&digest, "a", 1);
    fb_digest_end_hex(&digest, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    fb_digest_string(&digest, "ab");
    fb_digest_u64(&digest, 0x0102030405060708);
    fb_digest_end_hex(&digest, hex);
    fb_digest_bytes(&digest, "ab\0\x08\x07\x06\x05\x04\x03\x02\x01", 11);
    fb_digest_end_hex(&digest, again);
    assert_string_equal(hex, again);
}

/* ---- files.h ---- */

static void test_files(void **state)
{
    (void)state;
    fb_error err = {0};
    char *data = NULL;
    size_t length = 0;
    const char *path = scratch_path("file");
    assert_int_equal(fb_file_write(path, "old", 3, &err), 0);
    assert_int_equal(fb_file_write(path, "new\0text", 8, &err), 0);
    assert_int_equal(fb_file_read(path, 8, &data, &length, &err), 0);
    assert_int_equal(length, 8);
    assert_memory_equal(data, "new\0text", 9);
    fb_free(data);
    data = NULL;
    assert_int_equal(fb_file_read(path, 7, &data, &length, &err), FB_ERANGE);
    assert_non_null(strstr(err.text, "8 bytes is more than the limit of 7"));
    assert_non_null(strstr(err.text, path));
    assert_int_equal(fb_file_read(scratch_path("none"), 7, &data, &length, &err), FB_ENOENT);
    assert_int_equal(fb_file_read(scratch_path(""), 7, &data, &length, &err), FB_EIO);
    assert_non_null(strstr(err.text, "expected a regular file"));
    assert_null(data);
    assert_int_equal(length, 8);
    assert_int_equal(fb_file_write(path, "", 0, &err), 0);
    assert_int_equal(fb_file_read(path, 0, &data, &length, &err), 0);
    assert_int_equal(length, 0);
    assert_string_equal(data, "");
    fb_free(data);
}

/* What cannot be put in place leaves no temporary file behind. */
static void test_file_write_fails(void **state)
{
    (void)state;
    fb_error err = {0};
    char temporary[1100];
    assert_int_equal(fb_file_write(scratch_path("no/file"), "x", 1, &err), FB_ENOENT);
    assert_non_null(strstr(err.text, "no/file"));
    const char *folder = scratch_path("a-folder");
    assert_int_equal(fb_make_directories(folder, &err), 0);
    assert_int_equal(fb_file_write(folder, "x", 1, &err), FB_EIO);
    assert_non_null(strstr(err.text, "cannot put in place"));
    snprintf(temporary, sizeof temporary, "%s.%ld.tmp", folder, (long)getpid());
    assert_int_not_equal(access(temporary, F_OK), 0);
    fb_alloc_fail_at(1);
    int rc = fb_file_write(scratch_path("file"), "x", 1, &err);
    fb_alloc_fail_at(0);
    assert_int_equal(rc, FB_ENOMEM);
}

/* A temporary that takes a pipe's or a device's name would put a file in its place. */
static void test_file_write_to_a_pipe(void **state)
{
    (void)state;
    const char *path = scratch_path("pipe");
    char read_back[8] = "";
    struct stat info;
    assert_int_equal(mkfifo(path, 0600), 0);
    int fd = open(path, O_RDWR | O_NONBLOCK);
    assert_true(fd >= 0);
    assert_int_equal(fb_file_write(path, "bytes", 5, NULL), 0);
    assert_int_equal(read(fd, read_back, sizeof read_back), 5);
    assert_string_equal(read_back, "bytes");
    assert_int_equal(stat(path, &info), 0);
    assert_true(S_ISFIFO(info.st_mode));
    close(fd);
}

static void test_make_directories(void **state)
{
    (void)state;
    fb_error err = {0};
    struct stat info;
    const char *path = scratch_path("a/b//c/");
    assert_int_equal(fb_make_directories(path, &err), 0);
    assert_int_equal(stat(path, &info), 0);
    assert_true(S_ISDIR(info.st_mode));
    assert_int_equal(fb_make_directories(path, &err), 0);
    scratch_write("plain", "x", 1, false);
    assert_int_equal(fb_make_directories(scratch_path("plain"), &err), FB_EIO);
    assert_non_null(strstr(err.text, "expected a directory"));
    assert_true(fb_make_directories(scratch_path("plain/below"), &err) < 0);
    assert_true(fb_make_directories("", &err) < 0);
    fb_alloc_fail_at(1);
    int rc = fb_make_directories(path, &err);
    fb_alloc_fail_at(0);
    assert_int_equal(rc, FB_ENOMEM);
}

/* ---- stream.h ---- */

static void test_philox(void **state)
{
    (void)state;
    /* Random123's published vector for the counter 0 and the key 0. */
    static const uint32_t zero[] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
    uint32_t out[4];
    fb_stream_bits((fb_stream){0}, 0, 0, 4, out);
    assert_memory_equal(out, zero, sizeof zero);
    const fb_stream stream = {0x299f31d0a4093822};
    fb_stream_bits(stream, 0x0370734413198a2e, ((uint64_t)1 << 33) + 1, 1, out);
    assert_int_equal(out[0], 0x9bdded1f);
    fb_stream_bits(stream, 0x0370734413198a2e, 5, 1, out);
    assert_int_equal(out[0], 0x0ab83527);
}

static void test_stream_keys(void **state)
{
    (void)state;
    const fb_axis axes[] = {{"dataset", "abc"}, {"trial", "3"}};
    fb_stream stream = fb_stream_make(42, FB_STREAM_SPLIT, axes, 2);
    assert_true(stream.key == 0x5014ff2c9418701c);
    assert_true(fb_stream_sub(stream, "member", 7).key == 0x15ad519f3a91ed3c);
    assert_true(fb_stream_u64(stream, 9, ((uint64_t)1 << 40) + 1) == 0xcbc17b9de4819548);
    assert_true(fb_stream_make(43, FB_STREAM_SPLIT, axes, 2).key != stream.key);
    assert_true(fb_stream_make(42, FB_STREAM_INITIAL, axes, 2).key != stream.key);
    assert_true(fb_stream_make(42, FB_STREAM_SPLIT, axes, 1).key != stream.key);
    assert_true(fb_stream_sub(stream, "member", 8).key != fb_stream_sub(stream, "member", 7).key);
    assert_true(fb_stream_sub(stream, "pass", 7).key != fb_stream_sub(stream, "member", 7).key);
}

static void test_blocks_of_any_size(void **state)
{
    (void)state;
    enum { COUNT = 103 };
    uint32_t whole[COUNT], pieces[COUNT];
    const fb_stream stream = {0xfeed};
    fb_stream_bits(stream, 5, 0, COUNT, whole);
    for (size_t size = 1; size < 12; size++) {
        for (size_t first = 0; first < COUNT; first += size)
            fb_stream_bits(stream, 5, first, first + size < COUNT ? size : COUNT - first,
                           pieces + first);
        assert_memory_equal(whole, pieces, sizeof whole);
    }
    for (size_t e = 0; e < COUNT / 2; e++) {
        uint64_t expected = whole[2 * e] | (uint64_t)whole[2 * e + 1] << 32;
        assert_true(fb_stream_u64(stream, 5, e) == expected);
        assert_true(fb_stream_uniform(stream, 5, e) == (double)(expected >> 11) / 0x1p53);
    }
}

static void test_uniform_and_below(void **state)
{
    (void)state;
    enum { COUNT = 30000 };
    static const uint64_t known[] = {9, 2, 8, 8, 7, 1, 6, 7};
    const fb_axis axes[] = {{"dataset", "abc"}, {"trial", "3"}};
    fb_stream stream = fb_stream_make(42, FB_STREAM_SPLIT, axes, 2);
    size_t counts[10] = {0};
    double sum = 0, squares = 0;
    for (size_t i = 0; i < 8; i++)
        assert_true(fb_stream_below(stream, 2, i, 10) == known[i]);
    for (size_t i = 0; i < COUNT; i++) {
        double u = fb_stream_uniform(stream, 3, i);
        assert_true(u >= 0 && u < 1);
        sum += u;
        squares += u * u;
        counts[fb_stream_below(stream, 4, i, 10)]++;
    }
    assert_true(fabs(sum / COUNT - 0.5) < 0.01);
    assert_true(fabs(squares / COUNT - 1.0 / 3) < 0.01);
    for (size_t k = 0; k < 10; k++)
        assert_in_range(counts[k], 2750, 3250);
    assert_true(fb_stream_below(stream, 0, 0, 1) == 0);
    assert_true(fb_stream_below(stream, 0, 1, UINT64_MAX) < UINT64_MAX);
}

static void test_permutation(void **state)
{
    (void)state;
    static const uint32_t known[] = {5, 0, 7, 3, 9, 6, 2, 1, 8, 4};
    const fb_axis axes[] = {{"dataset", "abc"}, {"trial", "3"}};
    fb_stream stream = fb_stream_make(42, FB_STREAM_SPLIT, axes, 2);
    uint32_t out[1000] = {77};
    fb_stream_permutation(stream, 1, 10, out);
    assert_memory_equal(out, known, sizeof known);
    fb_stream_permutation(stream, 2, 1000, out);
    uint8_t seen[1000] = {0};
    size_t fixed = 0;
    for (size_t i = 0; i < 1000; i++) {
        assert_in_range(out[i], 0, 999);
        assert_int_equal(seen[out[i]]++, 0);
        fixed += out[i] == i;
    }
    assert_true(fixed < 8);
    size_t first[6] = {0}; /* all six orders of three are equally frequent */
    for (uint64_t draw = 0; draw < 6000; draw++) {
        fb_stream_permutation(stream, draw, 3, out);
        first[2 * out[0] + (out[1] > out[2])]++;
    }
    for (size_t k = 0; k < 6; k++)
        assert_in_range(first[k], 850, 1150);
    fb_stream_permutation(stream, 1, 0, out);
    fb_stream_permutation(stream, 1, 1, out);
    assert_int_equal(out[0], 0);
}

static void test_sample(void **state)
{
    (void)state;
    static const uint32_t known[] = {103, 105, 111, 113, 116, 122};
    const fb_axis axes[] = {{"dataset", "abc"}, {"trial", "3"}};
    fb_stream stream = fb_stream_make(42, FB_STREAM_SPLIT, axes, 2);
    uint32_t ids[30], small[30], large[30];
    for (uint32_t i = 0; i < 30; i++)
        ids[i] = 100 + (i * 7) % 30; /* their order must not matter */
    assert_int_equal(fb_stream_sample(stream, ids, 30, 6, small), 0);
    assert_memory_equal(small, known, sizeof known);
    for (size_t take = 0; take <= 30; take++) { /* a larger sample contains a smaller one */
        assert_int_equal(fb_stream_sample(stream, ids, 30, take, large), 0);
        for (size_t i = 1; i < take; i++)
            assert_true(large[i - 1] < large[i]);
        for (size_t i = 0; take > 0 && i < take - 1; i++)
            assert_true(small[i] == large[i] || small[i] == large[i + 1]);
        memcpy(small, large, sizeof small);
    }
    /* Without one of the drawn, the others stay and one joins them. */
    assert_int_equal(fb_stream_sample(stream, ids, 30, 10, small), 0);
    size_t rest = 0, shared = 0;
    for (size_t i = 0; i < 30; i++)
        if (ids[i] != small[4])
            ids[rest++] = ids[i];
    assert_int_equal(fb_stream_sample(stream, ids, rest, 10, large), 0);
    for (size_t i = 0; i < 10; i++)
        for (size_t j = 0; j < 10; j++)
            shared += small[i] == large[j];
    assert_int_equal(shared, 9);
    fb_alloc_fail_at(1);
    int rc = fb_stream_sample(stream, ids, rest, 10, large);
    fb_alloc_fail_at(0);
    assert_int_equal(rc, FB_ENOMEM);
}

/* The first and last texts of each row of Unicode's table, and their neighbours outside. */
static void test_utf8(void **state)
{
    (void)state;
    static const char *const valid[] = {
        "", "plain", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
        "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "a\xc3\xa9z"};
    static const char *const broken[] = {
        "\x80", "\xbf", "\xc1\xbf", "\xc2", "\xc2z", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xe1\x80",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf1\x80\x80", "\xff",
        "\xe1\x80\xc0", "fine\xc2\x80\x80"};
    for (size_t i = 0; i < sizeof valid / sizeof *valid; i++)
        assert_true(fb_utf8_valid(valid[i]));
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        assert_false(fb_utf8_valid(broken[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status_names),
        cmocka_unit_test(test_fail),
        cmocka_unit_test(test_fail_cuts_at_a_character),
        cmocka_unit_test(test_alloc),
        cmocka_unit_test(test_alloc_large),
        cmocka_unit_test(test_alloc_refuses_overflow),
        cmocka_unit_test(test_alloc_fails_on_demand),
        cmocka_unit_test(test_strbuf),
        cmocka_unit_test(test_strbuf_failures),
        cmocka_unit_test(test_format_double),
        cmocka_unit_test(test_digest),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_file_write_fails),
        cmocka_unit_test(test_file_write_to_a_pipe),
        cmocka_unit_test(test_make_directories),
        cmocka_unit_test(test_philox),
        cmocka_unit_test(test_stream_keys),
        cmocka_unit_test(test_blocks_of_any_size),
        cmocka_unit_test(test_uniform_and_below),
        cmocka_unit_test(test_permutation),
        cmocka_unit_test(test_sample),
        cmocka_unit_test(test_utf8),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}

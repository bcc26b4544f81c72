/* test_cifar.c - CIFAR's binary files good and bad, and where the registry finds them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alloc.h"
#include "datasets.h"
#include "files.h"
#include "data_probe.h"
#include "scratch.h"

enum { SIDE = 32, PLANE = SIDE * SIDE, IMAGE = 3 * PLANE, MAX_RECORDS = 8 };

/* A file in memory. */
typedef struct cifar_bytes {
    uint8_t bytes[MAX_RECORDS * (2 + IMAGE) + 1];
    size_t length;
} cifar_bytes;

/* The value of one channel of one pixel of sample i: all different enough to be told apart. */
static uint8_t pixel_of(size_t i, size_t y, size_t x, size_t c)
{
    return (uint8_t)(31 * i + 7 * y + 3 * x + 85 * c);
}

static uint8_t class_of(size_t i, size_t classes)
{
    return (uint8_t)((i * 37 + 5) % classes);
}

/* Samples first .. first+count-1. CIFAR-100's coarse class, which nobody reads, is 255. */
static cifar_bytes make_file(size_t classes, size_t first, size_t count)
{
    cifar_bytes file = {.length = 0};
    for (size_t i = first; i < first + count; i++) {
        if (classes == 100)
            file.bytes[file.length++] = 255;
        file.bytes[file.length++] = class_of(i, classes);
        for (size_t c = 0; c < 3; c++)
            for (size_t y = 0; y < SIDE; y++)
                for (size_t x = 0; x < SIDE; x++)
                    file.bytes[file.length++] = pixel_of(i, y, x, c);
    }
    return file;
}

static const char *write_file(const char *name, const cifar_bytes *file)
{
    return scratch_write(name, file->bytes, file->length, false);
}

static const char *write_good(const char *name, size_t classes, size_t first, size_t count)
{
    cifar_bytes file = make_file(classes, first, count);
    return write_file(name, &file);
}

/* Sample k of the part is sample first + k of make_file. */
static void assert_part(const data_part *part, size_t classes, size_t first, size_t count)
{
    assert_int_equal(part->count, count);
    assert_null(part->f32);
    for (size_t k = 0; k < count; k++) {
        assert_int_equal(part->labels[k], class_of(first + k, classes));
        for (size_t y = 0; y < SIDE; y++)
            for (size_t x = 0; x < SIDE; x++)
                for (size_t c = 0; c < 3; c++)
                    assert_int_equal(part->u8[((k * SIDE + y) * SIDE + x) * 3 + c],
                                     pixel_of(first + k, y, x, c));
    }
}

static void test_several_files(void **state)
{
    (void)state;
    for (size_t classes = 10; classes <= 100; classes += 90) {
        const char *train[] = {write_good("a.bin", classes, 0, 3),
                               write_good("b.bin", classes, 3, 1),
                               write_good("c.bin", classes, 4, 4)};
        const char *test[] = {write_good("t.bin", classes, 20, 2)};
        data_spec spec = {.format = DATA_CIFAR, .class_count = classes, .train_files = train,
                          .train_file_count = 3, .test_files = test, .test_file_count = 1};
        dataset data = data_loaded(&spec);
        assert_int_equal(data.height, SIDE);
        assert_int_equal(data.width, SIDE);
        assert_int_equal(data.channels, 3);
        assert_int_equal(data.class_count, classes);
        assert_part(&data.train, classes, 0, 8);
        assert_part(&data.test, classes, 20, 2);
        spec.test_file_count = 0;
        dataset train_only = data_loaded(&spec);
        assert_int_equal(train_only.test.count, 0);
        assert_string_not_equal(train_only.digest, data.digest);
        dataset_finish(&train_only);
        dataset_finish(&data);
    }
}

static void test_bad_files(void **state)
{
    (void)state;
    const char *train[] = {write_good("good.bin", 10, 0, 2), NULL};
    data_spec spec = {.format = DATA_CIFAR, .class_count = 10, .train_files = train,
                      .train_file_count = 2};
    cifar_bytes good = make_file(10, 0, 3), bad = good;
    bad.length--;
    train[1] = write_file("bad.bin", &bad);
    data_refused(&spec, FB_EFORMAT,
                   "bad.bin: 9218 bytes; expected the uncompressed binary version of CIFAR-10, "
                   "3073 bytes an image");
    bad.length = good.length + 1;
    write_file("bad.bin", &bad);
    data_refused(&spec, FB_EFORMAT, "bad.bin: 9220 bytes; expected");
    bad.length = 0;
    write_file("bad.bin", &bad);
    data_refused(&spec, FB_EFORMAT, "bad.bin: 0 bytes; expected");
    bad = good;
    bad.bytes[3073] = 10;
    write_file("bad.bin", &bad);
    data_refused(&spec, FB_EFORMAT, "bad.bin: an image has the class 10; expected 0 to 9: the "
                                      "file is damaged, or not of CIFAR-10");
    scratch_write("bad.bin", good.bytes, good.length, true);
    data_refused(&spec, FB_EFORMAT, "bad.bin: ");
    train[1] = scratch_path("none.bin");
    data_refused(&spec, FB_ENOENT, "none.bin: cannot open: No such file");
    train[1] = scratch_path("");
    data_refused(&spec, FB_EIO, "expected a regular file");
    train[1] = write_good("bad.bin", 100, 0, 2);
    data_refused(&spec, FB_EFORMAT, "bad.bin: 6148 bytes; expected");
    bad = make_file(100, 0, 1);
    bad.bytes[1] = 100;
    train[0] = write_file("bad.bin", &bad);
    spec.class_count = 100;
    spec.train_file_count = 1;
    data_refused(&spec, FB_EFORMAT, "the class 100; expected 0 to 99");
}

static void test_bad_specs(void **state)
{
    (void)state;
    const char *train[] = {write_good("good.bin", 10, 0, 2)};
    data_spec spec = {.format = DATA_CIFAR, .class_count = 20, .train_files = train,
                      .train_file_count = 1};
    data_refused(&spec, FB_EINVAL, "of 20 classes; expected 10 or 100");
    spec = (data_spec){.format = DATA_CIFAR, .class_count = 10};
    data_refused(&spec, FB_EINVAL, "at least one file of training images");
}

static void test_memory_short(void **state)
{
    (void)state;
    const char *train[] = {write_good("a.bin", 10, 0, 2), write_good("b.bin", 10, 2, 1)};
    data_spec spec = {.format = DATA_CIFAR, .class_count = 10, .train_files = train,
                      .train_file_count = 2, .test_files = train, .test_file_count = 1};
    data_short_of_memory(&spec, 6);
}

/* ---- the registry ---- */

/* A published archive's files with few samples, in a folder of the scratch folder. */
static void write_set(const char *folder, size_t classes)
{
    static const char *const cifar_10[] = {"data_batch_1.bin", "data_batch_2.bin",
                                           "data_batch_3.bin", "data_batch_4.bin",
                                           "data_batch_5.bin", "test_batch.bin"};
    static const char *const cifar_100[] = {"train.bin", "test.bin"};
    const char *const *names = classes == 10 ? cifar_10 : cifar_100;
    char name[200];
    assert_int_equal(fb_make_directories(scratch_path(folder), NULL), 0);
    for (size_t i = 0; i < (classes == 10 ? 6 : 2); i++) {
        snprintf(name, sizeof name, "%s/%s", folder, names[i]);
        write_good(name, classes, i, 1);
    }
}

static void assert_loads(const char *name, const char *directory, size_t classes, size_t train)
{
    data_spec spec = {.format = DATA_REGISTRY, .name = name, .directory = directory};
    dataset data = data_loaded(&spec);
    assert_int_equal(data.class_count, classes);
    assert_part(&data.train, classes, 0, train);
    assert_part(&data.test, classes, train, 1);
    dataset_finish(&data);
}

static void assert_found(const char *name, const char *directory, const char *expected)
{
    char *folder = NULL;
    fb_error err = {0};
    if (data_registry_find(name, directory, &folder, &err))
        fail_msg("%s", err.text);
    assert_string_equal(folder, expected);
    fb_free(folder);
}

/* From the archive as it was unpacked somewhere to a folder of the set's own name. */
static void test_registry_layouts(void **state)
{
    (void)state;
    char directory[600];
    snprintf(directory, sizeof directory, "%s", scratch_path("data"));
    unsetenv("FLIPBENCH_DATA");
    setenv("HOME", scratch_path("nobody"), 1);
    data_spec spec = {.format = DATA_REGISTRY, .name = "cifar-10", .directory = directory};
    data_refused(&spec, FB_ENOENT, "/data/cifar-10, ");
    data_refused(&spec, FB_ENOENT, "put its files (data_batch_1.bin and so on, or their folder "
                                     "cifar-10-batches-bin) into one of them");
    write_set("data/cifar-10-batches-bin", 10);
    assert_found("cifar-10", directory, scratch_path("data/cifar-10-batches-bin"));
    assert_loads("cifar-10", directory, 10, 5);
    write_set("data/cifar-10/cifar-10-batches-bin", 10);
    assert_found("cifar-10", directory, scratch_path("data/cifar-10/cifar-10-batches-bin"));
    write_set("data/cifar-10", 10);
    assert_found("cifar-10", directory, scratch_path("data/cifar-10"));
    write_set("data/cifar-100-binary", 100);
    assert_loads("cifar-100", directory, 100, 1);
    write_set("data/cifar-100", 100);
    assert_found("cifar-100", directory, scratch_path("data/cifar-100"));
    assert_loads("cifar-100", directory, 100, 1);
}

static void test_registry_incomplete(void **state)
{
    (void)state;
    write_set("part/cifar-10-batches-bin", 10);
    assert_int_equal(remove(scratch_path("part/cifar-10-batches-bin/data_batch_3.bin")), 0);
    data_spec spec = {.format = DATA_REGISTRY, .name = "cifar-10",
                      .directory = scratch_path("part")};
    data_refused(&spec, FB_ENOENT, "/part (which lacks cifar-10-batches-bin/data_batch_3.bin), ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_several_files),
        cmocka_unit_test(test_bad_files),
        cmocka_unit_test(test_bad_specs),
        cmocka_unit_test(test_memory_short),
        cmocka_unit_test(test_registry_layouts),
        cmocka_unit_test(test_registry_incomplete),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}

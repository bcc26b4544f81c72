/* test_datasets.c - IDX files good and bad, the registry's places, and the synthetic
 * generators. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "alloc.h"
#include "datasets.h"
#include "draws.h"
#include "files.h"
#include "data_probe.h"
#include "scratch.h"

/* ---- IDX ---- */

enum { HEIGHT = 4, WIDTH = 3, ROW = HEIGHT * WIDTH, TRAIN = 12, TEST = 6 };

/* An IDX file in memory. */
typedef struct idx_bytes {
    uint8_t bytes[1024];
    size_t length;
} idx_bytes;

static void put_u32(idx_bytes *file, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        file->bytes[file->length++] = (uint8_t)(value >> shift);
}

/* Pixel p of image i is 20 i + p; label i is i % 3. */
static idx_bytes make_images(uint32_t count, uint32_t height, uint32_t width)
{
    idx_bytes file = {.length = 0};
    put_u32(&file, 0x00000803);
    put_u32(&file, count);
    put_u32(&file, height);
    put_u32(&file, width);
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t p = 0; p < height * width; p++)
            file.bytes[file.length++] = (uint8_t)(20 * i + p);
    return file;
}

static idx_bytes make_labels(uint32_t count)
{
    idx_bytes file = {.length = 0};
    put_u32(&file, 0x00000801);
    put_u32(&file, count);
    for (uint32_t i = 0; i < count; i++)
        file.bytes[file.length++] = (uint8_t)(i % 3);
    return file;
}

static const char *write_idx(const char *name, const idx_bytes *file, bool gzip)
{
    return scratch_write(name, file->bytes, file->length, gzip);
}

/* The four files of a good data set, in a folder of the scratch folder ("" for itself). */
static data_spec write_good(const char *folder, bool gzip)
{
    static const char *const names[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                        "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};
    const idx_bytes files[] = {make_images(TRAIN, HEIGHT, WIDTH), make_labels(TRAIN),
                               make_images(TEST, HEIGHT, WIDTH), make_labels(TEST)};
    const char *paths[4];
    assert_int_equal(fb_make_directories(scratch_path(folder), NULL), 0);
    for (size_t i = 0; i < 4; i++) {
        char name[200];
        snprintf(name, sizeof name, "%s/%s%s", folder, names[i], gzip ? ".gz" : "");
        paths[i] = write_idx(name, &files[i], gzip);
    }
    return (data_spec){.format = DATA_IDX, .train_images = paths[0], .train_labels = paths[1],
                       .test_images = paths[2], .test_labels = paths[3]};
}

static void assert_good(const dataset *data, size_t test_count)
{
    assert_int_equal(data->height, HEIGHT);
    assert_int_equal(data->width, WIDTH);
    assert_int_equal(data->channels, 1);
    assert_int_equal(data->class_count, 3);
    assert_int_equal(data->train.count, TRAIN);
    assert_int_equal(data->test.count, test_count);
    assert_null(data->train.f32);
    for (uint32_t i = 0; i < TRAIN; i++) {
        assert_int_equal(data->train.labels[i], i % 3);
        for (uint32_t p = 0; p < ROW; p++)
            assert_int_equal(data->train.u8[i * ROW + p], (uint8_t)(20 * i + p));
    }
    for (uint32_t i = 0; i < test_count; i++)
        assert_int_equal(data->test.labels[i], i % 3);
    assert_int_equal(strlen(data->digest), 64);
}

static void test_idx_plain_and_gzip(void **state)
{
    (void)state;
    data_spec plain_spec = write_good("plain", false);
    dataset plain = data_loaded(&plain_spec);
    data_spec gzip_spec = write_good("gzip", true);
    dataset gzip = data_loaded(&gzip_spec);
    assert_good(&plain, TEST);
    assert_good(&gzip, TEST);
    assert_string_equal(plain.digest, gzip.digest);
    gzip_spec.test_images = gzip_spec.test_labels = NULL;
    dataset train_only = data_loaded(&gzip_spec);
    assert_good(&train_only, 0);
    assert_null(train_only.test.labels);
    assert_string_not_equal(train_only.digest, gzip.digest);
    dataset_finish(&plain);
    dataset_finish(&gzip);
    dataset_finish(&train_only);
    assert_null(plain.train.u8);
    dataset_finish(NULL);
}

/* Every kind of damage to one file of four, with the words that must be in the sentence. */
static void test_idx_bad_images(void **state)
{
    (void)state;
    for (int gzip = 0; gzip < 2; gzip++) {
        data_spec spec = write_good("bad", gzip);
        idx_bytes good = make_images(TRAIN, HEIGHT, WIDTH), bad = make_labels(TRAIN);
        spec.train_images = write_idx("bad/images", &bad, gzip);
        data_refused(&spec, FB_EFORMAT,
                       "bad/images: expected an IDX file of images (magic number 0x00000803), "
                       "found 0x00000801; are images and labels");
        bad = good;
        bad.bytes[2] = 0x0d;
        spec.train_images = write_idx("bad/images", &bad, gzip);
        data_refused(&spec, FB_EFORMAT, "found 0x00000d03");
        for (int dimension = 1; dimension <= 3; dimension++) {
            bad = good;
            memset(bad.bytes + 4 * dimension, 0, 4);
            spec.train_images = write_idx("bad/images", &bad, gzip);
            data_refused(&spec, FB_EFORMAT, "expected at least one of each");
        }
        bad = good;
        memset(bad.bytes + 8, 0xff, 8);
        spec.train_images = write_idx("bad/images", &bad, gzip);
        data_refused(&spec, FB_ERANGE, "are more than the limit of 34359738368 bytes");
        bad = good;
        bad.bytes[5] = 0xff; /* 16 million images fit the limit, but not the file */
        spec.train_images = write_idx("bad/images", &bad, gzip);
        data_refused(&spec, FB_EFORMAT, "bytes at most: it is truncated or its header is");
        bad = good;
        bad.length--;
        spec.train_images = write_idx("bad/images", &bad, gzip);
        data_refused(&spec, FB_EFORMAT, "truncated");
        bad = good;
        bad.length = 9;
        spec.train_images = write_idx("bad/images", &bad, gzip);
        data_refused(&spec, FB_EFORMAT, "the file ends within the header");
        bad = good;
        bad.length++;
        spec.train_images = write_idx("bad/images", &bad, gzip);
        data_refused(&spec, FB_EFORMAT, "bytes follow after the 12 images");
    }
}

static void test_idx_bad_labels_and_pairs(void **state)
{
    (void)state;
    data_spec good = write_good("pairs", false), spec = good;
    idx_bytes labels = make_labels(TRAIN - 1), images = make_images(TEST, WIDTH, HEIGHT);
    spec.train_labels = write_idx("pairs/labels", &labels, false);
    data_refused(&spec, FB_EFORMAT, "pairs/labels: 11 labels for the 12 images of");
    labels = make_labels(TRAIN);
    labels.length++;
    spec.train_labels = write_idx("pairs/labels", &labels, true);
    data_refused(&spec, FB_EFORMAT, "bytes follow after the 12 labels");
    labels = make_labels(TRAIN);
    memset(labels.bytes + 8, 0, TRAIN);
    spec = good;
    spec.test_images = spec.test_labels = NULL;
    spec.train_labels = write_idx("pairs/labels", &labels, false);
    data_refused(&spec, FB_EFORMAT, "pairs/labels: every label is 0");
    spec = good;
    spec.test_images = write_idx("pairs/images", &images, false);
    data_refused(&spec, FB_EFORMAT,
                   "pairs/images: images of 3 x 4 pixels; expected 4 x 3 as in the training set");
    spec = good;
    spec.test_labels = NULL;
    data_refused(&spec, FB_EINVAL, "for a test set both files");
    spec = good;
    spec.train_labels = NULL;
    data_refused(&spec, FB_EINVAL, "one of training labels");
    spec = good;
    spec.test_labels = scratch_path("pairs/nothing");
    data_refused(&spec, FB_ENOENT, "pairs/nothing: cannot open: No such file");
    spec.test_labels = scratch_path("pairs");
    data_refused(&spec, FB_EIO, "expected a regular file");
    labels = make_labels(TEST);
    labels.bytes[8 + 2] = 255; /* classes are counted over both parts */
    spec.test_labels = write_idx("pairs/labels", &labels, false);
    dataset data = data_loaded(&spec);
    assert_int_equal(data.class_count, 256);
    dataset_finish(&data);
}

static void read_file(const char *path, idx_bytes *ret_file)
{
    char *bytes = NULL;
    size_t limit = sizeof ret_file->bytes;
    assert_int_equal(fb_file_read(path, limit, &bytes, &ret_file->length, NULL), 0);
    memcpy(ret_file->bytes, bytes, ret_file->length);
    fb_free(bytes);
}

/* Cut anywhere, or followed by anything, a file is refused. */
static void test_idx_cut_anywhere(void **state)
{
    (void)state;
    for (int gzip = 0; gzip < 2; gzip++) {
        data_spec spec = write_good("cut", gzip);
        idx_bytes whole;
        read_file(spec.train_images, &whole);
        for (size_t n = 0; n < whole.length; n++) {
            idx_bytes cut = whole;
            cut.length = n;
            spec.train_images = write_idx("cut/images", &cut, false);
            data_refused(&spec, FB_EFORMAT, "cut/images");
        }
        for (int byte = 0; byte < 256; byte += 5) {
            idx_bytes longer = whole;
            longer.bytes[longer.length++] = (uint8_t)byte;
            spec.train_images = write_idx("cut/images", &longer, false);
            data_refused(&spec, FB_EFORMAT, "cut/images");
        }
    }
}

/* gzip's checksum finds every changed bit (here: each third), but for those that do not matter:
 * most of a header of ten bytes, and the padding of the last byte of data. */
static void test_idx_changed_bits(void **state)
{
    (void)state;
    data_spec spec = write_good("bits", true);
    dataset good = data_loaded(&spec);
    idx_bytes file;
    size_t accepted = 0;
    read_file(spec.train_images, &file);
    for (size_t bit = 0; bit < 8 * file.length; bit += 3) {
        dataset data = {0};
        fb_error err = {0};
        file.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        spec.train_images = write_idx("bits/images", &file, false);
        int rc = dataset_load(&spec, &data, &err);
        if (rc)
            assert_non_null(strstr(err.text, "bits/images"));
        else
            assert_string_equal(data.digest, good.digest);
        accepted += !rc;
        dataset_finish(&data);
        file.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_true(accepted < 8 * 10 / 3);
    dataset_finish(&good);
}

/* gzip files may be put one behind the other. */
static void test_idx_two_gzip_members(void **state)
{
    (void)state;
    data_spec spec = write_good("members", true);
    idx_bytes plain = make_images(TRAIN, HEIGHT, WIDTH), first, second;
    read_file(scratch_write("members/a", plain.bytes, 50, true), &first);
    read_file(scratch_write("members/b", plain.bytes + 50, plain.length - 50, true), &second);
    memcpy(first.bytes + first.length, second.bytes, second.length);
    first.length += second.length;
    spec.train_images = write_idx("members/images", &first, false);
    dataset data = data_loaded(&spec);
    assert_good(&data, TEST);
    dataset_finish(&data);
}

static void test_memory_short(void **state)
{
    (void)state;
    data_spec plain = write_good("memory", false), gzip = write_good("memory", true);
    data_short_of_memory(&plain, 10);
    data_short_of_memory(&gzip, 18);
    data_spec named = {.format = DATA_REGISTRY, .name = "mnist",
                       .directory = scratch_path("memory")};
    data_short_of_memory(&named, 18);
    data_spec synthetic = {.format = DATA_SYNTHETIC, .name = "blobs"};
    data_short_of_memory(&synthetic, 4);
}

/* ---- the registry ---- */

static void test_registry_table(void **state)
{
    (void)state;
    size_t count;
    const data_registry_entry *entries = data_registry(&count);
    assert_int_equal(count, 4);
    assert_string_equal(entries[2].name, "fashion-mnist");
    assert_string_equal(entries[2].package, "dataset-fashion-mnist");
    for (size_t i = 2; i < count; i++)
        assert_int_equal(strlen(entries[i].digest), 64);
    data_spec spec = {.format = DATA_REGISTRY, .name = "emnist"};
    data_refused(&spec, FB_ENOENT, "'emnist' in the registry; it has: cifar-10, cifar-100, ");
    spec.name = NULL;
    data_refused(&spec, FB_ENOENT, "fashion-mnist, mnist");
    spec.format = (data_format)99;
    data_refused(&spec, FB_EINVAL, "format 99");
}

static void assert_found(const char *directory, const char *expected)
{
    char *folder = NULL;
    fb_error err = {0};
    if (data_registry_find("mnist", directory, &folder, &err))
        fail_msg("%s", err.text);
    assert_string_equal(folder, expected);
    fb_free(folder);
}

/* Places are filled from the last to the first; each time the newest is found. */
static void test_registry_places(void **state)
{
    (void)state;
    char home[600], data_home[600], variable[600], directory[600];
    snprintf(home, sizeof home, "%s", scratch_path("home"));
    snprintf(data_home, sizeof data_home, "%s", scratch_path("xdg"));
    snprintf(variable, sizeof variable, "%s", scratch_path("variable"));
    snprintf(directory, sizeof directory, "%s", scratch_path("directory"));
    setenv("HOME", home, 1);
    unsetenv("XDG_DATA_HOME");
    setenv("FLIPBENCH_DATA", variable, 1);
    data_spec spec = {.format = DATA_REGISTRY, .name = "mnist", .directory = directory};
    data_refused(&spec, FB_ENOENT, "/directory/mnist, ");
    data_refused(&spec, FB_ENOENT, "/variable, ");
    data_refused(&spec, FB_ENOENT, "/home/.local/share/flipbench/data/mnist, /usr/share/");
    write_good("home/.local/share/flipbench/data/mnist", false);
    assert_found(directory, scratch_path("home/.local/share/flipbench/data/mnist"));
    setenv("XDG_DATA_HOME", data_home, 1);
    data_refused(&spec, FB_ENOENT, "/xdg/flipbench/data/mnist, ");
    write_good("xdg/flipbench/data/mnist", true);
    assert_found(directory, scratch_path("xdg/flipbench/data/mnist"));
    write_good("variable", true);
    assert_found(directory, scratch_path("variable"));
    write_good("variable/mnist", true);
    assert_found(directory, scratch_path("variable/mnist"));
    write_good("directory", false);
    assert_found(directory, directory);
    assert_found(NULL, scratch_path("variable/mnist"));
    write_good("directory/mnist", false);
    assert_found(directory, scratch_path("directory/mnist"));
    dataset data = data_loaded(&spec);
    assert_good(&data, TEST);
    dataset_finish(&data);
    unsetenv("FLIPBENCH_DATA");
    unsetenv("XDG_DATA_HOME");
}

/* A folder with some of the files is not taken, and the sentence says which one it lacks. */
static void test_registry_incomplete(void **state)
{
    (void)state;
    data_spec files = write_good("part", false);
    setenv("HOME", scratch_path("nobody"), 1);
    data_spec spec = {.format = DATA_REGISTRY, .name = "mnist", .directory = scratch_path("part")};
    assert_int_equal(remove(files.test_images), 0);
    data_refused(&spec, FB_ENOENT, "/part (which lacks t10k-images-idx3-ubyte), ");
    idx_bytes images = make_images(TEST, HEIGHT, WIDTH);
    write_idx("part/t10k-images-idx3-ubyte.gz", &images, true); /* plain and .gz may be mixed */
    dataset data = data_loaded(&spec);
    assert_good(&data, TEST);
    dataset_finish(&data);
}

/* ---- random numbers for the generators ---- */

static void test_draws_normal(void **state)
{
    (void)state;
    enum { COUNT = 200000 };
    draw_cursor draws = {{0xabc}, 0, 0};
    double sum = 0, squares = 0, fourth = 0, beyond[4] = {0};
    /* P(|x| > k) of the standard normal distribution. */
    static const double tail[4] = {1, 0.3173105, 0.0455003, 0.0026998};
    for (size_t i = 0; i < COUNT; i++) {
        double x = draws_normal(&draws);
        sum += x;
        squares += x * x;
        fourth += x * x * x * x;
        for (size_t k = 0; k < 4; k++)
            beyond[k] += fabs(x) > (double)k;
    }
    assert_true(fabs(sum / COUNT) < 4 / sqrt(COUNT));
    assert_true(fabs(squares / COUNT - 1) < 4 * sqrt(2.0 / COUNT));
    assert_true(fabs(fourth / COUNT - 3) < 4 * sqrt(96.0 / COUNT));
    for (size_t k = 1; k < 4; k++)
        assert_true(fabs(beyond[k] / COUNT - tail[k]) <
                    4 * sqrt(tail[k] * (1 - tail[k]) / COUNT));
}

static void test_draws_weighted(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    static const double weights[] = {0, 1, 0, 2, 5, 0};
    draw_cursor draws = {{0xabd}, 0, 0};
    double counts[6] = {0};
    for (size_t i = 0; i < COUNT; i++)
        counts[draws_weighted(&draws, weights, 6)]++;
    for (size_t k = 0; k < 6; k++) {
        double share = weights[k] / 8;
        assert_true(fabs(counts[k] / COUNT - share) <= 4 * sqrt(share * (1 - share) / COUNT));
    }
}

/* ---- generators ---- */

static dataset generate(const char *name, uint64_t seed, size_t train, size_t test)
{
    data_spec spec = {.format = DATA_SYNTHETIC, .name = name, .seed = seed, .train_count = train,
                      .test_count = test};
    return data_loaded(&spec);
}

/* Literal digests: the same on every machine and with every compiler. */
static void test_synthetic_digests(void **state)
{
    (void)state;
    static const char *const digests[] = {
        "9c8e7774f68df59a7457ea5e05a52ab7daf024f0ae46a4b1179e09ebef09ded6",
        "337674b7f6920380d56f76a6a817dfb7c82c7d095830093981e2c394c5ad4d62",
        "407cf87c4eba7377a7ff68ee5444b156cafbaeacd909f640f60fcad7c018afe4",
        "a3a07d39bbed93e0e1bdcd539b7f9cb2b35ce36cf2a0b9a3a86de3862f042185",
    };
    size_t count;
    const data_generator_info *generators = data_generators(&count);
    assert_int_equal(count, 4);
    for (size_t i = 0; i < count; i++) {
        dataset data = generate(generators[i].name, 7, 200, 100);
        assert_string_equal(data.digest, digests[i]);
        dataset_finish(&data);
    }
}

static size_t row_bytes(const dataset *data)
{
    return data->height * data->width * data->channels * (data->train.u8 ? 1 : sizeof(float));
}

static const void *rows(const data_part *part)
{
    return part->u8 ? (const void *)part->u8 : (const void *)part->f32;
}

/* A larger set extends a smaller one; parts and seeds differ. */
static void test_synthetic_extends(void **state)
{
    (void)state;
    size_t count;
    const data_generator_info *generators = data_generators(&count);
    for (size_t i = 0; i < count; i++) {
        const char *name = generators[i].name;
        dataset small = generate(name, 7, 37, 20), large = generate(name, 7, 150, 91);
        dataset other = generate(name, 8, 37, 20);
        size_t bytes = row_bytes(&small);
        assert_memory_equal(rows(&small.train), rows(&large.train), 37 * bytes);
        assert_memory_equal(rows(&small.test), rows(&large.test), 20 * bytes);
        assert_memory_equal(small.train.labels, large.train.labels, 37 * sizeof(uint32_t));
        assert_memory_equal(small.test.labels, large.test.labels, 20 * sizeof(uint32_t));
        assert_memory_not_equal(rows(&small.train), rows(&small.test), 20 * bytes);
        assert_memory_not_equal(rows(&small.train), rows(&other.train), 37 * bytes);
        assert_string_not_equal(small.digest, other.digest);
        dataset_finish(&small);
        dataset_finish(&large);
        dataset_finish(&other);
    }
}

/* All but random-rbf: every run of C samples has each class once. */
static void test_synthetic_balance(void **state)
{
    (void)state;
    static const char *const names[] = {"blobs", "two-moons", "glyphs"};
    for (size_t i = 0; i < 3; i++) {
        dataset data = generate(names[i], 3, 103, 50);
        size_t repeats = 0, classes = data.class_count;
        for (size_t k = 0; k + classes <= data.train.count; k += classes) {
            unsigned seen = 0;
            for (size_t j = 0; j < classes; j++)
                seen |= 1u << data.train.labels[k + j];
            assert_int_equal(seen, (1u << classes) - 1);
            repeats += k && !memcmp(data.train.labels, data.train.labels + k,
                                    classes * sizeof(uint32_t));
        }
        assert_true(repeats < 50); /* of 51 runs of two-moons half are alike */
        dataset_finish(&data);
    }
}

static void test_synthetic_shapes(void **state)
{
    (void)state;
    data_spec spec = {.format = DATA_SYNTHETIC, .name = "random-rbf"};
    dataset data = data_loaded(&spec);
    assert_int_equal(data.train.count, 10000);
    assert_int_equal(data.test.count, 5000);
    assert_int_equal(data.channels, 10);
    assert_int_equal(data.class_count, 5);
    assert_null(data.train.u8);
    dataset_finish(&data);
    spec = (data_spec){.format = DATA_SYNTHETIC, .name = "blobs", .train_count = 30,
                       .test_count = 9, .class_count = 30, .feature_count = 3};
    data = data_loaded(&spec);
    assert_int_equal(data.train.count, 30);
    assert_int_equal(data.test.count, 9);
    assert_int_equal(data.channels, 3);
    assert_int_equal(data.class_count, 30);
    dataset_finish(&data);
    data = generate("glyphs", 1, 20, 10);
    assert_int_equal(data.height, 28);
    assert_int_equal(data.width, 28);
    assert_int_equal(data.channels, 1);
    assert_int_equal(data.class_count, 10);
    assert_null(data.train.f32);
    dataset_finish(&data);
}

static void test_synthetic_refusals(void **state)
{
    (void)state;
    data_spec spec = {.format = DATA_SYNTHETIC, .name = "moons"};
    data_refused(&spec, FB_ENOENT,
                   "'moons'; there are: blobs, two-moons, random-rbf, glyphs");
    spec.name = NULL;
    data_refused(&spec, FB_ENOENT, "there are: blobs");
    spec.name = "two-moons";
    spec.class_count = 3;
    data_refused(&spec, FB_ERANGE, "'two-moons': expected 2 to 2 classes, found 3");
    spec.class_count = 0;
    spec.feature_count = 4;
    data_refused(&spec, FB_ERANGE, "expected 2 to 2 features, found 4");
    spec.name = "glyphs";
    data_refused(&spec, FB_ERANGE, "expected 784 to 784 features, found 4");
    spec.name = "blobs";
    spec.class_count = 1;
    data_refused(&spec, FB_ERANGE, "expected 2 to 1000 classes, found 1");
    spec.class_count = 2;
    spec.noise = -1;
    data_refused(&spec, FB_ERANGE, "found -1");
    spec.noise = (double)NAN;
    data_refused(&spec, FB_ERANGE, "found nan");
    spec.noise = 1;
    spec.train_count = (size_t)UINT32_MAX + 1;
    data_refused(&spec, FB_ERANGE, "4294967296 samples are more than the limit of 4294967295");
    spec.train_count = 4000000000;
    data_refused(&spec, FB_ERANGE, "blobs: 4000000000 samples of 4 numbers of 4 bytes are more");
}

/* The classes' means lie on the lattice, one apart, and the deviations are the noise. */
static void test_blobs(void **state)
{
    (void)state;
    data_spec spec = {.format = DATA_SYNTHETIC, .name = "blobs", .train_count = 9000,
                      .class_count = 9, .feature_count = 2, .noise = 0.2};
    dataset data = data_loaded(&spec);
    double squares = 0;
    for (size_t i = 0; i < data.train.count; i++) {
        uint32_t label = data.train.labels[i];
        double dx = (double)data.train.f32[2 * i] - label % 3;
        double dy = (double)data.train.f32[2 * i + 1] - label / 3;
        assert_true(dx * dx + dy * dy < 1.5 * 1.5);
        squares += dx * dx + dy * dy;
    }
    assert_true(fabs(squares / 18000 - 0.04) < 0.002);
    dataset_finish(&data);
}

static void test_two_moons(void **state)
{
    (void)state;
    data_spec spec = {.format = DATA_SYNTHETIC, .name = "two-moons", .noise = 1e-7};
    dataset data = data_loaded(&spec);
    size_t left = 0;
    for (size_t i = 0; i < data.train.count; i++) {
        int second = data.train.labels[i] == 1;
        double x = (double)data.train.f32[2 * i] - (second ? 1 : 0);
        double y = (double)data.train.f32[2 * i + 1] - (second ? 0.5 : 0);
        assert_true(fabs(sqrt(x * x + y * y) - 1) < 1e-5);
        assert_true(second ? y < 1e-5 : y > -1e-5);
        left += x < -0.5; /* a third of a half circle */
    }
    assert_in_range(left, 270, 400);
    dataset_finish(&data);
}

static double squared_distance(const float *a, const float *b, size_t count)
{
    double sum = 0;
    for (size_t j = 0; j < count; j++) {
        double difference = (double)a[j] - (double)b[j];
        sum += difference * difference;
    }
    return sum;
}

/* Without noise a sample lies on its centroid. So `ret_of[i]` is the centroid of sample i, and
 * `ret_first[k]` the first sample of centroid k. */
static size_t find_centroids(const data_part *part, size_t *ret_of, size_t *ret_first)
{
    size_t count = 0;
    for (size_t i = 0; i < part->count; i++) {
        size_t k = 0;
        while (k < count &&
               squared_distance(part->f32 + 10 * i, part->f32 + 10 * ret_first[k], 10) > 1e-6)
            k++;
        if (k == count) {
            assert_true(count < 50);
            ret_first[count++] = i;
        }
        ret_of[i] = k;
    }
    return count;
}

/* The same seed with and without noise shows each sample's step away from its centroid: normal in
 * length, times the centroid's deviation (which is in [0, 1]), and in any direction. */
static void test_random_rbf(void **state)
{
    (void)state;
    enum { COUNT = 10000 };
    static size_t of[COUNT], first[50];
    data_spec spec = {.format = DATA_SYNTHETIC, .name = "random-rbf", .seed = 5,
                      .train_count = COUNT, .noise = 1e-5};
    dataset still = data_loaded(&spec);
    spec.noise = 1;
    dataset data = data_loaded(&spec);
    size_t centroids = find_centroids(&still.train, of, first);
    assert_in_range(centroids, 45, 50); /* the lightest may have no sample */
    double squares[50] = {0}, fourths[50] = {0}, counts[50] = {0}, mean[10] = {0};
    for (size_t i = 0; i < COUNT; i++) {
        const float *row = data.train.f32 + 10 * i, *centre = still.train.f32 + 10 * i;
        double square = squared_distance(row, centre, 10);
        assert_int_equal(still.train.labels[i], data.train.labels[i]);
        assert_int_equal(data.train.labels[i], data.train.labels[first[of[i]]]);
        for (size_t j = 0; j < 10; j++) {
            assert_true(centre[j] > -1e-3f && centre[j] < 1.001f);
            mean[j] += ((double)row[j] - (double)centre[j]) / COUNT;
        }
        counts[of[i]]++;
        squares[of[i]] += square;
        fourths[of[i]] += square * square;
    }
    double kurtosis = 0, largest = 0, least = COUNT, spread[2] = {1, 0};
    for (size_t k = 0; k < centroids; k++) {
        double variance = squares[k] / counts[k];
        kurtosis += fourths[k] / (variance * variance) / COUNT;
        largest = counts[k] > largest ? counts[k] : largest;
        least = counts[k] < least ? counts[k] : least;
        spread[0] = variance < spread[0] ? variance : spread[0];
        spread[1] = variance > spread[1] ? variance : spread[1];
    }
    assert_true(fabs(kurtosis - 3) < 0.25); /* of a normal length */
    assert_true(largest / COUNT < 0.07 && largest > 5 * least); /* uniform weights, mean 1/50 */
    assert_true(spread[0] < 0.02 && spread[1] > 0.7 && spread[1] < 1.3);
    for (size_t j = 0; j < 10; j++)
        assert_true(fabs(mean[j]) < 0.01);
    dataset_finish(&still);
    dataset_finish(&data);
}

static double distance_u8(const uint8_t *a, const uint8_t *b)
{
    double sum = 0;
    for (size_t p = 0; p < 784; p++) {
        double difference = (double)a[p] - (double)b[p];
        sum += difference * difference;
    }
    return sum;
}

/* Pixels cover the range, no image is repeated, and the nearest neighbour knows more than
 * chance but far from all: there is something to learn. */
static void test_glyphs(void **state)
{
    (void)state;
    dataset data = generate("glyphs", 11, 400, 100);
    const data_part *train = &data.train, *test = &data.test;
    size_t right = 0, bright = 0, dark = 0;
    for (size_t p = 0; p < train->count * 784; p++) {
        bright += train->u8[p] > 200;
        dark += train->u8[p] < 50;
    }
    assert_true(bright > train->count * 5);
    assert_true(dark > train->count * 200);
    for (size_t i = 0; i < test->count; i++) {
        size_t nearest = 0;
        double least = INFINITY;
        for (size_t k = 0; k < train->count; k++) {
            double distance = distance_u8(test->u8 + 784 * i, train->u8 + 784 * k);
            assert_true(distance > 0);
            nearest = distance < least ? k : nearest;
            least = distance < least ? distance : least;
        }
        right += train->labels[nearest] == test->labels[i];
    }
    assert_in_range(right, 30, 85);
    dataset_finish(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_idx_plain_and_gzip),
        cmocka_unit_test(test_idx_bad_images),
        cmocka_unit_test(test_idx_bad_labels_and_pairs),
        cmocka_unit_test(test_idx_cut_anywhere),
        cmocka_unit_test(test_idx_changed_bits),
        cmocka_unit_test(test_idx_two_gzip_members),
        cmocka_unit_test(test_memory_short),
        cmocka_unit_test(test_registry_table),
        cmocka_unit_test(test_registry_places),
        cmocka_unit_test(test_registry_incomplete),
        cmocka_unit_test(test_draws_normal),
        cmocka_unit_test(test_draws_weighted),
        cmocka_unit_test(test_synthetic_digests),
        cmocka_unit_test(test_synthetic_extends),
        cmocka_unit_test(test_synthetic_balance),
        cmocka_unit_test(test_synthetic_shapes),
        cmocka_unit_test(test_synthetic_refusals),
        cmocka_unit_test(test_blobs),
        cmocka_unit_test(test_two_moons),
        cmocka_unit_test(test_random_rbf),
        cmocka_unit_test(test_glyphs),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}

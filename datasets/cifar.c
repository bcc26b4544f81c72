#include "cifar.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "parts.h"
#include "source.h"

/* A file is records and nothing else: the labels, one byte each (CIFAR-10: the class; CIFAR-100:
 * the coarse and then the fine class), and the image as three planes, red, green and blue, row by
 * row. */
enum { SIDE = 32, PLANE = SIDE * SIDE, CHANNELS = 3, IMAGE = CHANNELS * PLANE, MAX_LABELS = 2 };

typedef struct cifar_format {
    const char *name;
    size_t class_count;
    size_t labels; /* bytes of labels in a record; the last of them is the class */
} cifar_format;

static const cifar_format g_formats[] = {{"CIFAR-10", 10, 1}, {"CIFAR-100", 100, 2}};

static const cifar_format *find_format(size_t class_count)
{
    for (size_t i = 0; i < sizeof g_formats / sizeof *g_formats; i++)
        if (g_formats[i].class_count == class_count)
            return &g_formats[i];
    return NULL;
}

/* The number of records that a file's size makes. */
static int count_records(const cifar_format *format, const char *path, size_t *ret_count,
                         fb_error *err)
{
    struct stat info;
    uint64_t record = format->labels + IMAGE;
    if (stat(path, &info) < 0) {
        int code = errno;
        return fb_fail(err, code == ENOENT ? FB_ENOENT : FB_EIO, "%s: cannot open: %s", path,
                       strerror(code));
    }
    if (!S_ISREG(info.st_mode))
        return fb_fail(err, FB_EIO, "%s: expected a regular file", path);
    uint64_t size = (uint64_t)info.st_size;
    if (size == 0 || size % record != 0)
        return fb_fail(err, FB_EFORMAT,
                       "%s: %llu bytes; expected the uncompressed binary version of %s, %llu bytes "
                       "an image: the file is truncated, or of another format",
                       path, (unsigned long long)size, format->name, (unsigned long long)record);
    *ret_count = (size_t)(size / record);
    return FB_OK;
}

/* From planes to pixels of three channels. */
static void interleave(const uint8_t *planes, uint8_t *pixels)
{
    for (size_t p = 0; p < PLANE; p++)
        for (size_t c = 0; c < CHANNELS; c++)
            pixels[CHANNELS * p + c] = planes[PLANE * c + p];
}

/* Takes a record apart, into sample i of a part. */
static int take_record(const cifar_format *format, const char *path, const uint8_t *record,
                       data_part *part, size_t i, fb_error *err)
{
    uint8_t label = record[format->labels - 1];
    if (label >= format->class_count)
        return fb_fail(err, FB_EFORMAT,
                       "%s: an image has the class %u; expected 0 to %zu: the file is damaged, or "
                       "not of %s",
                       path, (unsigned)label, format->class_count - 1, format->name);
    part->labels[i] = label;
    interleave(record + format->labels, part->u8 + i * IMAGE);
    return FB_OK;
}

/* Reads a file to its end, from sample *next of a part on. */
static int read_file(const cifar_format *format, const char *path, data_part *part, size_t *next,
                     fb_error *err)
{
    uint8_t record[MAX_LABELS + IMAGE];
    size_t size = format->labels + IMAGE, length = 0;
    byte_source *source = NULL;
    int rc = source_create(path, &source, err);
    while (!rc) {
        rc = source_read(source, record, size, &length, err);
        if (rc || length == 0)
            break;
        if (length < size || *next == part->count)
            rc = fb_fail(err, FB_EIO, "%s: the file changed while it was read", path);
        else
            rc = take_record(format, path, record, part, (*next)++, err);
    }
    source_destroy(source);
    return rc;
}

/* Reads one half of the data set. */
static int read_part(const cifar_format *format, const char *const *paths, size_t path_count,
                     data_part *part, fb_error *err)
{
    uint64_t total = 0;
    size_t count = 0, next = 0;
    int rc = FB_OK;
    for (size_t i = 0; !rc && i < path_count; i++) {
        rc = count_records(format, paths[i], &count, err);
        total += count;
    }
    if (!rc)
        rc = part_check_size(paths[0], total, IMAGE, 1, err);
    if (!rc)
        rc = part_init(part, (size_t)total, IMAGE, true, err);
    for (size_t i = 0; !rc && i < path_count; i++)
        rc = read_file(format, paths[i], part, &next, err);
    if (!rc && next < part->count)
        rc = fb_fail(err, FB_EIO, "%s: a file changed while it was read", paths[path_count - 1]);
    return rc;
}

int cifar_load(const data_spec *spec, dataset *ret_dataset, fb_error *err)
{
    const cifar_format *format = find_format(spec->class_count);
    if (!format)
        return fb_fail(err, FB_EINVAL, "a CIFAR data set of %zu classes; expected 10 or 100",
                       spec->class_count);
    if (spec->train_file_count == 0)
        return fb_fail(err, FB_EINVAL, "a CIFAR data set needs at least one file of training "
                       "images");
    dataset data = {.height = SIDE, .width = SIDE, .channels = CHANNELS,
                    .class_count = format->class_count};
    int rc = read_part(format, spec->train_files, spec->train_file_count, &data.train, err);
    if (!rc && spec->test_file_count)
        rc = read_part(format, spec->test_files, spec->test_file_count, &data.test, err);
    if (rc) {
        dataset_finish(&data);
        return rc;
    }
    *ret_dataset = data;
    return FB_OK;
}

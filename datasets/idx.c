#include "idx.h"

#include <stdbool.h>

#include "alloc.h"
#include "parts.h"
#include "source.h"

/* A file is a magic number, one size a dimension (all 32 bits, most significant byte first),
 * and the bytes. The magic number is 0x0000TTDD: type TT (8: unsigned bytes), DD dimensions. */
enum { IMAGES_MAGIC = 0x00000803, LABELS_MAGIC = 0x00000801, MAX_DIMENSIONS = 3 };

/* A file that is being read: images of height x width bytes, or labels of 1 x 1. */
typedef struct idx_file {
    const char *path;
    bool images;
    byte_source *source;
    size_t count, height, width;
} idx_file;

static const char *kind(const idx_file *file)
{
    return file->images ? "images" : "labels";
}

static int read_u32s(idx_file *file, size_t count, uint32_t *ret_values, fb_error *err)
{
    uint8_t bytes[4 * MAX_DIMENSIONS];
    size_t length;
    int rc = source_read(file->source, bytes, 4 * count, &length, err);
    if (rc)
        return rc;
    if (length < 4 * count)
        return fb_fail(err, FB_EFORMAT,
                       "%s: the file ends within the header of an IDX file of %s: it is truncated",
                       file->path, kind(file));
    for (size_t i = 0; i < count; i++)
        ret_values[i] = (uint32_t)bytes[4 * i] << 24 | (uint32_t)bytes[4 * i + 1] << 16 |
                        (uint32_t)bytes[4 * i + 2] << 8 | (uint32_t)bytes[4 * i + 3];
    return FB_OK;
}

static int check_magic(const idx_file *file, uint32_t found, fb_error *err)
{
    uint32_t expected = file->images ? IMAGES_MAGIC : LABELS_MAGIC;
    uint32_t other = file->images ? LABELS_MAGIC : IMAGES_MAGIC;
    if (found == expected)
        return FB_OK;
    return fb_fail(err, FB_EFORMAT,
                   "%s: expected an IDX file of %s (magic number 0x%08x), found 0x%08x%s",
                   file->path, kind(file), (unsigned)expected, (unsigned)found,
                   found == other ? "; are images and labels exchanged?" : "");
}

/* No memory is asked for that the file cannot fill. */
static int check_sizes(const idx_file *file, const uint32_t sizes[MAX_DIMENSIONS], fb_error *err)
{
    uint64_t row = (uint64_t)sizes[1] * sizes[2];
    if (sizes[0] == 0 || row == 0)
        return fb_fail(err, FB_EFORMAT,
                       "%s: the header says %u %s of %u x %u bytes; expected at least one of each",
                       file->path, (unsigned)sizes[0], kind(file), (unsigned)sizes[1],
                       (unsigned)sizes[2]);
    int rc = part_check_size(file->path, sizes[0], row, 1, err);
    if (rc)
        return rc;
    if (sizes[0] * row > source_bound(file->source))
        return fb_fail(err, FB_EFORMAT,
                       "%s: the header says %u %s of %u x %u bytes, but the file can hold %llu "
                       "bytes at most: it is truncated or its header is damaged",
                       file->path, (unsigned)sizes[0], kind(file), (unsigned)sizes[1],
                       (unsigned)sizes[2], (unsigned long long)source_bound(file->source));
    return FB_OK;
}

static int open_file(const char *path, bool images, idx_file *ret_file, fb_error *err)
{
    idx_file file = {.path = path, .images = images};
    uint32_t magic = 0, sizes[MAX_DIMENSIONS] = {1, 1, 1};
    int rc = source_create(path, &file.source, err);
    if (!rc)
        rc = read_u32s(&file, 1, &magic, err);
    if (!rc)
        rc = check_magic(&file, magic, err);
    if (!rc)
        rc = read_u32s(&file, images ? 3 : 1, sizes, err);
    if (!rc)
        rc = check_sizes(&file, sizes, err);
    if (rc) {
        source_destroy(file.source);
        return rc;
    }
    file.count = sizes[0];
    file.height = sizes[1];
    file.width = sizes[2];
    *ret_file = file;
    return FB_OK;
}

/* Reads all that the header promised, and makes sure that nothing follows. */
static int read_body(idx_file *file, uint8_t *ret_bytes, fb_error *err)
{
    size_t expected = file->count * file->height * file->width, length, extra;
    uint8_t one;
    int rc = source_read(file->source, ret_bytes, expected, &length, err);
    if (rc)
        return rc;
    if (length < expected)
        return fb_fail(err, FB_EFORMAT,
                       "%s: the file ends after %zu of the %zu bytes of its %zu %s: it is "
                       "truncated",
                       file->path, length, expected, file->count, kind(file));
    rc = source_read(file->source, &one, 1, &extra, err);
    if (!rc && extra)
        rc = fb_fail(err, FB_EFORMAT,
                     "%s: bytes follow after the %zu %s that the header announces: expected %zu "
                     "bytes and then the end of the file",
                     file->path, file->count, kind(file), expected);
    return rc;
}

static int read_labels(const char *path, const char *images_path, data_part *part, fb_error *err)
{
    idx_file file = {0};
    uint8_t *bytes = NULL;
    int rc = open_file(path, false, &file, err);
    if (rc)
        return rc;
    if (file.count != part->count) {
        rc = fb_fail(err, FB_EFORMAT,
                     "%s: %zu labels for the %zu images of %s; expected one label an image", path,
                     file.count, part->count, images_path);
        goto done;
    }
    bytes = fb_calloc(file.count, 1);
    if (!bytes) {
        rc = fb_fail_memory(err, file.count, 1, "labels");
        goto done;
    }
    rc = read_body(&file, bytes, err);
    for (size_t i = 0; !rc && i < file.count; i++)
        part->labels[i] = bytes[i];
done:
    fb_free(bytes);
    source_destroy(file.source);
    return rc;
}

/* Reads one half of the data set; the first one read decides the images' size. */
static int read_part(const char *images_path, const char *labels_path, dataset *data,
                     data_part *part, fb_error *err)
{
    idx_file file = {0};
    int rc = open_file(images_path, true, &file, err);
    if (rc)
        return rc;
    if (data->height && (file.height != data->height || file.width != data->width)) {
        rc = fb_fail(err, FB_EFORMAT,
                     "%s: images of %zu x %zu pixels; expected %zu x %zu as in the training set",
                     images_path, file.height, file.width, data->height, data->width);
        goto done;
    }
    rc = part_init(part, file.count, file.height * file.width, true, err);
    if (!rc)
        rc = read_body(&file, part->u8, err);
    if (!rc)
        rc = read_labels(labels_path, images_path, part, err);
    data->height = file.height;
    data->width = file.width;
    data->channels = 1;
done:
    source_destroy(file.source);
    return rc;
}

static size_t count_classes(const dataset *data)
{
    const data_part *parts[] = {&data->train, &data->test};
    size_t count = 0;
    for (size_t p = 0; p < 2; p++)
        for (size_t i = 0; i < parts[p]->count; i++)
            if (parts[p]->labels[i] >= count)
                count = (size_t)parts[p]->labels[i] + 1;
    return count;
}

int idx_load(const data_spec *spec, dataset *ret_dataset, fb_error *err)
{
    if (!spec->train_images || !spec->train_labels || !spec->test_images != !spec->test_labels)
        return fb_fail(err, FB_EINVAL,
                       "an IDX data set needs a file of training images and one of training "
                       "labels, and for a test set both files, too");
    dataset data = {0};
    int rc = read_part(spec->train_images, spec->train_labels, &data, &data.train, err);
    if (!rc && spec->test_images)
        rc = read_part(spec->test_images, spec->test_labels, &data, &data.test, err);
    data.class_count = count_classes(&data);
    if (!rc && data.class_count < 2)
        rc = fb_fail(err, FB_EFORMAT, "%s: every label is 0; expected at least two classes",
                     spec->train_labels);
    if (rc) {
        dataset_finish(&data);
        return rc;
    }
    *ret_dataset = data;
    return FB_OK;
}

/* dataset.c - loading by format, the digest, and the end of a data set. */
#include <string.h>

#include "alloc.h"
#include "cifar.h"
#include "datasets.h"
#include "idx.h"
#include "libsvm.h"
#include "parts.h"
#include "registry.h"
#include "standardize.h"
#include "synthetic.h"

int part_check_size(const char *where, uint64_t count, uint64_t row, uint64_t size, fb_error *err)
{
    if (count > DATA_MAX_COUNT)
        return fb_fail(err, FB_ERANGE, "%s: %llu samples are more than the limit of %llu", where,
                       (unsigned long long)count, (unsigned long long)DATA_MAX_COUNT);
    if (row > DATA_MAX_BYTES / size || (row && count > DATA_MAX_BYTES / size / row))
        return fb_fail(err, FB_ERANGE,
                       "%s: %llu samples of %llu numbers of %llu bytes are more than the limit of "
                       "%llu bytes",
                       where, (unsigned long long)count, (unsigned long long)row,
                       (unsigned long long)size, (unsigned long long)DATA_MAX_BYTES);
    return FB_OK;
}

int part_init(data_part *ret_part, size_t count, size_t row, bool pixels, fb_error *err)
{
    data_part part = {.count = count};
    size_t size = pixels ? sizeof *part.u8 : sizeof *part.f32;
    void *values = fb_calloc(count * row, size);
    if (pixels)
        part.u8 = values;
    else
        part.f32 = values;
    part.labels = fb_calloc(count, sizeof *part.labels);
    if (!values || !part.labels) {
        part_finish(&part);
        return fb_fail_memory(err, count * row, size, "samples");
    }
    *ret_part = part;
    return FB_OK;
}

void part_finish(data_part *part)
{
    if (!part)
        return;
    fb_free(part->u8);
    fb_free(part->f32);
    fb_free(part->labels);
    *part = (data_part){0};
}

/* 32-bit words enter a digest least significant byte first, whatever the machine. */
static void digest_words(fb_digest *digest, const void *words, size_t count)
{
    const unsigned char *source = words;
    uint8_t bytes[4096];
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t word;
        memcpy(&word, source + 4 * i, sizeof word);
        for (int b = 0; b < 4; b++)
            bytes[used++] = (uint8_t)(word >> (8 * b));
        if (used == sizeof bytes || i + 1 == count) {
            fb_digest_bytes(digest, bytes, used);
            used = 0;
        }
    }
}

static void digest_part(fb_digest *digest, const data_part *part, size_t row)
{
    fb_digest_u64(digest, part->count);
    if (part->count == 0)
        return;
    fb_digest_string(digest, part->u8 ? "u8" : "f32");
    if (part->u8)
        fb_digest_bytes(digest, part->u8, part->count * row);
    else
        digest_words(digest, part->f32, part->count * row);
    digest_words(digest, part->labels, part->count);
}

static void digest_dataset(dataset *data)
{
    size_t row = data->height * data->width * data->channels;
    fb_digest digest;
    fb_digest_init(&digest);
    fb_digest_u64(&digest, data->height);
    fb_digest_u64(&digest, data->width);
    fb_digest_u64(&digest, data->channels);
    fb_digest_u64(&digest, data->class_count);
    digest_part(&digest, &data->train, row);
    digest_part(&digest, &data->test, row);
    fb_digest_end_hex(&digest, data->digest);
}

static int load_files(const data_spec *spec, dataset *ret_dataset, fb_error *err)
{
    switch (spec->format) {
    case DATA_REGISTRY:
        return registry_load(spec, ret_dataset, err);
    case DATA_IDX:
        return idx_load(spec, ret_dataset, err);
    case DATA_CIFAR:
        return cifar_load(spec, ret_dataset, err);
    case DATA_LIBSVM:
        return libsvm_load(spec, ret_dataset, err);
    case DATA_SYNTHETIC:
        return synthetic_load(spec, ret_dataset, err);
    }
    return fb_fail(err, FB_EINVAL,
                   "a data set of format %d: expected registry, idx, cifar, libsvm or synthetic",
                   (int)spec->format);
}

static int read_test_ids(const char *path, dataset *data, fb_error *err)
{
    if (data->test.count > 0)
        return fb_fail(err, FB_EINVAL, "%s: a list of test samples, but the data set has %zu test "
                       "samples of its own: leave the list out", path, data->test.count);
    return data_ids_read(path, data->train.count, &data->test_ids, err);
}

int dataset_load(const data_spec *spec, dataset *ret_dataset, fb_error *err)
{
    dataset data = {0};
    int rc = load_files(spec, &data, err);
    if (!rc && spec->test_ids)
        rc = read_test_ids(spec->test_ids, &data, err);
    if (!rc && spec->standardize)
        rc = standardize_dataset(&data, err);
    if (rc) {
        dataset_finish(&data);
        return rc;
    }
    digest_dataset(&data);
    *ret_dataset = data;
    return FB_OK;
}

void dataset_finish(dataset *data)
{
    if (!data)
        return;
    part_finish(&data->train);
    part_finish(&data->test);
    data_ids_finish(&data->test_ids);
    *data = (dataset){0};
}

/* npy.c - reading and writing NumPy's .npy files, whatever the machine's byte order. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "alloc.h"
#include "datasets.h"
#include "files.h"
#include "npy_header.h"
#include "strbuf.h"

enum { HEADER_ALIGNMENT = 64 };

static double to_double(const npy_type *type, const char *bytes)
{
    uint64_t bits = npy_little_endian(bytes, type->size);
    if (type->kind == NPY_UNSIGNED)
        return (double)bits;
    if (type->kind == NPY_SIGNED)
        return type->size == 4 ? (double)(int32_t)(uint32_t)bits : (double)(int64_t)bits;
    if (type->size == 8) {
        double value;
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    float value;
    uint32_t low = (uint32_t)bits;
    memcpy(&value, &low, sizeof value);
    return (double)value;
}

static int64_t to_integer(const npy_type *type, const char *bytes)
{
    uint64_t bits = npy_little_endian(bytes, type->size);
    return type->kind == NPY_SIGNED && type->size == 4 ? (int32_t)(uint32_t)bits : (int64_t)bits;
}

/* Allocates one of the two arrays and fills it from the file's bytes. */
static int convert(const char *path, const npy_header *header, bool integers, const char *bytes,
                   npy_array *ret_array, fb_error *err)
{
    const npy_type *type = header->type;
    npy_array array = {.ndim = header->ndim, .count = header->count};
    size_t size = integers ? sizeof *array.i64 : sizeof *array.f32;
    memcpy(array.shape, header->shape, sizeof array.shape);
    void *memory = fb_calloc(array.count, size);
    if (!memory)
        return fb_fail_memory(err, array.count, size, path);
    if (integers)
        array.i64 = memory;
    else
        array.f32 = memory;
    for (size_t i = 0; i < array.count; i++, bytes += type->size) {
        if (integers)
            array.i64[i] = to_integer(type, bytes);
        else
            array.f32[i] = (float)to_double(type, bytes);
    }
    *ret_array = array;
    return FB_OK;
}

static int read_array(const char *path, bool integers, npy_array *ret_array, fb_error *err)
{
    char *file = NULL;
    size_t length = 0, offset = 0;
    npy_header header = {0};
    int rc = fb_file_read(path, NPY_SIZE_LIMIT, &file, &length, err);
    if (!rc)
        rc = npy_header_parse(path, file, length, &header, &offset, err);
    if (!rc && integers && header.type->kind == NPY_FLOAT)
        rc = fb_fail(err, FB_EFORMAT, "%s: numbers of type '%s'; expected integers", path,
                     header.type->descr);
    if (!rc)
        rc = convert(path, &header, integers, file + offset, ret_array, err);
    fb_free(file);
    return rc;
}

int npy_read_floats(const char *path, npy_array *ret_array, fb_error *err)
{
    return read_array(path, false, ret_array, err);
}

int npy_read_integers(const char *path, npy_array *ret_array, fb_error *err)
{
    return read_array(path, true, ret_array, err);
}

void npy_finish(npy_array *array)
{
    if (!array)
        return;
    fb_free(array->f32);
    fb_free(array->i64);
    *array = (npy_array){0};
}

/* Writes a version 1.0 header, padded so that the numbers begin at a multiple of 64 bytes. */
static void write_header(fb_strbuf *out, const size_t *shape, size_t ndim)
{
    fb_strbuf text = FB_STRBUF_INIT;
    fb_strbuf_add(&text, "{'descr': '<f8', 'fortran_order': False, 'shape': (");
    for (size_t d = 0; d < ndim; d++)
        fb_strbuf_printf(&text, ndim == 1 ? "%zu," : d ? ", %zu" : "%zu", shape[d]);
    fb_strbuf_add(&text, "), }");
    size_t start = NPY_MAGIC_LENGTH + 4;
    while ((start + text.length + 1) % HEADER_ALIGNMENT != 0 && !text.failed)
        fb_strbuf_add(&text, " ");
    fb_strbuf_add(&text, "\n");
    const char version_and_length[4] = {1, 0, (char)(text.length & 255), (char)(text.length >> 8)};
    fb_strbuf_add_bytes(out, NPY_MAGIC, NPY_MAGIC_LENGTH);
    fb_strbuf_add_bytes(out, version_and_length, sizeof version_and_length);
    fb_strbuf_add_bytes(out, text.text, text.length);
    out->failed |= text.failed;
    fb_strbuf_finish(&text);
}

int npy_write_doubles(const char *path, const double *data, const size_t *shape, size_t ndim,
                      fb_error *err)
{
    FB_CHECK(ndim <= NPY_MAX_DIMENSIONS);
    fb_strbuf file = FB_STRBUF_INIT;
    size_t count = 1;
    for (size_t d = 0; d < ndim; d++)
        count *= shape[d];
    write_header(&file, shape, ndim);
    for (size_t i = 0; i < count; i++) {
        uint64_t bits;
        char bytes[8];
        memcpy(&bits, &data[i], sizeof bits);
        for (int b = 0; b < 8; b++)
            bytes[b] = (char)(uint8_t)(bits >> (8 * b));
        fb_strbuf_add_bytes(&file, bytes, sizeof bytes);
    }
    int rc = fb_strbuf_check(&file, path, err);
    if (!rc)
        rc = fb_file_write(path, file.text, file.length, err);
    fb_strbuf_finish(&file);
    return rc;
}

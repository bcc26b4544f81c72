#include "npy_header.h"

#include <stdbool.h>
#include <string.h>

enum { MAX_HEADER = 65536 };

static const npy_type g_types[] = {
    {"<f4", NPY_FLOAT, 4},  {"<f8", NPY_FLOAT, 8},    {"<i4", NPY_SIGNED, 4},
    {"<i8", NPY_SIGNED, 8}, {"|u1", NPY_UNSIGNED, 1}, {"<u4", NPY_UNSIGNED, 4},
};

/* A place in the header's text. */
typedef struct npy_cursor {
    const char *path;
    const char *next, *end;
} npy_cursor;

static bool is_printable(char c)
{
    return c >= ' ' && c <= '~';
}

/* Quotes what stands at the cursor, as far as it is readable. */
static int fail_header(const npy_cursor *cursor, const char *expected, fb_error *err)
{
    int left = 0;
    while (left < 20 && left < cursor->end - cursor->next && is_printable(cursor->next[left]))
        left++;
    return fb_fail(err, FB_EFORMAT, "%s: malformed .npy header: expected %s before '%.*s'",
                   cursor->path, expected, left, cursor->next);
}

static void skip_spaces(npy_cursor *cursor)
{
    while (cursor->next < cursor->end && (*cursor->next == ' ' || *cursor->next == '\n'))
        cursor->next++;
}

/* Steps over `text` and spaces before it, or stays and returns false. */
static bool accept(npy_cursor *cursor, const char *text)
{
    size_t length = strlen(text);
    skip_spaces(cursor);
    if ((size_t)(cursor->end - cursor->next) < length || memcmp(cursor->next, text, length) != 0)
        return false;
    cursor->next += length;
    return true;
}

/* Reads 'text' in single or double quotes into `out`; false when there is none or it does not
 * fit. */
static bool accept_quoted(npy_cursor *cursor, char *out, size_t size)
{
    skip_spaces(cursor);
    if (cursor->next == cursor->end || (*cursor->next != '\'' && *cursor->next != '"'))
        return false;
    const char *first = cursor->next + 1;
    const char *last = memchr(first, *cursor->next, (size_t)(cursor->end - first));
    if (!last || (size_t)(last - first) >= size)
        return false;
    for (const char *c = first; c < last; c++) {
        if (!is_printable(*c))
            return false;
        *out++ = *c;
    }
    *out = '\0';
    cursor->next = last + 1;
    return true;
}

static int parse_type(npy_cursor *cursor, npy_header *header, fb_error *err)
{
    char descr[16];
    if (!accept_quoted(cursor, descr, sizeof descr))
        return fail_header(cursor, "the quoted name of a number type", err);
    for (size_t i = 0; i < sizeof g_types / sizeof *g_types; i++)
        if (strcmp(descr, g_types[i].descr) == 0)
            header->type = &g_types[i];
    if (header->type)
        return FB_OK;
    return fb_fail(err, FB_EFORMAT,
                   "%s: numbers of type '%s'%s; expected float32, float64, int32, int64, uint8 or "
                   "uint32, little-endian: convert with numpy's astype",
                   cursor->path, descr, descr[0] == '>' ? " (big-endian)" : "");
}

static int parse_order(npy_cursor *cursor, fb_error *err)
{
    if (accept(cursor, "False"))
        return FB_OK;
    if (accept(cursor, "True"))
        return fb_fail(err, FB_EFORMAT,
                       "%s: the array is in Fortran order; expected C order: save "
                       "numpy.ascontiguousarray(x)",
                       cursor->path);
    return fail_header(cursor, "True or False", err);
}

static int parse_size(npy_cursor *cursor, size_t *ret_size, fb_error *err)
{
    size_t size = 0;
    const char *first = cursor->next;
    while (cursor->next < cursor->end && *cursor->next >= '0' && *cursor->next <= '9') {
        if (size > NPY_SIZE_LIMIT)
            return fail_header(cursor, "a smaller dimension", err);
        size = size * 10 + (size_t)(*cursor->next++ - '0');
    }
    if (cursor->next == first)
        return fail_header(cursor, "a dimension", err);
    *ret_size = size;
    return FB_OK;
}

/* A tuple: (), (3,) or (3, 4), the last comma being optional where there are two or more. */
static int parse_shape(npy_cursor *cursor, npy_header *header, fb_error *err)
{
    if (!accept(cursor, "("))
        return fail_header(cursor, "the tuple of dimensions", err);
    bool comma = true;
    while (!accept(cursor, ")")) {
        if (!comma)
            return fail_header(cursor, "a comma or a closing parenthesis", err);
        if (header->ndim == NPY_MAX_DIMENSIONS)
            return fb_fail(err, FB_EFORMAT, "%s: more than %d dimensions, the limit",
                           cursor->path, NPY_MAX_DIMENSIONS);
        int rc = parse_size(cursor, &header->shape[header->ndim], err);
        if (rc)
            return rc;
        header->ndim++;
        comma = accept(cursor, ",");
    }
    if (header->ndim == 1 && !comma)
        return fail_header(cursor, "a comma in a tuple of one dimension", err);
    return FB_OK;
}

static int parse_value(npy_cursor *cursor, const char *key, unsigned *seen, npy_header *header,
                       fb_error *err)
{
    static const char *const keys[] = {"descr", "fortran_order", "shape"};
    for (unsigned k = 0; k < 3; k++) {
        if (strcmp(key, keys[k]) != 0)
            continue;
        if (*seen & 1u << k)
            return fb_fail(err, FB_EFORMAT, "%s: the .npy header has the key '%s' twice",
                           cursor->path, key);
        *seen |= 1u << k;
        if (k == 0)
            return parse_type(cursor, header, err);
        return k == 1 ? parse_order(cursor, err) : parse_shape(cursor, header, err);
    }
    return fb_fail(err, FB_EFORMAT,
                   "%s: the .npy header has the key '%s'; expected descr, fortran_order and shape",
                   cursor->path, key);
}

static int parse_dictionary(npy_cursor *cursor, npy_header *ret_header, fb_error *err)
{
    npy_header header = {0};
    unsigned seen = 0; /* one bit a key */
    bool comma = true;
    if (!accept(cursor, "{"))
        return fail_header(cursor, "a dictionary", err);
    while (!accept(cursor, "}")) {
        char key[16];
        if (!comma)
            return fail_header(cursor, "a comma or a closing brace", err);
        if (!accept_quoted(cursor, key, sizeof key) || !accept(cursor, ":"))
            return fail_header(cursor, "a quoted key and a colon", err);
        skip_spaces(cursor);
        int rc = parse_value(cursor, key, &seen, &header, err);
        if (rc)
            return rc;
        comma = accept(cursor, ",");
    }
    skip_spaces(cursor);
    if (cursor->next != cursor->end)
        return fail_header(cursor, "nothing after the dictionary", err);
    if (seen != 7)
        return fb_fail(err, FB_EFORMAT,
                       "%s: the .npy header lacks a key; expected descr, fortran_order and shape",
                       cursor->path);
    *ret_header = header;
    return FB_OK;
}

uint64_t npy_little_endian(const void *memory, size_t size)
{
    const uint8_t *bytes = memory;
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

/* The dimensions' product, checked against the bytes that are there. */
static int check_length(const char *path, npy_header *header, size_t bytes, fb_error *err)
{
    size_t count = 1;
    for (size_t d = 0; d < header->ndim; d++) {
        if (header->shape[d] && count > NPY_SIZE_LIMIT / header->shape[d])
            return fb_fail(err, FB_ERANGE, "%s: the array has more than %zu numbers, the limit",
                           path, NPY_SIZE_LIMIT);
        count *= header->shape[d];
    }
    size_t expected = count * header->type->size;
    if (bytes != expected)
        return fb_fail(err, FB_EFORMAT,
                       "%s: %zu bytes of numbers after the header; its shape and type need %zu: "
                       "the file is %s",
                       path, bytes, expected, bytes < expected ? "truncated" : "too long");
    header->count = count;
    return FB_OK;
}

int npy_header_parse(const char *path, const char *file, size_t length, npy_header *ret_header,
                      size_t *ret_offset, fb_error *err)
{
    if (length < 10 || memcmp(file, NPY_MAGIC, NPY_MAGIC_LENGTH) != 0)
        return fb_fail(err, FB_EFORMAT, "%s: expected a .npy file, which begins with \\x93NUMPY",
                       path);
    unsigned major = (unsigned char)file[6], minor = (unsigned char)file[7];
    if (major < 1 || major > 3 || minor != 0)
        return fb_fail(err, FB_EFORMAT, "%s: .npy format version %u.%u; expected 1.0, 2.0 or 3.0",
                       path, major, minor);
    size_t start = major == 1 ? 10 : 12;
    size_t header_length = length < start ? 0 : (size_t)npy_little_endian(file + 8, start - 8);
    if (length < start || header_length > length - start || header_length > MAX_HEADER)
        return fb_fail(err, FB_EFORMAT,
                       "%s: a .npy header of %zu bytes in a file of %zu bytes: it is truncated or "
                       "damaged",
                       path, header_length, length);
    npy_cursor cursor = {path, file + start, file + start + header_length};
    int rc = parse_dictionary(&cursor, ret_header, err);
    if (rc)
        return rc;
    *ret_offset = start + header_length;
    return check_length(path, ret_header, length - *ret_offset, err);
}

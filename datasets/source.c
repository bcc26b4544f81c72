#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "alloc.h"

enum {
    BUFFER_SIZE = 1 << 16,
    DEFLATE_RATIO = 1032,  /* the largest that the format allows (zlib's technical notes) */
    GZIP_WINDOW = 16 + 15, /* inflateInit2: gzip framing, the largest window */
};

struct byte_source {
    const char *path;
    int fd;
    uint64_t file_size;
    bool gzip;
    bool in_member; /* between the first and the last byte of a gzip member */
    z_stream inflater;
    size_t position, filled; /* the buffer's bytes that are not used yet */
    uint8_t buffer[BUFFER_SIZE];
};

static int fail_errno(const byte_source *source, const char *what, fb_error *err)
{
    int code = errno;
    return fb_fail(err, code == ENOENT ? FB_ENOENT : FB_EIO, "%s: cannot %s: %s", source->path,
                   what, strerror(code));
}

/* Fills the buffer once it is used up; afterwards position == filled means the end of the file. */
static int refill(byte_source *source, fb_error *err)
{
    if (source->position < source->filled)
        return FB_OK;
    ssize_t n;
    do
        n = read(source->fd, source->buffer, BUFFER_SIZE);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return fail_errno(source, "read", err);
    source->position = 0;
    source->filled = (size_t)n;
    return FB_OK;
}

static void *inflater_alloc(void *opaque, uInt count, uInt size)
{
    (void)opaque;
    return fb_calloc(count, size);
}

static void inflater_free(void *opaque, void *memory)
{
    (void)opaque;
    fb_free(memory);
}

static int open_file(byte_source *source, fb_error *err)
{
    struct stat info;
    /* O_NONBLOCK: opening a pipe that nobody writes to would wait. */
    source->fd = open(source->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (source->fd < 0)
        return fail_errno(source, "open", err);
    if (fstat(source->fd, &info) < 0)
        return fail_errno(source, "stat", err);
    if (!S_ISREG(info.st_mode))
        return fb_fail(err, FB_EIO, "%s: expected a regular file", source->path);
    source->file_size = (uint64_t)info.st_size;
    return refill(source, err);
}

static int start_inflater(byte_source *source, fb_error *err)
{
    source->inflater.zalloc = inflater_alloc;
    source->inflater.zfree = inflater_free;
    if (inflateInit2(&source->inflater, GZIP_WINDOW) != Z_OK)
        return fb_fail(err, FB_ENOMEM, "%s: out of memory for decompression", source->path);
    source->gzip = true;
    return FB_OK;
}

int source_create(const char *path, byte_source **ret_source, fb_error *err)
{
    byte_source *source = fb_calloc(1, sizeof *source);
    if (!source)
        return fb_fail_memory(err, 1, sizeof *source, path);
    source->path = path;
    int rc = open_file(source, err);
    if (!rc && source->filled >= 2 && source->buffer[0] == 0x1f && source->buffer[1] == 0x8b)
        rc = start_inflater(source, err);
    if (rc) {
        source_destroy(source);
        return rc;
    }
    *ret_source = source;
    return FB_OK;
}

uint64_t source_bound(const byte_source *source)
{
    if (!source->gzip)
        return source->file_size;
    return source->file_size > UINT64_MAX / DEFLATE_RATIO ? UINT64_MAX
                                                          : source->file_size * DEFLATE_RATIO;
}

static void copy_some(byte_source *source, uint8_t *data, size_t size, size_t *length)
{
    size_t count = source->filled - source->position;
    if (count > size)
        count = size;
    memcpy(data, source->buffer + source->position, count);
    source->position += count;
    *length += count;
}

/* A file may hold several members one after the other; what is not a member is refused by
 * inflate. */
static int inflate_some(byte_source *source, uint8_t *data, size_t size, size_t *length,
                        fb_error *err)
{
    z_stream *z = &source->inflater;
    uInt room = size < UINT_MAX ? (uInt)size : UINT_MAX;
    z->next_in = source->buffer + source->position;
    z->avail_in = (uInt)(source->filled - source->position);
    z->next_out = data;
    z->avail_out = room;
    source->in_member = true;
    int code = inflate(z, Z_NO_FLUSH);
    source->position = source->filled - z->avail_in;
    *length += room - z->avail_out;
    if (code == Z_STREAM_END) {
        source->in_member = false;
        code = inflateReset(z);
    }
    if (code == Z_MEM_ERROR)
        return fb_fail(err, FB_ENOMEM, "%s: out of memory for decompression", source->path);
    if (code != Z_OK)
        return fb_fail(err, FB_EFORMAT,
                       "%s: the gzip data are damaged, or followed by something else (%s)",
                       source->path, z->msg ? z->msg : "no further cause");
    return FB_OK;
}

int source_read(byte_source *source, void *data, size_t size, size_t *ret_length, fb_error *err)
{
    size_t length = 0;
    while (length < size) {
        int rc = refill(source, err);
        if (rc)
            return rc;
        if (source->position == source->filled)
            break;
        uint8_t *out = (uint8_t *)data + length;
        if (source->gzip)
            rc = inflate_some(source, out, size - length, &length, err);
        else
            copy_some(source, out, size - length, &length);
        if (rc)
            return rc;
    }
    if (length < size && source->in_member)
        return fb_fail(err, FB_EFORMAT,
                       "%s: the gzip data end in the middle: the file is truncated", source->path);
    *ret_length = length;
    return FB_OK;
}

void source_destroy(byte_source *source)
{
    if (!source)
        return;
    if (source->gzip)
        inflateEnd(&source->inflater);
    if (source->fd >= 0)
        close(source->fd);
    fb_free(source);
}

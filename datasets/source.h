/* source.h - a file as a stream of bytes; one that begins as gzip does (1f 8b) is decompressed.
 *
 * Written on inflate and not on gzread, which ignores what follows the gzip data: here no byte
 * goes unseen. */
#ifndef FB_SOURCE_H
#define FB_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

typedef struct byte_source byte_source;

/* Opens a regular file. FB_ENOENT when it does not exist, FB_EIO otherwise. `path` must outlive
 * the source. */
int source_create(const char *path, byte_source **ret_source, fb_error *err);

/* Reads `size` bytes, fewer only at the end of the file. FB_EFORMAT when the gzip data are
 * damaged, end in the middle or are followed by something else than gzip data. */
int source_read(byte_source *source, void *data, size_t size, size_t *ret_length, fb_error *err);

/* No read will ever give more bytes than this in all: what a header promises is checked against it
 * before memory is asked for. */
uint64_t source_bound(const byte_source *source);

/* Takes NULL. */
void source_destroy(byte_source *source);

#endif

/* files.h - whole files in and out. */
#ifndef FB_FILES_H
#define FB_FILES_H

#include <stddef.h>

#include "status.h"

/* Reads a whole file of at most `limit` bytes. `*ret_data` is NUL-terminated beyond its
 * `*ret_length` bytes and released with fb_free. FB_ENOENT when it does not exist, FB_ERANGE when
 * it is larger than `limit`, FB_EIO otherwise. */
int fb_file_read(const char *path, size_t limit, char **ret_data, size_t *ret_length,
                 fb_error *err);

/* Writes a file so that a reader, and a crash at any instant, sees the old content or the new one:
 * a temporary beside it, fsync, rename. What is there and no regular file (/dev/stdout, a pipe) is
 * written to. */
int fb_file_write(const char *path, const void *data, size_t length, fb_error *err);

/* Creates a directory and its parents; one that is there already is fine. */
int fb_make_directories(const char *path, fb_error *err);

#endif

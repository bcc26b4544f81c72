/* param_files.h - files that strategies read: parameters that spec_param_is_file. */
#ifndef FB_PARAM_FILES_H
#define FB_PARAM_FILES_H

#include <jansson.h>

#include "status.h"

/* Gives, for each of the parameters (texts by name) that is a file, "sha256:" and the digest of its
 * content; NULL when none is. FB_EINVAL for one that names no file, FB_ENOENT or FB_EIO for one that
 * cannot be read. */
int param_files_digest(const json_t *params, json_t **ret_files, fb_error *err);

/* FB_ECONFLICT when a file's content is not `files` (NULL: there are none) any more. */
int param_files_check(const json_t *params, const json_t *files, fb_error *err);

#endif

#include "param_files.h"

#include "alloc.h"
#include "digest.h"
#include "files.h"
#include "spec.h"

enum { LARGEST = 1 << 30 }; /* bytes */

static int digest_file(const char *path, char ret_hex[FB_DIGEST_HEX], fb_error *err)
{
    char *bytes = NULL;
    size_t count = 0;
    int rc = fb_file_read(path, LARGEST, &bytes, &count, err);
    if (rc)
        return rc;
    fb_digest digest;
    fb_digest_init(&digest);
    fb_digest_bytes(&digest, bytes, count);
    fb_digest_end_hex(&digest, ret_hex);
    fb_free(bytes);
    return FB_OK;
}

static int add_file(const char *name, const char *path, json_t *files, fb_error *err)
{
    char hex[FB_DIGEST_HEX];
    if (!*path)
        return fb_fail(err, FB_EINVAL,
                       "the strategy needs a file: give its path as the parameter '%s'", name);
    int rc = digest_file(path, hex, err);
    if (!rc && json_object_set_new(files, name, json_sprintf("sha256:%s", hex)) < 0)
        rc = fb_fail(err, FB_ENOMEM, "out of memory for parameter %s", name);
    return rc;
}

int param_files_digest(const json_t *params, json_t **ret_files, fb_error *err)
{
    const char *name;
    json_t *value, *files = json_object();
    int rc = files ? FB_OK : fb_fail(err, FB_ENOMEM, "out of memory for parameters");
    json_object_foreach ((json_t *)params, name, value)
        if (!rc && spec_param_is_file(name))
            rc = add_file(name, json_string_value(value), files, err);
    if (!rc && json_object_size(files) > 0)
        *ret_files = json_incref(files);
    json_decref(files);
    return rc;
}

int param_files_check(const json_t *params, const json_t *files, fb_error *err)
{
    json_t *now = NULL;
    int rc = param_files_digest(params, &now, err);
    if (!rc && now && !json_equal(now, files))
        rc = fb_fail(err, FB_ECONFLICT,
                     "a file that the strategy reads changed while the run was going on; start the "
                     "run again");
    json_decref(now);
    return rc;
}

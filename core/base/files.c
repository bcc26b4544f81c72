#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "strbuf.h"

static int fail_errno(fb_error *err, const char *what, const char *path)
{
    int code = errno;
    return fb_fail(err, code == ENOENT ? FB_ENOENT : FB_EIO, "%s: cannot %s: %s", path, what,
                   strerror(code));
}

static int read_all(int fd, const char *path, char *data, size_t size, size_t *ret_length,
                    fb_error *err)
{
    size_t length = 0;
    while (length < size) {
        ssize_t n = read(fd, data + length, size - length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_errno(err, "read", path);
        if (n == 0)
            break;
        length += (size_t)n;
    }
    *ret_length = length;
    return FB_OK;
}

int fb_file_read(const char *path, size_t limit, char **ret_data, size_t *ret_length, fb_error *err)
{
    int rc = FB_OK;
    char *data = NULL;
    size_t length = 0;
    struct stat info;
    /* O_NONBLOCK: opening a pipe that nobody writes to would wait. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return fail_errno(err, "open", path);
    if (fstat(fd, &info) < 0) {
        rc = fail_errno(err, "stat", path);
        goto done;
    }
    if (!S_ISREG(info.st_mode)) {
        rc = fb_fail(err, FB_EIO, "%s: expected a regular file", path);
        goto done;
    }
    if ((uint64_t)info.st_size > limit) {
        rc = fb_fail(err, FB_ERANGE, "%s: %lld bytes is more than the limit of %zu", path,
                     (long long)info.st_size, limit);
        goto done;
    }
    data = fb_calloc((size_t)info.st_size + 1, 1);
    if (!data) {
        rc = fb_fail_memory(err, (size_t)info.st_size + 1, 1, path);
        goto done;
    }
    rc = read_all(fd, path, data, (size_t)info.st_size, &length, err);
    if (rc)
        goto done;
    *ret_data = data;
    *ret_length = length;
    data = NULL;
done:
    close(fd);
    fb_free(data);
    return rc;
}

static int write_all(int fd, const char *path, const char *data, size_t length, fb_error *err)
{
    while (length > 0) {
        ssize_t n = write(fd, data, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_errno(err, "write", path);
        data += n;
        length -= (size_t)n;
    }
    return FB_OK;
}

/* Writes to what is no file: a device, a pipe. */
static int write_stream(const char *path, const void *data, size_t length, fb_error *err)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return fail_errno(err, "open", path);
    int rc = write_all(fd, path, data, length, err);
    close(fd);
    return rc;
}

int fb_file_write(const char *path, const void *data, size_t length, fb_error *err)
{
    struct stat info;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode))
        return write_stream(path, data, length, err);
    if (!*path)
        return fb_fail(err, FB_EINVAL, "a file to write has an empty name");
    fb_strbuf temporary = FB_STRBUF_INIT;
    fb_strbuf_printf(&temporary, "%s.%ld.tmp", path, (long)getpid());
    int rc = fb_strbuf_check(&temporary, path, err);
    if (rc)
        goto done;
    int fd = open(temporary.text, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) {
        rc = fail_errno(err, "create", temporary.text);
        goto done;
    }
    rc = write_all(fd, temporary.text, data, length, err);
    if (!rc && fsync(fd) < 0)
        rc = fail_errno(err, "flush", temporary.text);
    close(fd);
    if (!rc && rename(temporary.text, path) < 0)
        rc = fail_errno(err, "put in place", path);
    if (rc)
        unlink(temporary.text);
done:
    fb_strbuf_finish(&temporary);
    return rc;
}

int fb_make_directories(const char *path, fb_error *err)
{
    char *copy = fb_strdup(path);
    if (!copy)
        return fb_fail_memory(err, strlen(path) + 1, 1, "a path");
    if (!*path) {
        fb_free(copy);
        return fb_fail(err, FB_EINVAL, "a folder has an empty name; '.' is the current one");
    }
    int rc = FB_OK;
    for (char *p = copy + 1; !rc; p++) {
        if (*p != '/' && *p != '\0')
            continue;
        char end = *p;
        *p = '\0';
        if (mkdir(copy, 0777) < 0 && errno != EEXIST)
            rc = fail_errno(err, "create the directory", copy);
        *p = end;
        if (!end)
            break;
    }
    struct stat info;
    if (!rc && (stat(copy, &info) < 0 || !S_ISDIR(info.st_mode)))
        rc = fb_fail(err, FB_EIO, "%s: expected a directory", path);
    fb_free(copy);
    return rc;
}

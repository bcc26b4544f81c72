#include "manifest.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "digest.h"
#include "files.h"

static const char list_name[] = "report.sha256";
enum { DIGITS = FB_DIGEST_HEX - 1, LIST_MOST = 1 << 24, FILE_MOST = 1 << 30 };

/* A line of the list: 64 digits, two blanks, a name, until the line's end. */
typedef struct entry {
    char digest[FB_DIGEST_HEX];
    const char *name; /* NUL-terminated, below the report's folder */
} entry;

/* Takes the line that `*cursor` is at apart, in place, and moves behind it. */
static bool next_entry(char **cursor, entry *ret_entry)
{
    char *line = *cursor, *end = strchr(line, '\n');
    if (!end || end - line < DIGITS + 3 || strspn(line, "0123456789abcdef") != DIGITS ||
        memcmp(line + DIGITS, "  ", 2) != 0)
        return false;
    *end = '\0';
    memcpy(ret_entry->digest, line, DIGITS);
    ret_entry->digest[DIGITS] = '\0';
    ret_entry->name = line + DIGITS + 2;
    *cursor = end + 1;
    return true;
}

static void digest_of(const char *bytes, size_t count, char ret_hex[FB_DIGEST_HEX])
{
    fb_digest digest;
    fb_digest_init(&digest);
    fb_digest_bytes(&digest, bytes, count);
    fb_digest_end_hex(&digest, ret_hex);
}

static bool is_written(const folder *f, const char *name)
{
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->files[i].name, name) == 0)
            return true;
    return false;
}

/* Whether the name is of a file right in a subfolder that is replaced. */
static bool is_replaced(const folder *f, const char *name)
{
    for (size_t i = 0; i < f->replaced_count; i++) {
        size_t length = strlen(f->replaced[i]);
        if (strncmp(name, f->replaced[i], length) == 0 && !strchr(name + length, '/'))
            return true;
    }
    return false;
}

/* Removes a file that is still what a report wrote. */
static int remove_stale(const char *out, const entry *e, fb_error *err)
{
    char digest[FB_DIGEST_HEX], *bytes = NULL;
    size_t count = 0;
    fb_strbuf path = FB_STRBUF_INIT;
    fb_strbuf_printf(&path, "%s/%s", out, e->name);
    int rc = fb_strbuf_check(&path, e->name, err);
    if (rc)
        goto done;
    if (fb_file_read(path.text, FILE_MOST, &bytes, &count, err) == FB_ENOMEM) {
        rc = FB_ENOMEM;
        goto done;
    }
    if (!bytes) /* gone, or nothing that a report writes */
        goto done;
    digest_of(bytes, count, digest);
    if (strcmp(digest, e->digest) == 0 && unlink(path.text) < 0)
        rc = fb_fail(err, FB_EIO, "%s: an older report wrote it, this one has no such figure or "
                                  "table, and it cannot be removed", path.text);
done:
    fb_free(bytes);
    fb_strbuf_finish(&path);
    return rc;
}

static void add_entry(fb_strbuf *list, const char *digest, const char *name)
{
    fb_strbuf_printf(list, "%s  %s\n", digest, name);
}

/* Goes through the old list: removes what is stale, and adds the entries that still hold. */
static int go_through(const folder *f, const char *out, char *old, fb_strbuf *list, fb_error *err)
{
    int rc = FB_OK;
    entry e;
    while (!rc && *old) {
        if (!next_entry(&old, &e))
            return fb_fail(err, FB_EFORMAT,
                           "%s/%s: expected the list of a report's files, lines of a SHA-256 digest "
                           "and a name; move it elsewhere, or write the report into another folder",
                           out, list_name);
        if (is_written(f, e.name))
            continue;
        if (is_replaced(f, e.name))
            rc = remove_stale(out, &e, err);
        else
            add_entry(list, e.digest, e.name);
    }
    return rc;
}

int manifest_renew(const folder *f, const char *out, fb_error *err)
{
    char digest[FB_DIGEST_HEX], *old = NULL;
    size_t length = 0;
    fb_strbuf path = FB_STRBUF_INIT, list = FB_STRBUF_INIT;
    fb_strbuf_printf(&path, "%s/%s", out, list_name);
    int rc = fb_strbuf_check(&path, list_name, err);
    if (rc)
        goto done;
    rc = fb_file_read(path.text, LIST_MOST, &old, &length, err);
    if (rc == FB_ENOENT)
        rc = FB_OK;
    for (size_t i = 0; !rc && i < f->count; i++) {
        digest_of(f->files[i].content.text, f->files[i].content.length, digest);
        add_entry(&list, digest, f->files[i].name);
    }
    if (!rc && old)
        rc = go_through(f, out, old, &list, err);
    if (!rc)
        rc = fb_strbuf_check(&list, list_name, err);
    if (!rc)
        rc = fb_file_write(path.text, list.text, list.length, err);
done:
    fb_free(old);
    fb_strbuf_finish(&path);
    fb_strbuf_finish(&list);
    return rc;
}

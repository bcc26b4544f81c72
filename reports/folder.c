#include "folder.h"

#include <string.h>

#include "alloc.h"
#include "files.h"
#include "manifest.h"

static int make_room(folder *f, fb_error *err)
{
    if (f->count < f->capacity)
        return FB_OK;
    size_t capacity = f->capacity ? 2 * f->capacity : 16;
    folder_file *files = fb_grow(f->files, f->count, capacity, sizeof *files);
    if (!files)
        return fb_fail_memory(err, capacity, sizeof *files, "a report's files");
    f->files = files;
    f->capacity = capacity;
    return FB_OK;
}

int folder_add(folder *f, const char *name, fb_strbuf *content, fb_error *err)
{
    fb_strbuf taken = *content;
    *content = FB_STRBUF_INIT;
    int rc = fb_strbuf_check(&taken, name, err);
    if (!rc)
        rc = make_room(f, err);
    char *copy = rc ? NULL : fb_strdup(name);
    if (!rc && !copy)
        rc = fb_fail_memory(err, strlen(name) + 1, 1, "a file's name");
    if (rc)
        fb_strbuf_finish(&taken);
    else
        f->files[f->count++] = (folder_file){copy, taken};
    return rc;
}

void folder_replace(folder *f, const char *subfolder)
{
    FB_CHECK(f->replaced_count < FOLDER_REPLACED);
    f->replaced[f->replaced_count++] = subfolder;
}

/* The path of a file, after its folder is there. */
static int prepare(const char *out, const char *name, fb_strbuf *path, fb_error *err)
{
    const char *slash = strrchr(name, '/');
    fb_strbuf_reset(path);
    fb_strbuf_printf(path, "%s/%.*s", out, slash ? (int)(slash - name) : 0, name);
    int rc = fb_strbuf_check(path, name, err);
    if (!rc)
        rc = fb_make_directories(path->text, err);
    fb_strbuf_reset(path);
    fb_strbuf_printf(path, "%s/%s", out, name);
    return rc ? rc : fb_strbuf_check(path, name, err);
}

int folder_write(const folder *f, const char *out, fb_error *err)
{
    fb_strbuf path = FB_STRBUF_INIT;
    int rc = fb_make_directories(out, err);
    if (!rc)
        rc = manifest_renew(f, out, err);
    for (size_t i = 0; !rc && i < f->count; i++) {
        const folder_file *file = &f->files[i];
        rc = prepare(out, file->name, &path, err);
        if (!rc)
            rc = fb_file_write(path.text, file->content.text, file->content.length, err);
    }
    fb_strbuf_finish(&path);
    return rc;
}

void folder_finish(folder *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->count; i++) {
        fb_free(f->files[i].name);
        fb_strbuf_finish(&f->files[i].content);
    }
    fb_free(f->files);
    *f = (folder){0};
}

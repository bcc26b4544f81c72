#include "project.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "descriptor.h"
#include "files.h"
#include "plugin.h"
#include "strbuf.h"
#include "templates.h"

/* Where the templates go that are not to keep their names; @ID@ is the strategy's id. */
static const struct place {
    const char *name, *path;
} places[] = {
    {"ci.yml", ".github/workflows/ci.yml"},
    {"gitignore", ".gitignore"},
    {"strategy.c", "@ID@.c"},
};

/* ---- checks -------------------------------------------------------------------------------- */

static int check_id(const char *id, fb_error *err)
{
    struct catalog catalog = {0};
    int rc = FB_OK;
    if (!descriptor_is_id(id))
        return fb_fail(err, FB_EINVAL,
                       "'%s' cannot be a strategy's name: expected up to %d lower-case letters, "
                       "digits and hyphens, a letter first, such as my-rule",
                       id, DESCRIPTOR_LONGEST_NAME);
    if (catalog_build(NULL, 0, &catalog, NULL) != FB_OK)
        return FB_OK; /* a plugin somewhere is broken; that is for others to tell */
    const catalog_strategy *same = catalog_find(&catalog, id);
    if (same)
        rc = fb_fail(err, FB_EINVAL, "there is a strategy %s already, in %s: choose another name",
                     id, same->path);
    catalog_finish(&catalog);
    return rc;
}

static int check_folder(const char *folder, fb_error *err)
{
    DIR *directory = opendir(folder);
    if (!directory && errno == ENOENT)
        return FB_OK;
    if (!directory)
        return fb_fail(err, FB_EINVAL, "%s cannot be made a project: %s", folder, strerror(errno));
    bool empty = true;
    for (const struct dirent *entry; (entry = readdir(directory));)
        empty = empty && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0);
    closedir(directory);
    return empty ? FB_OK
                 : fb_fail(err, FB_EINVAL,
                           "%s is there and not empty: name another folder with -o DIR", folder);
}

/* ---- writing ------------------------------------------------------------------------------- */

/* The id as a part of C names, my_rule, or as a label, "My rule". */
static void add_id(fb_strbuf *out, const char *id, char hyphen, bool capital)
{
    for (const char *at = id; *at; at++) {
        char c = *at == '-' ? hyphen : *at;
        if (capital && at == id && c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        fb_strbuf_add_bytes(out, &c, 1);
    }
}

/* Adds a text with what its marks stand for. */
static void add_filled(fb_strbuf *out, const char *text, const char *id)
{
    static const char *const marks[] = {"@ID@", "@NAME@", "@LABEL@", "@VERSION@"};
    enum { ID, NAME, LABEL, VERSION, MARKS };
    while (*text) {
        size_t mark = 0;
        while (mark < MARKS && strncmp(text, marks[mark], strlen(marks[mark])) != 0)
            mark++;
        if (mark == ID)
            fb_strbuf_add(out, id);
        else if (mark == NAME || mark == LABEL)
            add_id(out, id, mark == NAME ? '_' : ' ', mark == LABEL);
        else if (mark == VERSION)
            fb_strbuf_add(out, FLIPBENCH_VERSION);
        else
            fb_strbuf_add_bytes(out, text, 1);
        text += mark < MARKS ? strlen(marks[mark]) : 1;
    }
}

static const char *place_of(const char *name)
{
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (strcmp(places[i].name, name) == 0)
            return places[i].path;
    return name;
}

static int write_template(const project_template *template, const char *id, const char *folder,
                          fb_error *err)
{
    fb_strbuf path = FB_STRBUF_INIT, text = FB_STRBUF_INIT;
    fb_strbuf_printf(&path, "%s/", folder);
    add_filled(&path, place_of(template->name), id);
    add_filled(&text, template->text, id);
    int rc = fb_strbuf_check(&path, "a file's name", err);
    if (!rc)
        rc = fb_strbuf_check(&text, "a file of a project", err);
    if (!rc) {
        char *slash = strrchr(path.text, '/');
        *slash = '\0';
        rc = fb_make_directories(path.text, err);
        *slash = '/';
    }
    if (!rc)
        rc = fb_file_write(path.text, text.text, text.length, err);
    fb_strbuf_finish(&path);
    fb_strbuf_finish(&text);
    return rc;
}

int project_write(const char *id, const char *folder, fb_error *err)
{
    int rc = check_id(id, err);
    if (!rc)
        rc = check_folder(folder, err);
    for (const project_template *t = project_templates; !rc && t->name; t++)
        rc = write_template(t, id, folder, err);
    return rc;
}

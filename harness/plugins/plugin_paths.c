/* realpath is XSI, not base POSIX. */
#define _XOPEN_SOURCE 700

#include "plugin_paths.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "strbuf.h"

#if !defined(FB_PLUGIN_DIR) || !defined(FB_PLUGIN_DIR_FROM_PROGRAM)
#error "FB_PLUGIN_DIR is where the build installs plugins, the other the way there from the program"
#endif

static int add_file(plugin_paths *list, const char *path, fb_error *err)
{
    char real[PATH_MAX];
    if (!realpath(path, real))
        return fb_fail(err, FB_ENOENT, "%s: cannot open this plugin: %s", path, strerror(errno));
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->files[i], real) == 0)
            return FB_OK;
    char **grown = fb_grow(list->files, list->count, list->count + 1, sizeof *grown);
    char *copy = fb_strdup(real);
    if (grown)
        list->files = grown;
    if (!grown || !copy) {
        fb_free(copy);
        return fb_fail_memory(err, list->count + 1, sizeof *grown, "plugin paths");
    }
    list->files[list->count++] = copy;
    return FB_OK;
}

/* For scandir: names that end in ".so". */
static int is_plugin_name(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 3 && strcmp(entry->d_name + length - 3, ".so") == 0;
}

/* The directory's plugins by name. */
static int add_directory(plugin_paths *list, const char *directory, fb_error *err)
{
    struct dirent **entries;
    int count = scandir(directory, &entries, is_plugin_name, alphasort);
    if (count < 0)
        return fb_fail(err, FB_EIO, "%s: cannot list this folder of plugins: %s", directory,
                       strerror(errno));
    int rc = FB_OK;
    fb_strbuf path = FB_STRBUF_INIT;
    for (int i = 0; i < count; i++) {
        fb_strbuf_reset(&path);
        fb_strbuf_printf(&path, "%s/%s", directory, entries[i]->d_name);
        if (!rc)
            rc = fb_strbuf_check(&path, "a plugin's path", err);
        if (!rc)
            rc = add_file(list, path.text, err);
        free(entries[i]); /* scandir's own */
    }
    free(entries);
    fb_strbuf_finish(&path);
    return rc;
}

static bool is_directory(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* A file or directory that somebody asked for by name. */
static int add_named(plugin_paths *list, const char *path, fb_error *err)
{
    return is_directory(path) ? add_directory(list, path, err) : add_file(list, path, err);
}

static int add_environment(plugin_paths *list, const char *variable, fb_error *err)
{
    const char *value = getenv(variable);
    char *copy = value ? fb_strdup(value) : NULL;
    if (!value)
        return FB_OK;
    if (!copy)
        return fb_fail_memory(err, strlen(value), 1, variable);
    int rc = FB_OK;
    for (char *rest = copy, *path; !rc && (path = strtok_r(rest, ":", &rest));)
        rc = add_named(list, path, err);
    if (rc)
        fb_fail_prefix(err, "%s", variable);
    fb_free(copy);
    return rc;
}

/* $XDG_DATA_HOME, by default ~/.local/share. */
static int add_users(plugin_paths *list, fb_error *err)
{
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    fb_strbuf path = FB_STRBUF_INIT;
    if (data && *data)
        fb_strbuf_printf(&path, "%s/flipbench/plugins", data);
    else if (home && *home)
        fb_strbuf_printf(&path, "%s/.local/share/flipbench/plugins", home);
    int rc = fb_strbuf_check(&path, "a plugin's path", err);
    if (!rc && is_directory(path.text))
        rc = add_directory(list, path.text, err);
    fb_strbuf_finish(&path);
    return rc;
}

/* A program that runs from its build tree, BUILD/flipbench, finds BUILD/strategies; one that is
 * installed, its plugins, also where all of it was moved to another place. */
static int add_own(plugin_paths *list, fb_error *err)
{
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    program[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(program, '/');
    if (slash)
        *slash = '\0';
    fb_strbuf built = FB_STRBUF_INIT, moved = FB_STRBUF_INIT;
    fb_strbuf_printf(&built, "%s/strategies", program);
    fb_strbuf_printf(&moved, "%s/" FB_PLUGIN_DIR_FROM_PROGRAM, program);
    int rc = fb_strbuf_check(&built, "a plugin's path", err);
    if (!rc)
        rc = fb_strbuf_check(&moved, "a plugin's path", err);
    if (!rc) {
        const char *const places[] = {built.text, moved.text, FB_PLUGIN_DIR};
        size_t i = 0;
        while (i < 3 && !is_directory(places[i]))
            i++;
        if (i < 3)
            rc = add_directory(list, places[i], err);
    }
    fb_strbuf_finish(&built);
    fb_strbuf_finish(&moved);
    return rc;
}

int plugin_paths_find(const char *const *paths, size_t path_count, plugin_paths *ret_paths,
                      fb_error *err)
{
    plugin_paths list = {0};
    int rc = FB_OK;
    for (size_t i = 0; !rc && i < path_count; i++)
        rc = add_named(&list, paths[i], err);
    if (!rc)
        rc = add_environment(&list, "FLIPBENCH_PLUGIN_PATH", err);
    if (!rc)
        rc = add_users(&list, err);
    if (!rc)
        rc = add_own(&list, err);
    if (rc)
        plugin_paths_finish(&list);
    else
        *ret_paths = list;
    return rc;
}

void plugin_paths_finish(plugin_paths *paths)
{
    if (!paths)
        return;
    for (size_t i = 0; i < paths->count; i++)
        fb_free(paths->files[i]);
    fb_free(paths->files);
    *paths = (plugin_paths){0};
}

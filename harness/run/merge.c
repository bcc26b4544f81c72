#include "merge.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "files.h"
#include "identity.h"
#include "json_text.h"
#include "store.h"
#include "strbuf.h"

/* A merge in progress. */
struct merge {
    const char **folders; /* the parts, in order */
    size_t count;
    char *output, *temporary;
    bool extends; /* `output` holds results already */
    int output_lock, lock; /* of output, if it extends it, and of temporary; -1: none */
    struct store *store;   /* temporary's */
    const char *folder;    /* that is being checked */
    char *experiment;      /* its name; NULL so far */
    json_t *settings;      /* name -> {identity, folder} of where it was seen first */
};

/* "FOLDER/NAME"; NULL when memory is short. */
static char *path_in(const char *folder, const char *name, fb_error *err)
{
    fb_strbuf path = FB_STRBUF_INIT;
    fb_strbuf_printf(&path, "%s/%s", folder, name);
    int rc = fb_strbuf_check(&path, "a path", err);
    char *text = rc ? NULL : fb_strbuf_take(&path);
    fb_strbuf_finish(&path);
    return text;
}

/* ---- is it one experiment? ----------------------------------------------------------------- */

static int check_run(void *context, const json_t *row, fb_error *err)
{
    struct merge *merge = context;
    const char *text = json_string_value(json_object_get(row, "facts"));
    json_t *facts = NULL;
    int rc = text ? json_text_read(text, strlen(text), &facts, err) : FB_OK;
    const char *name = json_string_value(json_object_get(facts, "experiment"));
    if (name && !merge->experiment && !(merge->experiment = fb_strdup(name)))
        rc = fb_fail_memory(err, strlen(name) + 1, 1, "an experiment's name");
    else if (name && strcmp(name, merge->experiment) != 0)
        rc = fb_fail(err, FB_ECONFLICT,
                     "%s: these are results of the experiment '%s', and a folder before it has "
                     "those of '%s'; merge each experiment by itself",
                     merge->folder, name, merge->experiment);
    json_decref(facts);
    return rc;
}

/* What must be the same in all folders. A `blas` engine may be of several machines: reports keep
 * such cells apart. */
static int setting_identity(const struct merge *merge, const char *cell_identity, char **ret_text,
                            fb_error *err)
{
    json_t *identity = NULL;
    int rc = json_text_read(cell_identity, strlen(cell_identity), &identity, err);
    if (!rc && !json_is_object(identity))
        rc = fb_fail(err, FB_EFORMAT, "%s: a cell's identity cannot be read; the file is damaged",
                     merge->folder);
    json_object_del(identity, "engine_fingerprint");
    if (!rc && !(*ret_text = identity_setting(identity)))
        rc = fb_fail(err, FB_ENOMEM, "out of memory for what a cell is");
    json_decref(identity);
    return rc;
}

static int check_cell(void *context, const store_cell *cell, fb_error *err)
{
    struct merge *merge = context;
    const json_t *known = json_object_get(merge->settings, cell->setting);
    char *identity = NULL;
    fb_strbuf difference = FB_STRBUF_INIT;
    int rc = setting_identity(merge, cell->identity, &identity, err);
    if (!rc && !known) {
        json_t *seen = json_pack("{s:s, s:s}", "identity", identity, "folder", merge->folder);
        if (json_object_set_new(merge->settings, cell->setting, seen) < 0)
            rc = fb_fail(err, FB_ENOMEM, "out of memory for the settings");
    } else if (!rc) {
        const char *first = json_string_value(json_object_get(known, "identity"));
        const char *folder = json_string_value(json_object_get(known, "folder"));
        if (strcmp(first, identity) != 0) {
            identity_difference(first, "there", identity, "here", &difference);
            rc = fb_fail(err, FB_ECONFLICT,
                         "%s: its setting '%s' is another one than in %s: they differ in %s; "
                         "rename one of them in its spec",
                         merge->folder, cell->setting, folder, difference.text);
        }
    }
    fb_strbuf_finish(&difference);
    fb_free(identity);
    return rc;
}

static int check_folder(struct merge *merge, const char *folder, fb_error *err)
{
    struct store *store = NULL;
    merge->folder = folder;
    int rc = store_open(folder, false, &store, err);
    if (!rc)
        rc = store_walk(store, STORE_RUNS, check_run, merge, err);
    if (!rc)
        rc = store_each_cell(store, check_cell, merge, err);
    store_close(store);
    return rc;
}

/* ---- specs --------------------------------------------------------------------------------- */

/* One file of each part that has it. */
struct texts {
    char **texts, **paths;
    size_t count;
};

static void texts_finish(struct texts *texts)
{
    for (size_t i = 0; i < texts->count; i++) {
        fb_free(texts->texts[i]);
        fb_free(texts->paths[i]);
    }
    fb_free(texts->texts);
    fb_free(texts->paths);
}

static int read_texts(const struct merge *merge, const char *name, struct texts *texts,
                      fb_error *err)
{
    int rc = FB_OK;
    texts->texts = fb_calloc(merge->count, sizeof *texts->texts);
    texts->paths = fb_calloc(merge->count, sizeof *texts->paths);
    if (!texts->texts || !texts->paths)
        return fb_fail_memory(err, merge->count, sizeof *texts->texts, "the specs");
    for (size_t i = 0; !rc && i < merge->count; i++) {
        size_t length = 0;
        char *path = path_in(merge->folders[i], name, err);
        rc = path ? fb_file_read(path, 16 << 20, &texts->texts[texts->count], &length, err)
                  : FB_ENOMEM;
        if (rc)
            fb_free(path);
        else
            texts->paths[texts->count++] = path;
        if (rc == FB_ENOENT) /* a folder may hold the database alone */
            rc = FB_OK;
    }
    return rc;
}

static bool all_equal(const struct texts *texts)
{
    for (size_t i = 1; i < texts->count; i++)
        if (strcmp(texts->texts[i], texts->texts[0]) != 0)
            return false;
    return texts->count > 0;
}

static int write_text(const char *folder, const char *name, const char *text, fb_error *err)
{
    char *path = path_in(folder, name, err);
    int rc = path ? fb_file_write(path, text, strlen(text), err) : FB_ENOMEM;
    fb_free(path);
    return rc;
}

/* The spec as given stays what it is when all parts were given the same; otherwise the united one
 * takes its place. */
static int write_specs(const struct merge *merge, fb_error *err)
{
    struct texts given = {0}, resolved = {0};
    char *united = NULL;
    int rc = read_texts(merge, "spec.yaml", &given, err);
    if (!rc)
        rc = read_texts(merge, "resolved.yaml", &resolved, err);
    if (!rc && resolved.count > 0)
        rc = spec_unite((const char *const *)resolved.paths, (const char *const *)resolved.texts,
                        resolved.count, &united, err);
    if (!rc && united)
        rc = write_text(merge->temporary, "resolved.yaml", united, err);
    const char *spec = all_equal(&given) && all_equal(&resolved) ? given.texts[0] : united;
    if (!rc && spec)
        rc = write_text(merge->temporary, "spec.yaml", spec, err);
    fb_free(united);
    texts_finish(&given);
    texts_finish(&resolved);
    return rc;
}

/* ---- the folder ---------------------------------------------------------------------------- */

/* Finds out what there is and takes the locks. */
static int begin(struct merge *merge, const char *const *directories, size_t count,
                 const char *output, fb_error *err)
{
    size_t length = strlen(output);
    while (length > 1 && output[length - 1] == '/')
        length--;
    fb_strbuf temporary = FB_STRBUF_INIT;
    fb_strbuf_add_bytes(&temporary, output, length);
    merge->output = fb_strdup(temporary.text);
    fb_strbuf_add(&temporary, ".merging");
    merge->temporary = fb_strdup(temporary.text);
    fb_strbuf_finish(&temporary);
    merge->folders = fb_calloc(count + 1, sizeof *merge->folders);
    merge->settings = json_object();
    if (!merge->output || !merge->temporary || !merge->folders || !merge->settings)
        return fb_fail(err, FB_ENOMEM, "out of memory for the folders' names");
    char *database = path_in(merge->output, "results.db", err);
    merge->extends = database && access(database, F_OK) == 0;
    fb_free(database);
    if (merge->extends)
        merge->folders[merge->count++] = merge->output;
    for (size_t i = 0; i < count; i++)
        merge->folders[merge->count++] = directories[i];
    int rc = merge->extends ? store_lock(merge->output, &merge->output_lock, err) : FB_OK;
    return rc ? rc : store_lock(merge->temporary, &merge->lock, err);
}

static int fill(struct merge *merge, fb_error *err)
{
    int rc = store_remove(merge->temporary, err); /* of a merge that was killed */
    if (!rc)
        rc = store_open(merge->temporary, true, &merge->store, err);
    for (size_t i = 0; !rc && i < merge->count; i++)
        rc = store_merge(merge->store, merge->folders[i], err);
    if (!rc)
        rc = write_specs(merge, err);
    store_close(merge->store);
    merge->store = NULL;
    return rc;
}

static int move(const char *from, const char *to, fb_error *err)
{
    if (rename(from, to) == 0)
        return FB_OK;
    return fb_fail(err, FB_EIO, "%s: cannot put the merged results here: %s", to, strerror(errno));
}

static int move_file(const struct merge *merge, const char *name, fb_error *err)
{
    char *from = path_in(merge->temporary, name, err), *to = path_in(merge->output, name, err);
    int rc = from && to ? FB_OK : FB_ENOMEM;
    if (!rc && access(from, F_OK) == 0) /* parts without specs have none united */
        rc = move(from, to, err);
    fb_free(from);
    fb_free(to);
    return rc;
}

/* Puts the folder in its place at once, or its files one by one into one that is there: the
 * database last. */
static int install(const struct merge *merge, fb_error *err)
{
    static const char *const files[] = {"spec.yaml", "resolved.yaml", "results.db"};
    int rc = FB_OK;
    if (!merge->extends)
        return move(merge->temporary, merge->output, err);
    for (size_t i = 0; !rc && i < sizeof files / sizeof *files; i++)
        rc = move_file(merge, files[i], err);
    return rc;
}

/* Removes what is left of the temporary folder: nothing, when it was put in place as a whole. */
static void clear(const struct merge *merge)
{
    static const char *const files[] = {"spec.yaml", "resolved.yaml", "results.db",
                                        "results.db-journal", "lock"};
    if (merge->lock < 0) /* not ours */
        return;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *path = path_in(merge->temporary, files[i], NULL);
        if (path)
            unlink(path);
        fb_free(path);
    }
    rmdir(merge->temporary);
}

int merge_folders(const char *const *directories, size_t count, const char *output, fb_error *err)
{
    struct merge merge = {.output_lock = -1, .lock = -1};
    int rc = FB_OK;
    for (size_t i = 0; !rc && i < count; i++) { /* before anything is made */
        struct store *store = NULL;
        rc = store_open(directories[i], false, &store, err);
        store_close(store);
    }
    if (!rc)
        rc = begin(&merge, directories, count, output, err);
    for (size_t i = 0; !rc && i < merge.count; i++)
        rc = check_folder(&merge, merge.folders[i], err);
    if (!rc)
        rc = fill(&merge, err);
    if (!rc)
        rc = install(&merge, err);
    if (merge.temporary)
        clear(&merge);
    if (merge.lock >= 0)
        close(merge.lock);
    if (merge.output_lock >= 0)
        close(merge.output_lock);
    json_decref(merge.settings);
    fb_free(merge.experiment);
    fb_free(merge.folders);
    fb_free(merge.output);
    fb_free(merge.temporary);
    return rc;
}

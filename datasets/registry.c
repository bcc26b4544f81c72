/* registry.c - the data sets that are known by name, and the folders where they may be. */
#include "registry.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "idx.h"
#include "strbuf.h"

static const data_registry_entry g_registry[] = {
    {.name = "fashion-mnist",
     .summary = "articles of clothing, 28 x 28 grey, 10 classes, 60000 + 10000 (Xiao et al. 2017)",
     .package = "dataset-fashion-mnist",
     .digest = "bd57a79b5722781d5663eb6f415b1477cba689f27a20d7c22c89be19e6d9b4cf"},
    {.name = "mnist",
     .summary = "handwritten digits, 28 x 28 grey, 10 classes, 60000 + 10000 (LeCun et al. 1998)",
     .digest = "80ed93d7ade8a04459e0bf036977eac0cfab11ffbc0eeddf3063582b1116bfb8"},
};

/* Both have four files of these names, each plain or with ".gz". */
enum { TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS, FILE_COUNT };
static const char *const g_files[FILE_COUNT] = {
    [TRAIN_IMAGES] = "train-images-idx3-ubyte",
    [TRAIN_LABELS] = "train-labels-idx1-ubyte",
    [TEST_IMAGES] = "t10k-images-idx3-ubyte",
    [TEST_LABELS] = "t10k-labels-idx1-ubyte",
};

const data_registry_entry *data_registry(size_t *ret_count)
{
    *ret_count = sizeof g_registry / sizeof *g_registry;
    return g_registry;
}

static const data_registry_entry *find_entry(const char *name, fb_error *err)
{
    size_t count;
    const data_registry_entry *entries = data_registry(&count);
    for (size_t i = 0; i < count; i++)
        if (name && strcmp(entries[i].name, name) == 0)
            return &entries[i];
    fb_strbuf known = FB_STRBUF_INIT;
    for (size_t i = 0; i < count; i++)
        fb_strbuf_printf(&known, "%s%s", i ? ", " : "", entries[i].name);
    fb_fail(err, FB_ENOENT, "there is no data set '%s' in the registry; it has: %s",
            name ? name : "", known.text);
    fb_strbuf_finish(&known);
    return NULL;
}

/* Writes the path of a file, plain or .gz, that is in the folder; false when there is none (or
 * no memory: path->failed). */
static bool find_file(const char *folder, const char *file, fb_strbuf *path)
{
    static const char *const endings[] = {"", ".gz"};
    for (size_t i = 0; i < 2; i++) {
        fb_strbuf_reset(path);
        fb_strbuf_printf(path, "%s/%s%s", folder, file, endings[i]);
        if (!path->failed && access(path->text, R_OK) == 0)
            return true;
    }
    return false;
}

/* The folders where a set may be, in order of preference. */
enum { MAX_PLACES = 6 };
typedef struct place_list {
    fb_strbuf folder[MAX_PLACES];
    size_t count;
} place_list;

static void add_place(place_list *places, const char *root, const char *middle, const char *name)
{
    if (!root || !*root)
        return;
    FB_CHECK(places->count < MAX_PLACES);
    fb_strbuf_printf(&places->folder[places->count++], "%s%s%s", root, middle, name);
}

static void list_places(place_list *places, const char *directory, const char *name)
{
    const char *data_home = getenv("XDG_DATA_HOME");
    const char *variable = getenv("FLIPBENCH_DATA");
    for (size_t i = 0; i < MAX_PLACES; i++)
        places->folder[i] = FB_STRBUF_INIT;
    places->count = 0;
    add_place(places, directory, "/", name);
    add_place(places, directory, "", "");
    add_place(places, variable, "/", name);
    add_place(places, variable, "", "");
    if (data_home && *data_home)
        add_place(places, data_home, "/flipbench/data/", name);
    else
        add_place(places, getenv("HOME"), "/.local/share/flipbench/data/", name);
    add_place(places, "/usr/share/datasets", "/", name);
}

/* Counts the files that a folder has; `*ret_missing` names one that it lacks. */
static int count_files(const char *folder, size_t *ret_count, const char **ret_missing,
                       fb_error *err)
{
    fb_strbuf path = FB_STRBUF_INIT;
    *ret_count = 0;
    for (size_t i = 0; i < FILE_COUNT; i++) {
        if (find_file(folder, g_files[i], &path))
            ++*ret_count;
        else
            *ret_missing = g_files[i];
    }
    int rc = fb_strbuf_check(&path, "a path", err);
    fb_strbuf_finish(&path);
    return rc;
}

/* Finds the first place that has all files. `*ret_folder` stays NULL when there is none; then
 * `searched` lists the places. */
static int search(place_list *places, fb_strbuf *searched, char **ret_folder, fb_error *err)
{
    for (size_t i = 0; i < places->count; i++) {
        fb_strbuf *folder = &places->folder[i];
        const char *missing = NULL;
        size_t files = 0;
        int rc = fb_strbuf_check(folder, "a path", err);
        if (!rc)
            rc = count_files(folder->text, &files, &missing, err);
        if (rc)
            return rc;
        fb_strbuf_printf(searched, "%s%s", i ? ", " : "", folder->text);
        if (files == FILE_COUNT) {
            *ret_folder = fb_strbuf_take(folder);
            return FB_OK;
        }
        if (files > 0)
            fb_strbuf_printf(searched, " (which lacks %s)", missing);
    }
    return fb_strbuf_check(searched, "the searched folders", err);
}

static int fail_not_found(const data_registry_entry *entry, const fb_strbuf *searched,
                          fb_error *err)
{
    if (entry->package)
        return fb_fail(err, FB_ENOENT,
                       "the data set %s was not found in %s; install the Debian package %s, or "
                       "name the folder with --data or FLIPBENCH_DATA",
                       entry->name, searched->text, entry->package);
    return fb_fail(err, FB_ENOENT,
                   "the data set %s was not found in %s; put its files (%s and so on, plain or "
                   ".gz) into one of them, or name the folder with --data or FLIPBENCH_DATA",
                   entry->name, searched->text, g_files[TRAIN_IMAGES]);
}

int data_registry_find(const char *name, const char *directory, char **ret_folder, fb_error *err)
{
    const data_registry_entry *entry = find_entry(name, err);
    if (!entry)
        return FB_ENOENT;
    place_list places;
    fb_strbuf searched = FB_STRBUF_INIT;
    char *folder = NULL;
    list_places(&places, directory, name);
    int rc = search(&places, &searched, &folder, err);
    if (!rc && !folder)
        rc = fail_not_found(entry, &searched, err);
    if (!rc)
        *ret_folder = folder;
    for (size_t i = 0; i < places.count; i++)
        fb_strbuf_finish(&places.folder[i]);
    fb_strbuf_finish(&searched);
    return rc;
}

int registry_load(const data_spec *spec, dataset *ret_dataset, fb_error *err)
{
    char *folder = NULL;
    fb_strbuf paths[FILE_COUNT] = {FB_STRBUF_INIT, FB_STRBUF_INIT, FB_STRBUF_INIT, FB_STRBUF_INIT};
    int rc = data_registry_find(spec->name, spec->directory, &folder, err);
    if (rc)
        goto done;
    for (size_t i = 0; i < FILE_COUNT && !rc; i++) {
        find_file(folder, g_files[i], &paths[i]);
        rc = fb_strbuf_check(&paths[i], "a path", err);
    }
    if (rc)
        goto done;
    data_spec files = {.format = DATA_IDX,
                       .train_images = paths[TRAIN_IMAGES].text,
                       .train_labels = paths[TRAIN_LABELS].text,
                       .test_images = paths[TEST_IMAGES].text,
                       .test_labels = paths[TEST_LABELS].text};
    rc = idx_load(&files, ret_dataset, err);
done:
    for (size_t i = 0; i < FILE_COUNT; i++)
        fb_strbuf_finish(&paths[i]);
    fb_free(folder);
    return rc;
}

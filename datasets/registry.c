/* registry.c - the data sets that are known by name, and the folders where they may be. */
#include "registry.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "cifar.h"
#include "idx.h"
#include "strbuf.h"

enum { CIFAR_10, CIFAR_100, FASHION_MNIST, MNIST, ENTRY_COUNT };

/* The digests of CIFAR's published files are not known to us: only files that were at hand have
 * one. */
static const data_registry_entry g_registry[ENTRY_COUNT] = {
    [CIFAR_10] =
        {.name = "cifar-10",
         .summary = "photographs, 32 x 32 colour, 10 classes, 50000 + 10000 (Krizhevsky 2009)"},
    [CIFAR_100] =
        {.name = "cifar-100",
         .summary = "photographs, 32 x 32 colour, 100 classes, 50000 + 10000 (Krizhevsky 2009)"},
    [FASHION_MNIST] =
        {.name = "fashion-mnist",
         .summary =
             "articles of clothing, 28 x 28 grey, 10 classes, 60000 + 10000 (Xiao et al. 2017)",
         .package = "dataset-fashion-mnist",
         .digest = "bd57a79b5722781d5663eb6f415b1477cba689f27a20d7c22c89be19e6d9b4cf"},
    [MNIST] =
        {.name = "mnist",
         .summary =
             "handwritten digits, 28 x 28 grey, 10 classes, 60000 + 10000 (LeCun et al. 1998)",
         .digest = "80ed93d7ade8a04459e0bf036977eac0cfab11ffbc0eeddf3063582b1116bfb8"},
};

/* The files of a set. IDX: in this order, each plain or with ".gz". CIFAR: training files, and the
 * test file last. */
enum { TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS, MAX_FILES = 6 };
typedef struct file_set {
    data_format format;
    size_t class_count;  /* CIFAR */
    const char *archive; /* the folder that the published archive unpacks to, or NULL */
    size_t count;
    const char *names[MAX_FILES];
} file_set;

#define MNIST_FILES                                                                                \
    {.format = DATA_IDX,                                                                           \
     .count = 4,                                                                                   \
     .names = {[TRAIN_IMAGES] = "train-images-idx3-ubyte",                                         \
               [TRAIN_LABELS] = "train-labels-idx1-ubyte",                                         \
               [TEST_IMAGES] = "t10k-images-idx3-ubyte",                                           \
               [TEST_LABELS] = "t10k-labels-idx1-ubyte"}}

static const file_set g_files[ENTRY_COUNT] = {
    [CIFAR_10] = {.format = DATA_CIFAR,
                  .class_count = 10,
                  .archive = "cifar-10-batches-bin",
                  .count = 6,
                  .names = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                            "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"}},
    [CIFAR_100] = {.format = DATA_CIFAR,
                   .class_count = 100,
                   .archive = "cifar-100-binary",
                   .count = 2,
                   .names = {"train.bin", "test.bin"}},
    [FASHION_MNIST] = MNIST_FILES,
    [MNIST] = MNIST_FILES,
};

const data_registry_entry *data_registry(size_t *ret_count)
{
    *ret_count = ENTRY_COUNT;
    return g_registry;
}

/* The position of an entry in the tables above. */
static int find_entry(const char *name, size_t *ret_index, fb_error *err)
{
    for (size_t i = 0; i < ENTRY_COUNT; i++) {
        if (name && strcmp(g_registry[i].name, name) == 0) {
            *ret_index = i;
            return FB_OK;
        }
    }
    fb_strbuf known = FB_STRBUF_INIT;
    for (size_t i = 0; i < ENTRY_COUNT; i++)
        fb_strbuf_printf(&known, "%s%s", i ? ", " : "", g_registry[i].name);
    int rc = fb_fail(err, FB_ENOENT, "there is no data set '%s' in the registry; it has: %s",
                     name ? name : "", known.text);
    fb_strbuf_finish(&known);
    return rc;
}

/* Writes the path of a file of the set, as it is or as .gz, that is in the folder; false when
 * there is none (or no memory: path->failed). */
static bool find_file(const file_set *set, const char *folder, size_t file, fb_strbuf *path)
{
    static const char *const endings[] = {"", ".gz"};
    size_t tried = set->format == DATA_IDX ? 2 : 1;
    for (size_t i = 0; i < tried; i++) {
        fb_strbuf_reset(path);
        fb_strbuf_printf(path, "%s/%s%s", folder, set->names[file], endings[i]);
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

/* Counts the files of the set that a folder has; `*ret_missing` names one that it lacks. */
static int count_files(const file_set *set, const char *folder, size_t *ret_count,
                       const char **ret_missing, fb_error *err)
{
    fb_strbuf path = FB_STRBUF_INIT;
    *ret_count = 0;
    for (size_t i = 0; i < set->count; i++) {
        if (find_file(set, folder, i, &path))
            ++*ret_count;
        else
            *ret_missing = set->names[i];
    }
    int rc = fb_strbuf_check(&path, "a path", err);
    fb_strbuf_finish(&path);
    return rc;
}

/* Whether a folder has all files; notes in `searched` when it has some: "(which lacks FILE)", with
 * `below`, the folder's path from the place that was noted, before the name. */
static int try_folder(const file_set *set, const fb_strbuf *folder, const char *below,
                      fb_strbuf *searched, bool *ret_found, fb_error *err)
{
    const char *missing = NULL;
    size_t files = 0;
    int rc = fb_strbuf_check(folder, "a path", err);
    if (!rc)
        rc = count_files(set, folder->text, &files, &missing, err);
    if (rc)
        return rc;
    *ret_found = files == set->count;
    if (files > 0 && !*ret_found)
        fb_strbuf_printf(searched, " (which lacks %s%s%s)", below, *below ? "/" : "", missing);
    return FB_OK;
}

/* Finds the first place that has all files, in itself or in the archive's folder. `*ret_folder`
 * stays NULL when there is none; then `searched` lists the places. */
static int search(const file_set *set, place_list *places, fb_strbuf *searched, char **ret_folder,
                  fb_error *err)
{
    for (size_t i = 0; i < places->count; i++) {
        fb_strbuf *folder = &places->folder[i];
        bool found = false;
        fb_strbuf_printf(searched, "%s%s", i ? ", " : "", folder->text);
        int rc = try_folder(set, folder, "", searched, &found, err);
        if (!rc && !found && set->archive) {
            fb_strbuf_printf(folder, "/%s", set->archive);
            rc = try_folder(set, folder, set->archive, searched, &found, err);
        }
        if (rc)
            return rc;
        if (found) {
            *ret_folder = fb_strbuf_take(folder);
            return FB_OK;
        }
    }
    return fb_strbuf_check(searched, "the searched folders", err);
}

static int fail_not_found(size_t entry, const fb_strbuf *searched, fb_error *err)
{
    const file_set *set = &g_files[entry];
    const char *name = g_registry[entry].name, *package = g_registry[entry].package;
    if (package)
        return fb_fail(err, FB_ENOENT,
                       "the data set %s was not found in %s; install the Debian package %s, or "
                       "name the folder with --data or FLIPBENCH_DATA",
                       name, searched->text, package);
    return fb_fail(err, FB_ENOENT,
                   "the data set %s was not found in %s; put its files (%s and so on%s%s) into one "
                   "of them, or name the folder with --data or FLIPBENCH_DATA",
                   name, searched->text, set->names[0],
                   set->format == DATA_IDX ? ", plain or .gz" : ", or their folder ",
                   set->archive ? set->archive : "");
}

static int find_folder(size_t entry, const char *directory, char **ret_folder, fb_error *err)
{
    place_list places;
    fb_strbuf searched = FB_STRBUF_INIT;
    char *folder = NULL;
    list_places(&places, directory, g_registry[entry].name);
    int rc = search(&g_files[entry], &places, &searched, &folder, err);
    if (!rc && !folder)
        rc = fail_not_found(entry, &searched, err);
    if (!rc)
        *ret_folder = folder;
    for (size_t i = 0; i < places.count; i++)
        fb_strbuf_finish(&places.folder[i]);
    fb_strbuf_finish(&searched);
    return rc;
}

int data_registry_find(const char *name, const char *directory, char **ret_folder, fb_error *err)
{
    size_t entry = 0;
    int rc = find_entry(name, &entry, err);
    return rc ? rc : find_folder(entry, directory, ret_folder, err);
}

/* Loads a set whose files have been found, in the order of set->names. */
static int load_files(const file_set *set, const char **paths, dataset *ret_dataset, fb_error *err)
{
    data_spec files = {.format = set->format};
    if (set->format == DATA_IDX) {
        files.train_images = paths[TRAIN_IMAGES];
        files.train_labels = paths[TRAIN_LABELS];
        files.test_images = paths[TEST_IMAGES];
        files.test_labels = paths[TEST_LABELS];
        return idx_load(&files, ret_dataset, err);
    }
    files.class_count = set->class_count;
    files.train_files = paths;
    files.train_file_count = set->count - 1;
    files.test_files = paths + set->count - 1;
    files.test_file_count = 1;
    return cifar_load(&files, ret_dataset, err);
}

int registry_load(const data_spec *spec, dataset *ret_dataset, fb_error *err)
{
    char *folder = NULL;
    size_t entry = 0;
    fb_strbuf texts[MAX_FILES];
    const char *paths[MAX_FILES] = {0};
    int rc = find_entry(spec->name, &entry, err);
    if (!rc)
        rc = find_folder(entry, spec->directory, &folder, err);
    if (rc)
        return rc;
    const file_set *set = &g_files[entry];
    for (size_t i = 0; i < set->count; i++) {
        texts[i] = FB_STRBUF_INIT;
        find_file(set, folder, i, &texts[i]);
        paths[i] = texts[i].text;
        if (!rc)
            rc = fb_strbuf_check(&texts[i], "a path", err);
    }
    if (!rc)
        rc = load_files(set, paths, ret_dataset, err);
    for (size_t i = 0; i < set->count; i++)
        fb_strbuf_finish(&texts[i]);
    fb_free(folder);
    return rc;
}

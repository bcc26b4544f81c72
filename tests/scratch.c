#define _XOPEN_SOURCE 700 /* nftw */

#include "scratch.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

enum { FOLDER_SIZE = 512, PATH_SIZE = 1024 };

/* A path that was handed out; each name has one. */
typedef struct known_path {
    struct known_path *next;
    char text[PATH_SIZE];
} known_path;

static char g_folder[FOLDER_SIZE];
static known_path *g_paths;

int scratch_setup(void **state)
{
    (void)state;
    const char *root = getenv("TMPDIR");
    snprintf(g_folder, sizeof g_folder, "%s/flipbench-test-XXXXXX", root && *root ? root : "/tmp");
    return mkdtemp(g_folder) ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *place)
{
    (void)info;
    (void)type;
    (void)place;
    return remove(path);
}

int scratch_teardown(void **state)
{
    (void)state;
    while (g_paths) {
        known_path *next = g_paths->next;
        free(g_paths);
        g_paths = next;
    }
    return nftw(g_folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

const char *scratch_path(const char *name)
{
    char text[PATH_SIZE];
    snprintf(text, sizeof text, "%s/%s", g_folder, name);
    for (known_path *known = g_paths; known; known = known->next)
        if (strcmp(known->text, text) == 0)
            return known->text;
    known_path *path = malloc(sizeof *path);
    assert_non_null(path);
    path->next = g_paths;
    strcpy(path->text, text);
    g_paths = path;
    return path->text;
}

const char *scratch_write(const char *name, const void *data, size_t length, bool gzip)
{
    const char *path = scratch_path(name);
    if (gzip) {
        gzFile file = gzopen(path, "wb9");
        assert_non_null(file);
        assert_int_equal(gzwrite(file, data, (unsigned)length), (int)length);
        assert_int_equal(gzclose(file), Z_OK);
    } else {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(data, 1, length, file), length);
        assert_int_equal(fclose(file), 0);
    }
    return path;
}

/* plugin_paths.h - where plugins are looked for. */
#ifndef FB_PLUGIN_PATHS_H
#define FB_PLUGIN_PATHS_H

#include <stddef.h>

#include "status.h"

typedef struct plugin_paths {
    char **files; /* absolute, links resolved, none twice, in the order of the search */
    size_t count;
} plugin_paths;

/* Lists the .so files of `paths` (files or directories), of the directories in
 * FLIPBENCH_PLUGIN_PATH, of $XDG_DATA_HOME/flipbench/plugins, and of the build's directory or,
 * where there is none beside the program, the installed one. The first two must exist (FB_ENOENT),
 * the others need not. */
int plugin_paths_find(const char *const *paths, size_t path_count, plugin_paths *ret_paths,
                      fb_error *err);

/* Takes NULL and a zeroed struct. */
void plugin_paths_finish(plugin_paths *paths);

#endif

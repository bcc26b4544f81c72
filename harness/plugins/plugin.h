/* plugin.h - finding, loading and describing plugins (dlfcn.h only behind this header).
 *
 * Opening a plugin runs its constructors: only cell processes and short-lived children do it.
 * What the other processes know of strategies is the catalogue, plain data read from such a
 * child. */
#ifndef FB_PLUGIN_H
#define FB_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flipbench/strategy.h"
#include "status.h"

/* ---- opening one plugin (in a child or a cell process) -------------------------------------- */

struct plugin;

/* Opens a .so (RTLD_NOW | RTLD_LOCAL), checks magic, ABI version and size before any of its
 * functions is called, then its init and every descriptor: sizes, ids, versions, parameters with
 * presets in range. FB_EPLUGIN with the file and the reason; a plugin that changes the
 * floating-point mode is refused. */
int plugin_open(const char *path, struct plugin **ret_plugin, fb_error *err);

/* Calls deinit and closes. Takes NULL. */
void plugin_close(struct plugin *plugin);

size_t plugin_strategy_count(const struct plugin *plugin);
const fb_strategy *plugin_strategy(const struct plugin *plugin, size_t index);

/* NULL when it has no strategy of that id. */
const fb_strategy *plugin_find(const struct plugin *plugin, const char *id);

/* ---- the catalogue --------------------------------------------------------------------------- */

typedef struct catalog_param {
    char *name;
    fb_param_type type;
    char *preset; /* as text that reads back exactly */
    double minimum, maximum; /* FB_PARAM_INT, FB_PARAM_FLOAT */
    char **choices; /* NULL-terminated; NULL: any text */
    char *help;
} catalog_param;

typedef struct catalog_strategy {
    char *id, *label, *rule, *citation, *deviations, *score_name;
    uint32_t algo_version, needs;
    int score_ascending;
    char **services; /* NULL-terminated; NULL: it does not say */
    char *path;      /* the plugin's file */
    catalog_param *params;
    size_t param_count;
} catalog_strategy;

struct catalog {
    catalog_strategy *strategies; /* sorted by id */
    size_t count;
};

/* Describes every plugin, each opened in a child process with a time limit. `paths` (--plugin,
 * files or directories) come first, then FLIPBENCH_PLUGIN_PATH (colon-separated directories),
 * then $XDG_DATA_HOME/flipbench/plugins, then the build's or the installed directory. A file
 * that fails to load and an id found twice are errors that name the file(s). */
int catalog_build(const char *const *paths, size_t path_count, struct catalog *ret_catalog,
                  fb_error *err);
void catalog_finish(struct catalog *catalog);

/* NULL when there is none. */
const catalog_strategy *catalog_find(const struct catalog *catalog, const char *id);

/* " (did you mean X?)" or the list of ids, for the sentence about an unknown one; writes into
 * `out`. */
const char *catalog_suggest(const struct catalog *catalog, const char *id, char *out, size_t size);

/* Checks a parameter's text against its descriptor and writes its canonical form (integers in
 * decimal, floats as the shortest text that reads back, true/false). FB_EINVAL or FB_ERANGE with
 * name, value and what was expected. *ret_text is released with fb_free. */
int catalog_check_param(const catalog_strategy *strategy, const char *name, const char *value,
                        char **ret_text, fb_error *err);

/* ---- values for create ----------------------------------------------------------------------- */

/* Parses name=value texts into the array that `create` takes: presets first, then the given
 * ones. The texts in it live as long as `names`/`values` and the plugin. *ret_values is released
 * with fb_free. */
int plugin_values(const fb_strategy *strategy, const char *const *names, const char *const *values,
                  size_t count, fb_value **ret_values, fb_error *err);

#endif

#include "plugin.h"

#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "alloc.h"
#include "descriptor.h"
#include "fpmode.h"
#include "param.h"
#include "strbuf.h"

enum { STRATEGIES_MAX = 10000 };

struct plugin {
    void *library;
    const fb_plugin *entry;
    bool initialised;
    const fb_strategy **strategies;
    size_t count;
};

/* Runs after every call that may have run plugin code; puts the mode back when it was changed. */
static int check_mode(uint64_t before, const char *path, const char *when, fb_error *err)
{
    if (fpmode_get() == before)
        return FB_OK;
    fpmode_set(before);
    return fb_fail(err, FB_EPLUGIN,
                   "%s changes the floating-point mode %s, which would change results; build and "
                   "link it without -ffast-math and -Ofast",
                   path, when);
}

static int load(const char *path, struct plugin *plugin, fb_error *err)
{
    struct stat file;
    if (stat(path, &file) != 0)
        return fb_fail(err, FB_ENOENT, "%s: cannot open this plugin: %s", path, strerror(errno));
    uint64_t mode = fpmode_get();
    /* A name without a slash would be searched for in the system's library folders. */
    fb_strbuf name = FB_STRBUF_INIT;
    fb_strbuf_printf(&name, "%s%s", strchr(path, '/') ? "" : "./", path);
    int rc = fb_strbuf_check(&name, "a plugin's path", err);
    if (!rc)
        plugin->library = dlopen(name.text, RTLD_NOW | RTLD_LOCAL);
    fb_strbuf_finish(&name);
    if (rc)
        return rc;
    if (!plugin->library)
        return fb_fail(err, FB_EPLUGIN, "%s does not load: %s", path, dlerror());
    return check_mode(mode, path, "when it is loaded", err);
}

/* Checks what must hold before any function of the plugin may be called. */
static int check_entry(const char *path, struct plugin *plugin, fb_error *err)
{
    const fb_plugin *entry = dlsym(plugin->library, "flipbench_plugin");
    if (!entry)
        return fb_fail(err, FB_EPLUGIN,
                       "%s has no symbol flipbench_plugin: it is no flipbench plugin, or the "
                       "symbol is not exported (FB_EXPORT)",
                       path);
    if (entry->magic != FLIPBENCH_MAGIC)
        return fb_fail(err, FB_EPLUGIN, "%s has the magic number %016" PRIx64 ", not %016" PRIx64,
                       path, entry->magic, FLIPBENCH_MAGIC);
    if (entry->abi_major != FLIPBENCH_ABI_MAJOR || entry->abi_minor > FLIPBENCH_ABI_MINOR)
        return fb_fail(err, FB_EPLUGIN,
                       "%s is built for plugin ABI %" PRIu32 ".%" PRIu32 ", but this flipbench has "
                       "%d.%d; build it with this version's flipbench/strategy.h",
                       path, entry->abi_major, entry->abi_minor, FLIPBENCH_ABI_MAJOR,
                       FLIPBENCH_ABI_MINOR);
    if (entry->struct_size < sizeof(fb_plugin))
        return fb_fail(err, FB_EPLUGIN, "%s has an fb_plugin of %zu bytes; expected at least %zu",
                       path, entry->struct_size, sizeof(fb_plugin));
    if (!entry->count || !entry->get)
        return fb_fail(err, FB_EPLUGIN, "%s: the functions count and get must not be NULL", path);
    plugin->entry = entry;
    return FB_OK;
}

static int add_strategy(const char *path, struct plugin *plugin, const fb_strategy *strategy,
                        fb_error *err)
{
    if (!strategy)
        return fb_fail(err, FB_EPLUGIN,
                       "%s: get(%zu) gives no strategy, though there are to be more", path,
                       plugin->count);
    int rc = descriptor_check(strategy, err);
    if (rc) {
        fb_fail_prefix(err, "%s", path);
        return rc;
    }
    if (plugin_find(plugin, strategy->id))
        return fb_fail(err, FB_EPLUGIN, "%s has two strategies with the id %s", path, strategy->id);
    plugin->strategies[plugin->count++] = strategy;
    return FB_OK;
}

static int read_strategies(const char *path, struct plugin *plugin, fb_error *err)
{
    int started = plugin->entry->init ? plugin->entry->init() : 0;
    if (started != 0)
        return fb_fail(err, FB_EPLUGIN, "%s: init failed with %d (%s)", path, started,
                       fb_status_text(started));
    plugin->initialised = true;
    size_t count = plugin->entry->count();
    if (count == 0 || count > STRATEGIES_MAX)
        return fb_fail(err, FB_EPLUGIN, "%s offers %zu strategies; expected 1 to %d", path, count,
                       STRATEGIES_MAX);
    plugin->strategies = fb_calloc(count, sizeof(fb_strategy *));
    if (!plugin->strategies)
        return fb_fail_memory(err, count, sizeof(fb_strategy *), "strategies");
    int rc = FB_OK;
    for (size_t i = 0; !rc && i < count; i++)
        rc = add_strategy(path, plugin, plugin->entry->get(i), err);
    return rc;
}

int plugin_open(const char *path, struct plugin **ret_plugin, fb_error *err)
{
    struct plugin *plugin = fb_calloc(1, sizeof *plugin);
    if (!plugin)
        return fb_fail_memory(err, 1, sizeof *plugin, "a plugin");
    uint64_t mode = fpmode_get();
    int rc = load(path, plugin, err);
    if (!rc)
        rc = check_entry(path, plugin, err);
    if (!rc)
        rc = read_strategies(path, plugin, err);
    if (!rc)
        rc = check_mode(mode, path, "when it is initialised", err);
    if (rc) {
        plugin_close(plugin);
        return rc;
    }
    *ret_plugin = plugin;
    return FB_OK;
}

void plugin_close(struct plugin *plugin)
{
    if (!plugin)
        return;
    if (plugin->initialised && plugin->entry->deinit)
        plugin->entry->deinit();
    if (plugin->library)
        dlclose(plugin->library);
    fb_free(plugin->strategies);
    fb_free(plugin);
}

size_t plugin_strategy_count(const struct plugin *plugin)
{
    return plugin->count;
}

const fb_strategy *plugin_strategy(const struct plugin *plugin, size_t index)
{
    FB_CHECK(index < plugin->count);
    return plugin->strategies[index];
}

const fb_strategy *plugin_find(const struct plugin *plugin, const char *id)
{
    for (size_t i = 0; i < plugin->count; i++)
        if (strcmp(plugin->strategies[i]->id, id) == 0)
            return plugin->strategies[i];
    return NULL;
}

static int set_value(const fb_strategy *strategy, const char *name, const char *text,
                     fb_value *values, fb_error *err)
{
    for (size_t i = 0; i < strategy->param_count; i++) {
        param_rule rule = param_rule_of(strategy->id, strategy->params[i]);
        if (strcmp(rule.name, name) == 0)
            return param_parse(&rule, text, &values[i], err);
    }
    return fb_fail(err, FB_EINVAL,
                   "strategy %s has no parameter '%s'; 'flipbench info strategy %s' lists them",
                   strategy->id, name, strategy->id);
}

int plugin_values(const fb_strategy *strategy, const char *const *names, const char *const *values,
                  size_t count, fb_value **ret_values, fb_error *err)
{
    fb_value *made = fb_calloc(strategy->param_count, sizeof *made);
    if (!made)
        return fb_fail_memory(err, strategy->param_count, sizeof *made, "parameters");
    for (size_t i = 0; i < strategy->param_count; i++)
        made[i] = strategy->params[i]->preset;
    int rc = FB_OK;
    for (size_t i = 0; !rc && i < count; i++)
        rc = set_value(strategy, names[i], values[i], made, err);
    if (rc)
        fb_free(made);
    else
        *ret_values = made;
    return rc;
}

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "describe.h"
#include "param.h"
#include "plugin.h"
#include "plugin_paths.h"
#include "strbuf.h"
#include "suggest.h"

enum { LIMIT_MS = 10000 }; /* a plugin that takes longer to load hangs */

/* ---- from a description --------------------------------------------------------------------- */

/* A copy of an object's text; *ret_text stays NULL where the key is missing. */
static int copy_text(const json_t *object, const char *key, char **ret_text)
{
    const char *text = json_string_value(json_object_get(object, key));
    *ret_text = text ? fb_strdup(text) : NULL;
    return text && !*ret_text ? FB_ENOMEM : FB_OK;
}

/* A copy of an object's list of texts; *ret_texts stays NULL where the key is missing. */
static int copy_texts(const json_t *object, const char *key, char ***ret_texts)
{
    const json_t *array = json_object_get(object, key);
    size_t count = json_array_size(array);
    if (!array)
        return FB_OK;
    char **texts = fb_calloc(count + 1, sizeof *texts);
    *ret_texts = texts;
    for (size_t i = 0; texts && i < count; i++)
        if (!(texts[i] = fb_strdup(json_string_value(json_array_get(array, i)))))
            return FB_ENOMEM;
    return texts ? FB_OK : FB_ENOMEM;
}

static void texts_finish(char **texts)
{
    for (size_t i = 0; texts && texts[i]; i++)
        fb_free(texts[i]);
    fb_free(texts);
}

static int read_param(const json_t *object, catalog_param *param)
{
    param->type = (fb_param_type)json_integer_value(json_object_get(object, "type"));
    param->minimum = json_number_value(json_object_get(object, "minimum"));
    param->maximum = json_number_value(json_object_get(object, "maximum"));
    int rc = copy_text(object, "name", &param->name);
    if (!rc)
        rc = copy_text(object, "preset", &param->preset);
    if (!rc)
        rc = copy_text(object, "help", &param->help);
    if (!rc)
        rc = copy_texts(object, "choices", &param->choices);
    return rc;
}

static int read_params(const json_t *array, catalog_strategy *strategy)
{
    size_t count = json_array_size(array);
    int rc = FB_OK;
    strategy->params = fb_calloc(count, sizeof *strategy->params);
    if (!strategy->params)
        return FB_ENOMEM;
    strategy->param_count = count;
    for (size_t i = 0; !rc && i < count; i++)
        rc = read_param(json_array_get(array, i), &strategy->params[i]);
    return rc;
}

static int read_strategy(const json_t *object, const char *path, catalog_strategy *strategy)
{
    const struct {
        const char *key;
        char **text;
    } texts[] = {
        {"id", &strategy->id},
        {"label", &strategy->label},
        {"rule", &strategy->rule},
        {"citation", &strategy->citation},
        {"deviations", &strategy->deviations},
        {"score_name", &strategy->score_name},
    };
    strategy->algo_version = (uint32_t)json_integer_value(json_object_get(object, "algo_version"));
    strategy->needs = (uint32_t)json_integer_value(json_object_get(object, "needs"));
    strategy->score_ascending = json_is_true(json_object_get(object, "score_ascending"));
    int rc = FB_OK;
    for (size_t i = 0; !rc && i < sizeof texts / sizeof *texts; i++)
        rc = copy_text(object, texts[i].key, texts[i].text);
    if (!rc)
        rc = copy_texts(object, "services", &strategy->services);
    if (!rc && !(strategy->path = fb_strdup(path)))
        rc = FB_ENOMEM;
    if (!rc)
        rc = read_params(json_object_get(object, "params"), strategy);
    return rc;
}

static void param_finish(catalog_param *param)
{
    texts_finish(param->choices);
    fb_free(param->name);
    fb_free(param->preset);
    fb_free(param->help);
}

static void strategy_finish(catalog_strategy *strategy)
{
    for (size_t i = 0; i < strategy->param_count; i++)
        param_finish(&strategy->params[i]);
    fb_free(strategy->params);
    texts_finish(strategy->services);
    fb_free(strategy->id);
    fb_free(strategy->label);
    fb_free(strategy->rule);
    fb_free(strategy->citation);
    fb_free(strategy->deviations);
    fb_free(strategy->score_name);
    fb_free(strategy->path);
}

/* ---- the catalogue -------------------------------------------------------------------------- */

/* Appends the strategies of one file. */
static int add_file(struct catalog *catalog, const char *path, fb_error *err)
{
    json_t *described = NULL;
    int rc = describe_plugin(path, LIMIT_MS, &described, err);
    if (rc)
        return rc;
    size_t used = catalog->count, added = json_array_size(described);
    catalog_strategy *grown = fb_grow(catalog->strategies, used, used + added, sizeof *grown);
    if (grown) {
        catalog->strategies = grown;
        catalog->count = used + added;
    }
    rc = grown ? FB_OK : FB_ENOMEM;
    for (size_t i = 0; !rc && i < added; i++)
        rc = read_strategy(json_array_get(described, i), path, &grown[used + i]);
    json_decref(described);
    return rc ? fb_fail_memory(err, added, sizeof *grown, "strategies") : FB_OK;
}

static int by_id(const void *a, const void *b)
{
    const catalog_strategy *x = a, *y = b;
    int order = strcmp(x->id, y->id);
    return order ? order : strcmp(x->path, y->path);
}

static int check_unique(const struct catalog *catalog, fb_error *err)
{
    for (size_t i = 1; i < catalog->count; i++) {
        const catalog_strategy *a = &catalog->strategies[i - 1], *b = &catalog->strategies[i];
        if (strcmp(a->id, b->id) == 0)
            return fb_fail(err, FB_ECONFLICT,
                           "two plugins offer a strategy %s: %s and %s; remove or rename one of "
                           "them",
                           a->id, a->path, b->path);
    }
    return FB_OK;
}

int catalog_build(const char *const *paths, size_t path_count, struct catalog *ret_catalog,
                  fb_error *err)
{
    struct catalog catalog = {0};
    plugin_paths found = {0};
    int rc = plugin_paths_find(paths, path_count, &found, err);
    for (size_t i = 0; !rc && i < found.count; i++)
        rc = add_file(&catalog, found.files[i], err);
    plugin_paths_finish(&found);
    if (!rc) {
        if (catalog.count)
            qsort(catalog.strategies, catalog.count, sizeof *catalog.strategies, by_id);
        rc = check_unique(&catalog, err);
    }
    if (rc)
        catalog_finish(&catalog);
    else
        *ret_catalog = catalog;
    return rc;
}

void catalog_finish(struct catalog *catalog)
{
    if (!catalog)
        return;
    for (size_t i = 0; i < catalog->count; i++)
        strategy_finish(&catalog->strategies[i]);
    fb_free(catalog->strategies);
    *catalog = (struct catalog){0};
}

const catalog_strategy *catalog_find(const struct catalog *catalog, const char *id)
{
    for (size_t i = 0; i < catalog->count; i++)
        if (strcmp(catalog->strategies[i].id, id) == 0)
            return &catalog->strategies[i];
    return NULL;
}

const char *catalog_suggest(const struct catalog *catalog, const char *id, char *out, size_t size)
{
    const char **ids = fb_calloc(catalog->count, sizeof *ids);
    fb_strbuf text = FB_STRBUF_INIT;
    for (size_t i = 0; ids && i < catalog->count; i++)
        ids[i] = catalog->strategies[i].id;
    const char *likely = ids ? suggest_name(id, ids, catalog->count) : NULL;
    if (likely) {
        fb_strbuf_printf(&text, " (did you mean %s?)", likely);
    } else if (ids && catalog->count) {
        fb_strbuf_add(&text, " (there are: ");
        suggest_list(ids, catalog->count, &text);
        fb_strbuf_add(&text, ")");
    } else {
        fb_strbuf_add(&text, " (no plugins were found)");
    }
    snprintf(out, size, "%s", text.text);
    fb_strbuf_finish(&text);
    fb_free(ids);
    return out;
}

int catalog_check_param(const catalog_strategy *strategy, const char *name, const char *value,
                        char **ret_text, fb_error *err)
{
    const catalog_param *param = NULL;
    fb_value parsed;
    for (size_t i = 0; i < strategy->param_count; i++)
        if (strcmp(strategy->params[i].name, name) == 0)
            param = &strategy->params[i];
    if (!param)
        return fb_fail(err, FB_EINVAL,
                       "strategy %s has no parameter '%s'; 'flipbench info strategy %s' lists them",
                       strategy->id, name, strategy->id);
    param_rule rule = {
        .strategy = strategy->id,
        .name = param->name,
        .type = param->type,
        .minimum = param->minimum,
        .maximum = param->maximum,
        .choices = (const char *const *)param->choices,
    };
    int rc = param_parse(&rule, value, &parsed, err);
    if (rc)
        return rc;
    char *text = param_format(param->type, parsed);
    if (!text)
        return fb_fail_memory(err, strlen(value), 1, "a parameter");
    *ret_text = text;
    return FB_OK;
}

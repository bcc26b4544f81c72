/* The strategies: an id, or a mapping of `use`, `label` and the strategy's own parameters. */
#include <string.h>

#include "alloc.h"
#include "spec_schema.h"

static spec_place place_of(const struct node *node)
{
    return (spec_place){node->line, node->column};
}

static int copy_scalar(const struct field_reader *reader, const struct node *value,
                       const char *path, const char *expected, char **ret_text)
{
    if (value->kind != NODE_SCALAR || (!value->text[0] && !value->quoted))
        return field_fail_value(reader, FB_EINVAL, value, path, expected);
    char *text = fb_strdup(value->text);
    if (!text)
        return fb_fail_memory(reader->err, strlen(value->text) + 1, 1, path);
    *ret_text = text;
    return FB_OK;
}

bool spec_param_is_file(const char *name)
{
    const size_t length = strlen(name), end = strlen("_file");
    return strcmp(name, "file") == 0 || (length > end && strcmp(name + length - end, "_file") == 0);
}

static int read_param(const struct field_reader *reader, const struct node *value,
                      const char *mapping_path, spec_strategy *strategy)
{
    static const struct field file_field = {
        .key = "file", .type = FIELD_PATH, .offset = offsetof(spec_param, value)};
    char path[FIELD_PATH_MAX];
    field_path(path, mapping_path, value->key);
    spec_param *param = &strategy->params[strategy->param_count++];
    param->place = place_of(value);
    param->name = fb_strdup(value->key);
    if (!param->name)
        return fb_fail_memory(reader->err, strlen(value->key) + 1, 1, path);
    if (spec_param_is_file(param->name))
        return field_read_value(reader, &file_field, value, path, param);
    return copy_scalar(reader, value, path, "a single value for the parameter", &param->value);
}

static int read_mapping(const struct field_reader *reader, const struct node *value,
                        const char *path, spec_strategy *strategy)
{
    static const struct field label_field = {
        .key = "label", .type = FIELD_TEXT, .offset = offsetof(spec_strategy, label)};
    char below[FIELD_PATH_MAX];
    const struct node *use = node_find(value, "use");
    if (!use)
        return field_fail(reader, FB_EINVAL, value,
                          "the key '%s' is missing (the strategy's id; see flipbench list "
                          "strategies)", field_path(below, path, "use"));
    int rc = copy_scalar(reader, use, field_path(below, path, "use"), "a strategy's id",
                         &strategy->id);
    strategy->params = rc ? NULL : fb_calloc(value->count, sizeof *strategy->params);
    if (!rc && !strategy->params)
        rc = fb_fail_memory(reader->err, value->count, sizeof *strategy->params, "parameters");
    for (size_t i = 0; !rc && i < value->count; i++) {
        const struct node *item = &value->items[i];
        if (strcmp(item->key, "label") == 0)
            rc = field_read_value(reader, &label_field, item, field_path(below, path, "label"),
                                  strategy);
        else if (item != use)
            rc = read_param(reader, item, path, strategy);
    }
    return rc;
}

static int read_strategy(const struct field_reader *reader, const struct node *value,
                         const char *path, spec_strategy *strategy)
{
    strategy->place = place_of(value);
    if (value->kind == NODE_MAPPING)
        return read_mapping(reader, value, path, strategy);
    return copy_scalar(reader, value, path, "a strategy's id or {use: ID, ...}", &strategy->id);
}

/* ---- what must hold between strategies ------------------------------------------------------- */

static const char *shown_name(const spec_strategy *strategy)
{
    return strategy->label ? strategy->label : strategy->id;
}

static bool has_param(const spec_strategy *strategy, const spec_param *param)
{
    for (size_t i = 0; i < strategy->param_count; i++)
        if (strcmp(strategy->params[i].name, param->name) == 0)
            return strcmp(strategy->params[i].value, param->value) == 0;
    return false;
}

/* Names are unique inside one strategy, so that equal counts and inclusion mean equal sets. */
static bool same_params(const spec_strategy *a, const spec_strategy *b)
{
    if (a->param_count != b->param_count)
        return false;
    for (size_t i = 0; i < a->param_count; i++)
        if (!has_param(b, &a->params[i]))
            return false;
    return true;
}

/* Strategies of one label are told apart by their parameters. */
static int refuse_repetition(const struct field_reader *reader, const struct node *value,
                             const struct spec *spec, size_t last)
{
    const spec_strategy *strategy = &spec->strategies[last];
    char shown[NODE_EXCERPT];
    for (size_t i = 0; i < last; i++) {
        const spec_strategy *other = &spec->strategies[i];
        if (strcmp(shown_name(other), shown_name(strategy)) == 0 && same_params(other, strategy))
            return field_fail(reader, FB_EINVAL, value,
                              "strategies: '%s' is listed twice with the same parameters (first at "
                              "%zu:%zu); remove one, or change its label or a parameter",
                              node_excerpt(shown_name(strategy), shown), other->place.line,
                              other->place.column);
    }
    return FB_OK;
}

int spec_read_strategies(const struct field_reader *reader, const struct node *value,
                         const char *path, void *target)
{
    struct spec *spec = target;
    if (value->kind != NODE_SEQUENCE || value->count == 0)
        return field_fail_value(reader, FB_EINVAL, value, path,
                                "a list of one strategy or more, such as [random, entropy]");
    spec->strategies = fb_calloc(value->count, sizeof *spec->strategies);
    if (!spec->strategies)
        return fb_fail_memory(reader->err, value->count, sizeof *spec->strategies, path);
    for (size_t i = 0; i < value->count; i++) {
        spec->strategy_count++;
        int rc = read_strategy(reader, &value->items[i], path, &spec->strategies[i]);
        if (!rc)
            rc = refuse_repetition(reader, &value->items[i], spec, i);
        if (rc)
            return rc;
    }
    return FB_OK;
}

static bool is_listed(const struct spec *spec, const char *name)
{
    for (size_t i = 0; i < spec->strategy_count; i++)
        if (strcmp(spec->strategies[i].id, name) == 0 ||
            strcmp(shown_name(&spec->strategies[i]), name) == 0)
            return true;
    return false;
}

static int fail_baseline(const struct field_reader *reader, const struct node *value,
                         const struct spec *spec)
{
    const char **names = fb_calloc(2 * spec->strategy_count, sizeof *names);
    if (!names)
        return fb_fail_memory(reader->err, 2 * spec->strategy_count, sizeof *names, "names");
    size_t count = 0;
    for (size_t i = 0; i < spec->strategy_count; i++) {
        names[count++] = spec->strategies[i].id;
        if (spec->strategies[i].label)
            names[count++] = spec->strategies[i].label;
    }
    int rc = field_fail_word(reader, value, "report.baseline", names, count);
    fb_free(names);
    return rc;
}

int spec_settle_baseline(const struct field_reader *reader, const struct node *root,
                         struct spec *spec)
{
    if (spec->report.baseline && !is_listed(spec, spec->report.baseline))
        return fail_baseline(reader, node_find_path(root, "report.baseline"), spec);
    if (spec->report.baseline)
        return FB_OK;
    const char *name = is_listed(spec, "random") ? "random" : shown_name(&spec->strategies[0]);
    spec->report.baseline = fb_strdup(name);
    return spec->report.baseline ? FB_OK
                                 : fb_fail_memory(reader->err, strlen(name) + 1, 1, "a name");
}

/* ---- writing and releasing ------------------------------------------------------------------- */

/* An empty text must keep its quotes: without them it is no value at all. */
static int write_param(const spec_param *param, struct node *mapping, fb_error *err)
{
    int rc = node_append_text(mapping, param->name, param->value, err);
    if (!rc)
        mapping->items[mapping->count - 1].quoted = param->value[0] == '\0';
    return rc;
}

static int write_strategy(const spec_strategy *strategy, struct node *list, fb_error *err)
{
    struct node mapping = {.kind = NODE_MAPPING};
    int rc = node_append_text(&mapping, "use", strategy->id, err);
    if (!rc && strategy->label)
        rc = node_append_text(&mapping, "label", strategy->label, err);
    for (size_t i = 0; !rc && i < strategy->param_count; i++)
        rc = write_param(&strategy->params[i], &mapping, err);
    if (!rc)
        rc = node_append(list, NULL, &mapping, err);
    node_finish(&mapping);
    return rc;
}

int spec_write_strategies(const void *source, const char *key, struct node *mapping, fb_error *err)
{
    const struct spec *spec = source;
    struct node list = {.kind = NODE_SEQUENCE};
    int rc = FB_OK;
    for (size_t i = 0; !rc && i < spec->strategy_count; i++)
        rc = write_strategy(&spec->strategies[i], &list, err);
    if (!rc)
        rc = node_append(mapping, key, &list, err);
    node_finish(&list);
    return rc;
}

void spec_finish_strategies(struct spec *spec)
{
    for (size_t i = 0; i < spec->strategy_count; i++) {
        spec_strategy *strategy = &spec->strategies[i];
        for (size_t p = 0; p < strategy->param_count; p++) {
            fb_free(strategy->params[p].name);
            fb_free(strategy->params[p].value);
        }
        fb_free(strategy->params);
        fb_free(strategy->id);
        fb_free(strategy->label);
    }
    fb_free(spec->strategies);
}

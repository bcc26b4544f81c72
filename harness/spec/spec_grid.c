/* The grid: each setting becomes one setting for each point. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "spec_schema.h"
#include "spec_tree.h"

/* ---- checking -------------------------------------------------------------------------------- */

static int check_values(const struct field_reader *reader, const struct node *item,
                        const char *path)
{
    static const char expected[] = "a list of one single value or more, such as [1e-3, 1e-4]";
    if (item->kind != NODE_SEQUENCE || item->count == 0)
        return field_fail_value(reader, FB_EINVAL, item, path, expected);
    for (size_t i = 0; i < item->count; i++)
        if (item->items[i].kind != NODE_SCALAR)
            return field_fail_value(reader, FB_EINVAL, &item->items[i], path, "a single value");
    return FB_OK;
}

/* The key of a grid's item: a path inside a setting. */
static int check_key(const struct field_reader *reader, const struct node *item)
{
    char first[NODE_EXCERPT];
    size_t length = strcspn(item->key, ".");
    struct node place = {.line = item->key_line, .column = item->key_column};
    if (length < sizeof first) {
        memcpy(first, item->key, length);
        first[length] = '\0';
        if (strcmp(first, "name") != 0 && fields_have(&spec_setting_table, first))
            return FB_OK;
    }
    return field_fail(reader, FB_EINVAL, &place,
                      "grid: '%s' is no path inside a setting; expected one such as "
                      "train.learning_rate, budget.query or network",
                      node_excerpt(item->key, first));
}

/* Writes the number of points to *ret_points: one for each choice of a value from every list. */
static int check_grid(const struct field_reader *reader, const struct node *grid, size_t settings,
                      size_t *ret_points)
{
    size_t points = 1;
    if (grid->kind != NODE_MAPPING || grid->count == 0)
        return field_fail_value(reader, FB_EINVAL, grid, "grid",
                                "a mapping such as {train.learning_rate: [1e-3, 1e-4]}");
    for (size_t i = 0; i < grid->count; i++) {
        const struct node *item = &grid->items[i];
        char path[FIELD_PATH_MAX];
        int rc = check_key(reader, item);
        if (!rc)
            rc = check_values(reader, item, field_path(path, "grid", item->key));
        if (rc)
            return rc;
        points *= item->count;
        if (points * settings > NODE_MAX_ITEMS)
            return field_fail(reader, FB_ERANGE, grid,
                              "grid: it makes more than %d settings; split the experiment",
                              NODE_MAX_ITEMS);
    }
    *ret_points = points;
    return FB_OK;
}

/* ---- names of points ------------------------------------------------------------------------- */

static const char *last_key(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot ? dot + 1 : path;
}

/* The last key of a path; or the whole path when another of the grid ends alike, or when that key
 * is a place in a list and says nothing alone. */
static const char *short_name(const struct node *grid, const struct node *item)
{
    const char *name = last_key(item->key);
    if (strspn(name, "0123456789") == strlen(name))
        return item->key;
    for (size_t i = 0; i < grid->count; i++)
        if (&grid->items[i] != item && strcmp(last_key(grid->items[i].key), name) == 0)
            return item->key;
    return name;
}

/* 1e-3 and 0.001 are the same point: numbers are written in one way. */
static void add_value(const char *text, fb_strbuf *out)
{
    char *end = NULL;
    double value = strtod(text, &end);
    if (end != text && *end == '\0' && isfinite(value))
        field_add_number(value, out);
    else
        fb_strbuf_add(out, text);
}

/* ---- unrolling ------------------------------------------------------------------------------- */

/* Puts one value of the grid's item into a setting, and into the name that is being made. */
static int apply_value(const struct field_reader *reader, const struct node *item,
                       const struct node *value, struct node *setting)
{
    const struct node *there = node_find_path(setting, item->key);
    const struct node place = {.line = item->key_line, .column = item->key_column};
    if (there && there->line == 0)
        return field_fail(reader, FB_EINVAL, there,
                          "%s has values in the grid; set grid.%s instead", item->key, item->key);
    struct node copy = {0};
    int rc = node_copy(value, &copy, reader->err);
    if (!rc)
        rc = node_set_path(setting, item->key, &copy, reader->err);
    if (rc) {
        fb_fail_prefix(reader->err, "grid.%s", item->key);
        spec_fail_prefix(reader->err, reader->spec, (spec_place){place.line, place.column});
    }
    node_finish(&copy);
    return rc;
}

static int rename_setting(struct node *setting, fb_strbuf *name, fb_error *err)
{
    struct node *node = node_find(setting, "name");
    int rc = fb_strbuf_check(name, "a setting's name", err);
    if (rc || !node || node->kind != NODE_SCALAR || !node->text[0])
        return rc; /* the schema will say what is wrong with the name */
    fb_strbuf whole = FB_STRBUF_INIT;
    fb_strbuf_printf(&whole, "%s%s", node->text, name->text);
    rc = fb_strbuf_check(&whole, "a setting's name", err);
    if (!rc) {
        fb_free(node->text);
        node->text = fb_strbuf_take(&whole);
    }
    fb_strbuf_finish(&whole);
    return rc;
}

/* Point `point` of `points`, counted with the last key varying fastest. */
static int apply_point(const struct field_reader *reader, const struct node *grid, size_t points,
                       size_t point, struct node *setting)
{
    fb_strbuf name = FB_STRBUF_INIT;
    int rc = FB_OK;
    for (size_t i = 0; !rc && i < grid->count; i++) {
        const struct node *item = &grid->items[i];
        points /= item->count;
        const struct node *value = &item->items[point / points % item->count];
        fb_strbuf_printf(&name, " %s=", short_name(grid, item));
        add_value(value->text, &name);
        rc = apply_value(reader, item, value, setting);
    }
    if (!rc)
        rc = rename_setting(setting, &name, reader->err);
    fb_strbuf_finish(&name);
    return rc;
}

static int append_points(const struct field_reader *reader, const struct node *grid, size_t points,
                         const struct node *setting, struct node *list)
{
    int rc = FB_OK;
    for (size_t point = 0; !rc && point < points; point++) {
        struct node copy = {0};
        rc = node_copy(setting, &copy, reader->err);
        if (!rc && copy.kind == NODE_MAPPING)
            rc = apply_point(reader, grid, points, point, &copy);
        if (!rc)
            rc = node_append(list, NULL, &copy, reader->err);
        node_finish(&copy);
    }
    return rc;
}

int spec_unroll_grid(const struct field_reader *reader, struct node *root)
{
    const struct node *grid = node_find(root, "grid");
    const struct node *settings = node_find(root, "settings");
    size_t points = 0;
    if (!grid || !settings || settings->kind != NODE_SEQUENCE)
        return FB_OK; /* the schema will say what is wrong with the settings */
    int rc = check_grid(reader, grid, settings->count, &points);
    struct node list = {.kind = NODE_SEQUENCE, .line = settings->line, .column = settings->column};
    for (size_t i = 0; !rc && i < settings->count; i++)
        rc = append_points(reader, grid, points, &settings->items[i], &list);
    if (!rc)
        rc = node_set_path(root, "settings", &list, reader->err);
    node_finish(&list);
    return rc;
}

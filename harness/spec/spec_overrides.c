/* --set PATH=VALUE */
#include <string.h>

#include "alloc.h"
#include "spec_schema.h"
#include "spec_tree.h"

static void forget_places(struct node *node)
{
    node->line = node->column = node->key_line = node->key_column = 0;
    for (size_t i = 0; i < node->count; i++)
        forget_places(&node->items[i]);
}

/* Cuts "path=value" into a path (released by the caller) and a tree of the value. */
static int parse_override(const char *override, char **ret_path, struct node *ret_value,
                          fb_error *err)
{
    const char *equals = strchr(override, '=');
    if (!equals || equals == override)
        return fb_fail(err, FB_EINVAL,
                       "--set %s: expected PATH=VALUE, such as train.epochs=5 or report.alpha=0.01",
                       override);
    if (strspn(equals + 1, " \t\r\n") == strlen(equals + 1))
        return fb_fail(err, FB_EINVAL, "--set %s: there is no value behind the '='", override);
    char *path = fb_memdup(override, (size_t)(equals - override) + 1, 1);
    if (!path)
        return fb_fail_memory(err, strlen(override), 1, "--set");
    path[equals - override] = '\0';
    int rc = node_parse("value", equals + 1, strlen(equals + 1), ret_value, err);
    if (rc) {
        fb_fail_prefix(err, "--set %s", override);
        fb_free(path);
        return rc;
    }
    forget_places(ret_value);
    *ret_path = path;
    return FB_OK;
}

static int set_in_every_setting(struct node *settings, const char *path, const struct node *value,
                                fb_error *err)
{
    int rc = FB_OK;
    for (size_t i = 0; !rc && i < settings->count; i++) {
        struct node copy = {0};
        rc = node_copy(value, &copy, err);
        if (!rc)
            rc = node_set_path(&settings->items[i], path, &copy, err);
        node_finish(&copy);
    }
    return rc;
}

static int fail_unknown(const char *key, fb_error *err)
{
    fb_strbuf known = FB_STRBUF_INIT;
    fields_list(&spec_root_table, &known);
    fb_strbuf_add(&known, "; in every setting: ");
    fields_list(&spec_setting_table, &known);
    int rc = fb_fail(err, FB_EINVAL, "a spec has no key '%s'; known are %s", key, known.text);
    fb_strbuf_finish(&known);
    return rc;
}

/* A grid's keys are paths themselves: what follows "grid." is one key. */
static int set_in_grid(struct node *root, const char *key, struct node *value, fb_error *err)
{
    if (!node_find(root, "grid")) {
        struct node made = {.kind = NODE_MAPPING};
        int rc = node_append(root, "grid", &made, err);
        if (rc)
            return rc;
    }
    struct node *grid = node_find(root, "grid");
    struct node *item = node_find(grid, key);
    if (item) {
        node_replace(item, value);
        return FB_OK;
    }
    if (grid->kind != NODE_MAPPING)
        return fb_fail(err, FB_EINVAL, "the grid of the spec is no mapping");
    return node_append(grid, key, value, err);
}

/* Sets the value where a path leads, from the root or in every setting; its first key decides. */
static int set(struct node *root, const char *path, struct node *value, fb_error *err)
{
    char first[NODE_EXCERPT];
    size_t length = strcspn(path, ".");
    if (length >= sizeof first)
        return fail_unknown(node_excerpt(path, first), err);
    memcpy(first, path, length);
    first[length] = '\0';
    if (strncmp(path, "grid.", 5) == 0)
        return set_in_grid(root, path + 5, value, err);
    if (fields_have(&spec_root_table, first))
        return node_set_path(root, path, value, err);
    if (!fields_have(&spec_setting_table, first))
        return fail_unknown(first, err);
    struct node *settings = node_find(root, "settings");
    return settings ? set_in_every_setting(settings, path, value, err) : FB_OK;
}

int spec_apply_overrides(const struct field_reader *reader, const char *const *overrides,
                         size_t count, struct node *root)
{
    fb_error *err = reader->err;
    if (root->kind != NODE_MAPPING)
        return FB_OK; /* the schema will say so */
    for (size_t i = 0; i < count; i++) {
        char *path = NULL;
        struct node value = {0};
        int rc = parse_override(overrides[i], &path, &value, err);
        if (!rc) {
            rc = set(root, path, &value, err);
            if (rc)
                fb_fail_prefix(err, "--set %s", overrides[i]);
        }
        node_finish(&value);
        fb_free(path);
        if (rc) {
            spec_fail_prefix(err, reader->spec, (spec_place){0, 0});
            return rc;
        }
    }
    return FB_OK;
}

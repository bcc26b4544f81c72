#include "spec_fields.h"

#include <stdio.h>
#include <string.h>

#include "suggest.h"

enum { MAX_KEYS = 32 };

const char *field_path(char out[FIELD_PATH_MAX], const char *path, const char *key)
{
    char shown[NODE_EXCERPT];
    snprintf(out, FIELD_PATH_MAX, "%s%s%s", path, path[0] ? "." : "", node_excerpt(key, shown));
    return out;
}

/* ---- tables ---------------------------------------------------------------------------------- */

static size_t list_keys(const struct field_table *table, const char *names[MAX_KEYS])
{
    FB_CHECK(table->count <= MAX_KEYS);
    for (size_t i = 0; i < table->count; i++)
        names[i] = table->fields[i].key;
    return table->count;
}

bool fields_have(const struct field_table *table, const char *key)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->fields[i].key, key) == 0)
            return true;
    return false;
}

void fields_list(const struct field_table *table, fb_strbuf *out)
{
    const char *names[MAX_KEYS];
    suggest_list(names, list_keys(table, names), out);
}

/* ---- reading --------------------------------------------------------------------------------- */

static int refuse_unknown_keys(const struct field_reader *reader, const struct node *mapping,
                               const char *path, const struct field_table *table)
{
    const char *names[MAX_KEYS];
    size_t count = list_keys(table, names);
    for (size_t i = 0; i < mapping->count; i++) {
        const struct node *item = &mapping->items[i];
        if (fields_have(table, item->key))
            continue;
        char shown[NODE_EXCERPT];
        fb_strbuf known = FB_STRBUF_INIT;
        suggest_list(names, count, &known);
        suggest_add(item->key, names, count, &known);
        struct node place = {.line = item->key_line, .column = item->key_column};
        int rc = field_fail(reader, FB_EINVAL, &place, "unknown key '%s'%s%s; known here: %s",
                            node_excerpt(item->key, shown), path[0] ? " in " : "", path,
                            known.text);
        fb_strbuf_finish(&known);
        return rc;
    }
    return FB_OK;
}

int field_read_group(const struct field_reader *reader, const struct field *group,
                     const struct node *value, const char *path, void *target)
{
    if (group->shorthand && value->kind == NODE_SCALAR) {
        struct node item = *value; /* borrowed: both live for this call only */
        item.key = (char *)group->shorthand;
        struct node mapping = {.kind = NODE_MAPPING, .line = value->line, .column = value->column,
                               .items = &item, .count = 1};
        return fields_read(reader, &mapping, path, group->table, target);
    }
    return fields_read(reader, value, path, group->table, target);
}

static int fail_missing(const struct field_reader *reader, const struct field *field,
                        const struct node *mapping, const char *path)
{
    return field_fail(reader, FB_EINVAL, mapping, "the key '%s' is missing%s%s%s", path,
                      field->hint ? " (" : "", field->hint ? field->hint : "",
                      field->hint ? ")" : "");
}

static int read_field(const struct field_reader *reader, const struct field *field,
                      const struct node *mapping, const char *mapping_path, void *target)
{
    char path[FIELD_PATH_MAX];
    const struct node *value = node_find(mapping, field->key);
    struct node preset = {.line = mapping->line, .column = mapping->column,
                          .text = (char *)field->preset}; /* borrowed, and only read */
    field_path(path, mapping_path, field->key);
    if (!value) {
        if (field->type == FIELD_TREE || field->optional)
            return FB_OK;
        if (field->type == FIELD_GROUP)
            preset.kind = NODE_MAPPING;
        else if (!field->preset)
            return fail_missing(reader, field, mapping, path);
        else if (strcmp(field->preset, FIELD_EMPTY_MAPPING) == 0)
            preset.kind = NODE_MAPPING;
        value = &preset;
    }
    switch (field->type) {
    case FIELD_TREE:
        return FB_OK;
    case FIELD_OWN:
        return field->read(reader, value, path, target);
    case FIELD_GROUP:
        return field_read_group(reader, field, value, path, target);
    default:
        return field_read_value(reader, field, value, path, target);
    }
}

int fields_read(const struct field_reader *reader, const struct node *mapping, const char *path,
                const struct field_table *table, void *target)
{
    if (mapping->kind != NODE_MAPPING) {
        fb_strbuf expected = FB_STRBUF_INIT;
        fb_strbuf_add(&expected, "a mapping with the keys ");
        fields_list(table, &expected);
        int rc = field_fail_value(reader, FB_EINVAL, mapping, path, expected.text);
        fb_strbuf_finish(&expected);
        return rc;
    }
    int rc = refuse_unknown_keys(reader, mapping, path, table);
    for (size_t i = 0; !rc && i < table->count; i++)
        rc = read_field(reader, &table->fields[i], mapping, path, target);
    return rc;
}

/* ---- writing --------------------------------------------------------------------------------- */

static const char *word_of(const struct field *field, int value)
{
    const field_choice *choice = field->choices;
    while (choice->value != value)
        choice++;
    return choice->word;
}

/* The member's text; an empty one for a member that is zero. */
static void format_member(const struct field *field, const void *source, fb_strbuf *out)
{
    const void *member = (const char *)source + field->offset;
    switch (field->type) {
    case FIELD_TEXT:
    case FIELD_PATH: {
        const char *text = NULL;
        memcpy(&text, member, sizeof text);
        fb_strbuf_add(out, text ? text : "");
        break;
    }
    case FIELD_COUNT:
        fb_strbuf_printf(out, "%zu", *(const size_t *)member);
        break;
    case FIELD_U32:
        fb_strbuf_printf(out, "%lu", (unsigned long)*(const uint32_t *)member);
        break;
    case FIELD_U64:
        fb_strbuf_printf(out, "%llu", (unsigned long long)*(const uint64_t *)member);
        break;
    case FIELD_NUMBER:
        field_add_number(*(const double *)member, out);
        break;
    case FIELD_CHOICE: {
        int value = 0;
        memcpy(&value, member, sizeof value);
        fb_strbuf_add(out, word_of(field, value));
        break;
    }
    case FIELD_FLAG:
        fb_strbuf_add(out, word_of(field, *(const bool *)member));
        break;
    default: /* FIELD_FIXED */
        fb_strbuf_add(out, field->choices[0].word);
        break;
    }
}

static int write_member(const struct field *field, const void *source, struct node *mapping,
                        fb_error *err)
{
    fb_strbuf text = FB_STRBUF_INIT;
    format_member(field, source, &text);
    int rc = fb_strbuf_check(&text, "the resolved spec", err);
    bool words = field->type == FIELD_TEXT || field->type == FIELD_PATH; /* "0" is one too */
    bool unset = text.length == 0 || (!words && strcmp(text.text, "0") == 0);
    if (!rc && !(field->optional && unset))
        rc = node_append_text(mapping, field->key, text.text, err);
    fb_strbuf_finish(&text);
    return rc;
}

static int write_group(const struct field *group, const void *source, struct node *mapping,
                       fb_error *err)
{
    struct node inner = {.kind = NODE_MAPPING};
    int rc = fields_write(group->table, source, &inner, err);
    if (!rc && !(group->optional && inner.count == 0))
        rc = node_append(mapping, group->key, &inner, err);
    node_finish(&inner);
    return rc;
}

int fields_write(const struct field_table *table, const void *source, struct node *mapping,
                 fb_error *err)
{
    int rc = FB_OK;
    for (size_t i = 0; !rc && i < table->count; i++) {
        const struct field *field = &table->fields[i];
        if (field->type == FIELD_OWN)
            rc = field->write(source, field->key, mapping, err);
        else if (field->type == FIELD_GROUP)
            rc = write_group(field, source, mapping, err);
        else if (field->type != FIELD_TREE)
            rc = write_member(field, source, mapping, err);
    }
    return rc;
}

#include "node.h"

#include <stdarg.h>
#include <string.h>

#include "alloc.h"
#include "strbuf.h"

void node_finish(struct node *node)
{
    if (!node)
        return;
    for (size_t i = 0; i < node->count; i++)
        node_finish(&node->items[i]);
    fb_free(node->items);
    fb_free(node->key);
    fb_free(node->text);
    *node = (struct node){0};
}

const char *node_kind_name(node_kind kind)
{
    switch (kind) {
    case NODE_SEQUENCE:
        return "a list";
    case NODE_MAPPING:
        return "a mapping";
    case NODE_SCALAR:
        break;
    }
    return "a value";
}

const char *node_excerpt(const char *text, char out[NODE_EXCERPT])
{
    enum { SHOWN = NODE_EXCERPT - 4 };
    size_t length = strlen(text);
    bool cut = length > SHOWN;
    if (cut) {
        length = SHOWN;
        while (length > 0 && ((unsigned char)text[length] & 0xC0u) == 0x80u)
            length--;
    }
    for (size_t i = 0; i < length; i++)
        out[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7F ? '?' : text[i];
    memcpy(out + length, "...", 4);
    if (!cut)
        out[length] = '\0';
    return out;
}

static int copy_text(const char *from, char **ret_text, fb_error *err)
{
    if (!from)
        return FB_OK;
    char *text = fb_strdup(from);
    if (!text)
        return fb_fail_memory(err, strlen(from) + 1, 1, "a text of the spec");
    *ret_text = text;
    return FB_OK;
}

int node_copy(const struct node *from, struct node *ret_copy, fb_error *err)
{
    struct node copy = *from;
    copy.key = copy.text = NULL;
    copy.items = NULL;
    copy.count = copy.capacity = 0;
    int rc = copy_text(from->key, &copy.key, err);
    if (!rc)
        rc = copy_text(from->text, &copy.text, err);
    if (!rc && from->count) {
        copy.items = fb_calloc(from->count, sizeof *copy.items);
        if (copy.items)
            copy.capacity = from->count;
        else
            rc = fb_fail_memory(err, from->count, sizeof *copy.items, "a copy of the spec's tree");
    }
    for (size_t i = 0; !rc && i < from->count; i++) {
        rc = node_copy(&from->items[i], &copy.items[i], err);
        if (!rc)
            copy.count++;
    }
    if (rc)
        node_finish(&copy);
    else
        *ret_copy = copy;
    return rc;
}

static int make_room(struct node *parent, fb_error *err)
{
    if (parent->count < parent->capacity)
        return FB_OK;
    size_t capacity = parent->capacity ? 2 * parent->capacity : 4;
    struct node *items = fb_grow(parent->items, parent->count, capacity, sizeof *items);
    if (!items)
        return fb_fail_memory(err, capacity, sizeof *items, "the spec's tree");
    parent->items = items;
    parent->capacity = capacity;
    return FB_OK;
}

int node_append(struct node *parent, const char *key, struct node *item, fb_error *err)
{
    FB_CHECK(parent->kind == (key ? NODE_MAPPING : NODE_SEQUENCE));
    int rc = make_room(parent, err);
    char *copy = NULL;
    if (!rc)
        rc = copy_text(key, &copy, err);
    if (rc)
        return rc;
    fb_free(item->key);
    item->key = copy;
    parent->items[parent->count++] = *item;
    *item = (struct node){0};
    return FB_OK;
}

int node_append_text(struct node *parent, const char *key, const char *text, fb_error *err)
{
    struct node item = {0};
    int rc = copy_text(text, &item.text, err);
    if (!rc)
        rc = node_append(parent, key, &item, err);
    node_finish(&item);
    return rc;
}

int node_append_format(struct node *parent, const char *key, fb_error *err, const char *format, ...)
{
    fb_strbuf text = FB_STRBUF_INIT;
    va_list args;
    va_start(args, format);
    fb_strbuf_vprintf(&text, format, args);
    va_end(args);
    int rc = fb_strbuf_check(&text, "the resolved spec", err);
    if (!rc)
        rc = node_append_text(parent, key, text.text, err);
    fb_strbuf_finish(&text);
    return rc;
}

static struct node *find(const struct node *node, const char *key, size_t length)
{
    if (node->kind != NODE_MAPPING)
        return NULL;
    for (size_t i = 0; i < node->count; i++)
        if (strncmp(node->items[i].key, key, length) == 0 && node->items[i].key[length] == '\0')
            return &node->items[i];
    return NULL;
}

struct node *node_find(const struct node *node, const char *key)
{
    return find(node, key, strlen(key));
}

struct node *node_find_path(const struct node *node, const char *path)
{
    for (;;) {
        size_t length = strcspn(path, ".");
        struct node *item = find(node, path, length);
        if (!item || path[length] == '\0')
            return item;
        node = item;
        path += length + 1;
    }
}

/* ---- setting by path ------------------------------------------------------------------------- */

/* The item at a position written in decimal. */
static int step_into_sequence(struct node *sequence, const char *path, size_t length,
                              struct node **ret_item, fb_error *err)
{
    size_t position = 0;
    size_t digits = strspn(path, "0123456789");
    if (digits != length || length == 0 || length > 6)
        return fb_fail(err, FB_EINVAL, "'%.*s' stands where a list's position (from 0) is expected",
                       (int)length, path);
    for (size_t i = 0; i < length; i++)
        position = 10 * position + (size_t)(path[i] - '0');
    if (position >= sequence->count)
        return fb_fail(err, FB_ERANGE, "there is no item %zu: the list has %zu, counted from 0",
                       position, sequence->count);
    *ret_item = &sequence->items[position];
    return FB_OK;
}

/* The item of a key, made as an empty scalar when it is missing. */
static int step_into_mapping(struct node *mapping, const char *path, size_t length,
                             struct node **ret_item, fb_error *err)
{
    if (length == 0)
        return fb_fail(err, FB_EINVAL, "the path has an empty key; expected keys joined by dots");
    struct node *item = find(mapping, path, length);
    if (!item) {
        char *key = fb_calloc(length + 1, 1);
        if (!key)
            return fb_fail_memory(err, length + 1, 1, "a key");
        memcpy(key, path, length);
        int rc = node_append_text(mapping, key, "", err);
        fb_free(key);
        if (rc)
            return rc;
        item = &mapping->items[mapping->count - 1];
    }
    *ret_item = item;
    return FB_OK;
}

void node_replace(struct node *item, struct node *value)
{
    char *key = item->key;
    size_t key_line = item->key_line, key_column = item->key_column;
    item->key = NULL;
    node_finish(item);
    fb_free(value->key);
    *item = *value;
    item->key = key;
    item->key_line = key_line;
    item->key_column = key_column;
    *value = (struct node){0};
}

/* `key:` with nothing behind it, in the file or made on the way, becomes a mapping. */
static void open_mapping(struct node *node)
{
    if (node->kind != NODE_SCALAR || node->quoted || !node->text || node->text[0])
        return;
    fb_free(node->text);
    node->text = NULL;
    node->kind = NODE_MAPPING;
}

static int step_into(struct node *parent, const char *path, size_t length, struct node **ret_item,
                     fb_error *err)
{
    char shown[NODE_EXCERPT];
    if (parent->kind == NODE_MAPPING)
        return step_into_mapping(parent, path, length, ret_item, err);
    if (parent->kind == NODE_SEQUENCE)
        return step_into_sequence(parent, path, length, ret_item, err);
    return fb_fail(err, FB_EINVAL,
                   "'%.*s' cannot be set inside the single value '%s'; give the whole as a mapping",
                   (int)length, path, node_excerpt(parent->text, shown));
}

int node_set_path(struct node *root, const char *path, struct node *value, fb_error *err)
{
    struct node *node = root;
    for (;;) {
        size_t length = strcspn(path, ".");
        open_mapping(node);
        int rc = step_into(node, path, length, &node, err);
        if (rc)
            return rc;
        if (node->line == 0) { /* made just now: errors about it point to the value */
            node->line = node->key_line = value->line;
            node->column = node->key_column = value->column;
        }
        if (path[length] == '\0')
            break;
        path += length + 1;
    }
    node_replace(node, value);
    return FB_OK;
}

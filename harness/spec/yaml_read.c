/* Reading: libyaml's events become a tree. */
#include "node.h"

#include <string.h>
#include <yaml.h>

#include "alloc.h"
#include "strbuf.h"

struct reader {
    yaml_parser_t parser;
    const char *name; /* of the file */
    const char *text;
    size_t length;
    fb_error *err;
};

static int fail_at(struct reader *reader, int status, const yaml_mark_t *mark, const char *sentence)
{
    return fb_fail(reader->err, status, "%s:%zu:%zu: %s", reader->name, mark->line + 1,
                   mark->column + 1, sentence);
}

/* libyaml says what its grammar missed; the right column says what to do about it. */
static const struct {
    const char *problem, *advice;
} advices[] = {
    {"found character that cannot start any token",
     "indent with spaces, not tabs, and put a text that begins with @, `, % or a tab in quotes"},
    {"found a tab character that violates indentation", "indent with spaces, not tabs"},
    {"found a tab character where an indentation space is expected",
     "indent with spaces, not tabs"},
    {"mapping values are not allowed in this context",
     "check the indentation, and put a text that holds ': ' in quotes"},
    {"did not find expected key", "check the indentation and that each line is 'key: value'"},
    {"could not find expected ':'", "write 'key: value'"},
    {"did not find expected '-' indicator",
     "begin each item of the list with '- ' in the same column"},
    {"did not find expected ',' or ']'", "separate the items with ',' and close the list with ']'"},
    {"did not find expected ',' or '}'",
     "separate the entries with ',' and close the mapping with '}'"},
    {"found unexpected end of stream", "close the quote or the bracket"},
    {"did not find expected <document start>",
     "expected one mapping of keys from the first column"},
};

/* Where the byte at an offset stands, for errors of libyaml's decoder, which have no mark. */
static yaml_mark_t mark_of_offset(const struct reader *reader, size_t offset)
{
    yaml_mark_t mark = {0};
    if (offset > reader->length)
        offset = reader->length;
    for (size_t i = 0; i < offset; i++) {
        unsigned char byte = (unsigned char)reader->text[i];
        if (byte == '\n') {
            mark.line++;
            mark.column = 0;
        } else if ((byte & 0xC0u) != 0x80u) {
            mark.column++;
        }
    }
    return mark;
}

static int fail_encoding(struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    yaml_mark_t mark = mark_of_offset(reader, parser->problem_offset);
    if (strcmp(parser->problem, "control characters are not allowed") == 0)
        return fb_fail(reader->err, FB_EFORMAT,
                       "%s:%zu:%zu: control character U+%04X; expected a text file", reader->name,
                       mark.line + 1, mark.column + 1, (unsigned)parser->problem_value);
    return fb_fail(reader->err, FB_EFORMAT, "%s:%zu:%zu: not UTF-8 (%s); save the file as UTF-8",
                   reader->name, mark.line + 1, mark.column + 1, parser->problem);
}

/* Turns the parser's state after a failure into a sentence. */
static int fail_parser(struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    if (parser->error == YAML_MEMORY_ERROR || !parser->problem)
        return fb_fail(reader->err, FB_ENOMEM, "%s: out of memory while reading YAML",
                       reader->name);
    if (parser->error == YAML_READER_ERROR)
        return fail_encoding(reader);
    const char *advice = NULL;
    for (size_t i = 0; i < sizeof advices / sizeof advices[0]; i++)
        if (strcmp(parser->problem, advices[i].problem) == 0)
            advice = advices[i].advice;
    fb_strbuf text = FB_STRBUF_INIT;
    fb_strbuf_printf(&text, "not valid YAML: %s", parser->problem);
    if (parser->context && parser->context_mark.index != parser->problem_mark.index)
        fb_strbuf_printf(&text, " %s (which began at %zu:%zu)", parser->context,
                         parser->context_mark.line + 1, parser->context_mark.column + 1);
    if (advice)
        fb_strbuf_printf(&text, "; %s", advice);
    int rc = fail_at(reader, FB_EFORMAT, &parser->problem_mark, text.text);
    fb_strbuf_finish(&text);
    return rc;
}

/* The next event; the caller deletes it. */
static int next_event(struct reader *reader, yaml_event_t *ret_event)
{
    return yaml_parser_parse(&reader->parser, ret_event) ? FB_OK : fail_parser(reader);
}

static int refuse_extras(struct reader *reader, const yaml_event_t *event,
                         const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor)
        return fail_at(reader, FB_EFORMAT, &event->start_mark,
                       "anchors (&name) are not supported; write the value out where it is needed");
    if (tag)
        return fail_at(reader, FB_EFORMAT, &event->start_mark,
                       "tags (!type) are not supported; the type follows from the key");
    return FB_OK;
}

/* Checks a scalar event and copies its text. */
static int read_text(struct reader *reader, const yaml_event_t *event, char **ret_text)
{
    size_t length = event->data.scalar.length;
    int rc = refuse_extras(reader, event, event->data.scalar.anchor, event->data.scalar.tag);
    if (rc)
        return rc;
    if (memchr(event->data.scalar.value, 0, length))
        return fail_at(reader, FB_EFORMAT, &event->start_mark,
                       "this text holds a NUL character, which no value may");
    char *text = fb_memdup(event->data.scalar.value, length + 1, 1); /* with libyaml's NUL */
    if (!text)
        return fb_fail_memory(reader->err, length + 1, 1, "a text of the spec");
    *ret_text = text;
    return FB_OK;
}

static int read_value(struct reader *reader, const yaml_event_t *event, size_t depth,
                      struct node *ret_node);

/* Reads a value and appends it; `key` and its event are NULL in a sequence. */
static int read_item(struct reader *reader, const yaml_event_t *event, size_t depth,
                     struct node *parent, const char *key, const yaml_event_t *key_event)
{
    struct node item = {0};
    int rc = read_value(reader, event, depth, &item);
    if (!rc && parent->count == NODE_MAX_ITEMS)
        rc = fail_at(reader, FB_ERANGE, &event->start_mark,
                     "more than 1000 items in one list or mapping; split the spec");
    if (!rc && key_event) {
        item.key_line = key_event->start_mark.line + 1;
        item.key_column = key_event->start_mark.column + 1;
    }
    if (!rc)
        rc = node_append(parent, key, &item, reader->err);
    node_finish(&item);
    return rc;
}

static int read_sequence(struct reader *reader, size_t depth, struct node *sequence)
{
    for (;;) {
        yaml_event_t event;
        int rc = next_event(reader, &event);
        if (rc)
            return rc;
        bool end = event.type == YAML_SEQUENCE_END_EVENT;
        if (!end)
            rc = read_item(reader, &event, depth + 1, sequence, NULL, NULL);
        yaml_event_delete(&event);
        if (rc || end)
            return rc;
    }
}

/* Takes the key out of its event, and refuses one that the mapping has. */
static int read_key(struct reader *reader, const yaml_event_t *event, const struct node *mapping,
                    char **ret_key)
{
    if (event->type == YAML_ALIAS_EVENT)
        return fail_at(reader, FB_EFORMAT, &event->start_mark,
                       "aliases (*name) are not supported; write the key out");
    if (event->type != YAML_SCALAR_EVENT)
        return fail_at(reader, FB_EFORMAT, &event->start_mark,
                       "a list or mapping stands where a key is expected");
    char *key = NULL;
    int rc = read_text(reader, event, &key);
    if (rc)
        return rc;
    const struct node *first = node_find(mapping, key);
    if (first) {
        char shown[NODE_EXCERPT];
        rc = fb_fail(reader->err, FB_EFORMAT,
                     "%s:%zu:%zu: the key '%s' is repeated (first at %zu:%zu); keep one of them",
                     reader->name, event->start_mark.line + 1, event->start_mark.column + 1,
                     node_excerpt(key, shown), first->key_line, first->key_column);
        fb_free(key);
        return rc;
    }
    *ret_key = key;
    return FB_OK;
}

static int read_mapping(struct reader *reader, size_t depth, struct node *mapping)
{
    for (;;) {
        char *key = NULL;
        yaml_event_t key_event, event;
        int rc = next_event(reader, &key_event);
        if (rc)
            return rc;
        bool end = key_event.type == YAML_MAPPING_END_EVENT;
        if (!end)
            rc = read_key(reader, &key_event, mapping, &key);
        if (!end && !rc)
            rc = next_event(reader, &event);
        if (!end && !rc) {
            rc = read_item(reader, &event, depth + 1, mapping, key, &key_event);
            yaml_event_delete(&event);
        }
        fb_free(key);
        yaml_event_delete(&key_event);
        if (rc || end)
            return rc;
    }
}

static int read_collection(struct reader *reader, const yaml_event_t *event, size_t depth,
                           struct node *node)
{
    bool mapping = event->type == YAML_MAPPING_START_EVENT;
    int rc = mapping ? refuse_extras(reader, event, event->data.mapping_start.anchor,
                                     event->data.mapping_start.tag)
                     : refuse_extras(reader, event, event->data.sequence_start.anchor,
                                     event->data.sequence_start.tag);
    if (rc)
        return rc;
    if (depth >= NODE_MAX_DEPTH)
        return fail_at(reader, FB_ERANGE, &event->start_mark,
                       "lists and mappings are nested more than 32 deep");
    node->kind = mapping ? NODE_MAPPING : NODE_SEQUENCE;
    return mapping ? read_mapping(reader, depth, node) : read_sequence(reader, depth, node);
}

/* The value that begins with `event`, at a depth of collections around it. */
static int read_value(struct reader *reader, const yaml_event_t *event, size_t depth,
                      struct node *ret_node)
{
    struct node node = {.line = event->start_mark.line + 1, .column = event->start_mark.column + 1};
    int rc = FB_OK;
    if (event->type == YAML_ALIAS_EVENT) {
        rc = fail_at(reader, FB_EFORMAT, &event->start_mark,
                     "aliases (*name) are not supported; write the value out");
    } else if (event->type == YAML_SCALAR_EVENT) {
        node.quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
        rc = read_text(reader, event, &node.text);
    } else {
        rc = read_collection(reader, event, depth, &node);
    }
    if (rc)
        node_finish(&node);
    else
        *ret_node = node;
    return rc;
}

/* Reads events up to one of `type`, which is deleted too; another document start is refused. */
static int skip_to(struct reader *reader, yaml_event_type_t type)
{
    for (;;) {
        yaml_event_t event;
        int rc = next_event(reader, &event);
        if (rc)
            return rc;
        bool found = event.type == type;
        if (event.type == YAML_DOCUMENT_START_EVENT && !found)
            rc = fail_at(reader, FB_EFORMAT, &event.start_mark,
                         "a second document begins here; expected one document a file");
        else if (event.type == YAML_STREAM_END_EVENT && !found)
            rc = fail_at(reader, FB_EFORMAT, &event.start_mark,
                         "there is nothing here but comments and blank lines; expected a value");
        yaml_event_delete(&event);
        if (rc || found)
            return rc;
    }
}

static int read_document(struct reader *reader, struct node *ret_root)
{
    yaml_event_t event;
    struct node root = {0};
    int rc = skip_to(reader, YAML_DOCUMENT_START_EVENT);
    if (!rc)
        rc = next_event(reader, &event);
    if (rc)
        return rc;
    rc = read_value(reader, &event, 0, &root);
    yaml_event_delete(&event);
    if (!rc)
        rc = skip_to(reader, YAML_STREAM_END_EVENT);
    if (rc)
        node_finish(&root);
    else
        *ret_root = root;
    return rc;
}

int node_parse(const char *name, const char *text, size_t length, struct node *ret_root,
               fb_error *err)
{
    struct reader reader = {.name = name, .text = text, .length = length, .err = err};
    if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) { /* a byte-order mark is no column */
        reader.text += 3;
        reader.length -= 3;
    }
    if (!yaml_parser_initialize(&reader.parser))
        return fb_fail(err, FB_ENOMEM, "%s: out of memory while reading YAML", name);
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)reader.text, reader.length);
    int rc = read_document(&reader, ret_root);
    yaml_parser_delete(&reader.parser);
    return rc;
}

/* Writing: a tree becomes libyaml's events. */
#include "node.h"

#include <string.h>
#include <yaml.h>

#include "strbuf.h"

static int append_output(void *out, unsigned char *bytes, size_t count)
{
    fb_strbuf_add_bytes(out, bytes, count);
    return !((fb_strbuf *)out)->failed;
}

/* Hands an event to the emitter, which deletes it in any case. `made`: what its maker returned. */
static int emit(yaml_emitter_t *emitter, yaml_event_t *event, int made)
{
    return made && yaml_emitter_emit(emitter, event) ? FB_OK : FB_ENOMEM;
}

static int emit_text(yaml_emitter_t *emitter, const char *text, bool quoted)
{
    yaml_event_t event;
    return emit(emitter, &event,
                yaml_scalar_event_initialize(
                    &event, NULL, NULL, (const yaml_char_t *)text, (int)strlen(text), 1, 1,
                    quoted ? YAML_SINGLE_QUOTED_SCALAR_STYLE : YAML_PLAIN_SCALAR_STYLE));
}

static bool all_scalars(const struct node *node)
{
    for (size_t i = 0; i < node->count; i++)
        if (node->items[i].kind != NODE_SCALAR)
            return false;
    return true;
}

static int emit_node(yaml_emitter_t *emitter, const struct node *node)
{
    yaml_event_t event;
    int rc = FB_OK;
    if (node->kind == NODE_SCALAR)
        return emit_text(emitter, node->text, node->quoted);
    if (node->kind == NODE_MAPPING)
        rc = emit(emitter, &event, yaml_mapping_start_event_initialize(&event, NULL, NULL, 1,
                                                                       YAML_BLOCK_MAPPING_STYLE));
    else
        rc = emit(emitter, &event, yaml_sequence_start_event_initialize(
                      &event, NULL, NULL, 1, all_scalars(node) ? YAML_FLOW_SEQUENCE_STYLE
                                                               : YAML_BLOCK_SEQUENCE_STYLE));
    for (size_t i = 0; !rc && i < node->count; i++) {
        if (node->items[i].key)
            rc = emit_text(emitter, node->items[i].key, false);
        if (!rc)
            rc = emit_node(emitter, &node->items[i]);
    }
    if (rc)
        return rc;
    return emit(emitter, &event, node->kind == NODE_MAPPING
                                     ? yaml_mapping_end_event_initialize(&event)
                                     : yaml_sequence_end_event_initialize(&event));
}

static int emit_document(yaml_emitter_t *emitter, const struct node *root)
{
    yaml_event_t event;
    int rc = emit(emitter, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
    if (!rc)
        rc = emit(emitter, &event,
                  yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
    if (!rc)
        rc = emit_node(emitter, root);
    if (!rc)
        rc = emit(emitter, &event, yaml_document_end_event_initialize(&event, 1));
    if (!rc)
        rc = emit(emitter, &event, yaml_stream_end_event_initialize(&event));
    return rc;
}

int node_format(const struct node *root, char **ret_text, fb_error *err)
{
    yaml_emitter_t emitter;
    fb_strbuf out = FB_STRBUF_INIT;
    if (!yaml_emitter_initialize(&emitter))
        return fb_fail(err, FB_ENOMEM, "out of memory while writing YAML");
    yaml_emitter_set_output(&emitter, append_output, &out);
    yaml_emitter_set_unicode(&emitter, 1);
    yaml_emitter_set_width(&emitter, -1);
    int rc = emit_document(&emitter, root);
    if (rc)
        rc = fb_fail(err, FB_ENOMEM, "YAML cannot be written: %s",
                     out.failed || !emitter.problem ? "out of memory, or a text that is not UTF-8"
                                                    : emitter.problem);
    yaml_emitter_delete(&emitter);
    char *text = rc ? NULL : fb_strbuf_take(&out);
    if (!rc && !text)
        rc = fb_fail(err, FB_ENOMEM, "out of memory while writing YAML");
    if (!rc)
        *ret_text = text;
    fb_strbuf_finish(&out);
    return rc;
}

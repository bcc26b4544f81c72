#include "spec.h"

#include <stdarg.h>
#include <string.h>

#include "alloc.h"
#include "files.h"
#include "spec_schema.h"
#include "spec_tree.h"

enum { MAX_BYTES = 4 << 20 }; /* of a spec's file */

int spec_fail_prefix(fb_error *err, const struct spec *spec, spec_place place)
{
    if (place.line == 0)
        return fb_fail_prefix(err, "%s", spec->path);
    return fb_fail_prefix(err, "%s:%zu:%zu", spec->path, place.line, place.column);
}

int spec_fail(fb_error *err, int status, const struct spec *spec, spec_place place,
              const char *format, ...)
{
    fb_strbuf sentence = FB_STRBUF_INIT;
    va_list args;
    va_start(args, format);
    fb_strbuf_vprintf(&sentence, format, args);
    va_end(args);
    fb_fail(err, status, "%s", sentence.text);
    spec_fail_prefix(err, spec, place);
    fb_strbuf_finish(&sentence);
    return status;
}

/* From the tree as written to the filled struct. */
static int read_tree(struct node *root, const char *const *overrides, size_t override_count,
                     struct spec *spec, fb_error *err)
{
    const struct field_reader reader = {.spec = spec, .err = err};
    int rc = spec_apply_overrides(&reader, overrides, override_count, root);
    if (!rc)
        rc = spec_unroll_grid(&reader, root);
    if (!rc)
        rc = spec_read_tree(root, spec, err);
    return rc;
}

static int resolve(struct spec *spec, fb_error *err)
{
    struct node root = {0};
    int rc = spec_write_tree(spec, &root, err);
    if (!rc)
        rc = node_format(&root, &spec->resolved, err);
    node_finish(&root);
    return rc;
}

int spec_parse(const char *path, const char *text, size_t length, const char *const *overrides,
               size_t override_count, struct spec *ret_spec, fb_error *err)
{
    struct spec spec = {0};
    struct node root = {0};
    int rc = FB_OK;
    spec.path = fb_strdup(path);
    spec.source = fb_calloc(length + 1, 1);
    if (!spec.path || !spec.source) {
        rc = fb_fail_memory(err, length + 1, 1, path);
        goto done;
    }
    memcpy(spec.source, text, length);
    rc = node_parse(path, text, length, &root, err);
    if (!rc)
        rc = read_tree(&root, overrides, override_count, &spec, err);
    if (!rc)
        rc = resolve(&spec, err);
    if (!rc) {
        *ret_spec = spec;
        spec = (struct spec){0};
    }
done:
    node_finish(&root);
    spec_finish(&spec);
    return rc;
}

int spec_read(const char *path, const char *const *overrides, size_t override_count,
              struct spec *ret_spec, fb_error *err)
{
    char *text = NULL;
    size_t length = 0;
    int rc = fb_file_read(path, MAX_BYTES, &text, &length, err);
    if (!rc)
        rc = spec_parse(path, text, length, overrides, override_count, ret_spec, err);
    fb_free(text);
    return rc;
}

void spec_finish(struct spec *spec)
{
    if (!spec)
        return;
    for (size_t i = 0; i < spec->setting_count; i++) {
        fb_free(spec->settings[i].name);
        fb_free(spec->settings[i].features);
        spec_finish_dataset(&spec->settings[i]);
        spec_finish_split(&spec->settings[i]);
        spec_finish_network(&spec->settings[i]);
        spec_finish_train(&spec->settings[i]);
    }
    fb_free(spec->settings);
    spec_finish_strategies(spec);
    fb_free(spec->report.baseline);
    fb_free(spec->path);
    fb_free(spec->name);
    fb_free(spec->source);
    fb_free(spec->resolved);
    *spec = (struct spec){0};
}

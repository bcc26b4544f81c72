/* A setting's network: a name of the registry, with the hidden layers of an mlp, or a list of
 * layers. */
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "spec_layers.h"
#include "spec_schema.h"

enum { MAX_NAMES = 64, MAX_HIDDEN = NN_MAX_LAYERS - 1 };

struct network_choice {
    char *name;
    size_t hidden[MAX_HIDDEN];
    size_t hidden_count;
};

static int read_name(const struct field_reader *reader, const struct node *value, const char *path,
                     void *target)
{
    const char *names[MAX_NAMES];
    size_t count = 0;
    const nn_network_info *networks = nn_networks(&count);
    FB_CHECK(count <= MAX_NAMES);
    for (size_t i = 0; i < count; i++)
        names[i] = networks[i].name;
    return spec_read_name(reader, value, path, names, count,
                          &((struct network_choice *)target)->name);
}

static int read_hidden(const struct field_reader *reader, const struct node *value,
                       const char *path, void *target)
{
    static const struct field units = {.type = FIELD_COUNT, .minimum = 1, .maximum = 65536};
    struct network_choice *choice = target;
    if (value->kind != NODE_SEQUENCE || value->count == 0 || value->count > MAX_HIDDEN) {
        char expected[80];
        snprintf(expected, sizeof expected,
                 "a list of 1 to %d sizes of hidden layers, such as [128]", MAX_HIDDEN);
        return field_fail_value(reader, FB_EINVAL, value, path, expected);
    }
    for (size_t i = 0; i < value->count; i++) {
        int rc = field_read_value(reader, &units, &value->items[i], path, &choice->hidden[i]);
        if (rc)
            return rc;
    }
    choice->hidden_count = value->count;
    return FB_OK;
}

static const struct field network_fields[] = {
    {.key = "name", .type = FIELD_OWN, .read = read_name},
    {.key = "hidden", .type = FIELD_OWN, .optional = true, .read = read_hidden},
};
static const struct field_table network_table = FIELD_TABLE(network_fields);

static int read_named(const struct field_reader *reader, const struct node *value, const char *path,
                      spec_setting *setting)
{
    struct network_choice choice = {0};
    int rc = value->kind == NODE_SCALAR
                 ? read_name(reader, value, path, &choice)
                 : fields_read(reader, value, path, &network_table, &choice);
    if (!rc) {
        rc = nn_network_named(choice.name, choice.hidden, choice.hidden_count, &setting->network,
                              reader->err);
        if (rc)
            spec_fail_prefix(reader->err, reader->spec, (spec_place){value->line, value->column});
    }
    fb_free(choice.name);
    return rc;
}

static int read_layers(const struct field_reader *reader, const struct node *value,
                       const char *path, void *target)
{
    spec_setting *setting = target;
    setting->layers = fb_calloc(1, sizeof *setting->layers);
    if (!setting->layers)
        return fb_fail_memory(reader->err, 1, sizeof *setting->layers, path);
    return spec_read_layers(reader, value, path, &setting->network, setting->layers);
}

static const struct field layers_fields[] = {
    {.key = "layers", .type = FIELD_OWN, .read = read_layers},
};
static const struct field_table layers_table = FIELD_TABLE(layers_fields);

int spec_read_network(const struct field_reader *reader, const struct node *value, const char *path,
                      void *target)
{
    if (node_find(value, "layers"))
        return fields_read(reader, value, path, &layers_table, target);
    return read_named(reader, value, path, target);
}

static int write_hidden(const nn_network_spec *network, struct node *mapping, fb_error *err)
{
    struct node hidden = {.kind = NODE_SEQUENCE};
    int rc = FB_OK;
    for (size_t i = 0; !rc && i + 1 < network->layer_count; i++)
        rc = node_append_format(&hidden, NULL, err, "%zu", network->layers[i].size);
    if (!rc)
        rc = node_append(mapping, "hidden", &hidden, err);
    node_finish(&hidden);
    return rc;
}

static int write_layers(const struct node *layers, struct node *mapping, fb_error *err)
{
    struct node copy = {0};
    int rc = node_copy(layers, &copy, err);
    if (!rc)
        rc = node_append(mapping, "layers", &copy, err);
    node_finish(&copy);
    return rc;
}

static int write_named(const nn_network_spec *network, struct node *mapping, fb_error *err)
{
    int rc = node_append_text(mapping, "name", network->name, err);
    if (!rc && strcmp(network->name, "mlp") == 0)
        rc = write_hidden(network, mapping, err);
    return rc;
}

int spec_write_network(const void *source, const char *key, struct node *mapping, fb_error *err)
{
    const spec_setting *setting = source;
    struct node choice = {.kind = NODE_MAPPING};
    int rc = setting->layers ? write_layers(setting->layers, &choice, err)
                             : write_named(&setting->network, &choice, err);
    if (!rc)
        rc = node_append(mapping, key, &choice, err);
    node_finish(&choice);
    return rc;
}

void spec_finish_network(spec_setting *setting)
{
    node_finish(setting->layers);
    fb_free(setting->layers);
}

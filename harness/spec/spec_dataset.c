/* A setting's data set: one table of keys a format. */
#include <string.h>

#include "alloc.h"
#include "spec_schema.h"

enum { MAX_NAMES = 64 };

static const field_choice formats[] = {
    {"registry", DATA_REGISTRY}, {"idx", DATA_IDX}, {"synthetic", DATA_SYNTHETIC}, {NULL, 0}};

/* ---- names from the registry and the generators ---------------------------------------------- */

static int read_registry_name(const struct field_reader *reader, const struct node *value,
                              const char *path, void *target)
{
    const char *names[MAX_NAMES];
    size_t count = 0;
    const data_registry_entry *entries = data_registry(&count);
    FB_CHECK(count <= MAX_NAMES);
    for (size_t i = 0; i < count; i++)
        names[i] = entries[i].name;
    char *name = NULL;
    int rc = spec_read_name(reader, value, path, names, count, &name);
    if (!rc)
        ((spec_setting *)target)->dataset.name = name;
    return rc;
}

static int read_generator_name(const struct field_reader *reader, const struct node *value,
                               const char *path, void *target)
{
    const char *names[MAX_NAMES];
    size_t count = 0;
    const data_generator_info *generators = data_generators(&count);
    FB_CHECK(count <= MAX_NAMES);
    for (size_t i = 0; i < count; i++)
        names[i] = generators[i].name;
    char *name = NULL;
    int rc = spec_read_name(reader, value, path, names, count, &name);
    if (!rc)
        ((spec_setting *)target)->dataset.name = name;
    return rc;
}

static int write_name(const void *source, const char *key, struct node *mapping, fb_error *err)
{
    return node_append_text(mapping, key, ((const spec_setting *)source)->dataset.name, err);
}

/* ---- the tables ------------------------------------------------------------------------------ */

#define AT(member) offsetof(spec_setting, member)
#define FORMAT_FIELD                                                                               \
    {.key = "format", .type = FIELD_CHOICE, .offset = AT(dataset.format), .preset = "registry",    \
     .choices = formats}

static const struct field registry_fields[] = {
    FORMAT_FIELD,
    {.key = "name", .type = FIELD_OWN, .read = read_registry_name, .write = write_name},
};

static const struct field idx_fields[] = {
    FORMAT_FIELD,
    {.key = "train_images", .type = FIELD_PATH, .offset = AT(dataset.train_images)},
    {.key = "train_labels", .type = FIELD_PATH, .offset = AT(dataset.train_labels)},
    {.key = "test_images", .type = FIELD_PATH, .offset = AT(dataset.test_images), .optional = true},
    {.key = "test_labels", .type = FIELD_PATH, .offset = AT(dataset.test_labels), .optional = true},
    {.key = "test", .type = FIELD_NUMBER, .offset = AT(split.test_share), .optional = true,
     .minimum = 0, .above = true, .maximum = 1, .below = true,
     .hint = "the share of the training samples that is drawn as test set"},
};

/* A count or a noise that is not given is the generator's preset, zero in data_spec. */
static const struct field synthetic_fields[] = {
    FORMAT_FIELD,
    {.key = "generator", .type = FIELD_OWN, .read = read_generator_name, .write = write_name},
    {.key = "seed", .type = FIELD_U64, .offset = AT(dataset.seed), .preset = "0"},
    {.key = "train", .type = FIELD_COUNT, .offset = AT(dataset.train_count), .optional = true,
     .minimum = 1, .maximum = 1e7},
    {.key = "test", .type = FIELD_COUNT, .offset = AT(dataset.test_count), .optional = true,
     .minimum = 1, .maximum = 1e7},
    {.key = "classes", .type = FIELD_COUNT, .offset = AT(dataset.class_count), .optional = true,
     .minimum = 2, .maximum = 1000},
    {.key = "features", .type = FIELD_COUNT, .offset = AT(dataset.feature_count), .optional = true,
     .minimum = 1, .maximum = 65536},
    {.key = "noise", .type = FIELD_NUMBER, .offset = AT(dataset.noise), .optional = true,
     .minimum = 0, .above = true, .maximum = 1e6},
};

static const struct field_table registry_table = FIELD_TABLE(registry_fields);
static const struct field_table idx_table = FIELD_TABLE(idx_fields);
static const struct field_table synthetic_table = FIELD_TABLE(synthetic_fields);

static const struct field_table *table_of(data_format format)
{
    switch (format) {
    case DATA_IDX:
        return &idx_table;
    case DATA_SYNTHETIC:
        return &synthetic_table;
    case DATA_REGISTRY:
        break;
    }
    return &registry_table;
}

/* ---- reading and writing --------------------------------------------------------------------- */

/* The test set comes from a pair of files or from the training set, and from one of the two. */
static int check_idx_test(const struct field_reader *reader, const struct node *value,
                          const char *path)
{
    const struct node *images = node_find(value, "test_images");
    const struct node *labels = node_find(value, "test_labels");
    const struct node *share = node_find(value, "test");
    if (!images != !labels)
        return field_fail(reader, FB_EINVAL, images ? images : labels,
                          "%s: test_images and test_labels belong together; %s is missing", path,
                          images ? "test_labels" : "test_images");
    if (images && share)
        return field_fail(reader, FB_EINVAL, share,
                          "%s.test: the test set comes from test_images already; keep one of "
                          "the two", path);
    if (!images && !share)
        return field_fail(reader, FB_EINVAL, value,
                          "%s: there is no test set; give test_images and test_labels, or "
                          "'test: 0.2' to draw that share of the training samples", path);
    return FB_OK;
}

static int set_label(const struct field_reader *reader, spec_setting *setting)
{
    const char *label = setting->dataset.name;
    if (setting->dataset.format == DATA_IDX) {
        const char *slash = strrchr(setting->dataset.train_images, '/');
        label = slash ? slash + 1 : setting->dataset.train_images;
    }
    setting->dataset_label = fb_strdup(label);
    return setting->dataset_label ? FB_OK
                                  : fb_fail_memory(reader->err, strlen(label) + 1, 1, "a label");
}

int spec_read_dataset(const struct field_reader *reader, const struct node *value, const char *path,
                      void *target)
{
    static const struct field format_field = FORMAT_FIELD;
    spec_setting *setting = target;
    char below[FIELD_PATH_MAX];
    const struct node *format = node_find(value, "format");
    int rc = FB_OK;
    setting->dataset.format = DATA_REGISTRY;
    if (format)
        rc = field_read_value(reader, &format_field, format, field_path(below, path, "format"),
                              setting);
    if (!rc && value->kind == NODE_SCALAR)
        rc = read_registry_name(reader, value, path, setting);
    else if (!rc)
        rc = fields_read(reader, value, path, table_of(setting->dataset.format), setting);
    if (!rc && setting->dataset.format == DATA_IDX)
        rc = check_idx_test(reader, value, path);
    return rc ? rc : set_label(reader, setting);
}

int spec_write_dataset(const void *source, const char *key, struct node *mapping, fb_error *err)
{
    const spec_setting *setting = source;
    struct node inner = {.kind = NODE_MAPPING};
    int rc = fields_write(table_of(setting->dataset.format), setting, &inner, err);
    if (!rc)
        rc = node_append(mapping, key, &inner, err);
    node_finish(&inner);
    return rc;
}

void spec_finish_dataset(spec_setting *setting)
{
    data_spec *data = &setting->dataset;
    fb_free((void *)data->name);
    fb_free((void *)data->train_images);
    fb_free((void *)data->train_labels);
    fb_free((void *)data->test_images);
    fb_free((void *)data->test_labels);
    fb_free(setting->dataset_label);
}

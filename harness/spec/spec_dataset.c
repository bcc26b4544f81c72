/* A setting's data set: one table of keys a format. */
#include <string.h>

#include "alloc.h"
#include "spec_schema.h"

enum { MAX_NAMES = 64 };

static const field_choice formats[] = {{"registry", DATA_REGISTRY},
                                       {"idx", DATA_IDX},
                                       {"cifar", DATA_CIFAR},
                                       {"libsvm", DATA_LIBSVM},
                                       {"synthetic", DATA_SYNTHETIC},
                                       {NULL, 0}};

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

/* ---- lists of files -------------------------------------------------------------------------- */

static int read_files(const struct field_reader *reader, const struct node *value,
                      const char *path, const char ***files, size_t *count)
{
    static const struct field file_field = {.type = FIELD_PATH};
    if (value->kind != NODE_SEQUENCE || value->count == 0)
        return field_fail_value(reader, FB_EINVAL, value, path, "a list of one file or more");
    *files = fb_calloc(value->count, sizeof **files);
    if (!*files)
        return fb_fail_memory(reader->err, value->count, sizeof **files, path);
    for (size_t i = 0; i < value->count; i++) {
        int rc = field_read_value(reader, &file_field, &value->items[i], path, &(*files)[i]);
        if (rc)
            return rc;
        ++*count;
    }
    return FB_OK;
}

static int write_files(const char **files, size_t count, const char *key, struct node *mapping,
                       fb_error *err)
{
    struct node list = {.kind = NODE_SEQUENCE};
    int rc = FB_OK;
    for (size_t i = 0; !rc && i < count; i++)
        rc = node_append_text(&list, NULL, files[i], err);
    if (!rc)
        rc = node_append(mapping, key, &list, err);
    node_finish(&list);
    return rc;
}

static void free_files(const char **files, size_t count)
{
    for (size_t i = 0; i < count; i++)
        fb_free((void *)files[i]);
    fb_free(files);
}

static int read_train_files(const struct field_reader *reader, const struct node *value,
                            const char *path, void *target)
{
    data_spec *data = &((spec_setting *)target)->dataset;
    return read_files(reader, value, path, &data->train_files, &data->train_file_count);
}

static int write_train_files(const void *source, const char *key, struct node *mapping,
                             fb_error *err)
{
    const data_spec *data = &((const spec_setting *)source)->dataset;
    return write_files(data->train_files, data->train_file_count, key, mapping, err);
}

/* ---- the test set: a share of the training samples, or files ------------------------------- */

static const struct field share_field = {
    .type = FIELD_NUMBER, .offset = offsetof(spec_setting, split.test_share),
    .minimum = 0, .above = true, .maximum = 1, .below = true,
    .hint = "the share of the training samples that is drawn as test set; or {ids: FILE}"};

static int write_share(double share, const char *key, struct node *mapping, fb_error *err)
{
    fb_strbuf text = FB_STRBUF_INIT;
    field_add_number(share, &text);
    int rc = fb_strbuf_check(&text, "the resolved spec", err);
    if (!rc)
        rc = node_append_text(mapping, key, text.text, err);
    fb_strbuf_finish(&text);
    return rc;
}

static int read_test(const struct field_reader *reader, const struct node *value, const char *path,
                     void *target)
{
    data_spec *data = &((spec_setting *)target)->dataset;
    if (data->format == DATA_CIFAR && value->kind == NODE_SEQUENCE)
        return read_files(reader, value, path, &data->test_files, &data->test_file_count);
    if (value->kind == NODE_MAPPING)
        return spec_read_ids(reader, value, path, &data->test_ids);
    return field_read_value(reader, &share_field, value, path, target);
}

static int write_test(const void *source, const char *key, struct node *mapping, fb_error *err)
{
    const spec_setting *setting = source;
    const data_spec *data = &setting->dataset;
    if (data->test_file_count)
        return write_files(data->test_files, data->test_file_count, key, mapping, err);
    if (data->test_ids)
        return spec_write_ids(data->test_ids, key, mapping, err);
    if (setting->split.test_share > 0)
        return write_share(setting->split.test_share, key, mapping, err);
    return FB_OK;
}

/* ---- the tables ------------------------------------------------------------------------------ */

#define AT(member) offsetof(spec_setting, member)
#define TEST_FIELD                                                                                 \
    {.key = "test", .type = FIELD_OWN, .optional = true, .read = read_test, .write = write_test}
#define FORMAT_FIELD                                                                               \
    {.key = "format", .type = FIELD_CHOICE, .offset = AT(dataset.format), .preset = "registry",    \
     .choices = formats}

#define STANDARDIZE_FIELD                                                                          \
    {.key = "standardize", .type = FIELD_FLAG, .offset = AT(dataset.standardize),                  \
     .preset = "none", .choices = standardizings}

static const field_choice standardizings[] = {{"none", false}, {"train", true}, {NULL, 0}};

static const struct field registry_fields[] = {
    FORMAT_FIELD,
    {.key = "name", .type = FIELD_OWN, .read = read_registry_name, .write = write_name},
    STANDARDIZE_FIELD,
};

static const struct field idx_fields[] = {
    FORMAT_FIELD,
    {.key = "train_images", .type = FIELD_PATH, .offset = AT(dataset.train_images)},
    {.key = "train_labels", .type = FIELD_PATH, .offset = AT(dataset.train_labels)},
    {.key = "test_images", .type = FIELD_PATH, .offset = AT(dataset.test_images), .optional = true},
    {.key = "test_labels", .type = FIELD_PATH, .offset = AT(dataset.test_labels), .optional = true},
    TEST_FIELD,
    STANDARDIZE_FIELD,
};

static const struct field cifar_fields[] = {
    FORMAT_FIELD,
    {.key = "train", .type = FIELD_OWN, .read = read_train_files, .write = write_train_files,
     .hint = "a list of files"},
    TEST_FIELD,
    {.key = "classes", .type = FIELD_COUNT, .offset = AT(dataset.class_count), .preset = "10",
     .minimum = 10, .maximum = 100},
    STANDARDIZE_FIELD,
};

static const struct field libsvm_fields[] = {
    FORMAT_FIELD,
    {.key = "file", .type = FIELD_PATH, .offset = AT(dataset.file)},
    {.key = "test_file", .type = FIELD_PATH, .offset = AT(dataset.test_file), .optional = true},
    TEST_FIELD,
    {.key = "features", .type = FIELD_COUNT, .offset = AT(dataset.feature_count), .optional = true,
     .minimum = 1, .maximum = 1 << 24, .hint = "the largest index in the files when left out"},
    STANDARDIZE_FIELD,
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
    STANDARDIZE_FIELD,
};

static const struct field_table registry_table = FIELD_TABLE(registry_fields);
static const struct field_table idx_table = FIELD_TABLE(idx_fields);
static const struct field_table cifar_table = FIELD_TABLE(cifar_fields);
static const struct field_table libsvm_table = FIELD_TABLE(libsvm_fields);
static const struct field_table synthetic_table = FIELD_TABLE(synthetic_fields);

static const struct field_table *table_of(data_format format)
{
    switch (format) {
    case DATA_IDX:
        return &idx_table;
    case DATA_CIFAR:
        return &cifar_table;
    case DATA_LIBSVM:
        return &libsvm_table;
    case DATA_SYNTHETIC:
        return &synthetic_table;
    case DATA_REGISTRY:
        break;
    }
    return &registry_table;
}

/* ---- reading and writing --------------------------------------------------------------------- */

static int fail_no_test(const struct field_reader *reader, const struct node *value,
                        const char *path, const char *keys)
{
    return field_fail(reader, FB_EINVAL, value,
                      "%s: there is no test set; give %s, 'test: 0.2' to draw that share of the "
                      "training samples, or 'test: {ids: FILE}'", path, keys);
}

/* The test set comes from a pair of files or from the training set, and from one of the two. */
static int check_idx(const struct field_reader *reader, const struct node *value, const char *path)
{
    const struct node *images = node_find(value, "test_images");
    const struct node *labels = node_find(value, "test_labels");
    const struct node *test = node_find(value, "test");
    if (!images != !labels)
        return field_fail(reader, FB_EINVAL, images ? images : labels,
                          "%s: test_images and test_labels belong together; %s is missing", path,
                          images ? "test_labels" : "test_images");
    if (images && test)
        return field_fail(reader, FB_EINVAL, test,
                          "%s.test: the test set comes from test_images already; keep one of "
                          "the two", path);
    if (!images && !test)
        return fail_no_test(reader, value, path, "test_images and test_labels");
    return FB_OK;
}

static int check_cifar(const struct field_reader *reader, const struct node *value,
                       const char *path, const spec_setting *setting)
{
    size_t classes = setting->dataset.class_count;
    if (classes != 10 && classes != 100)
        return field_fail(reader, FB_EINVAL, node_find(value, "classes"),
                          "%s.classes: expected 10 or 100, found '%zu'", path, classes);
    if (!node_find(value, "test"))
        return fail_no_test(reader, value, path, "a list of files as 'test'");
    return FB_OK;
}

static int check_libsvm(const struct field_reader *reader, const struct node *value,
                        const char *path)
{
    const struct node *test = node_find(value, "test");
    if (node_find(value, "test_file") && test)
        return field_fail(reader, FB_EINVAL, test,
                          "%s.test: the test set is test_file already; keep one of the two", path);
    if (!node_find(value, "test_file") && !test)
        return fail_no_test(reader, value, path, "test_file");
    return FB_OK;
}

/* Trials that draw their own test set would each have other training samples. */
static int check_standardize(const struct field_reader *reader, const struct node *value,
                             const char *path, const spec_setting *setting)
{
    if (setting->dataset.standardize && setting->split.test_share > 0)
        return field_fail(reader, FB_EINVAL, node_find(value, "standardize"),
                          "%s.standardize: each trial draws another test set ('test: %g'); name "
                          "its samples with 'test: {ids: FILE}', or leave standardize out", path,
                          setting->split.test_share);
    return FB_OK;
}

/* What a table cannot say. */
static int check_format(const struct field_reader *reader, const struct node *value,
                        const char *path, const spec_setting *setting)
{
    int rc = FB_OK;
    if (setting->dataset.format == DATA_IDX)
        rc = check_idx(reader, value, path);
    else if (setting->dataset.format == DATA_CIFAR)
        rc = check_cifar(reader, value, path, setting);
    else if (setting->dataset.format == DATA_LIBSVM)
        rc = check_libsvm(reader, value, path);
    return rc ? rc : check_standardize(reader, value, path, setting);
}

/* The name by which tables know the data set: a file's base name where it has no other. */
static int set_label(const struct field_reader *reader, spec_setting *setting)
{
    const data_spec *data = &setting->dataset;
    const char *label = data->name;
    if (data->format == DATA_IDX)
        label = data->train_images;
    else if (data->format == DATA_CIFAR)
        label = data->train_files[0];
    else if (data->format == DATA_LIBSVM)
        label = data->file;
    const char *slash = strrchr(label, '/');
    label = slash ? slash + 1 : label;
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
    if (!rc)
        rc = check_format(reader, value, path, setting);
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
    fb_free((void *)data->file);
    fb_free((void *)data->test_file);
    fb_free((void *)data->test_ids);
    free_files(data->train_files, data->train_file_count);
    free_files(data->test_files, data->test_file_count);
    fb_free(setting->dataset_label);
}

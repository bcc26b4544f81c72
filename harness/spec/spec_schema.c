#include "spec_schema.h"

#include <math.h>
#include <string.h>

#include "alloc.h"

/* ---- a setting ------------------------------------------------------------------------------- */

#define AT(member) offsetof(spec_setting, member)

enum { MAX_ROUNDS = 1000000 };

/* rounds: a number or `all`. */
static int read_rounds(const struct field_reader *reader, const struct node *value,
                       const char *path, void *target)
{
    static const struct field rounds_field = {
        .type = FIELD_COUNT, .offset = AT(rounds), .maximum = MAX_ROUNDS, .hint = "or 'all'"};
    spec_setting *setting = target;
    if (value->kind == NODE_SCALAR && strcmp(value->text, "all") == 0) {
        setting->rounds_all = true;
        return FB_OK;
    }
    return field_read_value(reader, &rounds_field, value, path, setting);
}

static int write_rounds(const void *source, const char *key, struct node *mapping, fb_error *err)
{
    const spec_setting *setting = source;
    if (setting->rounds_all)
        return node_append_text(mapping, key, "all", err);
    return node_append_format(mapping, key, err, "%zu", setting->rounds);
}

static const struct field budget_fields[] = {
    {.key = "initial", .type = FIELD_OWN, .preset = FIELD_EMPTY_MAPPING, .read = spec_read_initial,
     .write = spec_write_initial},
    {.key = "query", .type = FIELD_COUNT, .offset = AT(query), .minimum = 1, .maximum = 1e9,
     .hint = "labels asked for in a round"},
    {.key = "rounds", .type = FIELD_OWN, .read = read_rounds, .write = write_rounds,
     .hint = "queries made, or 'all'"},
    {.key = "subpool", .type = FIELD_COUNT, .offset = AT(subpool), .preset = "0", .maximum = 1e9,
     .hint = "0: the whole pool"},
};
static const struct field_table budget_table = FIELD_TABLE(budget_fields);

static const field_choice references[] = {
    {"none", SPEC_NO_REFERENCE}, {"full", SPEC_REFERENCE_FULL}, {NULL, 0}};

static const struct field setting_fields[] = {
    {.key = "name", .type = FIELD_TEXT, .offset = AT(name)},
    {.key = "dataset", .type = FIELD_OWN, .read = spec_read_dataset, .write = spec_write_dataset},
    {.key = "validation", .type = FIELD_OWN, .preset = "0", .read = spec_read_validation,
     .write = spec_write_validation},
    {.key = "features", .type = FIELD_PATH, .offset = AT(features), .optional = true},
    {.key = "network", .type = FIELD_OWN, .read = spec_read_network, .write = spec_write_network},
    {.key = "train", .type = FIELD_OWN, .preset = FIELD_EMPTY_MAPPING, .read = spec_read_train,
     .write = spec_write_train}, /* behind `network`, which decides what there is */
    {.key = "budget", .type = FIELD_GROUP, .table = &budget_table},
    {.key = "reference", .type = FIELD_CHOICE, .offset = AT(reference), .optional = true,
     .choices = references},
};
const struct field_table spec_setting_table = FIELD_TABLE(setting_fields);
#undef AT

/* ---- settings -------------------------------------------------------------------------------- */

static int check_setting(const struct field_reader *reader, const struct node *value,
                         const spec_setting *setting)
{
    if (setting->subpool && setting->subpool < setting->query)
        return field_fail(reader, FB_ERANGE, node_find_path(value, "budget.subpool"),
                          "budget.subpool: %zu samples are offered in a round, but budget.query "
                          "asks for %zu; raise subpool or lower query", setting->subpool,
                          setting->query);
    return spec_check_train(reader, value, setting);
}

static int refuse_same_name(const struct field_reader *reader, const struct node *value,
                            const struct spec *spec, size_t last)
{
    const char *name = spec->settings[last].name;
    char shown[NODE_EXCERPT];
    for (size_t i = 0; i < last; i++)
        if (strcmp(spec->settings[i].name, name) == 0)
            return field_fail(reader, FB_EINVAL, node_find(value, "name"),
                              "two settings are named '%s' (the first at %zu:%zu); rename one",
                              node_excerpt(name, shown), spec->settings[i].place.line,
                              spec->settings[i].place.column);
    return FB_OK;
}

static int read_settings(const struct field_reader *reader, const struct node *value,
                         const char *path, void *target)
{
    struct spec *spec = target;
    if (value->kind != NODE_SEQUENCE || value->count == 0)
        return field_fail_value(reader, FB_EINVAL, value, path, "a list of one setting or more");
    spec->settings = fb_calloc(value->count, sizeof *spec->settings);
    if (!spec->settings)
        return fb_fail_memory(reader->err, value->count, sizeof *spec->settings, path);
    for (size_t i = 0; i < value->count; i++) {
        const struct node *item = &value->items[i];
        spec_setting *setting = &spec->settings[spec->setting_count++];
        setting->place = (spec_place){item->line, item->column};
        int rc = fields_read(reader, item, "", &spec_setting_table, setting);
        if (!setting->reference)
            setting->reference = spec->reference;
        if (!rc)
            rc = check_setting(reader, item, setting);
        if (!rc)
            rc = refuse_same_name(reader, item, spec, i);
        if (rc)
            return rc;
    }
    return FB_OK;
}

static int write_settings(const void *source, const char *key, struct node *mapping, fb_error *err)
{
    const struct spec *spec = source;
    struct node list = {.kind = NODE_SEQUENCE};
    int rc = FB_OK;
    for (size_t i = 0; !rc && i < spec->setting_count; i++) {
        struct node setting = {.kind = NODE_MAPPING};
        rc = fields_write(&spec_setting_table, &spec->settings[i], &setting, err);
        if (!rc)
            rc = node_append(&list, NULL, &setting, err);
        node_finish(&setting);
    }
    if (!rc)
        rc = node_append(mapping, key, &list, err);
    node_finish(&list);
    return rc;
}

/* ---- limits.memory: bytes, perhaps with a unit
 * ------------------------------------------------- */

static int parse_bytes(const char *text, uint64_t *ret_bytes)
{
    static const struct {
        const char *unit;
        int shift;
    } units[] = {{"", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};
    uint64_t value = 0;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 15)
        return FB_EINVAL;
    for (size_t i = 0; i < digits; i++)
        value = 10 * value + (uint64_t)(text[i] - '0');
    const char *unit = text + digits + strspn(text + digits, " ");
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(unit, units[i].unit) != 0)
            continue;
        if (value > (uint64_t)INT64_MAX >> units[i].shift)
            return FB_ERANGE;
        *ret_bytes = value << units[i].shift;
        return FB_OK;
    }
    return FB_EINVAL;
}

static int read_memory(const struct field_reader *reader, const struct node *value,
                       const char *path, void *target)
{
    uint64_t bytes = 0;
    int rc = value->kind == NODE_SCALAR ? parse_bytes(value->text, &bytes) : FB_EINVAL;
    if (rc)
        return field_fail_value(reader, rc, value, path,
                                "a number of bytes, such as 4294967296, 4096 MiB or 4 GiB (0: no "
                                "limit)");
    ((struct spec *)target)->limits.memory = bytes;
    return FB_OK;
}

static int write_memory(const void *source, const char *key, struct node *mapping, fb_error *err)
{
    unsigned long long bytes = ((const struct spec *)source)->limits.memory;
    return node_append_format(mapping, key, err, "%llu", bytes);
}

/* ---- the whole ------------------------------------------------------------------------------- */

#define AT(member) offsetof(struct spec, member)

static const field_choice versions[] = {{"1", 1}, {NULL, 0}};
static const field_choice booleans[] = {{"false", false}, {"true", true}, {NULL, 0}};
static const field_choice corrections[] = {
    {"holm", SPEC_HOLM}, {"none", SPEC_NO_CORRECTION}, {NULL, 0}};

static const struct field trials_fields[] = {
    {.key = "first", .type = FIELD_U32, .offset = AT(trial_first), .preset = "0", .maximum = 1e9},
    {.key = "count", .type = FIELD_U32, .offset = AT(trial_count), .preset = "5", .minimum = 1,
     .maximum = 1e6},
};
static const struct field_table trials_table = FIELD_TABLE(trials_fields);

static const struct field report_fields[] = {
    {.key = "baseline", .type = FIELD_TEXT, .offset = AT(report.baseline), .optional = true},
    {.key = "alpha", .type = FIELD_NUMBER, .offset = AT(report.alpha), .preset = "0.05",
     .minimum = 0, .above = true, .maximum = 1, .below = true},
    {.key = "correction", .type = FIELD_CHOICE, .offset = AT(report.correction), .preset = "holm",
     .choices = corrections},
    {.key = "include_initial", .type = FIELD_FLAG, .offset = AT(report.include_initial),
     .preset = "false", .choices = booleans},
};
static const struct field_table report_table = FIELD_TABLE(report_fields);

static const struct field limits_fields[] = {
    {.key = "seconds", .type = FIELD_NUMBER, .offset = AT(limits.seconds), .preset = "3600",
     .minimum = 0, .above = true, .maximum = 1e9},
    {.key = "memory", .type = FIELD_OWN, .preset = "0", .read = read_memory, .write = write_memory},
};
static const struct field_table limits_table = FIELD_TABLE(limits_fields);


static const struct field root_fields[] = {
    {.key = "flipbench", .type = FIELD_FIXED, .choices = versions,
     .hint = "the version of the format; this program reads 1"},
    {.key = "name", .type = FIELD_TEXT, .offset = AT(name)},
    {.key = "seed", .type = FIELD_U64, .offset = AT(seed), .preset = "0"},
    {.key = "trials", .type = FIELD_GROUP, .table = &trials_table, .shorthand = "count"},
    {.key = "reference", .type = FIELD_CHOICE, .offset = AT(reference), .preset = "none",
     .choices = references}, /* before `settings`, whose default it is */
    {.key = "settings", .type = FIELD_OWN, .read = read_settings, .write = write_settings},
    {.key = "strategies", .type = FIELD_OWN, .read = spec_read_strategies,
     .write = spec_write_strategies},
    {.key = "grid", .type = FIELD_TREE},
    {.key = "report", .type = FIELD_GROUP, .table = &report_table},
    {.key = "limits", .type = FIELD_GROUP, .table = &limits_table},
    {.key = "scores", .type = FIELD_FLAG, .offset = AT(scores), .preset = "false",
     .choices = booleans},
};
const struct field_table spec_root_table = FIELD_TABLE(root_fields);
#undef AT

int spec_read_name(const struct field_reader *reader, const struct node *value, const char *path,
                   const char *const *names, size_t count, char **ret_text)
{
    for (size_t i = 0; i < count; i++) {
        if (value->kind != NODE_SCALAR || strcmp(value->text, names[i]) != 0)
            continue;
        char *text = fb_strdup(names[i]);
        if (!text)
            return fb_fail_memory(reader->err, strlen(names[i]) + 1, 1, path);
        *ret_text = text;
        return FB_OK;
    }
    return field_fail_word(reader, value, path, names, count);
}

int spec_read_tree(const struct node *root, struct spec *ret_spec, fb_error *err)
{
    const struct field_reader reader = {.spec = ret_spec, .err = err};
    const struct node *version = node_find(root, "flipbench");
    int rc = FB_OK;
    if (version) /* before anything else, because another version's keys are not ours to judge */
        rc = field_read_value(&reader, &root_fields[0], version, "flipbench", ret_spec);
    if (!rc)
        rc = fields_read(&reader, root, "", &spec_root_table, ret_spec);
    if (!rc)
        rc = spec_settle_baseline(&reader, root, ret_spec);
    return rc;
}

int spec_write_tree(const struct spec *spec, struct node *root, fb_error *err)
{
    root->kind = NODE_MAPPING;
    return fields_write(&spec_root_table, spec, root, err);
}

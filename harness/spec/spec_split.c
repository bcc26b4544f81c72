/* Which samples have which role: so many that are drawn, or {ids: FILE}. */
#include "alloc.h"
#include "spec_schema.h"

#define AT(member) offsetof(spec_setting, member)

/* ---- {ids: FILE} ----------------------------------------------------------------------------- */

#define IDS_FIELD .key = "ids", .type = FIELD_PATH, .hint = "a file of samples, one a line"

/* Its target is the text itself. */
static const struct field ids_fields[] = {{IDS_FIELD}};
static const struct field_table ids_table = FIELD_TABLE(ids_fields);

int spec_read_ids(const struct field_reader *reader, const struct node *value, const char *path,
                  const char **ret_file)
{
    return fields_read(reader, value, path, &ids_table, ret_file);
}

int spec_write_ids(const char *file, const char *key, struct node *mapping, fb_error *err)
{
    struct node inner = {.kind = NODE_MAPPING};
    int rc = fields_write(&ids_table, &file, &inner, err);
    if (!rc)
        rc = node_append(mapping, key, &inner, err);
    node_finish(&inner);
    return rc;
}

/* ---- validation ------------------------------------------------------------------------------ */

int spec_read_validation(const struct field_reader *reader, const struct node *value,
                         const char *path, void *target)
{
    static const struct field count_field = {.type = FIELD_COUNT, .offset = AT(split.validation),
                                             .maximum = 1e9, .hint = "or {ids: FILE}"};
    spec_setting *setting = target;
    if (value->kind == NODE_MAPPING)
        return spec_read_ids(reader, value, path, &setting->validation_ids);
    return field_read_value(reader, &count_field, value, path, setting);
}

int spec_write_validation(const void *source, const char *key, struct node *mapping, fb_error *err)
{
    const spec_setting *setting = source;
    if (setting->validation_ids)
        return spec_write_ids(setting->validation_ids, key, mapping, err);
    return node_append_format(mapping, key, err, "%zu", setting->split.validation);
}

/* ---- budget.initial -------------------------------------------------------------------------- */

static const field_choice balances[] = {{"classes", true}, {"none", false}, {NULL, 0}};

/* A mapping with `ids` is read by ids_table; the key is here for the list of those there are. */
static const struct field counted_fields[] = {
    {.key = "count", .type = FIELD_COUNT, .offset = AT(split.initial), .minimum = 1,
     .maximum = 1e9, .hint = "or {ids: FILE}"},
    {.key = "balance", .type = FIELD_FLAG, .offset = AT(split.balance), .preset = "classes",
     .choices = balances},
    {IDS_FIELD, .offset = AT(initial_ids), .optional = true},
};
static const struct field_table counted_table = FIELD_TABLE(counted_fields);
static const struct field counted_field = {.type = FIELD_GROUP, .table = &counted_table,
                                           .shorthand = "count"};

int spec_read_initial(const struct field_reader *reader, const struct node *value, const char *path,
                      void *target)
{
    if (node_find(value, "ids"))
        return spec_read_ids(reader, value, path, &((spec_setting *)target)->initial_ids);
    return field_read_group(reader, &counted_field, value, path, target);
}

int spec_write_initial(const void *source, const char *key, struct node *mapping, fb_error *err)
{
    const spec_setting *setting = source;
    struct node inner = {.kind = NODE_MAPPING};
    if (setting->initial_ids)
        return spec_write_ids(setting->initial_ids, key, mapping, err);
    int rc = fields_write(&counted_table, setting, &inner, err);
    if (!rc)
        rc = node_append(mapping, key, &inner, err);
    node_finish(&inner);
    return rc;
}

void spec_finish_split(spec_setting *setting)
{
    fb_free((void *)setting->validation_ids);
    fb_free((void *)setting->initial_ids);
}

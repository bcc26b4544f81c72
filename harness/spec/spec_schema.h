/* spec_schema.h - which keys a spec may have: the tables of fields, and what must hold between
 * them. */
#ifndef FB_SPEC_SCHEMA_H
#define FB_SPEC_SCHEMA_H

#include "spec_fields.h"

/* The keys of a spec (target: struct spec) and of one of its settings (target: spec_setting). */
extern const struct field_table spec_root_table;
extern const struct field_table spec_setting_table;

/* Reads a tree to which overrides and grid were applied. `ret_spec` has its path and is otherwise
 * zeroed; on failure too it may hold texts, which spec_finish releases. */
int spec_read_tree(const struct node *root, struct spec *ret_spec, fb_error *err);

/* Appends the whole spec, every default written out, to an empty mapping. */
int spec_write_tree(const struct spec *spec, struct node *root, fb_error *err);

/* A word out of a list of names (a registry's), copied into *ret_text. */
int spec_read_name(const struct field_reader *reader, const struct node *value, const char *path,
                   const char *const *names, size_t count, char **ret_text);

/* ---- fields with readers of their own (target: spec_setting, or struct spec for strategies)
 * ----- */

int spec_read_dataset(const struct field_reader *reader, const struct node *value, const char *path,
                      void *target);
int spec_write_dataset(const void *source, const char *key, struct node *mapping, fb_error *err);
void spec_finish_dataset(spec_setting *setting);

int spec_read_validation(const struct field_reader *reader, const struct node *value,
                         const char *path, void *target);
int spec_write_validation(const void *source, const char *key, struct node *mapping, fb_error *err);
int spec_read_initial(const struct field_reader *reader, const struct node *value, const char *path,
                      void *target);
int spec_write_initial(const void *source, const char *key, struct node *mapping, fb_error *err);
void spec_finish_split(spec_setting *setting);

/* A mapping {ids: FILE}, which stands for samples; the text is the setting's. */
int spec_read_ids(const struct field_reader *reader, const struct node *value, const char *path,
                  const char **ret_file);
int spec_write_ids(const char *file, const char *key, struct node *mapping, fb_error *err);

int spec_read_network(const struct field_reader *reader, const struct node *value, const char *path,
                      void *target);
int spec_write_network(const void *source, const char *key, struct node *mapping, fb_error *err);
void spec_finish_network(spec_setting *setting);

int spec_read_train(const struct field_reader *reader, const struct node *value, const char *path,
                    void *target);
int spec_write_train(const void *source, const char *key, struct node *mapping, fb_error *err);
void spec_finish_train(spec_setting *setting);

/* What the recipe asks of the rest of its setting, whose node `value` is. */
int spec_check_train(const struct field_reader *reader, const struct node *value,
                     const spec_setting *setting);

int spec_read_strategies(const struct field_reader *reader, const struct node *value,
                         const char *path, void *target);
int spec_write_strategies(const void *source, const char *key, struct node *mapping, fb_error *err);
void spec_finish_strategies(struct spec *spec);

/* Settles report.baseline once the strategies are known. */
int spec_settle_baseline(const struct field_reader *reader, const struct node *root,
                         struct spec *spec);

#endif

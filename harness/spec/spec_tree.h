/* spec_tree.h - what changes a spec's tree before the schema reads it. */
#ifndef FB_SPEC_TREE_H
#define FB_SPEC_TREE_H

#include "spec_fields.h"

/* Puts the values of --set ("path=value") into the tree, as spec.h says. They have no place (line
 * 0). Below `grid` the rest of the path is one key ("grid.train.epochs=[5, 10]"). */
int spec_apply_overrides(const struct field_reader *reader, const char *const *overrides,
                         size_t count, struct node *root);

/* Replaces each setting by one for each point of `grid` (the cartesian product of its lists; the
 * last key varies fastest), named "NAME key=value ...". Does nothing without a grid. The values
 * keep their places in the file. */
int spec_unroll_grid(const struct field_reader *reader, struct node *root);

#endif

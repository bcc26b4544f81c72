/* spec_layers.h - a network as an explicit list of layers. */
#ifndef FB_SPEC_LAYERS_H
#define FB_SPEC_LAYERS_H

#include "spec_fields.h"

/* Reads a list of layers, as docs/spec.md describes it, into a network named "custom". Residual
 * blocks are flattened. *ret_written is the list with every default written out: it reads back as
 * the same network, and is released with node_finish. Whether shapes fit each other is nn_create's
 * to say, which knows the data. */
int spec_read_layers(const struct field_reader *reader, const struct node *value, const char *path,
                     nn_network_spec *ret_network, struct node *ret_written);

#endif

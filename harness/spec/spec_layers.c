/* A network as an explicit list of layers. Residual blocks are nested in the file and become sums
 * over earlier layers in the network's flat list (`from` and `other` of nn.h). */
#include "spec_layers.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- what each layer says of itself ---------------------------------------------------------- */

#define AT(member) offsetof(nn_layer_spec, member)

enum { MAX_SIZE = 65536, MAX_KERNEL = 64 };

static const field_choice booleans[] = {{"false", false}, {"true", true}, {NULL, 0}};
static const field_choice paddings[] = {{"valid", false}, {"same", true}, {NULL, 0}};
static const field_choice biases[] = {{"true", false}, {"false", true}, {NULL, 0}}; /* no_bias */

#define RELU_FIELD                                                                                 \
    {.key = "relu", .type = FIELD_FLAG, .offset = AT(relu), .preset = "false", .choices = booleans}

static const struct field conv_fields[] = {
    {.key = "conv", .type = FIELD_COUNT, .offset = AT(size), .minimum = 1, .maximum = MAX_SIZE},
    {.key = "kernel", .type = FIELD_COUNT, .offset = AT(kernel), .preset = "3", .minimum = 1,
     .maximum = MAX_KERNEL},
    {.key = "stride", .type = FIELD_COUNT, .offset = AT(stride), .preset = "1", .minimum = 1,
     .maximum = MAX_KERNEL},
    {.key = "padding", .type = FIELD_FLAG, .offset = AT(same), .preset = "valid",
     .choices = paddings},
    {.key = "bias", .type = FIELD_FLAG, .offset = AT(no_bias), .preset = "true", .choices = biases},
    RELU_FIELD,
};

#define POOL_FIELDS(word)                                                                          \
    {.key = (word), .type = FIELD_COUNT, .offset = AT(kernel), .minimum = 1,                       \
     .maximum = MAX_KERNEL},                                                                       \
    {.key = "stride", .type = FIELD_COUNT, .offset = AT(stride), .optional = true, .minimum = 1,   \
     .maximum = MAX_KERNEL}
static const struct field max_pool_fields[] = {POOL_FIELDS("max_pool")};
static const struct field average_pool_fields[] = {POOL_FIELDS("average_pool")};

static const struct field statistics_fields[] = {
    {.key = "momentum", .type = FIELD_NUMBER, .offset = AT(momentum), .preset = "0.1", .minimum = 0,
     .above = true, .maximum = 1},
    {.key = "epsilon", .type = FIELD_NUMBER, .offset = AT(epsilon), .preset = "1e-5",
     .minimum = 1e-30, .maximum = INFINITY},
};
static const struct field_table statistics_table = FIELD_TABLE(statistics_fields);
static const struct field batch_norm_fields[] = {
    {.key = "batch_norm", .type = FIELD_GROUP, .table = &statistics_table},
    RELU_FIELD,
};

static const struct field dropout_fields[] = {
    {.key = "dropout", .type = FIELD_NUMBER, .offset = AT(rate), .minimum = 0, .maximum = 1,
     .below = true},
};

static const struct field dense_fields[] = {
    {.key = "dense", .type = FIELD_COUNT, .offset = AT(size), .minimum = 1, .maximum = MAX_SIZE},
    RELU_FIELD,
};
#undef AT

/* A kind of layer: as a mapping with its own keys, as a word alone, or either. */
static const struct form {
    const char *word;
    nn_layer_kind kind;
    bool alone;
    struct field_table table; /* empty: never a mapping */
} forms[] = {
    {"conv", NN_CONV, false, FIELD_TABLE(conv_fields)},
    {"max_pool", NN_MAX_POOL, false, FIELD_TABLE(max_pool_fields)},
    {"average_pool", NN_AVERAGE_POOL, false, FIELD_TABLE(average_pool_fields)},
    {"batch_norm", NN_BATCH_NORM, true, FIELD_TABLE(batch_norm_fields)},
    {"dropout", NN_DROPOUT, false, FIELD_TABLE(dropout_fields)},
    {"dense", NN_DENSE, true, FIELD_TABLE(dense_fields)},
    {"global_pool", NN_GLOBAL_POOL, true, {NULL, 0}},
    {"relu", NN_RELU, true, {NULL, 0}},
};

static const char expected_layer[] =
    "a layer: batch_norm, global_pool, relu, dense (the head), or a mapping with one of conv, "
    "max_pool, average_pool, batch_norm, dropout, dense, residual";

/* The form of a list's item; NULL when it has none. */
static const struct form *find_form(const struct node *item)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        const struct form *form = &forms[i];
        if (item->kind == NODE_SCALAR ? form->alone && strcmp(item->text, form->word) == 0
                                      : form->table.count && node_find(item, form->word))
            return form;
    }
    return NULL;
}

/* ---- single layers --------------------------------------------------------------------------- */

enum { MAX_NESTING = 8 }; /* residual blocks in each other: what is written must be read again */

/* Where the reading is. */
struct layer_reader {
    const struct field_reader *reader;
    nn_network_spec *network;
    size_t input; /* what `from` calls the layer that the next one reads */
    size_t nesting;
};

static int append(struct layer_reader *at, const struct node *item, const char *path,
                  nn_layer_spec layer)
{
    nn_network_spec *network = at->network;
    if (network->layer_count == NN_MAX_LAYERS)
        return field_fail(at->reader, FB_ERANGE, item, "%s: a network has at most %d layers", path,
                          NN_MAX_LAYERS);
    layer.from = at->input == network->layer_count ? 0 : at->input;
    network->layers[network->layer_count++] = layer;
    at->input = network->layer_count;
    return FB_OK;
}

static int read_fields(const struct layer_reader *at, const struct form *form,
                       const struct node *item, const char *path, nn_layer_spec *ret_layer)
{
    const struct node bare = {.kind = NODE_MAPPING, .line = item->line, .column = item->column};
    nn_layer_spec layer = {.kind = form->kind};
    int rc = FB_OK;
    bool head = form->kind == NN_DENSE && item->kind == NODE_SCALAR;
    if (form->table.count && !head)
        rc = fields_read(at->reader, item->kind == NODE_SCALAR ? &bare : item, path, &form->table,
                         &layer);
    if (rc)
        return rc;
    if (layer.same && layer.kernel % 2 == 0)
        return field_fail(at->reader, FB_EINVAL, item,
                          "%s: 'padding: same' needs an odd kernel, not %zu", path, layer.kernel);
    if (layer.stride == 0)
        layer.stride = layer.kernel; /* pooling */
    *ret_layer = layer;
    return FB_OK;
}

static int write_fields(const struct form *form, const nn_layer_spec *layer, struct node *list,
                        fb_error *err)
{
    struct node mapping = {.kind = NODE_MAPPING};
    bool head = layer->kind == NN_DENSE && layer->size == 0;
    if (form->table.count == 0 || head)
        return node_append_text(list, NULL, form->word, err);
    int rc = fields_write(&form->table, layer, &mapping, err);
    if (!rc)
        rc = node_append(list, NULL, &mapping, err);
    node_finish(&mapping);
    return rc;
}

/* ---- residual blocks ------------------------------------------------------------------------- */

struct residual {
    const struct node *body, *shortcut; /* the lists; shortcut NULL: the block's input itself */
    bool relu;
};

static int read_part(const struct field_reader *reader, const struct node *value, const char *path,
                     const struct node **ret_part)
{
    if (value->kind != NODE_SEQUENCE || value->count == 0)
        return field_fail_value(reader, FB_EINVAL, value, path, "a list of one layer or more");
    *ret_part = value;
    return FB_OK;
}

static int read_body(const struct field_reader *reader, const struct node *value, const char *path,
                     void *target)
{
    return read_part(reader, value, path, &((struct residual *)target)->body);
}

static int read_shortcut(const struct field_reader *reader, const struct node *value,
                         const char *path, void *target)
{
    return read_part(reader, value, path, &((struct residual *)target)->shortcut);
}

static const struct field residual_fields[] = {
    {.key = "residual", .type = FIELD_OWN, .read = read_body},
    {.key = "shortcut", .type = FIELD_OWN, .optional = true, .read = read_shortcut},
    {.key = "relu", .type = FIELD_FLAG, .offset = offsetof(struct residual, relu),
     .preset = "false", .choices = booleans},
};
static const struct field_table residual_table = FIELD_TABLE(residual_fields);

static int read_list(struct layer_reader *at, const struct node *list, const char *path,
                     struct node *ret_written);

/* Reads one of a block's two lists and appends it to what is written of the block. */
static int read_branch(struct layer_reader *at, const struct node *list, const char *path,
                       const char *key, struct node *written)
{
    char below[FIELD_PATH_MAX];
    struct node branch = {.kind = NODE_SEQUENCE};
    int rc = read_list(at, list, field_path(below, path, key), &branch);
    if (!rc)
        rc = node_append(written, key, &branch, at->reader->err);
    node_finish(&branch);
    return rc;
}

static int read_branches(struct layer_reader *at, const struct residual *block,
                         const struct node *item, const char *path, struct node *written)
{
    const size_t input = at->input;
    int rc = read_branch(at, block->body, path, "residual", written);
    const size_t body = at->input;
    at->input = input;
    if (!rc && block->shortcut)
        rc = read_branch(at, block->shortcut, path, "shortcut", written);
    nn_layer_spec sum = {.kind = NN_ADD, .other = at->input, .relu = block->relu};
    at->input = body;
    if (!rc)
        rc = append(at, item, path, sum);
    return rc ? rc : node_append_text(written, "relu", block->relu ? "true" : "false",
                                      at->reader->err);
}

static int read_residual(struct layer_reader *at, const struct node *item, const char *path,
                         struct node *list)
{
    struct residual block = {0};
    struct node written = {.kind = NODE_MAPPING};
    if (at->input == 0)
        return field_fail(at->reader, FB_EINVAL, item,
                          "%s: a residual block cannot be the first layer; put one before it",
                          path);
    if (at->nesting == MAX_NESTING)
        return field_fail(at->reader, FB_ERANGE, item,
                          "%s: residual blocks lie in each other more than %d deep", path,
                          MAX_NESTING);
    int rc = fields_read(at->reader, item, path, &residual_table, &block);
    at->nesting++;
    if (!rc)
        rc = read_branches(at, &block, item, path, &written);
    at->nesting--;
    if (!rc)
        rc = node_append(list, NULL, &written, at->reader->err);
    node_finish(&written);
    return rc;
}

/* ---- lists ----------------------------------------------------------------------------------- */

/* The head, `dense` alone, is the last layer of the whole and nothing else. */
static int check_head(const struct layer_reader *at, const struct node *item, const char *path,
                      const nn_layer_spec *layer, bool last)
{
    bool head = layer->kind == NN_DENSE && layer->size == 0;
    if (head && !last)
        return field_fail(at->reader, FB_EINVAL, item,
                          "%s: 'dense' without a number of units is the head, one unit a class, "
                          "and stands at the end; here write {dense: UNITS}", path);
    if (!head && last)
        return field_fail(at->reader, FB_EINVAL, item,
                          "%s: the last layer must be 'dense', the head: one unit a class", path);
    return FB_OK;
}

static int read_layer(struct layer_reader *at, const struct node *item, const char *path, bool last,
                      struct node *written)
{
    const struct form *form = find_form(item);
    nn_layer_spec layer = {0};
    int rc = FB_OK;
    if (!form && item->kind == NODE_MAPPING && node_find(item, "residual"))
        return last ? check_head(at, item, path, &layer, last)
                    : read_residual(at, item, path, written);
    if (!form)
        return field_fail_value(at->reader, FB_EINVAL, item, path, expected_layer);
    rc = read_fields(at, form, item, path, &layer);
    if (!rc)
        rc = check_head(at, item, path, &layer, last);
    if (!rc)
        rc = append(at, item, path, layer);
    return rc ? rc : write_fields(form, &layer, written, at->reader->err);
}

static int read_list(struct layer_reader *at, const struct node *list, const char *path,
                     struct node *ret_written)
{
    int rc = FB_OK;
    for (size_t i = 0; !rc && i < list->count; i++) {
        char below[FIELD_PATH_MAX], index[24];
        bool last = at->nesting == 0 && i + 1 == list->count;
        snprintf(index, sizeof index, "%zu", i);
        rc = read_layer(at, &list->items[i], field_path(below, path, index), last, ret_written);
    }
    return rc;
}

int spec_read_layers(const struct field_reader *reader, const struct node *value, const char *path,
                     nn_network_spec *ret_network, struct node *ret_written)
{
    nn_network_spec network = {.name = "custom"};
    struct layer_reader at = {.reader = reader, .network = &network};
    struct node written = {.kind = NODE_SEQUENCE};
    if (value->kind != NODE_SEQUENCE || value->count == 0)
        return field_fail_value(reader, FB_EINVAL, value, path,
                                "a list of layers that ends in 'dense', the head");
    int rc = read_list(&at, value, path, &written);
    if (rc) {
        node_finish(&written);
        return rc;
    }
    *ret_network = network;
    *ret_written = written;
    return FB_OK;
}

/* A setting's training recipe: one table of keys an optimizer. */
#include <math.h>
#include <string.h>

#include "alloc.h"
#include "spec_schema.h"
#include "suggest.h"

#define AT(member) offsetof(spec_setting, member)

static const field_choice booleans[] = {{"false", false}, {"true", true}, {NULL, 0}};

/* ---- schedule: a word, or {step: {epochs, factor}} ------------------------------------------- */

static const field_choice schedule_words[] = {
    {"constant", NN_CONSTANT}, {"cosine", NN_COSINE}, {"one-cycle", NN_ONE_CYCLE}, {NULL, 0}};
static const struct field schedule_word = {
    .type = FIELD_CHOICE, .offset = AT(recipe.schedule), .choices = schedule_words,
    .hint = "or {step: {epochs: N, factor: F}}"};

static const struct field step_fields[] = {
    {.key = "epochs", .type = FIELD_COUNT, .offset = AT(recipe.step_epochs), .minimum = 1,
     .maximum = 1e6},
    {.key = "factor", .type = FIELD_NUMBER, .offset = AT(recipe.step_factor), .minimum = 0,
     .above = true, .maximum = 1},
};
static const struct field_table step_table = FIELD_TABLE(step_fields);
static const struct field schedule_fields[] = {
    {.key = "step", .type = FIELD_GROUP, .table = &step_table},
};
static const struct field_table schedule_table = FIELD_TABLE(schedule_fields);

static int read_schedule(const struct field_reader *reader, const struct node *value,
                         const char *path, void *target)
{
    if (value->kind != NODE_MAPPING)
        return field_read_value(reader, &schedule_word, value, path, target);
    ((spec_setting *)target)->recipe.schedule = NN_STEP;
    return fields_read(reader, value, path, &schedule_table, target);
}

static int write_schedule(const void *source, const char *key, struct node *mapping, fb_error *err)
{
    nn_schedule schedule = ((const spec_setting *)source)->recipe.schedule;
    for (const field_choice *choice = schedule_words; choice->word; choice++)
        if ((int)schedule == choice->value)
            return node_append_text(mapping, key, choice->word, err);
    struct node step = {.kind = NODE_MAPPING};
    int rc = fields_write(&schedule_table, source, &step, err);
    if (!rc)
        rc = node_append(mapping, key, &step, err);
    node_finish(&step);
    return rc;
}

/* ---- class_weights: balanced, or a list ------------------------------------------------------ */

static int read_weight_list(const struct field_reader *reader, const struct node *value,
                            const char *path, nn_recipe *recipe)
{
    static const struct field weight = {
        .type = FIELD_NUMBER, .minimum = 1e-30, .maximum = 1e30}; /* a float each */
    double *weights = fb_calloc(value->count, sizeof *weights);
    if (!weights)
        return fb_fail_memory(reader->err, value->count, sizeof *weights, path);
    recipe->class_weights = weights;
    recipe->class_weight_count = value->count;
    int rc = FB_OK;
    for (size_t i = 0; !rc && i < value->count; i++)
        rc = field_read_value(reader, &weight, &value->items[i], path, &weights[i]);
    return rc;
}

static int read_class_weights(const struct field_reader *reader, const struct node *value,
                              const char *path, void *target)
{
    nn_recipe *recipe = &((spec_setting *)target)->recipe;
    if (value->kind == NODE_SEQUENCE && value->count >= 2)
        return read_weight_list(reader, value, path, recipe);
    if (value->kind != NODE_SCALAR || strcmp(value->text, "balanced") != 0)
        return field_fail_value(reader, FB_EINVAL, value, path,
                                "'balanced' or a list of weights, one for each class");
    recipe->balanced = true;
    return FB_OK;
}

static int write_class_weights(const void *source, const char *key, struct node *mapping,
                               fb_error *err)
{
    const nn_recipe *recipe = &((const spec_setting *)source)->recipe;
    struct node list = {.kind = NODE_SEQUENCE};
    if (recipe->balanced)
        return node_append_text(mapping, key, "balanced", err);
    if (!recipe->class_weights)
        return FB_OK;
    int rc = FB_OK;
    for (size_t i = 0; !rc && i < recipe->class_weight_count; i++) {
        fb_strbuf text = FB_STRBUF_INIT;
        field_add_number(recipe->class_weights[i], &text);
        rc = fb_strbuf_check(&text, "the resolved spec", err);
        if (!rc)
            rc = node_append_text(&list, NULL, text.text, err);
        fb_strbuf_finish(&text);
    }
    if (!rc)
        rc = node_append(mapping, key, &list, err);
    node_finish(&list);
    return rc;
}

/* ---- the tables ------------------------------------------------------------------------------ */

static const field_choice optimizer_words[] = {
    {"adam", NN_ADAM}, {"adamw", NN_ADAMW}, {"sgd", NN_SGD}, {"rmsprop", NN_RMSPROP}, {NULL, 0}};
static const field_choice linear_words[] = {{"lbfgs", NN_LBFGS}, {NULL, 0}};
static const field_choice keeps[] = {
    {"last", NN_KEEP_LAST}, {"best-validation", NN_KEEP_BEST_VALIDATION}, {NULL, 0}};
static const field_choice starts[] = {{"cold", false}, {"warm", true}, {NULL, 0}};
static const field_choice engines[] = {{"portable", NN_PORTABLE}, {"blas", NN_BLAS}, {NULL, 0}};

static const struct field stop_fields[] = {
    {.key = "accuracy", .type = FIELD_NUMBER, .offset = AT(recipe.stop_accuracy), .optional = true,
     .minimum = 0, .above = true, .maximum = 1},
    {.key = "patience", .type = FIELD_COUNT, .offset = AT(recipe.stop_patience), .optional = true,
     .minimum = 1, .maximum = 1e6},
};
static const struct field_table stop_table = FIELD_TABLE(stop_fields);

static const struct field augment_fields[] = {
    {.key = "crop", .type = FIELD_COUNT, .offset = AT(recipe.crop_padding), .preset = "0",
     .maximum = 256},
    {.key = "flip", .type = FIELD_FLAG, .offset = AT(recipe.flip), .preset = "false",
     .choices = booleans},
};
static const struct field_table augment_table = FIELD_TABLE(augment_fields);

#define OPTIMIZER_FIELD                                                                            \
    {.key = "optimizer", .type = FIELD_CHOICE, .offset = AT(recipe.optimizer), .preset = "adam",   \
     .choices = optimizer_words, .hint = "for network linear: lbfgs"}
#define RATE_FIELD                                                                                 \
    {.key = "learning_rate", .type = FIELD_NUMBER, .offset = AT(recipe.learning_rate),             \
     .preset = "1e-3", .minimum = 0, .above = true, .maximum = INFINITY}
/* A decay rate or a momentum. */
#define DECAY_FIELD(word, member, usual)                                                           \
    {.key = (word), .type = FIELD_NUMBER, .offset = AT(recipe.member), .preset = (usual),          \
     .minimum = 0, .maximum = 1, .below = true}
#define EPSILON_FIELD                                                                              \
    {.key = "epsilon", .type = FIELD_NUMBER, .offset = AT(recipe.epsilon), .preset = "1e-7",       \
     .minimum = 1e-30, .maximum = INFINITY}
#define WEIGHT_DECAY_FIELD(usual)                                                                  \
    {.key = "weight_decay", .type = FIELD_NUMBER, .offset = AT(recipe.weight_decay),               \
     .preset = (usual), .minimum = 0, .maximum = INFINITY}
#define CLASS_WEIGHTS_FIELD                                                                        \
    {.key = "class_weights", .type = FIELD_OWN, .optional = true, .read = read_class_weights,      \
     .write = write_class_weights}
#define MACHINE_FIELDS                                                                             \
    {.key = "engine", .type = FIELD_CHOICE, .offset = AT(engine), .preset = "portable",            \
     .choices = engines},                                                                          \
    {.key = "threads", .type = FIELD_COUNT, .offset = AT(threads), .preset = "1", .minimum = 1,    \
     .maximum = 256}
/* What every optimizer that goes in steps has. */
#define STEP_FIELDS                                                                                \
    {.key = "clip_norm", .type = FIELD_NUMBER, .offset = AT(recipe.clip_norm), .optional = true,   \
     .minimum = 0, .above = true, .maximum = INFINITY},                                            \
    {.key = "schedule", .type = FIELD_OWN, .preset = "constant", .read = read_schedule,            \
     .write = write_schedule},                                                                     \
    {.key = "batch", .type = FIELD_COUNT, .offset = AT(recipe.batch), .preset = "32",              \
     .minimum = 1, .maximum = 1e6},                                                                \
    {.key = "epochs", .type = FIELD_COUNT, .offset = AT(recipe.epochs), .preset = "20",            \
     .minimum = 1, .maximum = 1e6},                                                                \
    {.key = "keep", .type = FIELD_CHOICE, .offset = AT(recipe.keep), .preset = "last",             \
     .choices = keeps},                                                                            \
    {.key = "stop", .type = FIELD_GROUP, .optional = true, .table = &stop_table},                  \
    {.key = "start", .type = FIELD_FLAG, .offset = AT(warm), .preset = "cold", .choices = starts}, \
    CLASS_WEIGHTS_FIELD,                                                                           \
    {.key = "augment", .type = FIELD_GROUP, .table = &augment_table},                              \
    MACHINE_FIELDS

static const struct field adam_fields[] = {
    OPTIMIZER_FIELD, RATE_FIELD, DECAY_FIELD("beta1", beta1, "0.9"),
    DECAY_FIELD("beta2", beta2, "0.999"), EPSILON_FIELD, WEIGHT_DECAY_FIELD("0"), STEP_FIELDS,
};

static const struct field adamw_fields[] = {
    OPTIMIZER_FIELD, RATE_FIELD, DECAY_FIELD("beta1", beta1, "0.9"),
    DECAY_FIELD("beta2", beta2, "0.999"), EPSILON_FIELD, WEIGHT_DECAY_FIELD("0.01"), STEP_FIELDS,
};

static const struct field sgd_fields[] = {
    OPTIMIZER_FIELD, RATE_FIELD, DECAY_FIELD("momentum", momentum, "0"),
    {.key = "nesterov", .type = FIELD_FLAG, .offset = AT(recipe.nesterov), .preset = "false",
     .choices = booleans},
    WEIGHT_DECAY_FIELD("0"), STEP_FIELDS,
};

static const struct field rmsprop_fields[] = {
    OPTIMIZER_FIELD, RATE_FIELD, DECAY_FIELD("rho", rho, "0.9"), EPSILON_FIELD,
    WEIGHT_DECAY_FIELD("0"), STEP_FIELDS,
};

static const struct field linear_fields[] = {
    {.key = "optimizer", .type = FIELD_CHOICE, .offset = AT(recipe.optimizer), .preset = "lbfgs",
     .choices = linear_words, .hint = "network linear is trained to convergence"},
    {.key = "C", .type = FIELD_NUMBER, .offset = AT(recipe.c), .preset = "1", .minimum = 0,
     .above = true, .maximum = INFINITY},
    CLASS_WEIGHTS_FIELD,
    MACHINE_FIELDS,
};

static const struct optimizer {
    nn_optimizer id;
    const char *name; /* in sentences */
    struct field_table table;
} optimizers[] = {
    {NN_ADAM, "adam", FIELD_TABLE(adam_fields)},
    {NN_ADAMW, "adamw", FIELD_TABLE(adamw_fields)},
    {NN_SGD, "sgd", FIELD_TABLE(sgd_fields)},
    {NN_RMSPROP, "rmsprop", FIELD_TABLE(rmsprop_fields)},
    {NN_LBFGS, "lbfgs (network linear)", FIELD_TABLE(linear_fields)},
};
enum { OPTIMIZERS = sizeof optimizers / sizeof optimizers[0] };

static const struct optimizer *find_optimizer(nn_optimizer id)
{
    size_t i = 0;
    while (optimizers[i].id != id)
        i++;
    return &optimizers[i];
}

/* ---- reading and writing --------------------------------------------------------------------- */

/* Refuses a key that only other optimizers have. */
static int check_key(const struct field_reader *reader, const struct node *item, const char *path,
                     const struct optimizer *optimizer)
{
    const char *owners[OPTIMIZERS];
    size_t count = 0;
    for (size_t i = 0; i < OPTIMIZERS; i++)
        if (fields_have(&optimizers[i].table, item->key))
            owners[count++] = optimizers[i].name;
    if (count == 0 || fields_have(&optimizer->table, item->key))
        return FB_OK; /* a key that nobody has is refused with the list of those there are */
    char below[FIELD_PATH_MAX];
    const struct node place = {.line = item->key_line, .column = item->key_column};
    fb_strbuf list = FB_STRBUF_INIT;
    suggest_list(owners, count, &list);
    int rc = field_fail(reader, FB_EINVAL, &place,
                        "%s: optimizer %s has no such key; it goes with %s",
                        field_path(below, path, item->key), optimizer->name, list.text);
    fb_strbuf_finish(&list);
    return rc;
}

static int read_optimizer(const struct field_reader *reader, const struct node *value,
                          const char *path, spec_setting *setting)
{
    char below[FIELD_PATH_MAX];
    bool linear = strcmp(setting->network.name, "linear") == 0;
    const struct node *word = node_find(value, "optimizer");
    setting->recipe.optimizer = linear ? NN_LBFGS : NN_ADAM;
    setting->recipe.keep = NN_KEEP_LAST; /* L-BFGS has no key for it */
    if (!word)
        return FB_OK;
    return field_read_value(reader, linear ? &linear_fields[0] : &adam_fields[0], word,
                            field_path(below, path, "optimizer"), setting);
}

int spec_read_train(const struct field_reader *reader, const struct node *value, const char *path,
                    void *target)
{
    spec_setting *setting = target;
    int rc = read_optimizer(reader, value, path, setting);
    if (rc)
        return rc;
    const struct optimizer *optimizer = find_optimizer(setting->recipe.optimizer);
    for (size_t i = 0; !rc && value->kind == NODE_MAPPING && i < value->count; i++)
        rc = check_key(reader, &value->items[i], path, optimizer);
    if (!rc)
        rc = fields_read(reader, value, path, &optimizer->table, setting);
    if (!rc && setting->recipe.nesterov && !(setting->recipe.momentum > 0))
        rc = field_fail(reader, FB_EINVAL, node_find(value, "nesterov"),
                        "%s.nesterov: it needs a momentum above 0", path);
    return rc;
}

/* A rule that looks at validation samples needs some. */
static int check_rule(const struct field_reader *reader, const struct node *setting,
                      const char *path, const char *without)
{
    return field_fail(reader, FB_EINVAL, node_find_path(setting, path),
                      "%s needs validation samples; set 'validation' of the setting above 0, or %s",
                      path, without);
}

int spec_check_train(const struct field_reader *reader, const struct node *value,
                     const spec_setting *setting)
{
    if (setting->split.validation > 0 || setting->validation_ids)
        return FB_OK;
    if (setting->recipe.keep == NN_KEEP_BEST_VALIDATION)
        return check_rule(reader, value, "train.keep", "keep: last");
    if (setting->recipe.stop_patience > 0)
        return check_rule(reader, value, "train.stop.patience", "leave it out");
    return FB_OK;
}

int spec_write_train(const void *source, const char *key, struct node *mapping, fb_error *err)
{
    const spec_setting *setting = source;
    struct node train = {.kind = NODE_MAPPING};
    int rc = fields_write(&find_optimizer(setting->recipe.optimizer)->table, setting, &train, err);
    if (!rc)
        rc = node_append(mapping, key, &train, err);
    node_finish(&train);
    return rc;
}

void spec_finish_train(spec_setting *setting)
{
    fb_free((void *)setting->recipe.class_weights);
}

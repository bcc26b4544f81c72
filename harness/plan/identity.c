#include "identity.h"

#include <stdlib.h>

#include "alloc.h"
#include "json_text.h"

char *identity_text(const json_t *value)
{
    char *text = json_text_write(value, JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(17));
    char *copy = text ? fb_strdup(text) : NULL;
    free(text);
    return copy;
}

/* ---- the recipe ------------------------------------------------------------------------------ */

/* Adds the members of `more`, whose reference it takes; NULL when memory is short. */
static json_t *extend(json_t *object, json_t *more)
{
    if (object && (!more || json_object_update(object, more) < 0)) {
        json_decref(object);
        object = NULL;
    }
    json_decref(more);
    return object;
}

/* A shallow copy of an object; NULL when memory is short, where json_copy leaves members out. */
static json_t *copy_object(const json_t *object)
{
    json_t *copy = json_copy((json_t *)object);
    if (json_object_size(copy) == json_object_size(object))
        return copy;
    json_decref(copy);
    return NULL;
}

/* The optimizer's name and its own numbers. */
static json_t *optimizer_json(const nn_recipe *recipe)
{
    switch (recipe->optimizer) {
    case NN_ADAM:
    case NN_ADAMW:
        return json_pack("{s:s, s:f, s:f, s:f}", "optimizer",
                         recipe->optimizer == NN_ADAM ? "adam" : "adamw", "beta1", recipe->beta1,
                         "beta2", recipe->beta2, "epsilon", recipe->epsilon);
    case NN_SGD:
        return json_pack("{s:s, s:f, s:b}", "optimizer", "sgd", "momentum", recipe->momentum,
                         "nesterov", (int)recipe->nesterov);
    case NN_RMSPROP:
        return json_pack("{s:s, s:f, s:f}", "optimizer", "rmsprop", "rho", recipe->rho, "epsilon",
                         recipe->epsilon);
    case NN_LBFGS:
        return json_pack("{s:s, s:f}", "optimizer", "lbfgs", "C", recipe->c);
    }
    fb_check_failed("optimizer is one of nn_optimizer", __FILE__, __LINE__);
}

static json_t *schedule_json(const nn_recipe *recipe)
{
    switch (recipe->schedule) {
    case NN_CONSTANT:
        return json_object();
    case NN_STEP:
        return json_pack("{s:{s:I, s:f}}", "schedule", "epochs", (json_int_t)recipe->step_epochs,
                         "factor", recipe->step_factor);
    case NN_COSINE:
        return json_pack("{s:s}", "schedule", "cosine");
    case NN_ONE_CYCLE:
        return json_pack("{s:s}", "schedule", "one-cycle");
    }
    fb_check_failed("schedule is one of nn_schedule", __FILE__, __LINE__);
}

/* What holds for every optimizer that goes in steps. */
static json_t *steps_json(const spec_setting *setting)
{
    const nn_recipe *recipe = &setting->recipe;
    if (recipe->optimizer == NN_LBFGS)
        return json_object();
    return json_pack("{s:f, s:I, s:I, s:s, s:s}", "learning_rate", recipe->learning_rate, "batch",
                     (json_int_t)recipe->batch, "epochs", (json_int_t)recipe->epochs, "keep",
                     recipe->keep == NN_KEEP_LAST ? "last" : "best-validation", "start",
                     setting->warm ? "warm" : "cold");
}

static json_t *class_weights_json(const nn_recipe *recipe)
{
    if (recipe->balanced)
        return json_pack("{s:s}", "class_weights", "balanced");
    if (!recipe->class_weights)
        return json_object();
    json_t *list = json_array();
    for (size_t i = 0; i < recipe->class_weight_count; i++)
        if (json_array_append_new(list, json_real(recipe->class_weights[i])) < 0) {
            json_decref(list);
            return NULL;
        }
    return json_pack("{s:o}", "class_weights", list);
}

/* A number that is left out while it is 0. */
static json_t *number_json(const char *name, double value)
{
    return value > 0 ? json_pack("{s:f}", name, value) : json_object();
}

static json_t *count_json(const char *name, size_t value)
{
    return value > 0 ? json_pack("{s:I}", name, (json_int_t)value) : json_object();
}

static json_t *recipe_json(const spec_setting *setting)
{
    const nn_recipe *recipe = &setting->recipe;
    json_t *object = extend(optimizer_json(recipe), steps_json(setting));
    object = extend(object, schedule_json(recipe));
    object = extend(object, class_weights_json(recipe));
    object = extend(object, number_json("weight_decay", recipe->weight_decay));
    object = extend(object, number_json("clip_norm", recipe->clip_norm));
    object = extend(object, number_json("stop_accuracy", recipe->stop_accuracy));
    object = extend(object, count_json("stop_patience", recipe->stop_patience));
    object = extend(object, count_json("crop", recipe->crop_padding));
    return extend(object, count_json("flip", recipe->flip));
}

/* ---- the rest -------------------------------------------------------------------------------- */

/* A list of samples by its content; it is left out where there is none. */
static json_t *ids_json(const char *name, const data_ids *ids)
{
    return ids->count > 0 ? json_pack("{s:s}", name, ids->digest) : json_object();
}

static json_t *budget_json(const plan_setting *setting)
{
    const spec_setting *spec = setting->spec;
    json_t *object = json_pack(
        "{s:I, s:b, s:I, s:I, s:I, s:f}", "initial", (json_int_t)spec->split.initial, "balance",
        (int)spec->split.balance, "query", (json_int_t)spec->query, "subpool",
        (json_int_t)spec->subpool, "validation", (json_int_t)spec->split.validation, "test_share",
        spec->split.test_share);
    object = extend(object, ids_json("initial_ids", &setting->initial_ids));
    object = extend(object, ids_json("validation_ids", &setting->validation_ids));
    return extend(object, ids_json("test_ids", &setting->data->test_ids));
}

static json_t *features_json(const feature_file *features)
{
    return features ? json_pack("{s:s}", "features", features->digest) : json_object();
}

/* The parameters, of which files are in it by their content. */
static json_t *params_json(const plan_strategy *strategy)
{
    json_t *params = copy_object(strategy->params);
    return strategy->files ? extend(params, json_incref(strategy->files)) : params;
}

/* The strategy's part; of a reference, that it is one. */
static json_t *strategy_json(const plan_strategy *strategy)
{
    if (!strategy->plugin)
        return json_pack("{s:s}", "reference", "full");
    return json_pack("{s:s, s:o, s:I}", "strategy", strategy->id, "params", params_json(strategy),
                     "algo_version", (json_int_t)strategy->plugin->algo_version);
}

json_t *identity_json(const struct plan *plan, const plan_cell *cell)
{
    const plan_setting *setting = &plan->settings[cell->setting];
    json_t *object = json_pack(
        "{s:s, s:s, s:o, s:o, s:I, s:I, s:s, s:s, s:i}", "dataset", setting->data->digest,
        "network", setting->network_digest, "recipe", recipe_json(setting->spec), "budget",
        budget_json(setting), "seed", (json_int_t)plan->spec->seed, "trial",
        (json_int_t)cell->trial, "engine", nn_engine_name(setting->spec->engine),
        "engine_fingerprint", nn_engine_fingerprint(setting->spec->engine), "numerics_version",
        (int)NN_NUMERICS_VERSION);
    object = extend(object, strategy_json(&plan->strategies[cell->strategy]));
    return extend(object, features_json(setting->features));
}

/* ---- identities compared --------------------------------------------------------------------- */

char *identity_setting(const json_t *identity)
{
    static const char *const of_cells[] = {"strategy", "params", "algo_version", "reference",
                                          "trial"};
    json_t *setting = copy_object(identity);
    for (size_t i = 0; i < sizeof of_cells / sizeof *of_cells; i++)
        json_object_del(setting, of_cells[i]);
    char *text = json_is_object(setting) ? identity_text(setting) : NULL;
    json_decref(setting);
    return text;
}

/* The name of the first member that one object has and the other has not, or has with another
 * value; NULL when they are equal. The name lives as long as the objects. */
static const char *differing_member(json_t *a, json_t *b)
{
    const char *name;
    json_t *value;
    json_object_foreach (a, name, value)
        if (!json_equal(value, json_object_get(b, name)))
            return name;
    json_object_foreach (b, name, value)
        if (!json_object_get(a, name))
            return name;
    return NULL;
}

void identity_difference(const char *a, const char *there, const char *b, const char *here,
                         fb_strbuf *out)
{
    json_t *root_a = json_loads(a, 0, NULL), *root_b = json_loads(b, 0, NULL);
    json_t *in_a = root_a, *in_b = root_b;
    const char *name, *dot = "";
    while ((name = differing_member(in_a, in_b))) {
        fb_strbuf_printf(out, "%s%s", dot, name);
        dot = ".";
        in_a = json_object_get(in_a, name);
        in_b = json_object_get(in_b, name);
        if (!json_is_object(in_a) || !json_is_object(in_b))
            break;
    }
    char *text_a = json_dumps(in_a, JSON_ENCODE_ANY | JSON_COMPACT);
    char *text_b = json_dumps(in_b, JSON_ENCODE_ANY | JSON_COMPACT);
    fb_strbuf_printf(out, " (%s %s, %s %s)", text_a ? text_a : "none", there,
                     text_b ? text_b : "none", here);
    free(text_a);
    free(text_b);
    json_decref(root_a);
    json_decref(root_b);
}

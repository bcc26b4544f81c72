#include "plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "identity.h"
#include "param_files.h"
#include "stream.h"

/* ---- streams ------------------------------------------------------------------------------- */

fb_stream plan_stream(const struct plan *plan, const plan_axes *axes)
{
    fb_axis list[6];
    size_t count = 0;
    char trial[24], round[24];
    list[count++] = (fb_axis){"dataset", axes->dataset};
    if (axes->network)
        list[count++] = (fb_axis){"network", axes->network};
    if (axes->trial >= 0) {
        snprintf(trial, sizeof trial, "%" PRId64, axes->trial);
        list[count++] = (fb_axis){"trial", trial};
    }
    if (axes->round >= 0) {
        snprintf(round, sizeof round, "%" PRId64, axes->round);
        list[count++] = (fb_axis){"round", round};
    }
    if (axes->strategy)
        list[count++] = (fb_axis){"strategy", axes->strategy};
    return fb_stream_make(plan->spec->seed, axes->purpose, list, count);
}

/* ---- data sets and splits ------------------------------------------------------------------ */

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_texts(const char **a, size_t a_count, const char **b, size_t b_count)
{
    for (size_t i = 0; a_count == b_count && i < a_count; i++)
        if (strcmp(a[i], b[i]) != 0)
            return false;
    return a_count == b_count;
}

static bool same_data(const data_spec *a, const data_spec *b)
{
    return a->format == b->format && same_text(a->name, b->name) &&
           same_text(a->train_images, b->train_images) &&
           same_text(a->train_labels, b->train_labels) &&
           same_text(a->test_images, b->test_images) && same_text(a->test_labels, b->test_labels) &&
           same_texts(a->train_files, a->train_file_count, b->train_files, b->train_file_count) &&
           same_texts(a->test_files, a->test_file_count, b->test_files, b->test_file_count) &&
           same_text(a->file, b->file) && same_text(a->test_file, b->test_file) &&
           same_text(a->test_ids, b->test_ids) && a->standardize == b->standardize &&
           a->seed == b->seed && a->train_count == b->train_count &&
           a->test_count == b->test_count && a->class_count == b->class_count &&
           a->feature_count == b->feature_count && !(a->noise < b->noise) && !(a->noise > b->noise);
}

/* Loads the data set of setting i, or finds it among those of earlier settings. */
static int load_dataset(struct plan *plan, size_t i, const char *directory, fb_error *err)
{
    const spec_setting *setting = &plan->spec->settings[i];
    for (size_t j = 0; j < i; j++) {
        if (same_data(&setting->dataset, &plan->spec->settings[j].dataset)) {
            plan->settings[i].data = plan->settings[j].data;
            return FB_OK;
        }
    }
    data_spec from = setting->dataset;
    from.directory = directory;
    dataset *data = &plan->datasets[plan->dataset_count];
    int rc = dataset_load(&from, data, err);
    if (rc)
        return spec_fail_prefix(err, plan->spec, setting->place);
    plan->dataset_count++;
    plan->settings[i].data = data;
    return FB_OK;
}

/* Reads the feature file of setting i, or finds it among those of earlier settings. */
static int load_features(struct plan *plan, size_t i, fb_error *err)
{
    const spec_setting *setting = &plan->spec->settings[i];
    size_t samples = plan->settings[i].data->train.count;
    feature_file *features = plan->features;
    if (!setting->features)
        return FB_OK;
    while (features < plan->features + plan->feature_count &&
           !(strcmp(features->path, setting->features) == 0 && features->rows.shape[0] == samples))
        features++;
    if (features == plan->features + plan->feature_count) {
        int rc = feature_file_read(setting->features, samples, features, err);
        if (rc)
            return spec_fail_prefix(err, plan->spec, setting->place);
        plan->feature_count++;
    }
    plan->settings[i].features = features;
    return FB_OK;
}

/* Reads the files of samples, and adds them to what the spec says of the split. */
static int read_ids(plan_setting *setting, split_spec *split, fb_error *err)
{
    const spec_setting *from = setting->spec;
    size_t count = setting->data->train.count;
    int rc = FB_OK;
    if (from->validation_ids) {
        rc = data_ids_read(from->validation_ids, count, &setting->validation_ids, err);
        split->validation_ids = &setting->validation_ids;
    }
    if (!rc && from->initial_ids) {
        rc = data_ids_read(from->initial_ids, count, &setting->initial_ids, err);
        split->initial_ids = &setting->initial_ids;
    }
    return rc;
}

static int draw_splits(struct plan *plan, plan_setting *setting, fb_error *err)
{
    split_spec split = setting->spec->split;
    int rc = read_ids(setting, &split, err);
    if (rc)
        return spec_fail_prefix(err, plan->spec, setting->spec->place);
    setting->splits = fb_calloc(plan->trial_count, sizeof *setting->splits);
    if (!setting->splits)
        return fb_fail_memory(err, plan->trial_count, sizeof *setting->splits, "splits");
    for (uint32_t t = 0; t < plan->trial_count; t++) {
        rc = data_split_draw(setting->data, &split, plan->spec->seed, plan->trial_first + t,
                             &setting->splits[t], err);
        if (rc)
            return spec_fail_prefix(err, plan->spec, setting->spec->place);
    }
    return FB_OK;
}

/* Resolves the number of queries and refuses a budget that the data cannot pay. */
static int check_budget(struct plan *plan, plan_setting *setting, fb_error *err)
{
    const spec_setting *budget = setting->spec;
    size_t pool = setting->splits[0].pool_count;
    if (budget->query > pool && !budget->rounds_all && budget->rounds > 0)
        return spec_fail(
            err, FB_ERANGE, plan->spec, budget->place,
            "setting '%s': budget.query is %zu, but only %zu samples are unlabelled at "
            "the start; ask for fewer",
            budget->name, budget->query, pool);
    if (budget->subpool && budget->query > budget->subpool)
        return spec_fail(err, FB_ERANGE, plan->spec, budget->place,
                         "setting '%s': budget.query is %zu, but a round offers only %zu samples; "
                         "raise budget.subpool or lower budget.query",
                         budget->name, budget->query, budget->subpool);
    if (budget->rounds_all) {
        setting->query_rounds = (pool + budget->query - 1) / budget->query;
        return FB_OK;
    }
    if (budget->rounds > pool / budget->query)
        return spec_fail(err, FB_ERANGE, plan->spec, budget->place,
                         "setting '%s': %zu rounds of %zu queries need %zu unlabelled samples, but "
                         "there are %zu; lower budget.rounds to %zu or write 'rounds: all'",
                         budget->name, budget->rounds, budget->query,
                         budget->rounds * budget->query, pool, pool / budget->query);
    setting->query_rounds = budget->rounds;
    return FB_OK;
}

static int check_class_weights(const struct plan *plan, const plan_setting *setting, fb_error *err)
{
    const nn_recipe *recipe = &setting->spec->recipe;
    if (!recipe->class_weights || recipe->class_weight_count == setting->data->class_count)
        return FB_OK;
    return spec_fail(err, FB_EINVAL, plan->spec, setting->spec->place,
                     "setting '%s': train.class_weights has %zu weights, but the data set has %zu "
                     "classes", setting->spec->name, recipe->class_weight_count,
                     setting->data->class_count);
}

/* Says before any training what the trainer would refuse in every round. */
static int check_augmentation(const struct plan *plan, const plan_setting *setting, fb_error *err)
{
    const nn_recipe *recipe = &setting->spec->recipe;
    size_t height = setting->data->height, width = setting->data->width;
    size_t side = height < width ? height : width;
    if (recipe->crop_padding > 0 && recipe->crop_padding >= side)
        return spec_fail(err, FB_EINVAL, plan->spec, setting->spec->place,
                         "setting '%s': train.augment.crop is %zu, but the samples are %zu x %zu; "
                         "it must be below both, or left out",
                         setting->spec->name, recipe->crop_padding, height, width);
    if (recipe->flip && width == 1)
        return spec_fail(err, FB_EINVAL, plan->spec, setting->spec->place,
                         "setting '%s': train.augment.flip is for images, and the samples are "
                         "%zu x 1; leave it out", setting->spec->name, height);
    return FB_OK;
}

static int check_state(const struct plan *plan, const plan_setting *setting, fb_error *err)
{
    if (!setting->spec->warm || setting->state_size <= PLAN_MAX_STATE)
        return FB_OK;
    return spec_fail(err, FB_ERANGE, plan->spec, setting->spec->place,
                     "setting '%s': 'start: warm' stores the network's %zu numbers after each "
                     "round, and %d is the most; use a smaller network or 'start: cold'",
                     setting->spec->name, setting->state_size, (int)PLAN_MAX_STATE);
}

static int prepare_setting(struct plan *plan, size_t i, const char *directory, fb_error *err)
{
    plan_setting *setting = &plan->settings[i];
    setting->spec = &plan->spec->settings[i];
    int rc = load_dataset(plan, i, directory, err);
    if (!rc)
        rc = load_features(plan, i, err);
    if (!rc)
        rc = draw_splits(plan, setting, err);
    if (!rc)
        rc = check_budget(plan, setting, err);
    if (!rc)
        rc = check_class_weights(plan, setting, err);
    if (!rc)
        rc = check_augmentation(plan, setting, err);
    if (rc)
        return rc;
    nn_shape shape = {setting->data->height, setting->data->width, setting->data->channels};
    nn_network_digest(&setting->spec->network, shape, setting->data->class_count,
                      setting->network_digest);

    /* A network that does not fit the images is refused now, not in the first cell. */
    nn_network *network = NULL;
    rc = nn_create(&setting->spec->network, shape, setting->data->class_count,
                   setting->spec->engine, &network, err);
    if (rc) {
        fb_fail_prefix(err, "setting '%s': network '%s' does not fit its data", setting->spec->name,
                       setting->spec->network.name);
        return spec_fail_prefix(err, plan->spec, setting->spec->place);
    }
    setting->parameter_count = nn_parameter_count(network);
    setting->state_size = nn_state_size(network);
    nn_destroy(network);
    return check_state(plan, setting, err);
}

/* ---- strategies ---------------------------------------------------------------------------- */

static int set_param(json_t *params, const char *name, const char *value, fb_error *err)
{
    if (json_object_set_new(params, name, json_string(value)) < 0)
        return fb_fail(err, FB_ENOMEM, "out of memory for parameter %s", name);
    return FB_OK;
}

/* Presets first, then what the spec says. */
static int collect_params(const struct plan *plan, plan_strategy *strategy, fb_error *err)
{
    const catalog_strategy *plugin = strategy->plugin;
    for (size_t p = 0; p < plugin->param_count; p++) {
        int rc = set_param(strategy->params, plugin->params[p].name, plugin->params[p].preset, err);
        if (rc)
            return rc;
    }
    for (size_t p = 0; p < strategy->spec->param_count; p++) {
        const spec_param *given = &strategy->spec->params[p];
        char *text = NULL;
        int rc = catalog_check_param(plugin, given->name, given->value, &text, err);
        if (rc)
            return spec_fail_prefix(err, plan->spec, given->place);
        rc = set_param(strategy->params, given->name, text, err);
        fb_free(text);
        if (rc)
            return rc;
    }
    return FB_OK;
}

/* Whether the strategy represents samples by the rows of a feature file. */
static bool wants_features(const plan_strategy *strategy)
{
    const char *kind = json_string_value(json_object_get(strategy->params, "representation"));
    return kind && strcmp(kind, "features") == 0;
}

/* What one setting lacks. */
static int check_needs(const struct plan *plan, const plan_strategy *strategy,
                       const spec_setting *setting, fb_error *err)
{
    uint32_t needs = strategy->plugin->needs;
    const char *id = strategy->plugin->id;
    if ((needs & FB_NEEDS_DROPOUT) && !nn_network_has_dropout(&setting->network))
        return spec_fail(err, FB_EINVAL, plan->spec, strategy->spec->place,
                         "strategy '%s' needs a network with dropout, and '%s' of setting '%s' "
                         "has none; use s-cnn or leave the strategy out",
                         id, setting->network.name, setting->name);
    if ((needs & FB_NEEDS_ENSEMBLE) && setting->recipe.optimizer == NN_LBFGS)
        return spec_fail(err, FB_EINVAL, plan->spec, strategy->spec->place,
                         "strategy '%s' needs networks that differ, but '%s' of setting '%s' is "
                         "trained to its one optimum; use another network or leave the strategy "
                         "out",
                         id, setting->network.name, setting->name);
    if (wants_features(strategy) && !setting->features)
        return spec_fail(err, FB_EINVAL, plan->spec, strategy->spec->place,
                         "strategy '%s' has representation: features, but setting '%s' names no "
                         "feature file; add 'features: FILE.npy' to it",
                         id, setting->name);
    return FB_OK;
}

static int prepare_strategy(struct plan *plan, size_t i, fb_error *err)
{
    plan_strategy *strategy = &plan->strategies[i];
    strategy->spec = &plan->spec->strategies[i];
    strategy->plugin = catalog_find(plan->catalog, strategy->spec->id);
    if (!strategy->plugin) {
        char hint[512];
        return spec_fail(err, FB_ENOENT, plan->spec, strategy->spec->place,
                         "unknown strategy '%s'%s", strategy->spec->id,
                         catalog_suggest(plan->catalog, strategy->spec->id, hint, sizeof hint));
    }
    strategy->id = strategy->plugin->id;
    const char *label = strategy->spec->label ? strategy->spec->label : strategy->plugin->id;
    strategy->label = fb_strdup(label);
    strategy->params = json_object();
    if (!strategy->label || !strategy->params)
        return fb_fail(err, FB_ENOMEM, "out of memory for strategy %s", label);
    int rc = collect_params(plan, strategy, err);
    if (!rc && (rc = param_files_digest(strategy->params, &strategy->files, err)) != FB_OK)
        return spec_fail_prefix(err, plan->spec, strategy->spec->place);
    for (size_t s = 0; !rc && s < plan->spec->setting_count; s++)
        rc = check_needs(plan, strategy, &plan->spec->settings[s], err);
    if (rc)
        return rc;
    strategy->params_text = identity_text(strategy->params);
    if (!strategy->params_text)
        return fb_fail(err, FB_ENOMEM, "out of memory for strategy %s", label);
    for (size_t j = 0; j < i; j++) {
        const plan_strategy *other = &plan->strategies[j];
        if (other->plugin == strategy->plugin &&
            strcmp(other->params_text, strategy->params_text) == 0)
            return spec_fail(err, FB_EINVAL, plan->spec, strategy->spec->place,
                             "strategy '%s' is listed twice with the same parameters (%s); remove "
                             "one or change a parameter",
                             strategy->plugin->id, strategy->params_text);
    }
    return FB_OK;
}

/* What stands behind the strategies for `reference: full`. Its parameters tell it from a strategy
 * that somebody gave its label. */
static int prepare_reference(struct plan *plan, fb_error *err)
{
    plan_strategy *reference = &plan->strategies[plan->spec->strategy_count];
    reference->id = PLAN_REFERENCE_ID;
    reference->label = fb_strdup(PLAN_REFERENCE_LABEL);
    reference->params = json_object();
    reference->params_text = fb_strdup(PLAN_REFERENCE_PARAMS);
    if (!reference->label || !reference->params || !reference->params_text)
        return fb_fail(err, FB_ENOMEM, "out of memory for the reference");
    return FB_OK;
}

/* ---- cells --------------------------------------------------------------------------------- */

bool plan_is_reference(const struct plan *plan, const plan_cell *cell)
{
    return !plan->strategies[cell->strategy].plugin;
}

size_t plan_count_references(const struct plan *plan)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->cell_count; i++)
        count += plan_is_reference(plan, &plan->cells[i]);
    return count;
}

/* Two settings that differ in nothing but their name, number of rounds or threads would be one cell
 * in the store. */
static int refuse_twin(const struct plan *plan, size_t last, fb_error *err)
{
    const plan_setting *setting = &plan->settings[last];
    for (size_t i = 0; i < last; i++) {
        const plan_setting *other = &plan->settings[i];
        if (strcmp(plan->cells[other->first_cell].key, plan->cells[setting->first_cell].key) == 0)
            return spec_fail(err, FB_EINVAL, plan->spec, setting->spec->place,
                             "settings '%s' and '%s' are the same experiment: they differ at most "
                             "in their name, number of rounds and threads; keep one, the longer",
                             other->spec->name, setting->spec->name);
    }
    return FB_OK;
}

static int add_cell(struct plan *plan, size_t setting, size_t trial_index, size_t strategy,
                    fb_error *err)
{
    plan_cell *cell = &plan->cells[plan->cell_count];
    cell->setting = setting;
    cell->strategy = strategy;
    cell->trial_index = trial_index;
    cell->trial = plan->trial_first + (uint32_t)trial_index;
    cell->rounds =
        plan_is_reference(plan, cell) ? 1 : plan->settings[setting].query_rounds + 1;
    json_t *identity = identity_json(plan, cell);
    cell->identity = identity ? identity_text(identity) : NULL;
    json_decref(identity);
    if (!cell->identity)
        return fb_fail(err, FB_ENOMEM, "out of memory for the plan's cells");
    fb_digest digest;
    fb_digest_init(&digest);
    fb_digest_bytes(&digest, cell->identity, strlen(cell->identity));
    fb_digest_end_hex(&digest, cell->key);
    plan->cell_count++;
    return FB_OK;
}

static int list_cells_of(struct plan *plan, size_t setting, fb_error *err)
{
    bool with_reference = plan->settings[setting].spec->reference == SPEC_REFERENCE_FULL;
    size_t strategies = plan->spec->strategy_count + with_reference;
    plan->settings[setting].first_cell = plan->cell_count;
    for (size_t t = 0; t < plan->trial_count; t++)
        for (size_t s = 0; s < strategies; s++) {
            int rc = add_cell(plan, setting, t, s, err);
            if (rc)
                return rc;
        }
    return refuse_twin(plan, setting, err);
}

static int list_cells(struct plan *plan, fb_error *err)
{
    size_t count = plan->spec->setting_count * plan->trial_count * (plan->spec->strategy_count + 1);
    int rc = FB_OK;
    plan->cells = fb_calloc(count, sizeof *plan->cells);
    if (!plan->cells)
        return fb_fail_memory(err, count, sizeof *plan->cells, "the plan's cells");
    for (size_t i = 0; !rc && i < plan->spec->setting_count; i++)
        rc = list_cells_of(plan, i, err);
    return rc;
}

int plan_build(const struct spec *spec, const struct catalog *catalog, uint32_t trial_first,
               uint32_t trial_count, const char *data_directory, struct plan *ret_plan,
               fb_error *err)
{
    int rc = FB_OK;
    struct plan plan = {
        .spec = spec, .catalog = catalog, .trial_first = trial_first, .trial_count = trial_count};
    plan.datasets = fb_calloc(spec->setting_count, sizeof *plan.datasets);
    plan.features = fb_calloc(spec->setting_count, sizeof *plan.features);
    plan.settings = fb_calloc(spec->setting_count, sizeof *plan.settings);
    plan.strategies = fb_calloc(spec->strategy_count + 1, sizeof *plan.strategies);
    if (!plan.datasets || !plan.features || !plan.settings || !plan.strategies) {
        rc = fb_fail(err, FB_ENOMEM, "out of memory for the plan");
        goto done;
    }
    for (size_t i = 0; !rc && i < spec->strategy_count; i++)
        rc = prepare_strategy(&plan, i, err);
    if (!rc)
        rc = prepare_reference(&plan, err);
    for (size_t i = 0; !rc && i < spec->setting_count; i++)
        rc = prepare_setting(&plan, i, data_directory, err);
    if (!rc)
        rc = list_cells(&plan, err);
done:
    if (rc)
        plan_finish(&plan);
    else
        *ret_plan = plan;
    return rc;
}

void plan_finish(struct plan *plan)
{
    if (!plan)
        return;
    size_t settings = plan->settings ? plan->spec->setting_count : 0;
    size_t strategies = plan->strategies ? plan->spec->strategy_count + 1 : 0;
    for (size_t i = 0; i < settings; i++) {
        for (size_t t = 0; plan->settings[i].splits && t < plan->trial_count; t++)
            data_split_finish(&plan->settings[i].splits[t]);
        fb_free(plan->settings[i].splits);
        data_ids_finish(&plan->settings[i].validation_ids);
        data_ids_finish(&plan->settings[i].initial_ids);
    }
    for (size_t i = 0; i < strategies; i++) {
        fb_free(plan->strategies[i].label);
        fb_free(plan->strategies[i].params_text);
        json_decref(plan->strategies[i].params);
        json_decref(plan->strategies[i].files);
    }
    for (size_t i = 0; i < plan->dataset_count; i++)
        dataset_finish(&plan->datasets[i]);
    for (size_t i = 0; i < plan->feature_count; i++)
        feature_file_finish(&plan->features[i]);
    for (size_t i = 0; i < plan->cell_count; i++)
        fb_free(plan->cells[i].identity);
    fb_free(plan->cells);
    fb_free(plan->strategies);
    fb_free(plan->settings);
    fb_free(plan->datasets);
    fb_free(plan->features);
    *plan = (struct plan){0};
}

void plan_hide_labels(struct plan *plan)
{
    for (size_t i = 0; i < plan->dataset_count; i++) {
        data_part *train = &plan->datasets[i].train;
        memset(train->labels, 0xff, train->count * sizeof *train->labels);
    }
}

#include "cell.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "alloc.h"
#include "clock.h"
#include "host.h"
#include "message.h"
#include "param_files.h"
#include "services.h"
#include "state_text.h"

/* The state of one cell, from start to end. */
struct cell {
    const struct plan *plan;
    const plan_cell *job;
    const plan_setting *setting;
    const plan_strategy *strategy;
    const data_split *split;
    int socket;

    nn_network *network;
    nn_network *member; /* an ensemble's further networks, one at a time; NULL before the first */
    size_t training;    /* the member that is being trained; 0 is `network` */
    struct plugin *plugin;
    fb_value *values; /* the strategy's parameters */

    nn_source train, test;       /* images */
    uint32_t *validation_labels; /* in the order of split->validation */
    const uint32_t *test_ids;    /* NULL: the data set's own test part */
    const uint32_t *test_labels;
    size_t test_count;
    uint32_t *drawn_test_labels;

    uint32_t *labels;                       /* (train count) what has been revealed */
    bool *is_labeled;                       /* (train count) */
    uint32_t *labeled_ids, *labeled_labels; /* (labeled_count) ascending ids */
    size_t labeled_count;
    uint32_t *pool_ids; /* (pool_count) ascending: unlabelled */
    size_t pool_count;

    size_t round;
};

/* ---- labels -------------------------------------------------------------------------------- */

static int reveal(struct cell *cell, const uint32_t *ids, const json_t *labels, size_t count,
                  fb_error *err)
{
    if (json_array_size(labels) != count)
        return fb_fail(err, FB_EFORMAT, "the supervisor sent %zu labels for %zu samples",
                       json_array_size(labels), count);
    for (size_t i = 0; i < count; i++) {
        FB_CHECK(ids[i] < cell->setting->data->train.count);
        cell->labels[ids[i]] = (uint32_t)json_integer_value(json_array_get(labels, i));
        cell->is_labeled[ids[i]] = true;
    }
    return FB_OK;
}

/* Lists who is labelled and who is in the pool, both ascending. */
static void list_roles(struct cell *cell)
{
    const data_split *split = cell->split;
    cell->labeled_count = 0;
    for (uint32_t id = 0; id < cell->setting->data->train.count; id++) {
        if (!cell->is_labeled[id])
            continue;
        cell->labeled_ids[cell->labeled_count] = id;
        cell->labeled_labels[cell->labeled_count++] = cell->labels[id];
    }
    cell->pool_count = 0;
    for (size_t i = 0; i < split->pool_count; i++)
        if (!cell->is_labeled[split->pool[i]])
            cell->pool_ids[cell->pool_count++] = split->pool[i];
}

static uint32_t *labels_array(const json_t *labels, size_t count, fb_error *err)
{
    uint32_t *array = NULL;
    if (json_array_size(labels) != count)
        fb_fail(err, FB_EFORMAT, "the supervisor sent %zu labels for %zu samples",
                json_array_size(labels), count);
    else if (!(array = fb_calloc(count, sizeof *array)))
        fb_fail_memory(err, count, sizeof *array, "labels");
    for (size_t i = 0; array && i < count; i++)
        array[i] = (uint32_t)json_integer_value(json_array_get(labels, i));
    return array;
}

/* ---- start --------------------------------------------------------------------------------- */

static void describe_sources(struct cell *cell)
{
    const dataset *data = cell->setting->data;
    nn_shape shape = {data->height, data->width, data->channels};
    cell->train = (nn_source){shape, data->train.u8, data->train.f32, data->train.count};
    cell->test = (nn_source){shape, data->test.u8, data->test.f32, data->test.count};
    cell->test_labels = data->test.labels;
    cell->test_count = data->test.count;
    if (cell->split->test) {
        cell->test = cell->train;
        cell->test_ids = cell->split->test;
        cell->test_count = cell->split->test_count;
    }
}

static int allocate(struct cell *cell, fb_error *err)
{
    size_t count = cell->setting->data->train.count;
    cell->labels = fb_calloc(count, sizeof *cell->labels);
    cell->is_labeled = fb_calloc(count, sizeof *cell->is_labeled);
    cell->labeled_ids = fb_calloc(count, sizeof *cell->labeled_ids);
    cell->labeled_labels = fb_calloc(count, sizeof *cell->labeled_labels);
    cell->pool_ids = fb_calloc(count, sizeof *cell->pool_ids);
    if (!cell->labels || !cell->is_labeled || !cell->labeled_ids || !cell->labeled_labels ||
        !cell->pool_ids)
        return fb_fail_memory(err, count, sizeof *cell->labels, "labels");
    return FB_OK;
}

static int take_labels(struct cell *cell, const json_t *start, fb_error *err)
{
    const data_split *split = cell->split;
    int rc =
        reveal(cell, split->initial, json_object_get(start, "initial"), split->initial_count, err);
    if (rc)
        return rc;
    cell->validation_labels =
        labels_array(json_object_get(start, "validation"), split->validation_count, err);
    if (!cell->validation_labels)
        return FB_EFORMAT;
    if (split->test) {
        cell->drawn_test_labels =
            labels_array(json_object_get(start, "test"), split->test_count, err);
        if (!cell->drawn_test_labels)
            return FB_EFORMAT;
        cell->test_labels = cell->drawn_test_labels;
    }
    const json_t *samples = json_object_get(start, "samples");
    size_t count = json_array_size(samples);
    uint32_t *ids = labels_array(samples, count, err);
    if (!ids)
        return FB_ENOMEM;
    rc = reveal(cell, ids, json_object_get(start, "labels"), count, err);
    fb_free(ids);
    cell->round = (size_t)json_integer_value(json_object_get(start, "round"));
    return rc;
}

/* The strategy's parameters as text, in the plan's order, into what `create` takes. */
static int load_strategy(struct cell *cell, fb_error *err)
{
    const catalog_strategy *entry = cell->strategy->plugin;
    size_t count = json_object_size(cell->strategy->params), i = 0;
    const char **names = fb_calloc(count, sizeof *names);
    const char **texts = fb_calloc(count, sizeof *texts);
    int rc = FB_OK;
    if (!names || !texts) {
        rc = fb_fail_memory(err, count, sizeof *names, "parameters");
        goto done;
    }
    const char *name;
    json_t *text;
    json_object_foreach (cell->strategy->params, name, text) {
        names[i] = name;
        texts[i++] = json_string_value(text);
    }
    rc = param_files_check(cell->strategy->params, cell->strategy->files, err);
    if (!rc)
        rc = plugin_open(entry->path, &cell->plugin, err);
    if (rc)
        goto done;
    const fb_strategy *strategy = plugin_find(cell->plugin, entry->id);
    if (!strategy || strategy->algo_version != entry->algo_version)
        rc = fb_fail(err, FB_EPLUGIN, "%s changed while the run was going on", entry->path);
    else
        rc = plugin_values(strategy, names, texts, count, &cell->values, err);
done:
    fb_free(names);
    fb_free(texts);
    return rc;
}

static int new_network(const struct cell *cell, nn_network **ret_network, fb_error *err)
{
    const spec_setting *spec = cell->setting->spec;
    nn_network *network = NULL;
    int rc = nn_create(&spec->network, cell->train.shape, cell->setting->data->class_count,
                       spec->engine, &network, err);
    if (!rc)
        rc = nn_set_threads(network, spec->threads, err);
    if (rc) {
        nn_destroy(network);
        return rc;
    }
    *ret_network = network;
    return FB_OK;
}

static int make_network(struct cell *cell, const json_t *start, fb_error *err)
{
    int rc = new_network(cell, &cell->network, err);
    if (rc || !cell->setting->spec->warm || cell->round == 0)
        return rc;
    float *state = NULL;
    rc = state_read(json_object_get(start, "state"), nn_state_size(cell->network), &state, err);
    if (!rc)
        nn_set_state(cell->network, state);
    fb_free(state);
    return rc;
}

static int start(struct cell *cell, fb_error *err)
{
    json_t *message = NULL;
    describe_sources(cell);
    int rc = allocate(cell, err);
    if (!rc)
        rc = message_receive(cell->socket, &message, NULL, err);
    if (!rc)
        rc = take_labels(cell, message, err);
    if (!rc)
        rc = make_network(cell, message, err);
    json_decref(message);
    if (!rc && cell->strategy->plugin) /* a reference has none */
        rc = load_strategy(cell, err);
    return rc;
}

static void finish(struct cell *cell)
{
    nn_destroy(cell->network); /* before the plugin: it has the threads that ran its loops */
    nn_destroy(cell->member);
    fb_free(cell->values);
    plugin_close(cell->plugin);
    fb_free(cell->validation_labels);
    fb_free(cell->drawn_test_labels);
    fb_free(cell->labels);
    fb_free(cell->is_labeled);
    fb_free(cell->labeled_ids);
    fb_free(cell->labeled_labels);
    fb_free(cell->pool_ids);
}

/* What a round came to. */
struct outcome {
    nn_training_result trained;
    nn_metrics metrics;
    double train_seconds, evaluate_seconds;
    uint32_t *offered; /* the sub-pool; NULL in a last round */
    size_t offered_count;
    host_answer answer;
    size_t batch; /* queried; 0 in a last round */
};

/* ---- a round ------------------------------------------------------------------------------- */

/* A stream of this cell's round. */
static fb_stream round_stream(const struct cell *cell, const char *purpose, const char *network)
{
    plan_axes axes = {.purpose = purpose,
                      .dataset = cell->setting->data->digest,
                      .network = network,
                      .trial = cell->job->trial,
                      .round = (int64_t)cell->round};
    return plan_stream(cell->plan, &axes);
}

/* A stream of one of the networks of the round's ensemble; 0 is the one that counts. */
static fb_stream member_stream(const struct cell *cell, const char *purpose, size_t member)
{
    return fb_stream_sub(round_stream(cell, purpose, cell->setting->network_digest), "member",
                         member);
}

static int send_working(const struct cell *cell, const char *phase, size_t epoch, fb_error *err)
{
    json_t *message =
        json_pack("{s:s, s:I, s:s, s:I}", "type", "working", "round", (json_int_t)cell->round,
                  "phase", phase, "epoch", (json_int_t)epoch);
    return message_send(cell->socket, message, -1, err);
}

static int report_epoch(void *context, size_t epoch, double loss, double validation_accuracy)
{
    const struct cell *cell = context;
    (void)loss;
    (void)validation_accuracy;
    return send_working(cell, cell->training ? "ensemble" : "train", epoch, NULL);
}

/* Trains a network as that member of the ensemble, from its weights as they are. */
static int train(struct cell *cell, nn_network *network, size_t member,
                 nn_training_result *ret_result, fb_error *err)
{
    const data_split *split = cell->split;
    nn_training training = {
        .source = &cell->train,
        .ids = cell->labeled_ids,
        .labels = cell->labeled_labels,
        .count = cell->labeled_count,
        .validation_source = split->validation_count ? &cell->train : NULL,
        .validation_ids = split->validation,
        .validation_labels = cell->validation_labels,
        .validation_count = split->validation_count,
        .batches = member_stream(cell, FB_STREAM_BATCHES, member),
        .dropout = member_stream(cell, FB_STREAM_DROPOUT, member),
        .augmentation = member_stream(cell, FB_STREAM_AUGMENTATION, member),
        .progress = report_epoch,
        .progress_context = cell,
    };
    cell->training = member;
    return nn_train(network, &cell->setting->spec->recipe, &training, ret_result, err);
}

static int train_round(struct cell *cell, nn_training_result *ret_result, fb_error *err)
{
    if (!cell->setting->spec->warm || cell->round == 0)
        nn_initialize(cell->network, member_stream(cell, FB_STREAM_WEIGHTS, 0));
    return train(cell, cell->network, 0, ret_result, err);
}

/* services_input.train_member. From new weights always: `start: warm` keeps member 0's only. */
static int train_member(void *context, size_t member, nn_network **ret_network, fb_error *err)
{
    struct cell *cell = context;
    nn_training_result result;
    int rc = cell->member ? FB_OK : new_network(cell, &cell->member, err);
    if (rc)
        return rc;
    nn_initialize(cell->member, member_stream(cell, FB_STREAM_WEIGHTS, member));
    rc = train(cell, cell->member, member, &result, err);
    if (!rc)
        *ret_network = cell->member;
    return rc;
}

/* The sub-pool: the unlabelled ids with the smallest keyed hash, so that strategies share what they
 * can. */
static int draw_subpool(const struct cell *cell, uint32_t **ret_ids, size_t *ret_count,
                        fb_error *err)
{
    size_t take = cell->setting->spec->subpool;
    if (take == 0 || take > cell->pool_count)
        take = cell->pool_count;
    uint32_t *ids = fb_calloc(take, sizeof *ids);
    if (!ids || fb_stream_sample(round_stream(cell, FB_STREAM_SUBPOOL, NULL), cell->pool_ids,
                                 cell->pool_count, take, ids)) {
        fb_free(ids);
        return fb_fail_memory(err, take, sizeof *ids, "the sub-pool");
    }
    *ret_ids = ids;
    *ret_count = take;
    return FB_OK;
}

static services_input services_of(struct cell *cell, const uint32_t *ids, size_t count)
{
    const feature_file *features = cell->setting->features;
    plan_axes axes = {.purpose = FB_STREAM_REFERENCE,
                      .dataset = cell->setting->data->digest,
                      .trial = cell->job->trial,
                      .round = -1};
    return (services_input){
        .network = cell->network,
        .source = &cell->train,
        .pool_ids = ids,
        .pool_count = count,
        .labeled_ids = cell->labeled_ids,
        .labels = cell->labeled_labels,
        .labeled_count = cell->labeled_count,
        .held_out = cell->split->test,
        .held_out_count = cell->split->test_count,
        .features = features ? features->rows.f32 : NULL,
        .feature_count = features ? features->rows.shape[1] : 0,
        .reference = plan_stream(cell->plan, &axes),
        .monte_carlo = member_stream(cell, FB_STREAM_MONTE_CARLO, 0),
        .train_member = train_member,
        .member_context = cell,
    };
}

/* What a strategy has to say goes to the cell's log file, which is its standard error. */
static void write_log(void *context, const char *text)
{
    (void)context;
    fprintf(stderr, "%s\n", text);
}

static int query(struct cell *cell, struct outcome *outcome, fb_error *err)
{
    uint32_t *ids = NULL;
    size_t count = 0, batch = cell->setting->spec->query;
    int rc = draw_subpool(cell, &ids, &count, err);
    if (rc)
        return rc;
    if (batch > count)
        batch = count; /* the last round of `rounds: all` */
    services offered = {.in = services_of(cell, ids, count)};
    const char *id = cell->strategy->plugin->id;
    plan_axes axes = {.purpose = FB_STREAM_STRATEGY,
                      .dataset = cell->setting->data->digest,
                      .network = cell->setting->network_digest,
                      .trial = cell->job->trial,
                      .round = (int64_t)cell->round,
                      .strategy = id};
    fb_round round = {.struct_size = sizeof round,
                      .trial = cell->job->trial,
                      .round = (uint32_t)cell->round,
                      .pool_ids = ids,
                      .pool_count = count,
                      .batch = batch,
                      .labeled_count = cell->labeled_count,
                      .class_count = (uint32_t)cell->setting->data->class_count};
    host_call call = {.strategy = plugin_find(cell->plugin, id),
                      .values = cell->values,
                      .round = &round,
                      .provider = {&offered, services_compute},
                      .stream = plan_stream(cell->plan, &axes),
                      .pool = nn_threads(cell->network),
                      .log = write_log,
                      .want_scores = cell->plan->spec->scores};
    outcome->offered = ids;
    outcome->offered_count = count;
    outcome->batch = batch;
    rc = host_select(&call, &outcome->answer, err);
    services_finish(&offered);
    return rc;
}

/* ---- reporting a round --------------------------------------------------------------------- */

static json_t *ids_json(const uint32_t *ids, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; array && i < count; i++) {
        if (json_array_append_new(array, json_integer(ids[i])) < 0) {
            json_decref(array);
            array = NULL;
        }
    }
    return array;
}

static json_t *records_json(const host_answer *answer)
{
    json_t *object = json_object();
    for (size_t i = 0; object && i < answer->record_count; i++) {
        if (!isfinite(answer->records[i].value))
            continue; /* JSON has no such number; the log has it */
        json_object_set_new(object, answer->records[i].name, json_real(answer->records[i].value));
    }
    return object;
}

static json_int_t peak_rss_bytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (json_int_t)usage.ru_maxrss * 1024;
}

static json_t *scores_json(const struct outcome *outcome)
{
    json_t *array = json_array();
    for (size_t i = 0; outcome->answer.scores && i < outcome->offered_count; i++)
        json_array_append_new(array, json_real(outcome->answer.scores[i]));
    return array;
}

/* With `start: warm`: what the next round starts from. */
static int add_state(const struct cell *cell, json_t *message, fb_error *err)
{
    size_t count = nn_state_size(cell->network);
    if (!cell->setting->spec->warm || cell->round + 1 == cell->job->rounds)
        return FB_OK;
    float *state = fb_calloc(count, sizeof *state);
    if (state)
        nn_get_state(cell->network, state);
    json_t *text = state ? state_text(state, count) : NULL;
    fb_free(state);
    if (json_object_set_new(message, "state", text) < 0)
        return fb_fail_memory(err, count, sizeof *state, "a network's state");
    return FB_OK;
}

static int send_round(const struct cell *cell, const struct outcome *outcome, fb_error *err)
{
    const nn_metrics *metrics = &outcome->metrics;
    const host_answer *answer = &outcome->answer;
    size_t scored = answer->scores ? outcome->offered_count : 0;
    json_t *message = json_pack(
        "{s:s, s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:I, s:o, s:o, s:o, s:o}", "type",
        "round", "round", (json_int_t)cell->round, "labeled", (json_int_t)cell->labeled_count,
        "accuracy", metrics->accuracy, "balanced_accuracy", metrics->balanced_accuracy, "macro_f1",
        metrics->macro_f1, "loss", metrics->loss, "train_seconds", outcome->train_seconds,
        "query_seconds", answer->query_seconds, "service_seconds", answer->service_seconds,
        "evaluate_seconds", outcome->evaluate_seconds, "peak_rss_bytes", peak_rss_bytes(),
        "samples", ids_json(answer->ids, outcome->batch), "records", records_json(answer), "scored",
        ids_json(outcome->offered, scored), "scores", scores_json(outcome));
    if (message && isfinite(outcome->trained.validation_accuracy))
        json_object_set_new(message, "validation_accuracy",
                            json_real(outcome->trained.validation_accuracy));
    int rc = add_state(cell, message, err);
    if (rc) {
        json_decref(message);
        return rc;
    }
    return message_send(cell->socket, message, -1, err);
}

/* Waits until the supervisor has stored the round and pays with the labels. */
static int receive_labels(struct cell *cell, const uint32_t *ids, size_t count, fb_error *err)
{
    json_t *message = NULL;
    int rc = message_receive(cell->socket, &message, NULL, err);
    if (!rc)
        rc = reveal(cell, ids, json_object_get(message, "labels"), count, err);
    json_decref(message);
    return rc;
}

static int train_and_evaluate(struct cell *cell, struct outcome *outcome, fb_error *err)
{
    double begin = fb_clock_seconds();
    int rc = train_round(cell, &outcome->trained, err);
    double trained = fb_clock_seconds();
    if (!rc)
        rc = send_working(cell, "evaluate", 0, err);
    if (!rc)
        rc = nn_evaluate(cell->network, &cell->test, cell->test_ids, cell->test_labels,
                         cell->test_count, &outcome->metrics, err);
    outcome->train_seconds = trained - begin;
    outcome->evaluate_seconds = fb_clock_seconds() - trained;
    return rc;
}

static int run_round(struct cell *cell, fb_error *err)
{
    struct outcome outcome = {0};
    bool last = cell->round + 1 == cell->job->rounds;
    list_roles(cell);
    int rc = train_and_evaluate(cell, &outcome, err);
    if (!rc && !last)
        rc = send_working(cell, "select", 0, err);
    if (!rc && !last)
        rc = query(cell, &outcome, err);
    if (!rc)
        rc = send_round(cell, &outcome, err);
    if (!rc && !last)
        rc = receive_labels(cell, outcome.answer.ids, outcome.batch, err);
    host_answer_finish(&outcome.answer);
    fb_free(outcome.offered);
    return rc;
}

/* Adds the spec's limit to a failure that it may have caused. A plugin that does not load here has
 * loaded before, without a limit, when it was described. */
static void name_limit(const struct cell *cell, fb_error *err)
{
    uint64_t limit = cell->plan->spec->limits.memory;
    bool unloaded = err->status == FB_EPLUGIN && cell->strategy->plugin && !cell->plugin;
    if (limit == 0 || (err->status != FB_ENOMEM && !unloaded))
        return;
    size_t length = strlen(err->text);
    snprintf(err->text + length, sizeof err->text - length,
             "; limits.memory leaves a cell %.0f MiB of address space", (double)limit / 0x1p20);
}

/* The last word of a cell that failed. A plugin's sentence need not be text that JSON can carry. */
static json_t *failure_message(const struct cell *cell, fb_error *err)
{
    for (char *at = err->text; *at; at++)
        if ((unsigned char)*at < 0x20)
            *at = ' ';
    json_t *text = json_string(err->text);
    for (char *at = err->text; !text && *at; at++)
        if ((unsigned char)*at >= 0x80)
            *at = '?';
    if (!text)
        text = json_string(err->text);
    return json_pack("{s:s, s:I, s:o}", "type", "failed", "round", (json_int_t)cell->round, "text",
                     text);
}

int cell_run(const struct plan *plan, size_t cell_index, int socket)
{
    const plan_cell *job = &plan->cells[cell_index];
    const plan_setting *setting = &plan->settings[job->setting];
    struct cell cell = {.plan = plan,
                        .job = job,
                        .setting = setting,
                        .strategy = &plan->strategies[job->strategy],
                        .split = &setting->splits[job->trial_index],
                        .socket = socket};
    fb_error err = {0};
    int rc = start(&cell, &err);
    for (; !rc && cell.round < job->rounds; cell.round++)
        rc = run_round(&cell, &err);
    if (rc)
        name_limit(&cell, &err);
    json_t *end = rc ? failure_message(&cell, &err) : json_pack("{s:s}", "type", "done");
    message_send(socket, end, -1, NULL);
    finish(&cell);
    return rc ? 1 : 0;
}

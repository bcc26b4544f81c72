#include "round_message.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "state_text.h"

static int64_t integer(const json_t *message, const char *name)
{
    const json_t *value = json_object_get(message, name);
    return json_is_integer(value) ? json_integer_value(value) : -1;
}

static double number(const json_t *message, const char *name)
{
    const json_t *value = json_object_get(message, name);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static int fail_field(const char *name, fb_error *err)
{
    return fb_fail(err, FB_EFORMAT, "the cell's process sent a %s that cannot be", name);
}

/* ---- numbers ------------------------------------------------------------------------------- */

/* A member, where it goes, and its largest value; the smallest is 0. */
struct number_field {
    const char *name;
    double *to;
    double maximum;
};

static int read_numbers(const json_t *message, store_round *round, fb_error *err)
{
    const struct number_field fields[] = {
        {"accuracy", &round->metrics.accuracy, 1},
        {"balanced_accuracy", &round->metrics.balanced_accuracy, 1},
        {"macro_f1", &round->metrics.macro_f1, 1},
        {"loss", &round->metrics.loss, HUGE_VAL},
        {"train_seconds", &round->train_seconds, HUGE_VAL},
        {"query_seconds", &round->query_seconds, HUGE_VAL},
        {"service_seconds", &round->service_seconds, HUGE_VAL},
        {"evaluate_seconds", &round->evaluate_seconds, HUGE_VAL},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        double value = number(message, fields[i].name);
        if (!(value >= 0 && value <= fields[i].maximum && isfinite(value)))
            return fail_field(fields[i].name, err);
        *fields[i].to = value;
    }
    round->validation_accuracy = number(message, "validation_accuracy"); /* NaN: there is none */
    if (round->validation_accuracy < 0 || round->validation_accuracy > 1)
        return fail_field("validation_accuracy", err);
    int64_t peak = integer(message, "peak_rss_bytes");
    if (peak < 0)
        return fail_field("peak_rss_bytes", err);
    round->peak_rss_bytes = (uint64_t)peak;
    return FB_OK;
}

/* ---- arrays -------------------------------------------------------------------------------- */

static int read_queries(const json_t *message, const data_part *train, struct round_message *to,
                        fb_error *err)
{
    const json_t *samples = json_object_get(message, "samples");
    size_t count = json_array_size(samples);
    to->queries = fb_calloc(count, sizeof *to->queries);
    if (!to->queries)
        return fb_fail_memory(err, count, sizeof *to->queries, "a round's queries");
    for (size_t i = 0; i < count; i++) {
        json_int_t id = json_integer_value(json_array_get(samples, i));
        if (id < 0 || (size_t)id >= train->count)
            return fail_field("queried sample", err);
        to->queries[i] = (store_query){(uint32_t)id, train->labels[id]};
    }
    to->round.queries = to->queries;
    to->round.query_count = count;
    return FB_OK;
}

/* The sub-pool and its scores, when the cell sent any; the ids must ascend, so that none is there
 * twice. */
static int read_scores(const json_t *message, const data_part *train, struct round_message *to,
                       fb_error *err)
{
    const json_t *ids = json_object_get(message, "scored");
    const json_t *scores = json_object_get(message, "scores");
    size_t count = json_array_size(ids);
    if (json_array_size(scores) != count)
        return fail_field("number of scores", err);
    to->score_ids = fb_calloc(count, sizeof *to->score_ids);
    to->scores = fb_calloc(count, sizeof *to->scores);
    if (!to->score_ids || !to->scores)
        return fb_fail_memory(err, count, sizeof *to->scores, "a round's scores");
    json_int_t last = -1;
    for (size_t i = 0; i < count; i++) {
        json_int_t id = json_integer_value(json_array_get(ids, i));
        const json_t *score = json_array_get(scores, i);
        if (id <= last || (size_t)id >= train->count || !json_is_number(score))
            return fail_field("score", err);
        to->score_ids[i] = (uint32_t)id;
        to->scores[i] = json_number_value(score);
        last = id;
    }
    to->round.score_ids = to->score_ids;
    to->round.scores = to->scores;
    to->round.score_count = count;
    return FB_OK;
}

static int read_records(const json_t *message, struct round_message *to, fb_error *err)
{
    json_t *object = json_object_get(message, "records");
    size_t count = json_object_size(object), i = 0;
    const char *name;
    json_t *value;
    to->records = fb_calloc(count, sizeof *to->records);
    if (!to->records)
        return fb_fail_memory(err, count, sizeof *to->records, "a round's records");
    json_object_foreach (object, name, value) {
        if (strlen(name) >= sizeof to->records[i].name || !json_is_number(value))
            return fail_field("record", err); /* cut short, two names could be one */
        snprintf(to->records[i].name, sizeof to->records[i].name, "%s", name);
        to->records[i++].value = json_number_value(value);
    }
    to->round.records = to->records;
    to->round.record_count = count;
    return FB_OK;
}

static int read_state(const json_t *message, size_t size, struct round_message *to, fb_error *err)
{
    if (size == 0)
        return FB_OK;
    int rc = state_read(json_object_get(message, "state"), size, &to->state, err);
    if (rc == FB_EFORMAT)
        return fail_field("network's state", err);
    to->round.state = to->state;
    to->round.state_count = size;
    return rc;
}

int round_message_read(const json_t *message, size_t number_of_round, size_t labeled,
                       const data_part *train, size_t state_size, struct round_message *ret_round,
                       fb_error *err)
{
    struct round_message read = {0};
    int rc = FB_OK;
    if (integer(message, "round") != (int64_t)number_of_round)
        rc = fail_field("number of a round", err);
    else if (integer(message, "labeled") != (int64_t)labeled)
        rc = fail_field("number of labelled samples", err);
    read.round.round = (uint32_t)number_of_round;
    read.round.labeled = (uint32_t)labeled;
    if (!rc)
        rc = read_numbers(message, &read.round, err);
    if (!rc)
        rc = read_queries(message, train, &read, err);
    if (!rc)
        rc = read_scores(message, train, &read, err);
    if (!rc)
        rc = read_records(message, &read, err);
    if (!rc)
        rc = read_state(message, state_size, &read, err);
    if (rc)
        round_message_finish(&read);
    else
        *ret_round = read;
    return rc;
}

void round_message_finish(struct round_message *round)
{
    if (!round)
        return;
    fb_free(round->queries);
    fb_free(round->records);
    fb_free(round->score_ids);
    fb_free(round->scores);
    fb_free(round->state);
    *round = (struct round_message){0};
}

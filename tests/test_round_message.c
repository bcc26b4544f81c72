/* What a cell sends about a round: taken as it is when it can be, else refused with a sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "round_message.h"
#include "state_text.h"

enum { ROUND = 2, LABELED = 30 };

static uint32_t g_labels[] = {5, 6, 7, 8};
static const data_part g_train = {.count = 4, .labels = g_labels};

static json_t *good_message(void)
{
    json_t *message = json_loads("{\"type\":\"round\",\"round\":2,\"labeled\":30,\"accuracy\":0.5,"
                                 "\"balanced_accuracy\":0.25,\"macro_f1\":0.125,\"loss\":1.5,"
                                 "\"train_seconds\":1.0,\"query_seconds\":0.0,"
                                 "\"service_seconds\":0.5,\"evaluate_seconds\":2.0,"
                                 "\"peak_rss_bytes\":4096,\"samples\":[3,1],\"scored\":[0,1,3],"
                                 "\"scores\":[0.5,1.0,-2.0],\"records\":{\"draws\":7.0}}",
                                 0, NULL);
    assert_non_null(message);
    return message;
}

static void a_good_message_is_taken_as_it_is(void **state)
{
    (void)state;
    json_t *message = good_message();
    struct round_message read = {0};
    fb_error err = {0};
    assert_int_equal(round_message_read(message, ROUND, LABELED, &g_train, 0, &read, &err), 0);
    assert_int_equal(read.round.round, ROUND);
    assert_int_equal(read.round.labeled, LABELED);
    assert_true(read.round.metrics.accuracy == 0.5 && read.round.metrics.loss == 1.5);
    assert_true(isnan(read.round.validation_accuracy));
    assert_int_equal(read.round.peak_rss_bytes, 4096);
    assert_int_equal(read.round.query_count, 2);
    assert_int_equal(read.round.queries[0].sample, 3);
    assert_int_equal(read.round.queries[0].label, 8); /* ours, not the cell's */
    assert_int_equal(read.round.score_count, 3);
    assert_true(read.round.scores[2] == -2.0);
    assert_string_equal(read.round.records[0].name, "draws");
    round_message_finish(&read);
    json_decref(message);
}

/* Each replaces one member (or removes it: NULL) and must be refused. */
static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *member, *value, *sentence;
    } bad[] = {
        {"round", "1", "number of a round"},
        {"round", "\"2\"", "number of a round"},
        {"labeled", NULL, "number of labelled samples"},
        {"labeled", "31", "number of labelled samples"},
        {"accuracy", NULL, "accuracy"},
        {"accuracy", "1.0000001", "accuracy"},
        {"balanced_accuracy", "-0.1", "balanced_accuracy"},
        {"macro_f1", "\"high\"", "macro_f1"},
        {"loss", NULL, "loss"},
        {"train_seconds", "-1", "train_seconds"},
        {"evaluate_seconds", NULL, "evaluate_seconds"},
        {"validation_accuracy", "2", "validation_accuracy"},
        {"peak_rss_bytes", "-1", "peak_rss_bytes"},
        {"samples", "[4]", "queried sample"},
        {"samples", "[-1]", "queried sample"},
        {"scored", "[0,1]", "number of scores"},
        {"scored", "[0,1,1]", "score"},
        {"scored", "[1,0,3]", "score"},
        {"scored", "[0,1,4]", "score"},
        {"scores", "[0,1,null]", "score"},
        {"records", "{\"draws\":\"many\"}", "record"},
        {"records",
         "{\"a-name-of-64-bytes-that-would-be-cut-and-then-be-the-same-as-another\":1}", "record"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        json_t *message = good_message();
        struct round_message read = {0};
        fb_error err = {0};
        if (bad[i].value)
            json_object_set_new(message, bad[i].member,
                                json_loads(bad[i].value, JSON_DECODE_ANY, NULL));
        else
            json_object_del(message, bad[i].member);
        int rc = round_message_read(message, ROUND, LABELED, &g_train, 0, &read, &err);
        if (rc != FB_EFORMAT || !strstr(err.text, bad[i].sentence))
            fail_msg("%s = %s: status %d, \"%s\"", bad[i].member,
                     bad[i].value ? bad[i].value : "(missing)", rc, err.text);
        assert_null(read.queries);
        json_decref(message);
    }
}

static void a_state_is_taken_when_it_is_wanted(void **state)
{
    (void)state;
    static const float numbers[] = {1.5f, -0.0f, 3e38f, 1e-45f, 7.0f};
    json_t *message = good_message();
    struct round_message read = {0};
    fb_error err = {0};
    json_object_set_new(message, "state", state_text(numbers, 5));
    assert_int_equal(round_message_read(message, ROUND, LABELED, &g_train, 5, &read, &err), 0);
    assert_int_equal(read.round.state_count, 5);
    assert_memory_equal(read.round.state, numbers, sizeof numbers);
    round_message_finish(&read);
    assert_int_equal(round_message_read(message, ROUND, LABELED, &g_train, 0, &read, &err), 0);
    assert_null(read.round.state);
    round_message_finish(&read);
    json_decref(message);
}

static void a_state_that_cannot_be_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", /* as long, and fine */
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAA", /* a byte more */
        "AAAAAAAAAAAAAAAAAAAAAAAAAA==", /* one less */
        "AAAAAAAAAAAAAAAAAAAAAAAAAA?=", "AAAAAAAAAAAAAAAAAAAAAAAA", ""};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        json_t *message = good_message();
        struct round_message read = {0};
        fb_error err = {0};
        json_object_set_new(message, "state", json_string(texts[i]));
        int rc = round_message_read(message, ROUND, LABELED, &g_train, 5, &read, &err);
        assert_int_equal(rc, i == 0 ? FB_OK : FB_EFORMAT);
        assert_true(i == 0 || strstr(err.text, "network's state"));
        round_message_finish(&read);
        json_object_set_new(message, "state", json_integer(5));
        assert_int_equal(round_message_read(message, ROUND, LABELED, &g_train, 5, &read, NULL),
                         FB_EFORMAT);
        json_decref(message);
    }
}

static void an_empty_message_is_refused(void **state)
{
    (void)state;
    json_t *message = json_object();
    struct round_message read = {0};
    assert_int_equal(round_message_read(message, 0, 0, &g_train, 0, &read, NULL), FB_EFORMAT);
    json_decref(message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_message_is_taken_as_it_is),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(a_state_is_taken_when_it_is_wanted),
        cmocka_unit_test(a_state_that_cannot_be_is_refused),
        cmocka_unit_test(an_empty_message_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

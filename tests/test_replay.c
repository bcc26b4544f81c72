/* replay: files of recorded queries, and what is said of those that do not fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "scratch.h"
#include "strategy_probe.h"

/* Runs replay on a file of this text, for a batch of 2 of the samples 0 .. 9. */
static int replay(const char *text, const char *setting, const char *strategy, uint32_t trial,
                  uint32_t round, host_answer *ret_answer, fb_error *err)
{
    static const char *const names[] = {"file", "setting", "strategy"};
    const char *path = text ? scratch_write("trace.csv", text, strlen(text), false) : "";
    const char *values[] = {path, setting, strategy};
    const probe_service none[] = {{0}};
    const strategy_probe probe = {.plugin = STRATEGY_DIR "/replay.so", .n = 10, .batch = 2,
                                  .classes = 2, .services = none, .names = names, .values = values,
                                  .param_count = 3, .trial = trial, .round = round};
    return strategy_probe_run(&probe, ret_answer, err);
}

static void assert_chosen(const char *text, const char *setting, const char *strategy,
                          uint32_t trial, uint32_t round, uint32_t first, uint32_t second)
{
    host_answer answer = {0};
    fb_error err = {0};
    if (replay(text, setting, strategy, trial, round, &answer, &err))
        fail_msg("%s", err.text);
    assert_int_equal(answer.ids[0], first);
    assert_int_equal(answer.ids[1], second);
    assert_true(answer.service_seconds == 0);
    host_answer_finish(&answer);
}

static const char plain[] = "trial,round,id\n0,0,7\n0,0,3\n0,1,1\n0,1,2\n1,0,9\n1,0,0\n";

/* As export writes it: ranks count, and quotes hold commas, quotes and ends of lines. */
static const char exported[] =
    "setting,dataset,network,strategy,params,trial,round,rank,sample,outcome,label\n"
    "a,x,mlp,random,{},0,0,1,4,labelled,0\n"
    "a,x,mlp,random,{},0,0,0,5,labelled,1\n"
    "a,x,mlp,LDM-S,\"{\"\"stop\"\":\"\"5\"\",\"\"b\"\":\"\"1\"\"}\",0,0,0,6,discarded,\n"
    "a,x,mlp,LDM-S,\"{\"\"stop\"\":\"\"5\"\",\"\"b\"\":\"\"1\"\"}\",0,0,1,8,labelled,1\n"
    "\"b, \"\"c\"\"\nd\",x,mlp,random,{},0,0,0,2,labelled,0\n"
    "\"b, \"\"c\"\"\nd\",x,mlp,random,{},0,0,1,1,labelled,0\n";

static void a_file_is_followed(void **state)
{
    (void)state;
    assert_chosen(plain, "", "", 0, 0, 7, 3);
    assert_chosen(plain, "", "", 0, 1, 1, 2);
    assert_chosen(plain, "", "", 1, 0, 9, 0);
    assert_chosen("\xef\xbb\xbfround,sample,trial\r\n\r\n2,8,0\r\n2,5,0", "", "", 0, 2, 8, 5);
    assert_chosen("note,trial,round,id\n\"\",0,0,1\n,0,0,2\n", "", "", 0, 0, 1, 2);
    assert_chosen(exported, "a", "random", 0, 0, 5, 4);
    assert_chosen(exported, "a", "LDM-S", 0, 0, 6, 8);
    assert_chosen(exported, "b, \"c\"\nd", "", 0, 0, 2, 1);
}

static void assert_refused(const char *text, const char *setting, const char *strategy,
                           uint32_t round, const char *words)
{
    host_answer answer = {0};
    fb_error err = {0};
    int rc = replay(text, setting, strategy, 0, round, &answer, &err);
    if (rc >= 0)
        fail_msg("'%s' is accepted", text);
    assert_null(answer.ids);
    if (!strstr(err.text, words))
        fail_msg("'%s' lacks '%s'", err.text, words);
}

static void what_is_no_trace_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"", "trace.csv is empty"},
        {"trial,round\n0,0\n", "trace.csv:1: the header lacks the column 'id'"},
        {"trial,round,id,sample\n", "trace.csv:1: there are two columns 'sample'"},
        {"trial,round,id\n0,0\n", "trace.csv:2: a line of 2 fields; expected 3"},
        {"trial,round,id\n0,0,1,\n", "trace.csv:2: a line of 4 fields; expected 3"},
        {"trial,round,id\n\n0,0,x\n", "trace.csv:3: 'x' is no number of a sample"},
        {"trial,round,id\n0,0,\n", "trace.csv:2: '' is no number of a sample"},
        {"trial,round,id\n-1,0,1\n", "trace.csv:2: '-1' is no number of a trial"},
        {"trial,round,id\n0, 1,1\n", "trace.csv:2: ' 1' is no number of a round"},
        {"trial,round,id\n0,0,4294967296\n", "'4294967296' is no number of a sample"},
        {"trial,round,id,rank\n0,0,1,first\n", "'first' is no number of a rank"},
        {"trial,round,id\n0,0,\"1\n", "trace.csv:2: a quote is not closed"},
        {"trial,round,id\n0,0,\"1\"2\n", "trace.csv:2: there is a quote inside"},
        {"trial,round,id\n0,0,1\"2\"\n", "trace.csv:2: there is a quote inside"},
        {"trial,round,id,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,\n", "trace.csv:1: there are more"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(cases[i].text, "", "", 0, cases[i].words);
}

static void a_file_must_be_named_and_there(void **state)
{
    (void)state;
    static const char *const names[] = {"file"};
    const char *values[] = {scratch_path("none.csv")};
    const probe_service none[] = {{0}};
    const strategy_probe probe = {.plugin = STRATEGY_DIR "/replay.so", .n = 10, .batch = 2,
                                  .classes = 2, .services = none, .names = names, .values = values,
                                  .param_count = 1};
    host_answer answer = {0};
    fb_error err = {0};
    assert_int_equal(strategy_probe_run(&probe, &answer, &err), FB_ENOENT);
    assert_non_null(strstr(err.text, "none.csv: No such file"));
    values[0] = "/";
    assert_true(strategy_probe_run(&probe, &answer, &err) < 0);
    assert_string_equal(err.text, "strategy replay: cannot read /: Is a directory");
    assert_refused(NULL, "", "", 0, "the parameter 'file' is missing: give the path");
}

static void what_does_not_fit_the_round_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t round;
        const char *words;
    } cases[] = {
        {plain, 2, "trace.csv lists nothing for trial 0, round 2"},
        {"trial,round,id\n", 0, "trace.csv lists nothing for trial 0, round 0"},
        {"trial,round,id\n0,1,3\n0,0,1\n", 0, "trace.csv:3: trial 0, round 0 ends here after 1"},
        {"trial,round,id\n0,0,1\n0,0,2\n0,0,3\n", 0, "trace.csv:4: sample 3 has rank 2 in trial 0"},
        {"trial,round,id\n0,0,1\n0,0,1\n", 0, "trace.csv:3: sample 1 of trial 0, round 0 is there a "
                                             "second time, first in line 2"},
        {"trial,round,id\n0,0,1\n0,0,10\n", 0, "trace.csv:3: sample 10 of trial 0, round 0 is not "
                                               "in this round's sub-pool"},
        {"trial,round,id,rank\n0,0,1,1\n0,0,2,1\n", 0, "trace.csv:3: rank 1 of trial 0, round 0 is "
                                                       "there a second time, first in line 2"},
        {"trial,round,id,rank\n0,0,1,1\n0,0,2,2\n", 0, "trace.csv:3: sample 2 has rank 2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(cases[i].text, "", "", cases[i].round, cases[i].words);
}

static void one_experiment_must_be_meant(void **state)
{
    (void)state;
    static const char doubled[] = "strategy,params,trial,round,id\nldm,{1},0,0,1\nldm,{2},0,0,2\n";
    assert_refused(exported, "", "", 0, "more than one setting: name one by the parameter 'setting'"
                                        "; there are: a, b, \"c\"\nd");
    assert_refused(exported, "a", "", 0, "more than one strategy: name one by the parameter "
                                         "'strategy'; there are: random, LDM-S");
    assert_refused(exported, "c", "", 0, "has no setting 'c'; it names: a, b");
    assert_refused(exported, "a", "ldm", 0, "has no strategy 'ldm'; it names: random, LDM-S");
    assert_refused(plain, "", "ldm", 0, "has no strategy 'ldm'; it names: ");
    assert_refused(doubled, "", "", 0, "'ldm' with more than one set of parameters");
    assert_refused(doubled, "", "", 0, "{1}, {2}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_followed),
        cmocka_unit_test(what_is_no_trace_is_refused),
        cmocka_unit_test(a_file_must_be_named_and_there),
        cmocka_unit_test(what_does_not_fit_the_round_is_refused),
        cmocka_unit_test(one_experiment_must_be_meant),
    };
    return cmocka_run_group_tests_name("replay", tests, scratch_setup, scratch_teardown);
}

#include "check.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "checks.h"
#include "describe.h"
#include "strbuf.h"
#include "suggest.h"

enum { DESCRIBE_LIMIT_MS = 10000 };

const char *check_outcome_name(check_outcome outcome)
{
    static const char *const names[] = {"passed", "warning", "skipped",
                                        "failed", "crashed", "timed out"};
    return names[outcome];
}

int check_is_failure(check_outcome outcome)
{
    return outcome >= CHECK_FAILED;
}

/* ---- the table ------------------------------------------------------------------------------ */

typedef enum check_scope {
    OF_FILE,     /* the plugin as a whole */
    OF_STRATEGY, /* one strategy, of a plugin that has been opened */
    OF_OPENING,  /* one strategy, and the check opens the plugin */
} check_scope;

/* In the order in which they run. A check is skipped when the one that it `needs` has failed before
 * it: it would fail for the same reason. */
static const struct {
    const char *name, *summary;
    check_scope scope;
    void (*run)(check_subject *s, verdict *v);
    const char *needs;
} checks[] = {
    {"load", "the file loads; its ABI and descriptors are right", OF_FILE, check_load, NULL},
    {"symbols", "it names no rand, time, exit, printf and the like", OF_FILE, check_symbols, NULL},
    {"parameters", "create works at both ends of each range", OF_STRATEGY, check_parameters, NULL},
    {"select", "an ordinary selection is right", OF_STRATEGY, check_select, NULL},
    {"batch", "batches of 1, n - 1 and n", OF_STRATEGY, check_batch, "select"},
    {"one-sample", "a sub-pool of one sample", OF_STRATEGY, check_one_sample, "select"},
    {"identical-rows", "samples that are all the same", OF_STRATEGY, check_identical_rows,
     "select"},
    {"zero-embeddings", "embeddings that are all 0", OF_STRATEGY, check_zero_embeddings, "select"},
    {"one-class", "a single class", OF_STRATEGY, check_one_class, "select"},
    {"no-labels", "no labelled samples", OF_STRATEGY, check_no_labels, "select"},
    {"not-finite", "a NaN in a service ends the selection", OF_STRATEGY, check_not_finite,
     "select"},
    {"missing-service", "a service that is not there", OF_STRATEGY, check_missing_service,
     "select"},
    {"repeat", "the same seed gives the same answer", OF_STRATEGY, check_repeat, "select"},
    {"threads", "other pieces and threads give the same answer", OF_STRATEGY, check_threads,
     "repeat"},
    {"hidden-labels", "labels that nobody bought change nothing", OF_STRATEGY, check_hidden_labels,
     "repeat"},
    {"floating-point", "the floating-point mode stays as it is", OF_OPENING, check_floating_point,
     "select"},
    {"inputs", "nothing is written to what the host owns", OF_STRATEGY, check_inputs, "select"},
    {"stdout", "nothing is written to stdout", OF_OPENING, check_stdout, "select"},
    {"memory", "memory grows in proportion to the sub-pool", OF_STRATEGY, check_memory, "select"},
    {"leaks", "memory comes back after each selection", OF_STRATEGY, check_leaks, "select"},
};
enum { CHECK_COUNT = sizeof checks / sizeof *checks };

const check_info *check_table(size_t *ret_count)
{
    static check_info infos[CHECK_COUNT];
    for (size_t i = 0; i < CHECK_COUNT; i++)
        infos[i] = (check_info){checks[i].name, checks[i].summary};
    *ret_count = CHECK_COUNT;
    return infos;
}

const char *const *check_blind_spots(void)
{
    static const char *const spots[] = {
        "how good the selections are",
        "selections with parameters away from their defaults, and large sub-pools",
        "whether an answer depends on files, the network, the time or the machine",
        "labels that a strategy finds elsewhere than in its services",
        "races between threads that did not show",
        "memory errors that do not crash (valgrind and the sanitizers find them)",
        "trained networks and real data",
        NULL,
    };
    return spots;
}

/* ---- one check ------------------------------------------------------------------------------ */

typedef struct check_run {
    const check_options *options;
    void (*tell)(void *context, const check_result *result);
    void *context;
} check_run;

/* What a child is to do. */
typedef struct job {
    check_subject subject;
    size_t check;
} job;

static void run_in_child(void *context, verdict *v)
{
    job *j = context;
    fb_error err = {0};
    if (checks[j->check].scope != OF_STRATEGY) {
        checks[j->check].run(&j->subject, v);
        return;
    }
    if (subject_open(&j->subject, &err) != FB_OK)
        verdict_say(v, CHECK_FAILED, "%s", err.text);
    else
        checks[j->check].run(&j->subject, v);
    subject_close(&j->subject);
}

static int run_one(const check_run *run, const char *strategy, size_t check,
                   check_outcome *ret_outcome, fb_error *err)
{
    job j = {.subject = {.options = run->options, .id = strategy}, .check = check};
    check_result result = {.check = checks[check].name};
    verdict v;
    int rc = child_run(run_in_child, &j, run->options->limit_seconds, &v, &result.seconds, err);
    if (rc)
        return rc;
    result.outcome = v.outcome;
    snprintf(result.strategy, sizeof result.strategy, "%s", strategy ? strategy : "");
    snprintf(result.detail, sizeof result.detail, "%s", v.text);
    run->tell(run->context, &result);
    *ret_outcome = v.outcome;
    return FB_OK;
}

/* ---- all of them ---------------------------------------------------------------------------- */

static bool is_wanted(const check_options *o, const char *name)
{
    for (size_t i = 0; i < o->check_count; i++)
        if (strcmp(o->checks[i], name) == 0)
            return true;
    return o->check_count == 0;
}

static void skip(const check_run *run, const char *strategy, size_t check)
{
    check_result result = {.check = checks[check].name, .outcome = CHECK_SKIPPED};
    snprintf(result.strategy, sizeof result.strategy, "%s", strategy);
    snprintf(result.detail, sizeof result.detail, "the check '%s' has to pass first",
             checks[check].needs);
    run->tell(run->context, &result);
}

/* Whether the check of that name has failed or, for want of another, was skipped. */
static bool is_bad(const bool *bad, const char *name)
{
    for (size_t i = 0; name && i < CHECK_COUNT; i++)
        if (strcmp(checks[i].name, name) == 0)
            return bad[i];
    return false;
}

static int check_strategy(const check_run *run, const char *strategy, fb_error *err)
{
    bool bad[CHECK_COUNT] = {false};
    int rc = FB_OK;
    for (size_t i = 0; !rc && i < CHECK_COUNT; i++) {
        check_outcome outcome = CHECK_PASSED;
        if (checks[i].scope == OF_FILE || !is_wanted(run->options, checks[i].name))
            continue;
        bad[i] = is_bad(bad, checks[i].needs);
        if (bad[i])
            skip(run, strategy, i);
        else
            rc = run_one(run, strategy, i, &outcome, err);
        bad[i] = bad[i] || check_is_failure(outcome);
    }
    return rc;
}

/* The checks of the file, unless one strategy was asked for. */
static int check_file(const check_run *run, bool *ret_loads, fb_error *err)
{
    const check_options *o = run->options;
    int rc = FB_OK;
    for (size_t i = 0; !rc && i < CHECK_COUNT; i++) {
        check_outcome outcome = CHECK_PASSED;
        if (checks[i].scope != OF_FILE || o->strategy || !is_wanted(o, checks[i].name))
            continue;
        rc = run_one(run, NULL, i, &outcome, err);
        if (check_is_failure(outcome))
            *ret_loads = false;
    }
    return rc;
}

/* ---- what was asked for --------------------------------------------------------------------- */

static int check_names(const check_options *o, fb_error *err)
{
    const char *names[CHECK_COUNT];
    for (size_t i = 0; i < CHECK_COUNT; i++)
        names[i] = checks[i].name;
    for (size_t i = 0; i < o->check_count; i++) {
        size_t k = 0;
        while (k < CHECK_COUNT && strcmp(names[k], o->checks[i]) != 0)
            k++;
        if (k < CHECK_COUNT)
            continue;
        fb_strbuf list = FB_STRBUF_INIT;
        suggest_list(names, CHECK_COUNT, &list);
        suggest_add(o->checks[i], names, CHECK_COUNT, &list);
        int rc = fb_fail(err, FB_ENOENT, "there is no check '%s'; expected one of %s", o->checks[i],
                         list.text);
        fb_strbuf_finish(&list);
        return rc;
    }
    return FB_OK;
}

static const char *id_of(const json_t *strategy)
{
    return json_string_value(json_object_get(strategy, "id"));
}

static bool has_param(const json_t *strategy, const char *name)
{
    size_t i;
    const json_t *param;
    json_array_foreach (json_object_get(strategy, "params"), i, param)
        if (strcmp(json_string_value(json_object_get(param, "name")), name) == 0)
            return true;
    return false;
}

/* A parameter is some strategy's, and the strategy that is asked for is there. */
static int check_against(const check_options *o, const json_t *strategies, fb_error *err)
{
    size_t index;
    const json_t *strategy;
    bool found = o->strategy == NULL;
    json_array_foreach (strategies, index, strategy)
        found = found || strcmp(id_of(strategy), o->strategy) == 0;
    if (!found)
        return fb_fail(err, FB_ENOENT, "%s has no strategy '%s'", o->path, o->strategy);
    for (size_t i = 0; i < o->param_count; i++) {
        bool known = false;
        json_array_foreach (strategies, index, strategy)
            known = known || has_param(strategy, o->param_names[i]);
        if (!known)
            return fb_fail(err, FB_ENOENT, "no strategy of %s has a parameter '%s'", o->path,
                           o->param_names[i]);
    }
    return FB_OK;
}

/* Whether the file alone is of interest. */
static bool only_file(const check_options *o)
{
    for (size_t i = 0; i < CHECK_COUNT; i++)
        if (checks[i].scope != OF_FILE && is_wanted(o, checks[i].name))
            return false;
    return !o->strategy && !o->param_count;
}

static int check_strategies(const check_run *run, fb_error *err)
{
    const check_options *o = run->options;
    size_t index;
    const json_t *strategy;
    json_t *strategies = NULL;
    int rc = describe_plugin(o->path, DESCRIBE_LIMIT_MS, &strategies, err);
    if (!rc)
        rc = check_against(o, strategies, err);
    json_array_foreach (strategies, index, strategy)
        if (!rc && (!o->strategy || strcmp(id_of(strategy), o->strategy) == 0))
            rc = check_strategy(run, id_of(strategy), err);
    json_decref(strategies);
    return rc;
}

int check_plugin(const check_options *options,
                 void (*tell)(void *context, const check_result *result), void *context,
                 fb_error *err)
{
    const check_run run = {options, tell, context};
    struct stat file;
    bool loads = true;
    if (stat(options->path, &file) != 0 || !S_ISREG(file.st_mode))
        return fb_fail(err, FB_ENOENT, "there is no file %s to check", options->path);
    int rc = check_names(options, err);
    if (!rc)
        rc = check_file(&run, &loads, err);
    return rc || !loads || only_file(options) ? rc : check_strategies(&run, err);
}

/* Settings that a run can come to: each selects, or is refused with a reason. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "checks.h"
#include "param.h"

static trial ordinary(const check_subject *s)
{
    return trial_make(s->strategy, s->values);
}

void check_select(check_subject *s, verdict *v)
{
    trial t = ordinary(s);
    subject_try(&t, false, v, NULL);
}

void check_batch(check_subject *s, verdict *v)
{
    trial t = ordinary(s);
    const size_t batches[] = {1, t.services.n - 1, t.services.n};
    for (size_t i = 0; i < 3 && !check_is_failure(v->outcome); i++) {
        t.batch = batches[i];
        verdict_doing(v, "with a batch of %zu of %zu samples", t.batch, t.services.n);
        subject_try(&t, true, v, NULL);
    }
}

void check_one_sample(check_subject *s, verdict *v)
{
    trial t = ordinary(s);
    t.services.n = t.batch = 1;
    verdict_doing(v, "with a sub-pool of 1 sample");
    subject_try(&t, true, v, NULL);
}

void check_identical_rows(check_subject *s, verdict *v)
{
    trial t = ordinary(s);
    t.services.identical = true;
    verdict_doing(v, "with samples that are all the same");
    subject_try(&t, true, v, NULL);
}

void check_zero_embeddings(check_subject *s, verdict *v)
{
    trial t = ordinary(s);
    t.services.zero = true;
    verdict_doing(v, "with embeddings that are all 0");
    subject_try(&t, true, v, NULL);
}

void check_one_class(check_subject *s, verdict *v)
{
    trial t = ordinary(s);
    t.services.classes = 1;
    verdict_doing(v, "with one class");
    subject_try(&t, true, v, NULL);
}

void check_no_labels(check_subject *s, verdict *v)
{
    trial t = ordinary(s);
    t.services.labeled = 0;
    verdict_doing(v, "without labelled samples");
    subject_try(&t, true, v, NULL);
}

/* ---- services that are not there, or not fine ----------------------------------------------- */

/* The services that the ordinary trial asks for; false when it fails, which the verdict says. */
static bool list_services(const check_subject *s, trial_facts *ret_facts, verdict *v)
{
    trial t = ordinary(s);
    host_answer answer = {0};
    fb_error err = {0};
    int rc = trial_run(&t, &answer, ret_facts, &err);
    host_answer_finish(&answer);
    if (rc)
        verdict_say(v, CHECK_FAILED, "%s", err.text);
    else if (ret_facts->service_count == 0)
        verdict_say(v, CHECK_PASSED, "it asks for no service");
    return !rc;
}

/* A number that is not finite, or a class that there is none of, must end the selection. */
void check_not_finite(check_subject *s, verdict *v)
{
    trial_facts asked;
    if (!list_services(s, &asked, v))
        return;
    for (size_t i = 0; i < asked.service_count; i++) {
        trial t = ordinary(s);
        host_answer answer = {0};
        trial_facts facts;
        fb_error err = {0};
        if (strcmp(asked.services[i], "labeled_ids") == 0)
            continue; /* there is no wrong number to put there */
        t.services.poisoned = asked.services[i];
        verdict_doing(v, "with a bad number in the service %s", asked.services[i]);
        int rc = trial_run(&t, &answer, &facts, &err);
        host_answer_finish(&answer);
        if (rc == FB_OK || rc == FB_EPLUGIN) {
            verdict_say(v, CHECK_FAILED,
                        "the host refused it, but the strategy went on%s%s; return the code that "
                        "host->get gives",
                        rc ? ": " : " and selected", rc ? err.text : "");
            return;
        }
    }
}

/* A service that a run does not have: a strategy does without it or is refused. */
void check_missing_service(check_subject *s, verdict *v)
{
    trial_facts asked;
    if (!list_services(s, &asked, v))
        return;
    for (size_t i = 0; i < asked.service_count && !check_is_failure(v->outcome); i++) {
        trial t = ordinary(s);
        t.services.missing = asked.services[i];
        verdict_doing(v, "without the service %s", asked.services[i]);
        if (!subject_try(&t, true, v, NULL) && v->outcome == CHECK_PASSED)
            *v->text = '\0'; /* a refusal is what is expected */
    }
}

/* ---- parameters ----------------------------------------------------------------------------- */

/* What creating with one value after the other has come to. */
typedef struct parameter_trials {
    check_subject *subject;
    size_t parameter; /* the one that is varied */
    size_t created, refused;
    char refusal[600]; /* the first one */
} parameter_trials;

static void create_with(parameter_trials *p, fb_value value, verdict *v)
{
    const fb_param *param = p->subject->strategy->params[p->parameter];
    fb_value kept = p->subject->values[p->parameter];
    char *text = param_format(param->type, value);
    trial t = ordinary(p->subject);
    t.only_create = true;
    verdict_doing(v, "create with %s = %.60s", param->name, text ? text : "?");
    p->subject->values[p->parameter] = value;
    bool created = subject_try(&t, true, v, NULL);
    p->subject->values[p->parameter] = kept;
    p->created += created;
    if (!created && v->outcome == CHECK_PASSED && p->refused++ == 0)
        snprintf(p->refusal, sizeof p->refusal, "%s = %.60s: %.500s", param->name,
                 text ? text : "?", v->text);
    fb_free(text);
}

/* The ends of a range, or each of the choices. */
static void create_with_ends(parameter_trials *p, verdict *v)
{
    const fb_param *param = p->subject->strategy->params[p->parameter];
    const char *const *choices = param->choices;
    switch (param->type) {
    case FB_PARAM_INT:
    case FB_PARAM_FLOAT:
        create_with(p, param->minimum, v);
        if (!check_is_failure(v->outcome))
            create_with(p, param->maximum, v);
        break;
    case FB_PARAM_BOOL:
        for (int64_t i = 0; i < 2 && !check_is_failure(v->outcome); i++)
            create_with(p, (fb_value){.i = i}, v);
        break;
    case FB_PARAM_TEXT:
        for (size_t i = 0; choices && choices[i] && !check_is_failure(v->outcome); i++)
            create_with(p, (fb_value){.s = choices[i]}, v);
        break;
    }
}

void check_parameters(check_subject *s, verdict *v)
{
    parameter_trials p = {.subject = s};
    trial t = ordinary(s);
    t.only_create = true;
    if (!subject_try(&t, false, v, NULL))
        return;
    for (; p.parameter < s->strategy->param_count; p.parameter++) {
        create_with_ends(&p, v);
        if (check_is_failure(v->outcome))
            return;
    }
    if (p.refused)
        verdict_say(v, CHECK_PASSED, "%zu of %zu values refused, such as %s", p.refused,
                    p.refused + p.created, p.refusal);
    else
        verdict_say(v, CHECK_PASSED, "%s", "");
}

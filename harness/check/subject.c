#include <string.h>

#include "alloc.h"
#include "checks.h"

/* The given parameters that this strategy has. */
static int read_values(check_subject *s, fb_error *err)
{
    const check_options *o = s->options;
    const char **names = fb_calloc(o->param_count, sizeof *names);
    const char **values = fb_calloc(o->param_count, sizeof *values);
    size_t count = 0;
    for (size_t i = 0; names && values && i < o->param_count; i++)
        for (size_t k = 0; k < s->strategy->param_count; k++)
            if (strcmp(s->strategy->params[k]->name, o->param_names[i]) == 0) {
                names[count] = o->param_names[i];
                values[count++] = o->param_values[i];
            }
    int rc = names && values
                 ? plugin_values(s->strategy, names, values, count, &s->values, err)
                 : fb_fail_memory(err, o->param_count, sizeof *names, "parameters");
    fb_free(names);
    fb_free(values);
    return rc;
}

int subject_open(check_subject *s, fb_error *err)
{
    int rc = plugin_open(s->options->path, &s->plugin, err);
    if (!rc && !(s->strategy = plugin_find(s->plugin, s->id)))
        rc = fb_fail(err, FB_EPLUGIN, "%s offered %s before, and does not now", s->options->path,
                     s->id);
    return rc ? rc : read_values(s, err);
}

void subject_close(check_subject *s)
{
    fb_free(s->values);
    plugin_close(s->plugin);
    s->values = NULL;
    s->plugin = NULL;
    s->strategy = NULL;
}

bool subject_try(const trial *t, bool may_refuse, verdict *v, host_answer *ret_answer)
{
    host_answer answer = {0};
    trial_facts facts;
    fb_error err = {0};
    int rc = trial_run(t, &answer, &facts, &err);
    if (rc && may_refuse && rc != FB_EPLUGIN && facts.gave_reason)
        verdict_say(v, CHECK_PASSED, "refused: %s", err.text);
    else if (rc)
        verdict_say(v, CHECK_FAILED, "%s", err.text);
    if (!rc && ret_answer)
        *ret_answer = answer;
    else
        host_answer_finish(&answer);
    return !rc;
}

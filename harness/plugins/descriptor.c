#include "descriptor.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "param.h"
#include "spec.h"
#include "utf8.h"

/* 1 to DESCRIPTOR_LONGEST_NAME of a-z, 0-9 and `extra`, a letter first. */
static bool is_name(const char *text, char extra)
{
    size_t length = text ? strlen(text) : 0;
    if (length == 0 || length > DESCRIPTOR_LONGEST_NAME || text[0] < 'a' || text[0] > 'z')
        return false;
    for (size_t i = 0; i < length; i++) {
        bool fine = (text[i] >= 'a' && text[i] <= 'z') || (text[i] >= '0' && text[i] <= '9') ||
                    text[i] == extra;
        if (!fine)
            return false;
    }
    return true;
}

bool descriptor_is_id(const char *text)
{
    return is_name(text, '-');
}

/* They go into specs, databases and pages. A text that may be missing is fine when it is. */
static bool is_utf8(const char *text)
{
    return !text || fb_utf8_valid(text);
}

static bool is_text(const char *text)
{
    return text && *text && is_utf8(text);
}

static int check_texts(const fb_strategy *s, fb_error *err)
{
    if (!is_text(s->label) || !is_text(s->rule) || !is_text(s->citation))
        return fb_fail(err, FB_EPLUGIN,
                       "strategy %s lacks its label, rule or citation; all three must be given, in "
                       "UTF-8",
                       s->id);
    if (!is_utf8(s->deviations) || !is_utf8(s->score_name))
        return fb_fail(err, FB_EPLUGIN, "strategy %s has %s that is not UTF-8", s->id,
                       is_utf8(s->deviations) ? "a score_name" : "deviations");
    if (s->algo_version == 0)
        return fb_fail(err, FB_EPLUGIN, "strategy %s has algo_version 0; versions count from 1",
                       s->id);
    if (s->needs & ~(FB_NEEDS_DROPOUT | FB_NEEDS_ENSEMBLE))
        return fb_fail(err, FB_EPLUGIN, "strategy %s has needs 0x%x, which this host does not know",
                       s->id, s->needs);
    return FB_OK;
}

static int check_functions(const fb_strategy *s, fb_error *err)
{
    if (!s->create || !s->select || !s->destroy)
        return fb_fail(err, FB_EPLUGIN, "strategy %s lacks its function %s", s->id,
                       !s->create ? "create" : !s->select ? "select" : "destroy");
    if ((s->scores != NULL) != (s->score_name != NULL))
        return fb_fail(err, FB_EPLUGIN,
                       "strategy %s has %s; the function scores and its score_name come together",
                       s->id,
                       s->scores ? "scores without a score_name" : "a score_name without scores");
    return FB_OK;
}

/* What a text may be: the preset and the choices. */
static int check_values(const fb_strategy *s, const fb_param *param, fb_error *err)
{
    if (param->type != FB_PARAM_TEXT)
        return FB_OK;
    if (!param->preset.s)
        return fb_fail(err, FB_EPLUGIN, "strategy %s: parameter %s has no preset text", s->id,
                       param->name);
    bool fine = is_utf8(param->preset.s);
    for (size_t i = 0; fine && param->choices && param->choices[i]; i++)
        fine = is_utf8(param->choices[i]);
    return fine ? FB_OK
                : fb_fail(err, FB_EPLUGIN,
                          "strategy %s: parameter %s has a preset or a choice that is not UTF-8",
                          s->id, param->name);
}

static int check_preset(const fb_strategy *s, const fb_param *param, fb_error *err)
{
    if (check_values(s, param, err))
        return FB_EPLUGIN;
    if (param->type == FB_PARAM_FLOAT &&
        !(isfinite(param->minimum.f) && isfinite(param->maximum.f)))
        return fb_fail(err, FB_EPLUGIN, "strategy %s: parameter %s has a range that is not finite",
                       s->id, param->name);
    param_rule rule = param_rule_of(s->id, param);
    if (param_check(&rule, param->preset, err) == FB_OK)
        return FB_OK;
    fb_fail_prefix(err, "a preset is not allowed by its own descriptor");
    if (err)
        err->status = FB_EPLUGIN;
    return FB_EPLUGIN;
}

/* A parameter that is named like a file is one: see fb_param. */
static int check_file(const fb_strategy *s, const fb_param *param, fb_error *err)
{
    const bool fine = param->type == FB_PARAM_TEXT && !param->choices && param->preset.s &&
                      param->preset.s[0] == '\0';
    if (fine || !spec_param_is_file(param->name))
        return FB_OK;
    return fb_fail(err, FB_EPLUGIN,
                   "strategy %s: parameter %s has the name of a file's path, which must be a text "
                   "with the preset \"\" and without choices",
                   s->id, param->name);
}

static int check_param(const fb_strategy *s, size_t index, fb_error *err)
{
    const fb_param *param = s->params[index];
    if (!param || param->struct_size < sizeof(fb_param))
        return fb_fail(err, FB_EPLUGIN,
                       "strategy %s: parameter %zu is NULL or its struct_size is too small; set it "
                       "to sizeof(fb_param)",
                       s->id, index);
    if (!is_name(param->name, '_'))
        return fb_fail(err, FB_EPLUGIN,
                       "strategy %s: parameter %zu needs a name of up to %d lower-case letters, "
                       "digits and underscores",
                       s->id, index, DESCRIPTOR_LONGEST_NAME);
    if (param->type < FB_PARAM_INT || param->type > FB_PARAM_TEXT)
        return fb_fail(err, FB_EPLUGIN, "strategy %s: parameter %s has the unknown type %d", s->id,
                       param->name, (int)param->type);
    if (!is_text(param->help))
        return fb_fail(err, FB_EPLUGIN, "strategy %s: parameter %s has no help in UTF-8", s->id,
                       param->name);
    for (size_t i = 0; i < index; i++)
        if (strcmp(s->params[i]->name, param->name) == 0)
            return fb_fail(err, FB_EPLUGIN, "strategy %s has two parameters %s", s->id,
                           param->name);
    int rc = check_file(s, param, err);
    return rc ? rc : check_preset(s, param, err);
}

const char *const *descriptor_services(const fb_strategy *s)
{
    const size_t end = offsetof(fb_strategy, services) + sizeof s->services;
    return s->struct_size >= end ? s->services : NULL;
}

bool descriptor_allows(const char *const *services, const char *name)
{
    size_t i = 0;
    while (services && services[i] && strcmp(services[i], name) != 0)
        i++;
    return !services || services[i];
}

static bool is_service(const char *name)
{
    static const char *const known[] = {
        "probabilities",  "embeddings",     "labeled_embeddings",
        "labeled_ids",    "labels",         "head_weights",
        "head_bias",      "representation", "labeled_representation",
        "mc_probabilities", "ensemble_probabilities", "reference_embeddings",
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i], name) == 0)
            return true;
    return false;
}

/* Declared services exist, and what they need is declared too. */
static int check_services(const fb_strategy *s, fb_error *err)
{
    static const struct {
        const char *service, *name;
        uint32_t need;
    } needs[] = {
        {"mc_probabilities", "FB_NEEDS_DROPOUT", FB_NEEDS_DROPOUT},
        {"ensemble_probabilities", "FB_NEEDS_ENSEMBLE", FB_NEEDS_ENSEMBLE},
    };
    const char *const *services = descriptor_services(s);
    for (size_t i = 0; services && services[i]; i++) {
        if (!is_service(services[i]))
            return fb_fail(err, FB_EPLUGIN,
                           "strategy %s lists the service '%s', which this host does not know",
                           s->id, services[i]);
        for (size_t n = 0; n < sizeof needs / sizeof *needs; n++)
            if (strcmp(services[i], needs[n].service) == 0 && !(s->needs & needs[n].need))
                return fb_fail(err, FB_EPLUGIN,
                               "strategy %s lists the service %s without %s among its needs",
                               s->id, services[i], needs[n].name);
    }
    return FB_OK;
}

int descriptor_check(const fb_strategy *s, fb_error *err)
{
    const size_t smallest = offsetof(fb_strategy, services); /* ABI 1.0 and 1.1 end here */
    if (s->struct_size < smallest)
        return fb_fail(err, FB_EPLUGIN,
                       "a strategy has struct_size %zu, but ABI %d.0 needs %zu; set it to "
                       "sizeof(fb_strategy)",
                       s->struct_size, FLIPBENCH_ABI_MAJOR, smallest);
    if (!descriptor_is_id(s->id))
        return fb_fail(err, FB_EPLUGIN,
                       "a strategy needs an id of up to %d lower-case letters, digits and hyphens, "
                       "a letter first",
                       DESCRIPTOR_LONGEST_NAME);
    int rc = check_texts(s, err);
    if (!rc)
        rc = check_functions(s, err);
    if (!rc)
        rc = check_services(s, err);
    if (!rc && s->param_count > 0 && !s->params)
        rc = fb_fail(err, FB_EPLUGIN, "strategy %s has %zu parameters but no array of them", s->id,
                     s->param_count);
    for (size_t i = 0; !rc && i < s->param_count; i++)
        rc = check_param(s, i, err);
    return rc;
}

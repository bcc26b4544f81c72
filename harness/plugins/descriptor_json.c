/* descriptor_json.c - a descriptor as it goes from the process that has opened the plugin to the
 * one that wants to know. */
#include "alloc.h"
#include "descriptor.h"
#include "param.h"

/* Sets an object's text; none sets nothing. 0 on success, as jansson has it. */
static int set_text(json_t *object, const char *key, const char *text)
{
    return text ? json_object_set_new(object, key, json_string(text)) : 0;
}

/* Sets an object's list of texts, one that ends with NULL; no list sets nothing. */
static int set_texts(json_t *object, const char *key, const char *const *texts)
{
    if (!texts)
        return 0;
    json_t *array = json_array();
    int failed = 0;
    for (size_t i = 0; !failed && texts[i]; i++)
        failed = json_array_append_new(array, json_string(texts[i]));
    if (!failed)
        return json_object_set_new(object, key, array);
    json_decref(array);
    return failed;
}

static json_t *param_json(const char *strategy, const fb_param *param)
{
    param_rule rule = param_rule_of(strategy, param);
    bool ranged = param->type == FB_PARAM_INT || param->type == FB_PARAM_FLOAT;
    char *preset = param_format(param->type, param->preset);
    json_t *object = json_pack("{s:s, s:i, s:s, s:f, s:f, s:s}", "name", param->name, "type",
                               (int)param->type, "preset", preset, "minimum",
                               ranged ? rule.minimum : 0, "maximum", ranged ? rule.maximum : 0,
                               "help", param->help);
    fb_free(preset);
    if (object && set_texts(object, "choices", param->choices)) {
        json_decref(object);
        object = NULL;
    }
    return object;
}

static int set_params(json_t *object, const fb_strategy *s)
{
    json_t *params = json_array();
    int failed = 0;
    for (size_t i = 0; !failed && i < s->param_count; i++)
        failed = json_array_append_new(params, param_json(s->id, s->params[i]));
    if (!failed)
        return json_object_set_new(object, "params", params);
    json_decref(params);
    return failed;
}

json_t *descriptor_json(const fb_strategy *s)
{
    json_t *object =
        json_pack("{s:s, s:s, s:I, s:I, s:s, s:s, s:b}", "id", s->id, "label", s->label,
                  "algo_version", (json_int_t)s->algo_version, "needs", (json_int_t)s->needs,
                  "rule", s->rule, "citation", s->citation, "score_ascending",
                  s->score_ascending != 0);
    /* Not by json_pack's "s*": it leaves out, too, what it has no memory for. */
    if (object && (set_text(object, "deviations", s->deviations) ||
                   set_text(object, "score_name", s->score_name) ||
                   set_texts(object, "services", descriptor_services(s)) ||
                   set_params(object, s))) {
        json_decref(object);
        object = NULL;
    }
    return object;
}

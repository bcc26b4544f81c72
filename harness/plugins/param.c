#include "param.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "strbuf.h"
#include "suggest.h"

param_rule param_rule_of(const char *strategy, const fb_param *param)
{
    bool is_int = param->type == FB_PARAM_INT;
    return (param_rule){
        .strategy = strategy,
        .name = param->name,
        .type = param->type,
        .minimum = is_int ? (double)param->minimum.i : param->minimum.f,
        .maximum = is_int ? (double)param->maximum.i : param->maximum.f,
        .choices = param->choices,
    };
}

static int parse_int(const char *text, int64_t *ret)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end || errno)
        return FB_EINVAL;
    *ret = value;
    return FB_OK;
}

static int parse_float(const char *text, double *ret)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !isfinite(value))
        return FB_EINVAL;
    *ret = value;
    return FB_OK;
}

static int parse_bool(const char *text, int64_t *ret)
{
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return FB_EINVAL;
    *ret = *text == 't';
    return FB_OK;
}

static const char *expected(fb_param_type type)
{
    switch (type) {
    case FB_PARAM_INT:
        return "an integer";
    case FB_PARAM_FLOAT:
        return "a number";
    case FB_PARAM_BOOL:
        return "true or false";
    default:
        return "a text";
    }
}

int param_parse(const param_rule *rule, const char *text, fb_value *ret_value, fb_error *err)
{
    fb_value value = {0};
    int rc = FB_OK;
    if (rule->type == FB_PARAM_INT)
        rc = parse_int(text, &value.i);
    else if (rule->type == FB_PARAM_FLOAT)
        rc = parse_float(text, &value.f);
    else if (rule->type == FB_PARAM_BOOL)
        rc = parse_bool(text, &value.i);
    else
        value.s = text;
    if (rc)
        return fb_fail(err, rc, "strategy %s: parameter %s is '%s'; expected %s", rule->strategy,
                       rule->name, text, expected(rule->type));
    rc = param_check(rule, value, err);
    if (!rc)
        *ret_value = value;
    return rc;
}

/* A number as its type writes it: 1000000 for an integer, where a float may be 1e+06. */
static const char *number_text(const param_rule *rule, double value, char *out, size_t size)
{
    if (rule->type == FB_PARAM_INT)
        snprintf(out, size, "%.0f", value);
    else
        fb_format_double(out, size, value);
    return out;
}

static int check_range(const param_rule *rule, double value, fb_error *err)
{
    char shown[64], low[64], high[64];
    if (value >= rule->minimum && value <= rule->maximum)
        return FB_OK;
    return fb_fail(err, FB_ERANGE, "strategy %s: parameter %s is %s; expected %s from %s to %s",
                   rule->strategy, rule->name, number_text(rule, value, shown, sizeof shown),
                   expected(rule->type), number_text(rule, rule->minimum, low, sizeof low),
                   number_text(rule, rule->maximum, high, sizeof high));
}

static int check_choice(const param_rule *rule, const char *text, fb_error *err)
{
    size_t count = 0;
    for (; rule->choices[count]; count++)
        if (strcmp(rule->choices[count], text) == 0)
            return FB_OK;
    fb_strbuf list = FB_STRBUF_INIT;
    suggest_list(rule->choices, count, &list);
    suggest_add(text, rule->choices, count, &list);
    int rc = fb_fail(err, FB_EINVAL, "strategy %s: parameter %s is '%s'; expected one of %s",
                     rule->strategy, rule->name, text, list.text);
    fb_strbuf_finish(&list);
    return rc;
}

int param_check(const param_rule *rule, fb_value value, fb_error *err)
{
    switch (rule->type) {
    case FB_PARAM_INT:
        return check_range(rule, (double)value.i, err);
    case FB_PARAM_FLOAT:
        return check_range(rule, value.f, err);
    case FB_PARAM_TEXT:
        return rule->choices ? check_choice(rule, value.s, err) : FB_OK;
    default:
        if (value.i != 0 && value.i != 1)
            return fb_fail(err, FB_ERANGE, "strategy %s: parameter %s is neither 0 nor 1",
                           rule->strategy, rule->name);
        return FB_OK;
    }
}

char *param_format(fb_param_type type, fb_value value)
{
    fb_strbuf text = FB_STRBUF_INIT;
    if (type == FB_PARAM_INT)
        fb_strbuf_printf(&text, "%" PRId64, value.i);
    else if (type == FB_PARAM_FLOAT)
        fb_strbuf_add_double(&text, value.f);
    else if (type == FB_PARAM_BOOL)
        fb_strbuf_add(&text, value.i ? "true" : "false");
    else
        fb_strbuf_add(&text, value.s);
    char *taken = fb_strbuf_take(&text);
    fb_strbuf_finish(&text);
    return taken;
}

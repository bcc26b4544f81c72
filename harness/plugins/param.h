/* param.h - a strategy's parameter as text and as value. */
#ifndef FB_PARAM_H
#define FB_PARAM_H

#include "flipbench/strategy.h"
#include "status.h"

/* What a parameter may be; fb_param and catalog_param both come down to it. */
typedef struct param_rule {
    const char *strategy; /* for the sentence */
    const char *name;
    fb_param_type type;
    double minimum, maximum;    /* FB_PARAM_INT and FB_PARAM_FLOAT, inclusive */
    const char *const *choices; /* NULL-terminated; NULL: any text */
} param_rule;

param_rule param_rule_of(const char *strategy, const fb_param *param);

/* Parses a text: an integer in decimal, a finite number, true or false, or any text (which the
 * value then points to). FB_EINVAL or FB_ERANGE with strategy, name, text and what was expected. */
int param_parse(const param_rule *rule, const char *text, fb_value *ret_value, fb_error *err);

/* FB_ERANGE, or FB_EINVAL for an unknown choice, when the rule forbids the value. */
int param_check(const param_rule *rule, fb_value value, fb_error *err);

/* The canonical text of a value, which param_parse reads back exactly; released with fb_free. NULL
 * when memory is short. */
char *param_format(fb_param_type type, fb_value value);

#endif

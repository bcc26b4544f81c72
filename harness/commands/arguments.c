/* argp is a GNU extension. */
#define _GNU_SOURCE
#include "arguments.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

uint64_t argument_whole(struct argp_state *state, const char *option, const char *text,
                        uint64_t minimum)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || value < minimum)
        argp_error(state, "%s %s: expected a whole number from %llu", option, text,
                   (unsigned long long)minimum);
    return value;
}

uint64_t argument_count(struct argp_state *state, const char *option, const char *text,
                        uint64_t maximum)
{
    uint64_t value = argument_whole(state, option, text, 1);
    if (value > maximum)
        argp_error(state, "%s %s: expected at most %llu", option, text,
                   (unsigned long long)maximum);
    return value;
}

double argument_positive(struct argp_state *state, const char *option, const char *text,
                         double maximum)
{
    char *end;
    double value = strtod(text, &end);
    if (*end || !(value > 0) || !(value <= maximum))
        argp_error(state, "%s %s: expected a number above 0 and at most %g", option, text, maximum);
    return value;
}

bool argument_is_json(struct argp_state *state, const char *text, const char *other)
{
    bool json = strcmp(text, "json") == 0;
    if (!json && strcmp(text, other) != 0)
        argp_error(state, "--format %s: expected %s or json", text, other);
    return json;
}

int argument_param(struct argp_state *state, param_arguments *params, const char *text)
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text)
        argp_error(state, "--param %s: expected NAME=VALUE, such as stop=20", text);
    char *copy = fb_strdup(text);
    char **grown =
        fb_grow(params->copies, params->copy_count, params->copy_count + 1, sizeof *grown);
    if (grown)
        params->copies = grown;
    if (!copy || !grown) {
        fb_free(copy);
        return ENOMEM;
    }
    grown[params->copy_count++] = copy;
    copy[equals - text] = '\0';
    if (text_list_add(&params->names, copy) != 0 ||
        text_list_add(&params->values, copy + (equals - text) + 1) != 0)
        return ENOMEM;
    return 0;
}

void param_arguments_finish(param_arguments *params)
{
    for (size_t i = 0; i < params->copy_count; i++)
        fb_free(params->copies[i]);
    fb_free(params->copies);
    text_list_finish(&params->names);
    text_list_finish(&params->values);
    *params = (param_arguments){0};
}

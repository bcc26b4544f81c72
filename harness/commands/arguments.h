/* arguments.h - values of command-line options that several commands take. */
#ifndef FB_ARGUMENTS_H
#define FB_ARGUMENTS_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

#include "commands.h"

/* Each turns an option's text into its value, or ends with argp_error, which names the option. */

/* A whole number of at least `minimum`. */
uint64_t argument_whole(struct argp_state *state, const char *option, const char *text,
                        uint64_t minimum);

/* A whole number from 1 to `maximum`. */
uint64_t argument_count(struct argp_state *state, const char *option, const char *text,
                        uint64_t maximum);

/* A number above 0 and at most `maximum`. */
double argument_positive(struct argp_state *state, const char *option, const char *text,
                         double maximum);

/* Whether a --format is "json"; the only other one is `other`. */
bool argument_is_json(struct argp_state *state, const char *text, const char *other);

/* The --param NAME=VALUE texts, cut at their '='. Starts zeroed. */
typedef struct param_arguments {
    text_list names, values;
    char **copies; /* which those lie in */
    size_t copy_count;
} param_arguments;

/* Adds one; 0 or ENOMEM. */
int argument_param(struct argp_state *state, param_arguments *params, const char *text);
void param_arguments_finish(param_arguments *params);

#endif

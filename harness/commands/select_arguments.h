/* select_arguments.h - the options that say what a strategy selects from, shared by `flipbench
 * select` and `flipbench bench strategy`. */
#ifndef FB_SELECT_ARGUMENTS_H
#define FB_SELECT_ARGUMENTS_H

#include <argp.h>

#include "arguments.h"
#include "select.h"

/* What was given, kept until select_arguments_finish. Starts zeroed. */
typedef struct select_arguments {
    select_options options;
    text_list plugins;
    param_arguments params;
} select_arguments;

/* A child parser; its input is a select_arguments, which must not move afterwards. The strategy's
 * id is the parent's to take, and what must not be missing is the parent's to check. */
extern const struct argp select_arguments_argp;

void select_arguments_finish(select_arguments *arguments);

/* Takes the strategy's id, once. */
void argument_strategy(struct argp_state *state, select_options *options, const char *id);

#endif

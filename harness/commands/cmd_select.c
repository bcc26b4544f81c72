/* argp is a GNU extension. */
#define _GNU_SOURCE
#include <argp.h>
#include <errno.h>

#include "arguments.h"
#include "commands.h"
#include "select_arguments.h"

enum { OPTION_SCORES = 256, OPTION_REPEAT, OPTION_FORMAT };

static const struct argp_option options[] = {
    {"scores", OPTION_SCORES, "OUT.npy", 0, "Write the strategy's score of every row", 3},
    {"repeat", OPTION_REPEAT, "R", 0, "R selections with seeds S, S+1, ..., one a line", 3},
    {"format", OPTION_FORMAT, "lines|json", 0, "Default lines; json adds what was recorded", 3},
    {0},
};

static const char description[] =
    "Choose rows of P with a strategy, without any training. Prints the chosen rows of P, best "
    "first, one a line. All arrays are NumPy .npy files. The strategy's plugin runs in this "
    "process.";

static void check_required(const select_options *o, struct argp_state *state)
{
    const char *lacking = !o->strategy          ? "the strategy's id"
                          : !o->pool_embeddings ? "--pool-embeddings"
                          : !o->head_weights    ? "--head-weights"
                          : !o->head_bias       ? "--head-bias"
                          : !o->query           ? "--query"
                                                : NULL;
    if (lacking)
        argp_error(state, "%s is missing", lacking);
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    select_arguments *arguments = state->input;
    select_options *o = &arguments->options;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = arguments;
        return 0;
    case OPTION_SCORES:
        o->scores = value;
        return 0;
    case OPTION_REPEAT:
        o->repeat = argument_whole(state, "--repeat", value, 1);
        return 0;
    case OPTION_FORMAT:
        o->json = argument_is_json(state, value, "lines");
        return 0;
    case ARGP_KEY_ARG:
        argument_strategy(state, o, value);
        return 0;
    case ARGP_KEY_END:
        check_required(o, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int cmd_select(int argc, char **argv)
{
    static const struct argp_child children[] = {{&select_arguments_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {options,  parse_option, "STRATEGY", description,
                                     children, NULL,         NULL};
    select_arguments arguments = {0};
    fb_error err = {0};
    argp_err_exit_status = EXIT_ERROR;
    int rc = FB_OK;
    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
        rc = fb_fail(&err, FB_ENOMEM, "out of memory for the arguments");
    if (!rc)
        rc = select_run(&arguments.options, stdout, stderr, &err);
    select_arguments_finish(&arguments);
    return rc ? command_fail(&err) : EXIT_FINE;
}

/* argp is a GNU extension. */
#define _GNU_SOURCE
#include "select_arguments.h"

#include <errno.h>

#include "parallel.h"

enum {
    OPTION_POOL = 512, /* other than the parents' */
    OPTION_WEIGHTS,
    OPTION_BIAS,
    OPTION_LABELED,
    OPTION_LABELS,
    OPTION_REFERENCE,
    OPTION_PASSES,
    OPTION_MEMBERS,
    OPTION_REPRESENTATION,
    OPTION_LABELED_REPRESENTATION,
    OPTION_QUERY,
    OPTION_SEED,
    OPTION_PARAM,
    OPTION_THREADS,
    OPTION_PLUGIN
};

static const struct argp_option options[] = {
    {"pool-embeddings", OPTION_POOL, "P.npy", 0, "(n, d): the samples to choose from", 1},
    {"head-weights", OPTION_WEIGHTS, "W.npy", 0, "(d, C): the last dense layer", 1},
    {"head-bias", OPTION_BIAS, "b.npy", 0, "(C); probabilities are softmax(P W + b)", 1},
    {"query", OPTION_QUERY, "N", 0, "How many rows to choose", 1},
    {"seed", OPTION_SEED, "S", 0, "The seed of everything random (default 0)", 1},
    {"labeled-embeddings", OPTION_LABELED, "L.npy", 0, "(m, d): samples that have labels", 2},
    {"labeled-labels", OPTION_LABELS, "y.npy", 0, "(m): their classes, from 0", 2},
    {"reference-embeddings", OPTION_REFERENCE, "R.npy", 0,
     "(M, d): inputs on which LDM measures disagreement; default P, or 10,000 rows of it", 2},
    {"mc-probabilities", OPTION_PASSES, "T.npy", 0, "(passes, n, C): dropout passes", 2},
    {"ensemble-probabilities", OPTION_MEMBERS, "E.npy", 0,
     "(members, n, C): by networks that were trained apart", 2},
    {"representation", OPTION_REPRESENTATION, "X.npy", 0,
     "(n, any): inputs or features of P's samples, for a strategy with representation=inputs or "
     "features", 2},
    {"labeled-representation", OPTION_LABELED_REPRESENTATION, "Y.npy", 0,
     "(m, any): the same of L's samples", 2},
    {"threads", OPTION_THREADS, "N", 0, "Threads of the strategy's loops (default 1)", 2},
    {"param", OPTION_PARAM, "NAME=VALUE", 0, "A parameter of the strategy (see info strategy)", 2},
    {"plugin", OPTION_PLUGIN, "PATH", 0, "A strategy's .so, or a folder of them", 2},
    {0},
};

void argument_strategy(struct argp_state *state, select_options *o, const char *id)
{
    if (o->strategy)
        argp_error(state, "one strategy at a time: %s or %s?", o->strategy, id);
    o->strategy = id;
}

/* Options whose value is kept as it is; NULL for the others. */
static const char **path_option(select_options *o, int key)
{
    switch (key) {
    case OPTION_POOL:
        return &o->pool_embeddings;
    case OPTION_WEIGHTS:
        return &o->head_weights;
    case OPTION_BIAS:
        return &o->head_bias;
    case OPTION_LABELED:
        return &o->labeled_embeddings;
    case OPTION_LABELS:
        return &o->labeled_labels;
    case OPTION_REFERENCE:
        return &o->reference_embeddings;
    case OPTION_PASSES:
        return &o->mc_probabilities;
    case OPTION_MEMBERS:
        return &o->ensemble_probabilities;
    case OPTION_REPRESENTATION:
        return &o->representation;
    case OPTION_LABELED_REPRESENTATION:
        return &o->labeled_representation;
    default:
        return NULL;
    }
}

/* The lists are complete: shows them to the options. */
static void finish_options(select_arguments *arguments)
{
    select_options *o = &arguments->options;
    o->plugins = arguments->plugins.texts;
    o->plugin_count = arguments->plugins.count;
    o->param_names = arguments->params.names.texts;
    o->param_values = arguments->params.values.texts;
    o->param_count = arguments->params.names.count;
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    select_arguments *arguments = state->input;
    select_options *o = &arguments->options;
    const char **path = path_option(o, key);
    if (path) {
        *path = value;
        return 0;
    }
    switch (key) {
    case OPTION_QUERY:
        o->query = argument_whole(state, "--query", value, 1);
        return 0;
    case OPTION_SEED:
        o->seed = argument_whole(state, "--seed", value, 0);
        return 0;
    case OPTION_THREADS:
        o->threads = argument_count(state, "--threads", value, PARALLEL_MAX);
        return 0;
    case OPTION_PARAM:
        return argument_param(state, &arguments->params, value);
    case OPTION_PLUGIN:
        return text_list_add(&arguments->plugins, value) ? ENOMEM : 0;
    case ARGP_KEY_END:
        finish_options(arguments);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp select_arguments_argp = {options, parse_option, NULL, NULL, NULL, NULL, NULL};

void select_arguments_finish(select_arguments *arguments)
{
    param_arguments_finish(&arguments->params);
    text_list_finish(&arguments->plugins);
    *arguments = (select_arguments){0};
}

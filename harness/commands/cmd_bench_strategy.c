/* argp is a GNU extension. */
#define _GNU_SOURCE
#include <argp.h>
#include <inttypes.h>
#include <jansson.h>

#include "arguments.h"
#include "bench_turns.h"
#include "commands.h"
#include "kernels.h"
#include "select_arguments.h"

enum {
    OPTION_N = 256,
    OPTION_D,
    OPTION_CLASSES,
    OPTION_LABELED,
    OPTION_PASSES,
    OPTION_MEMBERS,
    OPTION_SECONDS,
    OPTION_FORMAT
};

enum { LARGEST = 100000000 }; /* of a drawn array's sides */

static const struct argp_option options[] = {
    {"n", OPTION_N, "N", 0, "Samples to choose from (default 4000)", 3},
    {"d", OPTION_D, "D", 0, "Numbers in an embedding (default 512)", 3},
    {"classes", OPTION_CLASSES, "C", 0, "Classes (default 10)", 3},
    {"labeled", OPTION_LABELED, "M", 0, "Samples that have labels (default 100)", 3},
    {"passes", OPTION_PASSES, "T", 0,
     "Dropout passes, for a strategy that asks for them (default 100)", 3},
    {"members", OPTION_MEMBERS, "K", 0,
     "Networks of an ensemble, for a strategy that asks for them (default 5)", 3},
    {"seconds", OPTION_SECONDS, "S", 0,
     "Select again until so many seconds are over (default 5), once at least", 3},
    {"format", OPTION_FORMAT, "text|json", 0, "Default text", 3},
    {0},
};

static const char description[] =
    "How fast this machine selects with a strategy, without training. The arrays are drawn in the "
    "sizes given, or read as 'flipbench select' reads them. Each selection has a seed of its own "
    "and includes what the strategy asks for, probabilities for instance, which one thread "
    "computes.";

typedef struct bench_strategy {
    select_arguments select;
    select_sizes sizes;
    double seconds;
    bool json;
    const char *sized; /* the last option that gave a size; NULL: none */
    selection *selection;
    uint64_t turns; /* so far */
} bench_strategy;

static size_t side(struct argp_state *state, const char *option, const char *text, uint64_t minimum)
{
    bench_strategy *b = state->input;
    b->sized = option;
    uint64_t value = argument_whole(state, option, text, minimum);
    if (value > LARGEST)
        argp_error(state, "%s %s: expected at most %d", option, text, LARGEST);
    return (size_t)value;
}

static void check_arguments(bench_strategy *b, struct argp_state *state)
{
    select_options *o = &b->select.options;
    bool files = o->pool_embeddings || o->head_weights || o->head_bias;
    if (!o->strategy)
        argp_error(state, "the strategy's id is missing");
    if (!o->query)
        o->query = 10;
    if (!o->threads)
        o->threads = 1;
    if (files && !(o->pool_embeddings && o->head_weights && o->head_bias))
        argp_error(state, "--pool-embeddings, --head-weights and --head-bias go together");
    if (files && b->sized)
        argp_error(state, "%s is the size of an array that is drawn, but the arrays are read from "
                   "files: leave it out", b->sized);
    if (!files && (o->labeled_embeddings || o->labeled_labels || o->reference_embeddings ||
                   o->mc_probabilities || o->ensemble_probabilities || o->representation))
        argp_error(state, "a file of some arrays needs --pool-embeddings beside it");
    if (!files) {
        o->drawn = &b->sizes;
        o->pool_embeddings = "the drawn pool"; /* for messages */
        o->mc_probabilities = "the drawn array (--passes)";
        o->ensemble_probabilities = "the drawn array (--members)";
    }
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    bench_strategy *b = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &b->select;
        return 0;
    case OPTION_N:
        b->sizes.n = side(state, "--n", value, 1);
        return 0;
    case OPTION_D:
        b->sizes.d = side(state, "--d", value, 1);
        return 0;
    case OPTION_CLASSES:
        b->sizes.classes = side(state, "--classes", value, 2);
        return 0;
    case OPTION_LABELED:
        b->sizes.labeled = side(state, "--labeled", value, 0);
        return 0;
    case OPTION_PASSES:
        b->sizes.passes = side(state, "--passes", value, 0);
        return 0;
    case OPTION_MEMBERS:
        b->sizes.members = side(state, "--members", value, 0);
        return 0;
    case OPTION_SECONDS:
        b->seconds = argument_positive(state, "--seconds", value, 3600);
        return 0;
    case OPTION_FORMAT:
        b->json = argument_is_json(state, value, "text");
        return 0;
    case ARGP_KEY_ARG:
        argument_strategy(state, &b->select.options, value);
        return 0;
    case ARGP_KEY_END:
        check_arguments(b, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int turn(void *context, fb_error *err)
{
    bench_strategy *b = context;
    return select_again(b->selection, b->select.options.seed + b->turns++, err);
}

static void print_text(const bench_strategy *b, const bench_times *times)
{
    select_sizes sizes = select_sizes_of(b->selection);
    double median = bench_median(times), speed = (double)sizes.n / median;
    int decimals = bench_decimals(median);
    printf("strategy %s (%s), n %zu, d %zu, %zu classes, query %zu: ", b->select.options.strategy,
           kernels_isa(), sizes.n, sizes.d, sizes.classes, b->select.options.query);
    printf("%.*f s (median of %zu; %.*f to %.*f), %.*f samples/s\n", decimals, median,
           times->count, decimals, times->seconds[0], decimals, times->seconds[times->count - 1],
           bench_decimals(speed), speed);
}

static int print_json(const bench_strategy *b, const bench_times *times, fb_error *err)
{
    select_sizes sizes = select_sizes_of(b->selection);
    double median = bench_median(times);
    json_t *object = json_pack(
        "{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:f}",
        "strategy", b->select.options.strategy, "isa", kernels_isa(), "threads",
        (json_int_t)b->select.options.threads, "n", (json_int_t)sizes.n, "d",
        (json_int_t)sizes.d, "classes", (json_int_t)sizes.classes, "query",
        (json_int_t)b->select.options.query, "turns", (json_int_t)times->count, "seconds", median,
        "fastest", times->seconds[0], "slowest", times->seconds[times->count - 1],
        "samples_per_second", (double)sizes.n / median, "selections_per_second", 1 / median);
    return bench_print(object, err);
}

int cmd_bench_strategy(int argc, char **argv)
{
    static const struct argp_child children[] = {{&select_arguments_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {options,  parse_option, "STRATEGY", description,
                                     children, NULL,         NULL};
    bench_strategy b = {
        .sizes = {.n = 4000, .d = 512, .classes = 10, .labeled = 100, .passes = 100,
                  .members = 5},
        .seconds = 5};
    bench_times times = {0};
    fb_error err = {0};
    int rc = FB_OK;
    argp_err_exit_status = EXIT_ERROR;
    if (argp_parse(&argp, argc, argv, 0, NULL, &b) != 0)
        rc = fb_fail(&err, FB_ENOMEM, "out of memory for the arguments");
    if (!rc)
        rc = select_open(&b.select.options, stderr, &b.selection, &err);
    if (!rc)
        rc = bench_measure(turn, &b, b.seconds, &times, &err);
    if (!rc && b.json)
        rc = print_json(&b, &times, &err);
    else if (!rc)
        print_text(&b, &times);
    bench_times_finish(&times);
    select_close(b.selection);
    select_arguments_finish(&b.select);
    return rc ? command_fail(&err) : EXIT_FINE;
}

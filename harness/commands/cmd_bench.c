/* argp is a GNU extension. */
#define _GNU_SOURCE
#include <argp.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "alloc.h"
#include "arguments.h"
#include "bench_turns.h"
#include "commands.h"
#include "kernels.h"
#include "nn.h"

enum { SAMPLES = 4096 }; /* so many different images at most */

/* A turn takes about this long, or as long as one batch takes. */
static const double TURN_SECONDS = 0.2;

/* What the networks are trained on in the literature, and by which optimiser. */
static const struct preset {
    const char *network;
    nn_shape input;
    size_t classes;
    nn_optimizer optimizer;
    double learning_rate;
} presets[] = {
    {"s-cnn", {28, 28, 1}, 10, NN_ADAM, 1e-3},
    {"mlp", {1, 1, 16}, 26, NN_ADAM, 1e-3},
    {"linear", {1, 1, 16}, 26, NN_LBFGS, 0},
    {NULL, {32, 32, 3}, 10, NN_RMSPROP, 1e-4}, /* every other */
};

typedef struct bench_arguments {
    const char *what, *network;
    nn_engine engine;
    nn_shape input; /* height 0: the preset's */
    size_t classes; /* 0: the preset's */
    size_t batch, passes, threads;
    double seconds;
    bool json;
} bench_arguments;

enum { OPTION_INPUT = 256, OPTION_CLASSES, OPTION_PASSES, OPTION_THREADS, OPTION_FORMAT };

static const struct argp_option bench_options[] = {
    {"network", 'n', "NAME", 0, "A network of 'flipbench list networks' (default s-cnn)", 0},
    {"input", OPTION_INPUT, "HxWxC", 0, "Size of an image (default: usual for the network)", 0},
    {"classes", OPTION_CLASSES, "C", 0, "Number of classes (default: usual for the network)", 0},
    {"engine", 'e', "ENGINE", 0, "portable (default) or blas", 0},
    {"batch", 'b', "N", 0, "Images in a training step, and the fewest in a turn (default 32)", 0},
    {"passes", OPTION_PASSES, "T", 0, "infer: T Monte-Carlo dropout passes over every image", 0},
    {"threads", OPTION_THREADS, "N", 0, "Threads inside the network (default 1)", 0},
    {"seconds", 's', "S", 0, "How long to measure (default 5)", 0},
    {"format", OPTION_FORMAT, "text|json", 0, "Default text", 0},
    {0},
};

static nn_shape image_size(struct argp_state *state, const char *text)
{
    enum { LARGEST = 100000 };
    uint32_t sides[3] = {0};
    int length = 0;
    int fields = sscanf(text, "%" SCNu32 "x%" SCNu32 "x%" SCNu32 "%n", &sides[0], &sides[1],
                        &sides[2], &length);
    bool valid = fields == 3 && text[length] == '\0';
    for (int i = 0; i < 3; i++)
        valid = valid && sides[i] >= 1 && sides[i] <= LARGEST;
    if (!valid)
        argp_error(state, "--input %s: expected height, width and channels, such as 32x32x3", text);
    return (nn_shape){sides[0], sides[1], sides[2]};
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    bench_arguments *arguments = state->input;
    switch (key) {
    case 'n':
        arguments->network = value;
        return 0;
    case 'e':
        arguments->engine = strcmp(value, "blas") == 0 ? NN_BLAS : NN_PORTABLE;
        if (strcmp(value, nn_engine_name(arguments->engine)) != 0)
            argp_error(state, "--engine %s: expected portable or blas", value);
        return 0;
    case 'b':
        arguments->batch = (size_t)argument_count(state, "--batch", value, SAMPLES);
        return 0;
    case 's':
        arguments->seconds = argument_positive(state, "--seconds", value, 3600);
        return 0;
    case OPTION_INPUT:
        arguments->input = image_size(state, value);
        return 0;
    case OPTION_CLASSES:
        arguments->classes = (size_t)argument_count(state, "--classes", value, 100000);
        return 0;
    case OPTION_PASSES:
        arguments->passes = (size_t)argument_count(state, "--passes", value, 10000);
        return 0;
    case OPTION_THREADS:
        arguments->threads = (size_t)argument_whole(state, "--threads", value, 1);
        return 0;
    case OPTION_FORMAT:
        arguments->json = argument_is_json(state, value, "text");
        return 0;
    case ARGP_KEY_ARG:
        if (strcmp(value, "strategy") == 0)
            argp_error(state, "strategy comes before the options: bench strategy ID [OPTION...]");
        if (arguments->what || (strcmp(value, "train") != 0 && strcmp(value, "infer") != 0))
            argp_error(state, "expected: bench train, bench infer or bench strategy");
        arguments->what = value;
        return 0;
    case ARGP_KEY_END:
        if (!arguments->what)
            argp_error(state, "expected: bench train, bench infer or bench strategy");
        if (arguments->passes && strcmp(arguments->what, "infer") != 0)
            argp_error(state, "--passes goes with bench infer");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- the work ------------------------------------------------------------------------------ */

typedef struct network_bench {
    const bench_arguments *arguments;
    const struct preset *preset;
    nn_source source; /* random pixels: how long a step takes does not depend on them */
    uint8_t *pixels;
    uint32_t *ids, *labels;
    float *probabilities; /* with --passes: (passes, SAMPLES, classes) */
    nn_network *network;
    size_t classes;
    size_t count, epochs; /* a turn: so many images, so often */
} network_bench;

static void bench_finish(network_bench *b)
{
    nn_destroy(b->network);
    fb_free(b->pixels);
    fb_free(b->ids);
    fb_free(b->labels);
    fb_free(b->probabilities);
}

static int draw_samples(network_bench *b, nn_shape input, fb_error *err)
{
    size_t size = nn_shape_size(input);
    size_t words = (size + 3) / 4;
    b->ids = fb_calloc(SAMPLES, sizeof *b->ids);
    b->labels = fb_calloc(SAMPLES, sizeof *b->labels);
    b->pixels = fb_calloc(SAMPLES * words, sizeof(uint32_t));
    if (!b->ids || !b->labels || !b->pixels)
        return fb_fail_memory(err, SAMPLES, size, "images");
    for (uint32_t i = 0; i < SAMPLES; i++) {
        b->ids[i] = i;
        b->labels[i] = (uint32_t)fb_stream_below((fb_stream){0}, 0, i, b->classes);
    }
    fb_stream_bits((fb_stream){0}, 1, 0, SAMPLES * words, (uint32_t *)(void *)b->pixels);
    b->source = (nn_source){.shape = input, .u8 = b->pixels, .count = SAMPLES};
    return FB_OK;
}

static int prepare(network_bench *b, fb_error *err)
{
    const bench_arguments *a = b->arguments;
    const struct preset *preset = presets;
    nn_network_spec spec;
    while (preset->network && strcmp(preset->network, a->network) != 0)
        preset++;
    b->preset = preset;
    b->classes = a->classes ? a->classes : preset->classes;
    nn_shape input = a->input.height ? a->input : preset->input;
    int rc = nn_network_named(a->network, NULL, 0, &spec, err);
    if (!rc)
        rc = nn_create(&spec, input, b->classes, a->engine, &b->network, err);
    if (!rc)
        rc = nn_set_threads(b->network, a->threads, err);
    if (rc)
        return rc;
    if (a->passes && !nn_network_has_dropout(&spec))
        return fb_fail(err, FB_EINVAL, "--passes %zu: network %s has no dropout", a->passes,
                       a->network);
    nn_initialize(b->network, (fb_stream){0});
    size_t rows = a->passes * SAMPLES;
    b->probabilities = fb_calloc(rows, b->classes * sizeof *b->probabilities);
    if (!b->probabilities)
        return fb_fail_memory(err, rows, b->classes * sizeof *b->probabilities, "probabilities");
    return draw_samples(b, input, err);
}

static bool trains(const network_bench *b)
{
    return strcmp(b->arguments->what, "train") == 0;
}

/* Trained by whole problems, not by steps. */
static bool solves(const network_bench *b)
{
    return trains(b) && b->preset->optimizer == NN_LBFGS;
}

static int train(const network_bench *b, fb_error *err)
{
    const nn_recipe recipe = {
        .optimizer = b->preset->optimizer,
        .learning_rate = b->preset->learning_rate,
        .beta1 = 0.9,
        .beta2 = 0.999,
        .rho = 0.9,
        .c = 1,
        .epsilon = 1e-7,
        .batch = b->arguments->batch,
        .epochs = b->epochs,
        .keep = NN_KEEP_LAST,
    };
    const nn_training training = {
        .source = &b->source, .ids = b->ids, .labels = b->labels, .count = b->count};
    nn_training_result result;
    size_t times = solves(b) ? b->epochs : 1;
    int rc = FB_OK;
    for (size_t i = 0; !rc && i < times; i++)
        rc = nn_train(b->network, &recipe, &training, &result, err);
    return rc;
}

static int infer(const network_bench *b, fb_error *err)
{
    nn_metrics metrics;
    int rc = FB_OK;
    for (size_t epoch = 0; !rc && epoch < b->epochs; epoch++) {
        if (b->arguments->passes)
            rc = nn_infer_dropout(b->network, &b->source, NULL, b->count, b->arguments->passes,
                                  (fb_stream){0}, b->probabilities, err);
        else
            rc = nn_evaluate(b->network, &b->source, NULL, b->labels, b->count, &metrics, err);
    }
    return rc;
}

static int turn(void *context, fb_error *err)
{
    const network_bench *b = context;
    return trains(b) ? train(b, err) : infer(b, err);
}

/* Finds how many images make a turn: a batch at first, then as many as the time for them says. */
static int set_turn(network_bench *b, fb_error *err)
{
    b->count = b->arguments->batch;
    b->epochs = 1;
    for (;;) {
        bench_times times = {0};
        int rc = bench_measure(turn, b, 0, &times, err);
        if (rc)
            return rc;
        double share = TURN_SECONDS / bench_median(&times);
        bench_times_finish(&times);
        if (share < 2)
            return FB_OK;
        size_t more = share < 8 ? (size_t)share : 8; /* the first turns are slow ones */
        if (b->count * more <= SAMPLES)
            b->count *= more;
        else
            b->epochs *= more;
    }
}

/* ---- the answer ---------------------------------------------------------------------------- */

static void print_text(const network_bench *b, const double speeds[3], size_t turns)
{
    const bench_arguments *a = b->arguments;
    int decimals = bench_decimals(speeds[1]);
    printf("%s %s, %s (%s)", a->what, a->network, nn_engine_name(a->engine), kernels_isa());
    if (a->passes)
        printf(", %zu dropout passes", a->passes);
    else if (solves(b))
        printf(", %zu samples to convergence", b->count);
    else if (trains(b))
        printf(", batch %zu", a->batch);
    if (a->threads > 1)
        printf(", %zu threads", a->threads);
    printf(": %.*f images/s (median of %zu turns; %.*f to %.*f)\n", decimals, speeds[1], turns,
           decimals, speeds[0], decimals, speeds[2]);
}

static int print_json(const bench_arguments *a, const double speeds[3], size_t turns, fb_error *err)
{
    json_t *object = json_pack(
        "{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:f, s:f, s:f}", "what", a->what, "network",
        a->network, "engine", nn_engine_name(a->engine), "isa", kernels_isa(), "batch",
        (json_int_t)a->batch, "passes", (json_int_t)a->passes, "threads", (json_int_t)a->threads,
        "turns", (json_int_t)turns, "images_per_second", speeds[1], "slowest", speeds[0], "fastest",
        speeds[2]);
    return bench_print(object, err);
}

static int answer(const network_bench *b, const bench_times *times, fb_error *err)
{
    double images = (double)b->count * (double)b->epochs;
    const double speeds[3] = {images / times->seconds[times->count - 1],
                              images / bench_median(times), images / times->seconds[0]};
    if (b->arguments->json)
        return print_json(b->arguments, speeds, times->count, err);
    print_text(b, speeds, times->count);
    return FB_OK;
}

static int bench_networks(int argc, char **argv)
{
    static const struct argp argp = {
        bench_options, parse_option, "train|infer\nstrategy ID",
        "How fast this machine trains or evaluates a network on random images, or selects with a "
        "strategy (see 'flipbench bench strategy --help'). Compare machines or engines by "
        "alternating runs: a machine's speed drifts.",
        NULL, NULL, NULL};
    bench_arguments arguments = {.network = "s-cnn", .engine = NN_PORTABLE, .batch = 32,
                                 .threads = 1, .seconds = 5};
    network_bench bench = {.arguments = &arguments};
    bench_times times = {0};
    fb_error err = {0};
    argp_err_exit_status = EXIT_ERROR;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    int rc = prepare(&bench, &err);
    if (!rc)
        rc = set_turn(&bench, &err);
    if (!rc)
        rc = bench_measure(turn, &bench, arguments.seconds, &times, &err);
    if (!rc)
        rc = answer(&bench, &times, &err);
    bench_times_finish(&times);
    bench_finish(&bench);
    return rc ? command_fail(&err) : EXIT_FINE;
}

int cmd_bench(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "strategy") != 0)
        return bench_networks(argc, argv);
    static char name[] = "flipbench bench strategy";
    argv[1] = name;
    return cmd_bench_strategy(argc - 1, argv + 1);
}

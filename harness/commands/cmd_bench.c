/* argp is a GNU extension. */
#define _GNU_SOURCE
#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "clock.h"
#include "commands.h"
#include "datasets.h"
#include "kernels.h"
#include "nn.h"

enum { SAMPLES = 1024 }; /* a turn: so many images are trained on, or looked at */

typedef struct bench_arguments {
    const char *what, *network;
    nn_engine engine;
    size_t batch;
    double seconds;
} bench_arguments;

static const struct argp_option bench_options[] = {
    {"network", 'n', "NAME", 0, "A network of 'flipbench list networks' (default s-cnn)", 0},
    {"engine", 'e', "ENGINE", 0, "portable (default) or blas", 0},
    {"batch", 'b', "N", 0, "Images in a training step (default 32)", 0},
    {"seconds", 's', "S", 0, "How long to measure (default 5)", 0},
    {0},
};

static double positive(struct argp_state *state, const char *option, const char *text,
                       double maximum)
{
    char *end;
    double value = strtod(text, &end);
    if (*end || !(value > 0) || !(value <= maximum))
        argp_error(state, "%s %s: expected a number above 0 and at most %g", option, text, maximum);
    return value;
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
        arguments->batch = (size_t)positive(state, "--batch", value, SAMPLES);
        return 0;
    case 's':
        arguments->seconds = positive(state, "--seconds", value, 3600);
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->what || (strcmp(value, "train") != 0 && strcmp(value, "infer") != 0))
            argp_error(state, "expected: bench train or bench infer");
        arguments->what = value;
        return 0;
    case ARGP_KEY_END:
        if (!arguments->what)
            argp_error(state, "expected: bench train or bench infer");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

struct bench {
    const bench_arguments *arguments;
    dataset data; /* drawn digits, 28 x 28: no file is needed */
    nn_source source;
    uint32_t *ids;
    nn_network *network;
};

static int prepare(struct bench *bench, fb_error *err)
{
    const data_spec from = {.format = DATA_SYNTHETIC, .name = "glyphs", .train_count = SAMPLES,
                            .test_count = 1};
    nn_network_spec spec;
    dataset *data = &bench->data;
    int rc = nn_network_named(bench->arguments->network, NULL, 0, &spec, err);
    if (!rc)
        rc = dataset_load(&from, data, err);
    if (rc)
        return rc;
    nn_shape shape = {data->height, data->width, data->channels};
    bench->source = (nn_source){shape, data->train.u8, data->train.f32, data->train.count};
    rc = nn_create(&spec, shape, data->class_count, bench->arguments->engine, &bench->network, err);
    if (rc)
        return rc;
    nn_initialize(bench->network, (fb_stream){0});
    bench->ids = fb_calloc(SAMPLES, sizeof *bench->ids);
    if (!bench->ids)
        return fb_fail_memory(err, SAMPLES, sizeof *bench->ids, "sample ids");
    for (uint32_t i = 0; i < SAMPLES; i++)
        bench->ids[i] = i;
    return FB_OK;
}

/* All samples once. */
static int take_turn(struct bench *bench, fb_error *err)
{
    const nn_recipe recipe = {.optimizer = NN_ADAM, .learning_rate = 1e-3, .beta1 = 0.9,
                              .beta2 = 0.999, .epsilon = 1e-7, .epochs = 1,
                              .batch = bench->arguments->batch, .keep = NN_KEEP_LAST};
    const nn_training training = {.source = &bench->source, .ids = bench->ids,
                                  .labels = bench->data.train.labels, .count = SAMPLES};
    nn_training_result result;
    nn_metrics metrics;
    if (strcmp(bench->arguments->what, "train") == 0)
        return nn_train(bench->network, &recipe, &training, &result, err);
    return nn_evaluate(bench->network, &bench->source, NULL, bench->data.train.labels, SAMPLES,
                       &metrics, err);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The speeds of the turns that fit the time, after one that does not count: at least three. */
static int measure(struct bench *bench, double *ret_speeds, size_t limit, size_t *ret_count,
                   fb_error *err)
{
    int rc = take_turn(bench, err);
    double begin = fb_clock_seconds(), last = begin;
    size_t count = 0;
    while (!rc && count < limit && (count < 3 || last - begin < bench->arguments->seconds)) {
        rc = take_turn(bench, err);
        double now = fb_clock_seconds();
        ret_speeds[count++] = SAMPLES / (now - last);
        last = now;
    }
    qsort(ret_speeds, count, sizeof *ret_speeds, by_value);
    *ret_count = count;
    return rc;
}

int cmd_bench(int argc, char **argv)
{
    static const struct argp argp = {
        bench_options, parse_option, "train|infer",
        "How fast this machine trains or evaluates a network on 28 x 28 images, on one thread. "
        "Compare machines or engines by alternating runs: a machine's speed drifts.",
        NULL, NULL, NULL};
    enum { TURNS = 100000 };
    bench_arguments arguments = {.network = "s-cnn", .engine = NN_PORTABLE, .batch = 32,
                                 .seconds = 5};
    struct bench bench = {.arguments = &arguments};
    fb_error err = {0};
    size_t count = 0;
    argp_err_exit_status = EXIT_ERROR;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    double *speeds = fb_calloc(TURNS, sizeof *speeds);
    int rc = speeds ? prepare(&bench, &err)
                    : fb_fail_memory(&err, TURNS, sizeof *speeds, "measurements");
    if (!rc)
        rc = measure(&bench, speeds, TURNS, &count, &err);
    if (!rc)
        printf("%s %s, %s (%s), batch %zu: %.0f images/s (median of %zu turns of %d; %.0f to "
               "%.0f)\n",
               arguments.what, arguments.network, nn_engine_name(arguments.engine), kernels_isa(),
               arguments.batch, speeds[count / 2], count, SAMPLES, speeds[0], speeds[count - 1]);
    nn_destroy(bench.network);
    dataset_finish(&bench.data);
    fb_free(bench.ids);
    fb_free(speeds);
    return rc ? command_fail(&err) : EXIT_FINE;
}

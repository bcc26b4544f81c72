/* report_example.h - made-up results for the tests of reports: smooth curves with noise from a
 * stream, the same ones whenever they are asked for. */
#ifndef FB_TEST_REPORT_EXAMPLE_H
#define FB_TEST_REPORT_EXAMPLE_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports.h"
#include "stream.h"

enum { EXAMPLE_SETTINGS = 4, EXAMPLE_STRATEGIES = 7, EXAMPLE_TRIALS = 6, EXAMPLE_ROUNDS = 11 };

typedef struct example {
    report_data data;
    report_setting settings[EXAMPLE_SETTINGS];
    report_strategy strategies[EXAMPLE_STRATEGIES];
    report_cell cells[EXAMPLE_SETTINGS * EXAMPLE_STRATEGIES * EXAMPLE_TRIALS];
    report_round rounds[EXAMPLE_SETTINGS * EXAMPLE_STRATEGIES * EXAMPLE_TRIALS][EXAMPLE_ROUNDS];
} example;

static const report_setting example_settings[EXAMPLE_SETTINGS] = {
    {"fashion-scnn", "fashion-mnist", "s-cnn", 1000, 10, 58980, 2000},
    {"digits-scnn", "mnist", "s-cnn", 0, 10, 59980, 0},
    {"fashion-mlp", "fashion-mnist", "mlp", 0, 10, 59980, 0},
    {"cifar-kcnn", "cifar-10", "k-cnn", 5000, 10, 44980, 0},
};
static const report_strategy example_strategies[EXAMPLE_STRATEGIES] = {
    {"random", "random", "{}"},
    {"LDM-S", "ldm-s", "{\"passes\":100}"},
    {"BALD", "bald", "{\"passes\":100}"},
    {"BADGE", "badge", "{}"},
    {"margin", "margin", "{}"},
    {"Core-set", "coreset", "{}"},
    {"entropy", "entropy", "{}"},
};
static const report_fact example_facts[] = {{"version", "flipbench 0.1.0"},
                                            {"engine", "portable"},
                                            {"processor", "8 cores"}};

/* How much a strategy (row) gains on random, in points at the end of the curve. */
static const double example_gain[EXAMPLE_STRATEGIES] = {0, 3.1, 1.9, 2.6, 2.2, -1.4, 0.1};

static double example_accuracy(size_t setting, size_t strategy, size_t trial, size_t round)
{
    static const double top[EXAMPLE_SETTINGS] = {0.86, 0.97, 0.82, 0.61};
    fb_stream stream = fb_stream_make(7, "example", NULL, 0);
    size_t who = round ? strategy + 1 : 0; /* round 0 is everybody's */
    double noise = fb_stream_uniform(stream, (trial * 16 + round) * 16 + who, setting) - 0.5;
    double common = fb_stream_uniform(stream, 100000 + trial, setting) - 0.5;
    double progress = 1 - exp(-0.35 * (double)round);
    double accuracy = top[setting] - 0.35 * (1 - progress) +
                      example_gain[strategy] / 100 * progress + 0.04 * noise + 0.02 * common;
    return fmin(accuracy, 1);
}

static void example_round(example *e, size_t cell, size_t round, size_t rounds)
{
    report_cell *c = &e->cells[cell];
    report_round *r = &e->rounds[cell][round];
    double accuracy = example_accuracy(c->setting, c->strategy, c->trial, round);
    *r = (report_round){.round = (uint32_t)round, .labeled = (uint32_t)(20 + 20 * round),
                        .accuracy = accuracy, .balanced_accuracy = accuracy - 0.01,
                        .macro_f1 = accuracy - 0.015, .loss = 1 - accuracy,
                        .validation_accuracy = (double)NAN,
                        .train_seconds = 1.5 + 0.1 * (double)round,
                        .query_seconds = 0.012 * (double)c->strategy, .service_seconds = 0.25,
                        .evaluate_seconds = 0.4, .peak_rss_bytes = 300u << 20};
    if (round + 1 < rounds)
        snprintf(r->selected_sha256, sizeof r->selected_sha256, "%064zx", cell * 100 + round);
}

/* Complete results of the first so many settings, strategies, trials and rounds (evaluations).
 * Released with free(). */
static example *example_create(size_t settings, size_t strategies, size_t trials, size_t rounds)
{
    example *e = calloc(1, sizeof *e);
    if (!e)
        abort();
    memcpy(e->settings, example_settings, sizeof e->settings);
    memcpy(e->strategies, example_strategies, sizeof e->strategies);
    size_t n = 0;
    for (size_t i = 0; i < settings; i++)
        for (size_t s = 0; s < strategies; s++)
            for (size_t t = 0; t < trials; t++, n++) {
                e->cells[n] = (report_cell){.setting = i, .strategy = s, .trial = (uint32_t)t,
                                            .rounds = e->rounds[n], .round_count = rounds,
                                            .planned_rounds = rounds};
                for (size_t r = 0; r < rounds; r++)
                    example_round(e, n, r, rounds);
            }
    e->data = (report_data){.name = "an example", .settings = e->settings,
                            .setting_count = settings,
                            .strategies = e->strategies, .strategy_count = strategies,
                            .cells = e->cells, .cell_count = n, .baseline = "random",
                            .alpha = 0.05,
                            .resolved_spec = "flipbench: 1\nname: an example\nseed: 42\n",
                            .provenance = example_facts,
                            .provenance_count = sizeof example_facts / sizeof *example_facts};
    return e;
}

static report_cell *example_cell(example *e, size_t setting, size_t strategy, uint32_t trial)
{
    for (size_t i = 0; i < e->data.cell_count; i++)
        if (e->cells[i].setting == setting && e->cells[i].strategy == strategy &&
            e->cells[i].trial == trial)
            return &e->cells[i];
    abort();
}

#endif

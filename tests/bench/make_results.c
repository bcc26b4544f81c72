/* make_results - a results folder of any size without training, to time reports and exports with.
 *
 *   make_results DIR [SETTINGS STRATEGIES TRIALS ROUNDS [SCORED]]     default: 3 10 10 25 0
 *
 * Curves rise with noise, every number from a stream: the same arguments give the same rows. A
 * round queries 20 of 2,000 samples; SCORED of them have scores. Every trial has a network trained
 * on everything. Strategies gain, cost and prefer classes as such strategies do, more or less. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "files.h"
#include "identity.h"
#include "store_sqlite.h"
#include "stream.h"

enum { BATCH = 20, POOL = 2000, CLASSES = 10, INITIAL = 20 };

/* A strategy: points gained at the end, seconds a query, how much it prefers the first classes. */
static const struct character {
    const char *id;
    double gain, seconds, preference;
} characters[] = {
    {"random", 0, 0.0002, 0},      {"entropy", 0.2, 0.004, 0.5}, {"margin", 2.3, 0.003, 0.2},
    {"least-confidence", 1.1, 0.003, 0.4}, {"bald", 2.0, 0.9, 0.3}, {"coreset", -1.6, 1.4, 0.1},
    {"badge", 2.6, 6.5, 0.1},      {"ldm", 2.9, 2.1, 0.15},      {"ldm-s", 3.4, 2.3, 0.05},
    {"typiclust", 0.9, 3.0, 0},
};
enum { IDS = sizeof characters / sizeof *characters };

/* Final accuracy of random, and of training on everything. */
static const struct task {
    const char *name;
    double final, ceiling;
} tasks[] = {
    {"fashion-mnist", .79, .915}, {"mnist", .955, .992}, {"cifar-10", .48, .78},
    {"svhn", .71, .93},           {"letter", .66, .95},  {"pendigits", .93, .985},
    {"satimage", .83, .91},       {"usps", .90, .975},
};
enum { TASKS = sizeof tasks / sizeof *tasks };

struct sizes {
    size_t settings, strategies, trials, rounds, scored;
};

static void fail(const fb_error *err)
{
    fprintf(stderr, "make_results: %s\n", err->text);
    exit(2);
}

static double noise(fb_stream stream, size_t round, size_t element)
{
    return fb_stream_uniform(stream, round, element) - 0.5;
}

/* The accuracy of a strategy in a round; round 0 is everybody's. */
static double accuracy_of(const size_t place[3], size_t round, size_t rounds, fb_stream shared,
                          fb_stream own)
{
    const struct task *task = &tasks[place[0] % TASKS];
    double span = rounds > 1 ? (double)round / (double)(rounds - 1) : 1;
    double progress = (1 - exp(-3.2 * span)) / (1 - exp(-3.2));
    double luck = 1 + 0.8 * noise(fb_stream_make(place[0], "luck", NULL, 0), place[1], 0);
    double gain = characters[place[1] % IDS].gain / 100 * progress * luck;
    double wobble = round ? 0.03 * noise(own, round, 0) + 0.015 * noise(own, 0, 0) : 0;
    return fmin(task->final - 0.45 * task->final * (1 - progress) + gain +
                    (1.2 - progress) * wobble + 0.03 * (1.2 - progress) * noise(shared, 0, 0),
                0.999);
}

/* The round's queries: of a shuffled pool, one in some is moved to a class that is preferred, and
 * strategies that follow uncertainty share some of theirs. */
static void draw_queries(const size_t place[3], size_t round, fb_stream shared, fb_stream own,
                         store_query queries[BATCH])
{
    static uint32_t order[POOL], common[POOL];
    double preference = characters[place[1] % IDS].preference;
    fb_stream_permutation(own, 1000, POOL, order);
    fb_stream_permutation(shared, 1000, POOL, common);
    for (size_t i = 0; i < BATCH; i++) {
        size_t at = round * BATCH + i;
        uint32_t sample = order[at];
        queries[i] = (store_query){sample, sample % CLASSES};
        if (fb_stream_uniform(own, 3000 + round, i) < preference)
            queries[i] = (store_query){POOL + common[at], common[at] % 3};
    }
}

static store_round common_round(size_t round, double accuracy, fb_stream own)
{
    return (store_round){.round = (uint32_t)round,
                         .labeled = (uint32_t)(INITIAL + BATCH * round),
                         .metrics = {accuracy, accuracy - 0.01, accuracy - 0.02, 1 - accuracy},
                         .validation_accuracy = (double)NAN,
                         .train_seconds = 3 + noise(own, round, 1),
                         .evaluate_seconds = 0.2,
                         .peak_rss_bytes = 200u << 20};
}

static void put(struct store *store, const char *key, const store_round *row)
{
    fb_error err = {0};
    if (store_put_round(store, key, row, &err))
        fail(&err);
}

/* What the cell of this place gets, so that strategies differ a little and trials share a lot. */
static void put_round(struct store *store, const char *key, const struct sizes *sizes,
                      const size_t place[3], size_t round)
{
    static uint32_t all[POOL];
    static double scores[POOL];
    store_query queries[BATCH];
    char trial[24], cell[64];
    snprintf(trial, sizeof trial, "%zu %zu", place[0], place[2]);
    snprintf(cell, sizeof cell, "%zu %zu %zu", place[0], place[1], place[2]);
    fb_stream shared = fb_stream_make(1, "trial", &(fb_axis){"place", trial}, 1);
    fb_stream own = fb_stream_make(1, "cell", &(fb_axis){"place", cell}, 1);
    if (place[1] == sizes->strategies) { /* the reference */
        double ceiling = tasks[place[0] % TASKS].ceiling + 0.01 * noise(shared, 1, 1);
        store_round row = common_round(0, ceiling, own);
        row.labeled = INITIAL + POOL;
        put(store, key, &row);
        return;
    }
    draw_queries(place, round, shared, own, queries);
    for (uint32_t i = 0; i < POOL; i++) {
        all[i] = i;
        scores[i] = fb_stream_uniform(own, 2000 + round, i) + fb_stream_uniform(shared, 2000, i);
    }
    store_round row = common_round(round, accuracy_of(place, round, sizes->rounds, shared, own),
                                   own);
    bool last = round + 1 == sizes->rounds;
    row.query_seconds = characters[place[1] % IDS].seconds * (1 + 0.2 * noise(own, round, 2));
    row.service_seconds = place[1] % IDS ? 0.5 : 0;
    row.queries = queries;
    row.query_count = last ? 0 : BATCH;
    row.score_ids = all;
    row.scores = scores;
    row.score_count = last ? 0 : sizes->scored;
    put(store, key, &row);
}

static size_t argument(int argc, char **argv, int index, size_t preset)
{
    return argc > index ? (size_t)strtoul(argv[index], NULL, 10) : preset;
}

/* A plan made by hand: the store looks at names, identities and keys only. */
struct made {
    struct plan plan;
    struct spec spec;
    spec_setting *specs;
    catalog_strategy *plugins;
    dataset data;
    data_split split;
};

static void make_names(struct made *made, const struct sizes *sizes)
{
    static char names[64][32];
    for (size_t i = 0; i < sizes->settings; i++) {
        snprintf(names[i], sizeof names[i], i < TASKS ? "%s-mlp" : "%s-mlp-%zu",
                 tasks[i % TASKS].name, i / TASKS);
        made->specs[i].name = names[i];
        made->specs[i].dataset_label = (char *)tasks[i % TASKS].name;
        snprintf(made->specs[i].network.name, sizeof made->specs[i].network.name, "mlp");
        made->plan.settings[i].spec = &made->specs[i];
        made->plan.settings[i].data = &made->data;
        made->plan.settings[i].splits = &made->split;
    }
    for (size_t s = 0; s < sizes->strategies; s++) {
        made->plugins[s].id = (char *)characters[s % IDS].id;
        json_t *params = s < IDS ? json_object() : json_pack("{s:I}", "k", (json_int_t)(s / IDS));
        made->plan.strategies[s] = (plan_strategy){.id = characters[s % IDS].id,
                                                   .plugin = &made->plugins[s],
                                                   .label = (char *)characters[s % IDS].id,
                                                   .params_text = identity_text(params)};
        json_decref(params);
    }
    made->plan.strategies[sizes->strategies] = (plan_strategy){
        .id = PLAN_REFERENCE_ID,
        .plugin = &made->plugins[sizes->strategies],
        .label = (char *)PLAN_REFERENCE_LABEL,
        .params_text = (char *)PLAN_REFERENCE_PARAMS};
    made->plugins[sizes->strategies].id = (char *)PLAN_REFERENCE_ID;
}

static void make_cell(struct made *made, size_t setting, size_t strategy, size_t trial,
                      size_t rounds)
{
    plan_cell *cell = &made->plan.cells[made->plan.cell_count++];
    json_t *identity = json_pack("{s:I, s:s, s:s, s:I, s:I}", "seed", (json_int_t)1, "dataset",
                                 made->specs[setting].name, "strategy",
                                 made->plan.strategies[strategy].id,
                                 "algo_version", (json_int_t)1, "trial", (json_int_t)trial);
    *cell = (plan_cell){.setting = setting,
                        .strategy = strategy,
                        .trial = (uint32_t)trial,
                        .rounds = rounds,
                        .identity = identity_text(identity)};
    snprintf(cell->key, sizeof cell->key, "%zu/%zu/%zu", setting, strategy, trial);
    json_decref(identity);
}

static void free_made(struct made *made, size_t strategies)
{
    for (size_t s = 0; s < strategies; s++) /* the reference's is no copy */
        fb_free(made->plan.strategies[s].params_text);
    for (size_t c = 0; c < made->plan.cell_count; c++)
        fb_free(made->plan.cells[c].identity);
    fb_free(made->plan.settings);
    fb_free(made->plan.strategies);
    fb_free(made->plan.cells);
    fb_free(made->specs);
    fb_free(made->plugins);
}

int main(int argc, char **argv)
{
    struct sizes sizes = {argument(argc, argv, 2, 3), argument(argc, argv, 3, 10),
                          argument(argc, argv, 4, 10), argument(argc, argv, 5, 25),
                          argument(argc, argv, 6, 0)};
    if (argc < 2 || sizes.settings > 64 || sizes.rounds > POOL / BATCH || sizes.scored > POOL) {
        fputs("usage: make_results DIR [SETTINGS STRATEGIES TRIALS ROUNDS [SCORED]]\n", stderr);
        return 2;
    }
    struct made made = {.data = {.class_count = CLASSES}, .split = {.pool_count = 2 * POOL}};
    struct store *store = NULL;
    fb_error err = {0};
    made.specs = fb_calloc(sizes.settings, sizeof *made.specs);
    made.plugins = fb_calloc(sizes.strategies + 1, sizeof *made.plugins);
    made.plan = (struct plan){
        .spec = &made.spec,
        .settings = fb_calloc(sizes.settings, sizeof *made.plan.settings),
        .strategies = fb_calloc(sizes.strategies + 1, sizeof *made.plan.strategies),
        .cells = fb_calloc(sizes.settings * (sizes.strategies + 1) * sizes.trials,
                           sizeof *made.plan.cells)};
    make_names(&made, &sizes);
    for (size_t i = 0; i < sizes.settings; i++)
        for (size_t t = 0; t < sizes.trials; t++)
            for (size_t s = 0; s <= sizes.strategies; s++)
                make_cell(&made, i, s, t, s < sizes.strategies ? sizes.rounds : 1);
    json_t *facts = json_pack("{s:s, s:s, s:s, s:f}", "experiment", "made up", "baseline", "random",
                              "correction", "holm", "alpha", 0.05);
    /* A made-up folder need not survive a power cut. */
    if (fb_make_directories(argv[1], &err) || store_open(argv[1], true, &store, &err) ||
        store_run_sql(store, "PRAGMA synchronous=OFF", "begin", &err) ||
        store_begin_run(store, facts, &err) || store_enter_plan(store, &made.plan, &err))
        fail(&err);
    for (size_t c = 0; c < made.plan.cell_count; c++) {
        const plan_cell *cell = &made.plan.cells[c];
        const size_t place[3] = {cell->setting, cell->strategy, cell->trial};
        for (size_t r = 0; r < cell->rounds; r++)
            put_round(store, cell->key, &sizes, place, r);
    }
    store_close(store);
    json_decref(facts);
    printf("%s: %zu cells, %zu rounds\n", argv[1], made.plan.cell_count,
           made.plan.cell_count * sizes.rounds);
    free_made(&made, sizes.strategies);
    return 0;
}

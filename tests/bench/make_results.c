/* make_results - a results folder of any size without training, to time reports and exports with.
 *
 *   make_results DIR [SETTINGS STRATEGIES TRIALS ROUNDS [SCORED]]     default: 3 10 10 25 0
 *
 * Curves rise with noise, every number from a stream: the same arguments give the same rows. A
 * round queries 20 of 2,000 samples; SCORED of them have scores. */
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

static const char *const ids[] = {"random",  "entropy", "margin", "least-confidence", "bald",
                                  "coreset", "badge",   "ldm",    "ldm-s",            "typiclust"};
enum { IDS = sizeof ids / sizeof *ids };

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

/* What the cell of this place gets, so that strategies differ a little and trials share a lot. */
static void put_round(struct store *store, const char *key, const struct sizes *sizes,
                      const size_t place[3], size_t round)
{
    static uint32_t all[POOL], order[POOL];
    static double scores[POOL];
    static store_query queries[BATCH];
    char trial[24], cell[64];
    fb_error err = {0};
    snprintf(trial, sizeof trial, "%zu %zu", place[0], place[2]);
    snprintf(cell, sizeof cell, "%zu %zu %zu", place[0], place[1], place[2]);
    fb_stream shared = fb_stream_make(1, "trial", &(fb_axis){"place", trial}, 1);
    fb_stream own = fb_stream_make(1, "cell", &(fb_axis){"place", cell}, 1);
    bool last = round + 1 == sizes->rounds;
    double gain = round ? 0.01 * (double)place[1] + 0.02 * noise(own, round, 0) : 0;
    double accuracy = 0.9 - 0.5 * exp(-0.15 * (double)round) + gain +
                      0.03 * noise(shared, 0, 0) - 0.05 * (double)place[0];
    fb_stream_permutation(own, 1000, POOL, order);
    for (uint32_t i = 0; i < POOL; i++) {
        all[i] = i;
        scores[i] = fb_stream_uniform(own, 2000 + round, i);
    }
    for (size_t i = 0; i < BATCH; i++)
        queries[i] = (store_query){order[(round * BATCH + i) % POOL],
                                   order[(round * BATCH + i) % POOL] % CLASSES};
    store_round row = {.round = (uint32_t)round,
                       .labeled = (uint32_t)(INITIAL + BATCH * round),
                       .metrics = {accuracy, accuracy - 0.01, accuracy - 0.02, 1 - accuracy},
                       .validation_accuracy = (double)NAN,
                       .train_seconds = 3 + noise(own, round, 1),
                       .query_seconds = 0.1 * (double)place[1] + 0.01,
                       .service_seconds = 0.5,
                       .evaluate_seconds = 0.2,
                       .peak_rss_bytes = 200u << 20,
                       .queries = queries,
                       .query_count = last ? 0 : BATCH,
                       .score_ids = all,
                       .scores = scores,
                       .score_count = last ? 0 : sizes->scored};
    if (store_put_round(store, key, &row, &err))
        fail(&err);
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
        snprintf(names[i], sizeof names[i], "setting-%zu", i);
        made->specs[i].name = made->specs[i].dataset_label = names[i];
        snprintf(made->specs[i].network.name, sizeof made->specs[i].network.name, "mlp");
        made->plan.settings[i].spec = &made->specs[i];
        made->plan.settings[i].data = &made->data;
        made->plan.settings[i].splits = &made->split;
    }
    for (size_t s = 0; s < sizes->strategies; s++) {
        made->plugins[s].id = (char *)ids[s % IDS];
        json_t *params = s < IDS ? json_object() : json_pack("{s:I}", "k", (json_int_t)(s / IDS));
        made->plan.strategies[s] = (plan_strategy){.id = ids[s % IDS],
                                                   .plugin = &made->plugins[s],
                                                   .label = (char *)ids[s % IDS],
                                                   .params_text = identity_text(params)};
        json_decref(params);
    }
}

static void make_cell(struct made *made, size_t setting, size_t strategy, size_t trial,
                      size_t rounds)
{
    plan_cell *cell = &made->plan.cells[made->plan.cell_count++];
    json_t *identity = json_pack("{s:I, s:s, s:s, s:I, s:I}", "seed", (json_int_t)1, "dataset",
                                 made->specs[setting].name, "strategy", ids[strategy % IDS],
                                 "algo_version", (json_int_t)1, "trial", (json_int_t)trial);
    *cell = (plan_cell){.setting = setting,
                        .strategy = strategy,
                        .trial = (uint32_t)trial,
                        .rounds = rounds,
                        .identity = identity_text(identity)};
    snprintf(cell->key, sizeof cell->key, "%zu/%zu/%zu", setting, strategy, trial);
    json_decref(identity);
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
    struct made made = {.data = {.class_count = CLASSES}, .split = {.pool_count = POOL}};
    struct store *store = NULL;
    fb_error err = {0};
    made.specs = fb_calloc(sizes.settings, sizeof *made.specs);
    made.plugins = fb_calloc(sizes.strategies, sizeof *made.plugins);
    made.plan = (struct plan){
        .spec = &made.spec,
        .settings = fb_calloc(sizes.settings, sizeof *made.plan.settings),
        .strategies = fb_calloc(sizes.strategies, sizeof *made.plan.strategies),
        .cells = fb_calloc(sizes.settings * sizes.strategies * sizes.trials,
                           sizeof *made.plan.cells)};
    make_names(&made, &sizes);
    for (size_t i = 0; i < sizes.settings; i++)
        for (size_t t = 0; t < sizes.trials; t++)
            for (size_t s = 0; s < sizes.strategies; s++)
                make_cell(&made, i, s, t, sizes.rounds);
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
        for (size_t r = 0; r < sizes.rounds; r++)
            put_round(store, cell->key, &sizes, place, r);
    }
    store_close(store);
    json_decref(facts);
    printf("%s: %zu cells, %zu rounds\n", argv[1], made.plan.cell_count,
           made.plan.cell_count * sizes.rounds);
    return 0;
}

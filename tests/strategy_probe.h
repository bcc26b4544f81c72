/* strategy_probe.h - a strategy's plugin, run for one round on arrays of the test's own. */
#ifndef FB_TESTS_STRATEGY_PROBE_H
#define FB_TESTS_STRATEGY_PROBE_H

#include "datasets.h"
#include "host.h"

/* A service: what `get` gives for its name and kind (NULL: any). Trailing zeros of the shape are
 * no dimensions. */
typedef struct probe_service {
    const char *name, *kind;
    const void *data; /* float, or uint32_t for "labels" and "labeled_ids" */
    size_t shape[3];
} probe_service;

typedef struct strategy_probe {
    const char *plugin; /* the file: STRATEGY_DIR "/entropy.so" */
    size_t n, batch, labeled, classes; /* the sub-pool is the samples 0 .. n-1 */
    const probe_service *services; /* up to one without a name */
    const char *const *names, *const *values; /* parameters */
    size_t param_count;
    uint32_t trial, round;
    uint64_t seed; /* of the strategy's stream */
    parallel *pool; /* the threads of parallel_for; NULL: one */
} strategy_probe;

/* Opens the plugin, runs its first strategy, scores wanted, and closes it. A service that is not
 * listed, or for which a count is asked that differs from its first dimension (0 agrees with all),
 * is FB_ENOENT. */
int strategy_probe_run(const strategy_probe *probe, host_answer *ret_answer, fb_error *err);

/* The same without scores and with many seeds, from probe->seed on: the choices of each run, (runs,
 * batch). The plugin is opened once. */
int strategy_probe_repeat(const strategy_probe *probe, size_t runs, uint32_t *ret_ids,
                          fb_error *err);

/* Counts in `ret_chosen` (n) how often each sample was chosen in so many runs. */
int strategy_probe_count(const strategy_probe *probe, size_t runs, uint32_t *ret_chosen,
                         fb_error *err);

/* An array of GOLDEN_DIR/folder/name.npy; fails the test when it cannot be read. Ends with
 * npy_finish. */
npy_array golden_floats(const char *golden_dir, const char *folder, const char *name);
npy_array golden_integers(const char *golden_dir, const char *folder, const char *name);

#endif

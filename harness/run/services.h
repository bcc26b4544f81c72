/* services.h - what a trained network offers to a strategy: the round loop's provider for host.h.
 *
 * A service is computed when it is first asked for, in blocks that nn_infer takes, and written
 * where it stays; what another service needs too is kept and not computed again. */
#ifndef FB_SERVICES_H
#define FB_SERVICES_H

#include "flipbench/strategy.h"
#include "nn.h"
#include "status.h"
#include "stream.h"

typedef struct services_input {
    nn_network *network;      /* trained */
    const nn_source *source;  /* the training images */
    const uint32_t *pool_ids; /* the sub-pool */
    size_t pool_count;
    const uint32_t *labeled_ids; /* ascending */
    const uint32_t *labels;      /* theirs */
    size_t labeled_count;
    const uint32_t
        *held_out; /* ascending: test samples drawn from the training set, never references */
    size_t held_out_count;
    const float *features; /* (source->count, feature_count); NULL: no feature file */
    size_t feature_count;
    fb_stream reference;   /* draws the reference set: the same in every round of a trial */
    fb_stream monte_carlo; /* dropout masks, one a pass */

    /* Trains member 1, 2, ... of the ensemble. *ret_network is the caller's and stays as it is
     * until the next call. */
    int (*train_member)(void *context, size_t member, nn_network **ret_network, fb_error *err);
    void *member_context;
} services_input;

/* The largest reference set that is chosen by itself (strategies.md: LDM). */
enum { SERVICES_REFERENCE_LIMIT = 10000 };

/* The services of one round, and the memory of all arrays that were asked for. */
typedef struct services {
    services_input in;
    struct services_array *arrays; /* everything that was allocated */
    /* What several services share; NULL before it is computed: */
    float *embeddings, *labeled_embeddings, *probabilities;
    float *ensemble; /* (members, n, C) */
    size_t members;
} services;

/* host_provider.compute; `context` is a zeroed services with its input. Names as in strategy.h. All
 * arrays are borrowed from the services. */
int services_compute(void *context, const char *name, uint64_t count, const char *kind,
                     fb_array *ret_array, void **ret_owned, fb_error *err);

/* Frees the arrays. Takes NULL and a zeroed struct. */
void services_finish(services *s);

#endif

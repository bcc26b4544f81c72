/* services.h - what a trained network offers to a strategy: the round loop's provider for host.h.
 */
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
    fb_stream reference;   /* draws the reference set: the same in every round of a trial */
    fb_stream monte_carlo; /* dropout masks, one a pass */
} services_input;

/* The largest reference set that is chosen by itself (strategies.md: LDM). */
enum { SERVICES_REFERENCE_LIMIT = 10000 };

/* host_provider.compute; `context` is a services_input. Names as in strategy.h. Everything is
 * computed in blocks by nn_infer; the result is the host's to keep. */
int services_compute(void *context, const char *name, uint64_t count, const char *kind,
                     fb_array *ret_array, void **ret_owned, fb_error *err);

#endif

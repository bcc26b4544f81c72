/* host.h - the host's side of one round of one strategy: callbacks, services, checks.
 *
 * The caller gives a provider of services (the round loop's comes from the trained network, the
 * select command's from files); the host asks it lazily, once a service, checks that the numbers
 * are finite, keeps them for the round, and times them apart from the strategy. */
#ifndef FB_HOST_H
#define FB_HOST_H

#include <stddef.h>
#include <stdint.h>

#include "flipbench/strategy.h"
#include "parallel.h"
#include "status.h"
#include "stream.h"
#include "strbuf.h"

/* Computes one service. `*ret_array` has struct_size, data, dtype, ndim and shape set (the host
 * fills in the strides); `*ret_owned` is memory that the host releases with fb_free, or NULL for
 * borrowed data that outlives the round. Unknown names: FB_ENOENT. */
typedef struct host_provider {
    void *context;
    int (*compute)(void *context, const char *name, uint64_t count, const char *kind,
                   fb_array *ret_array, void **ret_owned, fb_error *err);
} host_provider;

typedef struct host_call {
    const fb_strategy *strategy;
    const fb_value *values;
    const fb_round *round;
    host_provider provider;
    fb_stream stream; /* the strategy's own */
    parallel *pool;   /* the threads of its loops; NULL: the calling one alone */
    int (*cancelled)(void *context); /* may be NULL */
    void *cancelled_context;
    void (*log)(void *context, const char *text); /* a line of the strategy's; NULL: dropped */
    void *log_context;
    int want_scores;
} host_call;

typedef struct host_record {
    char name[64];
    double value;
} host_record;

typedef struct host_answer {
    uint32_t *ids;      /* (batch), checked */
    double *scores;     /* (pool_count) when wanted and offered, otherwise NULL */
    host_record *records;
    size_t record_count;
    double service_seconds; /* spent computing services */
    double query_seconds;   /* spent in the strategy itself, services excluded */
} host_answer;

/* Runs create, select, scores and destroy, with the floating-point mode checked after each, and
 * checks the answer: exactly round->batch ids, each in the sub-pool, none twice; scores finite; the
 * services and the ids as they were before. It refuses, it never repairs: FB_EPLUGIN with the
 * strategy's id and what was wrong. */
int host_select(const host_call *call, host_answer *ret_answer, fb_error *err);

/* Takes NULL and a zeroed struct. */
void host_answer_finish(host_answer *answer);

#endif

/* probe.h - runs a piece of a test inside a real round of a real host. */
#ifndef FB_TESTS_PROBE_H
#define FB_TESTS_PROBE_H

#include "host.h"

/* The piece: like fb_strategy.select, with the host and the test's own argument. Whatever it
 * returns, the first samples are chosen. */
typedef int (*probe_body)(const fb_host *host, const fb_round *round, void *argument);

/* The threads of parallel_for in rounds from now on; NULL, the start: one thread. */
void probe_use_pool(parallel *pool);

/* A round over `n` samples 0 .. n-1 with the batch 1; provider and answer may be NULL. */
int probe_run(probe_body body, void *argument, size_t n, uint64_t seed,
              const host_provider *provider, host_answer *ret_answer, fb_error *err);

/* What one run recorded under a name; fails the test when there is nothing. */
double probe_record(const host_answer *answer, const char *name);

#endif

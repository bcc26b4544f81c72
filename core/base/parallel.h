/* parallel.h - a pool of threads for loops whose iterations do not depend on each other.
 *
 * Which thread takes which iteration is left to chance, so that no thread waits for a slow one:
 * what an iteration writes must not depend on it. A sum over iterations keeps its order when each
 * writes its part to a place of its own and the caller adds the parts afterwards.
 *
 * Threads do not survive fork: a process that forks creates its pools after the fork. In a child,
 * a pool of its parent may be destroyed, which releases its memory, and nothing else. */
#ifndef FB_PARALLEL_H
#define FB_PARALLEL_H

#include <stddef.h>

#include "status.h"

typedef struct parallel parallel;

/* The largest pool. */
enum { PARALLEL_MAX = 256 };

/* A pool of `threads` threads, 1 to PARALLEL_MAX (FB_EINVAL); the calling one is the first of them,
 * so that a pool of 1 starts none. The others block all signals. FB_ENOMEM, or FB_EIO when the
 * system gives no more threads. */
int parallel_create(size_t threads, parallel **ret_pool, fb_error *err);

/* Its threads, the calling one included. */
size_t parallel_threads(const parallel *pool);

/* Ends the threads. Takes NULL. */
void parallel_destroy(parallel *pool);

/* Calls task(context, index) once for every index below `count` and returns when all are done; what
 * they wrote can then be read. Each thread takes the smallest index that is left; a pool of 1 calls
 * in order. A task that can fail says so in its context. One thread at a time may run a pool, and
 * not from inside of a task. */
void parallel_run(parallel *pool, size_t count, void (*task)(void *context, size_t index),
                  void *context);

#endif

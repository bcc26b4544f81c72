/* parallel.h - a few threads that share a loop. */
#ifndef FB_PARALLEL_H
#define FB_PARALLEL_H

#include <stddef.h>

#include "status.h"

typedef struct parallel parallel;

/* Starts threads - 1 threads, 1 to 256 of them with the caller's. They live until parallel_destroy
 * and do not survive a fork: create the pool in the process that uses it. FB_EINVAL, FB_ENOMEM, or
 * FB_EIO when the system gives no more threads. */
int parallel_create(size_t threads, parallel **ret_pool, fb_error *err);

/* Takes NULL. */
void parallel_destroy(parallel *pool);

/* Calls task(context, index) once for every index below `count`, on the pool's threads and the
 * caller's, in any order and at once. Returns when all are done, and what they wrote can be read. Not
 * from inside of a task. */
void parallel_run(parallel *pool, size_t count, void (*task)(void *context, size_t index),
                  void *context);

#endif

/* host_loop.h - `parallel_for` of strategy.h: a loop of a strategy's, cut among threads. */
#ifndef FB_HOST_LOOP_H
#define FB_HOST_LOOP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flipbench/strategy.h"
#include "parallel.h"

/* The loops of one round. Starts zeroed but for the first two members. */
typedef struct host_loop {
    parallel *pool;   /* NULL: the calling thread alone */
    uint64_t fp_mode; /* that bodies start and must end with */
    bool running;     /* between start and end of host_loop_run */
    _Atomic(const char *) fault; /* NULL, or what a body did wrong, "it ..." */
} host_loop;

/* Calls body over 0 .. items-1 in pieces of at least `grain` items (fewer where there are fewer at
 * all): one piece without a pool, otherwise a few for each thread, so that none waits for a slow
 * one. A floating-point mode that was changed, before the loop or by a body, is put back and leaves
 * a fault. */
void host_loop_run(host_loop *loop, size_t items, size_t grain, fb_loop_body body,
                   void *argument);

/* For callbacks that are not made for several threads: whether a loop is running. Then `fault`,
 * which lives on, is the fault unless there is one. */
bool host_loop_refuses(host_loop *loop, const char *fault);

#endif

#include "parallel.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "alloc.h"

enum { MAX_THREADS = 256 };

/* The loops that are shared are short and follow each other: a thread looks so many times for the
 * next one before it sleeps. */
enum { LOOKS = 4000 };

/* One loop at a time. `loop` counts them; a worker that sees it change takes part. */
struct parallel {
    pthread_mutex_t lock;
    pthread_cond_t started, done;
    atomic_uint_fast64_t loop;
    atomic_bool ending;
    atomic_size_t next; /* the index that is taken next */
    atomic_size_t busy; /* workers that are not through with the loop */
    size_t count;
    void (*task)(void *context, size_t index);
    void *context;
    size_t worker_count;
    pthread_t workers[MAX_THREADS - 1];
};

static void take_part(parallel *pool)
{
    for (;;) {
        size_t index = atomic_fetch_add(&pool->next, 1);
        if (index >= pool->count)
            return;
        pool->task(pool->context, index);
    }
}

/* Waits for a loop after number `seen`. */
static void wait_for_loop(parallel *pool, uint_fast64_t seen)
{
    for (size_t look = 0; look < LOOKS; look++)
        if (atomic_load(&pool->loop) != seen)
            return;
    pthread_mutex_lock(&pool->lock);
    while (atomic_load(&pool->loop) == seen)
        pthread_cond_wait(&pool->started, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

static void *work(void *argument)
{
    parallel *pool = argument;
    for (uint_fast64_t seen = 0;; seen++) {
        wait_for_loop(pool, seen);
        if (atomic_load(&pool->ending))
            return NULL;
        take_part(pool);
        if (atomic_fetch_sub(&pool->busy, 1) != 1)
            continue;
        pthread_mutex_lock(&pool->lock);
        pthread_cond_signal(&pool->done);
        pthread_mutex_unlock(&pool->lock);
    }
}

/* Sets the workers off on a loop (or, when ending, to their end). */
static void start_loop(parallel *pool)
{
    pthread_mutex_lock(&pool->lock);
    atomic_fetch_add(&pool->loop, 1);
    pthread_cond_broadcast(&pool->started);
    pthread_mutex_unlock(&pool->lock);
}

static void wait_for_workers(parallel *pool)
{
    for (size_t look = 0; look < LOOKS; look++)
        if (atomic_load(&pool->busy) == 0)
            return;
    pthread_mutex_lock(&pool->lock);
    while (atomic_load(&pool->busy) > 0)
        pthread_cond_wait(&pool->done, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

int parallel_create(size_t threads, parallel **ret_pool, fb_error *err)
{
    if (threads == 0 || threads > MAX_THREADS)
        return fb_fail(err, FB_EINVAL, "%zu threads are not possible, expected 1 to %d", threads,
                       MAX_THREADS);
    parallel *pool = fb_calloc(1, sizeof *pool);
    if (!pool)
        return fb_fail_memory(err, 1, sizeof *pool, "threads");
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->started, NULL);
    pthread_cond_init(&pool->done, NULL);
    while (pool->worker_count < threads - 1) {
        int code = pthread_create(&pool->workers[pool->worker_count], NULL, work, pool);
        if (code) {
            size_t given = pool->worker_count + 1;
            parallel_destroy(pool);
            return fb_fail(err, code == ENOMEM ? FB_ENOMEM : FB_EIO,
                           "the system gives no more than %zu of %zu threads: %s", given, threads,
                           strerror(code));
        }
        pool->worker_count++;
    }
    *ret_pool = pool;
    return FB_OK;
}

void parallel_destroy(parallel *pool)
{
    if (!pool)
        return;
    atomic_store(&pool->ending, true);
    start_loop(pool);
    for (size_t i = 0; i < pool->worker_count; i++)
        pthread_join(pool->workers[i], NULL);
    pthread_cond_destroy(&pool->done);
    pthread_cond_destroy(&pool->started);
    pthread_mutex_destroy(&pool->lock);
    fb_free(pool);
}

void parallel_run(parallel *pool, size_t count, void (*task)(void *context, size_t index),
                  void *context)
{
    pool->count = count;
    pool->task = task;
    pool->context = context;
    atomic_store(&pool->next, 0);
    atomic_store(&pool->busy, pool->worker_count);
    if (pool->worker_count > 0 && count > 1)
        start_loop(pool);
    else
        atomic_store(&pool->busy, 0);
    take_part(pool);
    wait_for_workers(pool);
}

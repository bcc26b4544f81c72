/* A run is a job that threads may join as long as it is open. The caller works too, closes the job
 * when no index is left, and waits for those that joined: a thread that the system has not woken
 * yet holds up nobody. */
#include "parallel.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"

/* Looks at what is waited for, before a thread goes to sleep: the next loop often follows within
 * microseconds, and to be woken takes longer. */
enum { LOOKS = 4000 };

struct parallel {
    size_t threads; /* the calling one included */
    pid_t process;  /* that has the threads */
    pthread_t *workers;
    size_t worker_count;

    pthread_mutex_t mutex;
    pthread_cond_t changed; /* a job was opened, or the pool ends */
    pthread_cond_t idle;    /* the last thread has left a job */

    /* Written under the mutex. The atomic ones are looked at without it before a wait. */
    _Atomic uint64_t jobs;   /* opened so far */
    _Atomic size_t members;  /* threads, other than the caller, that work on the job */
    bool running;            /* between start and end of parallel_run */
    bool open;
    bool ends;

    /* The job: constant as long as it is open or has members. */
    void (*task)(void *context, size_t index);
    void *context;
    size_t count;
    _Alignas(64) _Atomic size_t next; /* the smallest index that nobody has taken */
};

static void work(parallel *pool)
{
    size_t index;
    while ((index = atomic_fetch_add(&pool->next, 1)) < pool->count)
        pool->task(pool->context, index);
}

static void *serve(void *argument)
{
    parallel *pool = argument;
    uint64_t seen = 0;
    for (;;) {
        for (size_t i = 0; i < LOOKS && atomic_load(&pool->jobs) == seen; i++)
            continue;
        pthread_mutex_lock(&pool->mutex);
        while (atomic_load(&pool->jobs) == seen && !pool->ends)
            pthread_cond_wait(&pool->changed, &pool->mutex);
        seen = atomic_load(&pool->jobs);
        bool ends = pool->ends, joins = pool->open;
        if (joins)
            atomic_fetch_add(&pool->members, 1);
        pthread_mutex_unlock(&pool->mutex);
        if (ends)
            return NULL;
        if (!joins)
            continue;
        work(pool);
        pthread_mutex_lock(&pool->mutex);
        if (atomic_fetch_sub(&pool->members, 1) == 1)
            pthread_cond_signal(&pool->idle);
        pthread_mutex_unlock(&pool->mutex);
    }
}

/* ---- life ------------------------------------------------------------------------------------ */

/* Signals are for the program's own thread. */
static int start_workers(parallel *pool, fb_error *err)
{
    sigset_t all, before;
    int rc = 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (!rc && pool->worker_count < pool->threads - 1) {
        rc = pthread_create(&pool->workers[pool->worker_count], NULL, serve, pool);
        if (!rc)
            pool->worker_count++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc)
        return fb_fail(err, FB_EIO, "thread %zu of %zu could not be started (%s): ask for fewer",
                       pool->worker_count + 2, pool->threads, strerror(rc));
    return FB_OK;
}

int parallel_create(size_t threads, parallel **ret_pool, fb_error *err)
{
    if (threads == 0 || threads > PARALLEL_MAX)
        return fb_fail(err, FB_EINVAL, "the number of threads must be 1 to %d, not %zu",
                       PARALLEL_MAX, threads);
    parallel *pool = fb_calloc(1, sizeof *pool);
    pthread_t *workers = fb_calloc(threads - 1, sizeof *workers);
    if (!pool || !workers) {
        fb_free(pool);
        fb_free(workers);
        return fb_fail_memory(err, threads, sizeof *workers, "a pool of threads");
    }
    *pool = (parallel){.threads = threads, .process = getpid(), .workers = workers};
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->changed, NULL);
    pthread_cond_init(&pool->idle, NULL);
    int rc = start_workers(pool, err);
    if (rc)
        parallel_destroy(pool);
    else
        *ret_pool = pool;
    return rc;
}

size_t parallel_threads(const parallel *pool)
{
    return pool->threads;
}

static void end_workers(parallel *pool)
{
    pthread_mutex_lock(&pool->mutex);
    FB_CHECK(!pool->running);
    pool->ends = true;
    atomic_fetch_add(&pool->jobs, 1);
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->mutex);
    for (size_t i = 0; i < pool->worker_count; i++)
        pthread_join(pool->workers[i], NULL);
    pthread_cond_destroy(&pool->idle);
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->mutex);
}

void parallel_destroy(parallel *pool)
{
    if (!pool)
        return;
    if (pool->process == getpid())
        end_workers(pool);
    fb_free(pool->workers);
    fb_free(pool);
}

/* ---- a run ----------------------------------------------------------------------------------- */

static void open_job(parallel *pool, size_t count, void (*task)(void *, size_t),
                     void *context)
{
    FB_CHECK(pool->process == getpid());
    pthread_mutex_lock(&pool->mutex);
    FB_CHECK(!pool->running);
    pool->task = task;
    pool->context = context;
    pool->count = count;
    atomic_store(&pool->next, 0);
    pool->running = pool->open = true;
    atomic_fetch_add(&pool->jobs, 1);
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->mutex);
}

static void close_job(parallel *pool)
{
    pthread_mutex_lock(&pool->mutex);
    pool->open = false;
    pthread_mutex_unlock(&pool->mutex);
    for (size_t i = 0; i < LOOKS && atomic_load(&pool->members) > 0; i++)
        continue;
    pthread_mutex_lock(&pool->mutex);
    while (atomic_load(&pool->members) > 0)
        pthread_cond_wait(&pool->idle, &pool->mutex);
    pool->running = false;
    pthread_mutex_unlock(&pool->mutex);
}

void parallel_run(parallel *pool, size_t count, void (*task)(void *context, size_t index),
                  void *context)
{
    if (pool->threads == 1 || count <= 1) {
        for (size_t i = 0; i < count; i++)
            task(context, i);
        return;
    }
    open_job(pool, count, task, context);
    work(pool);
    close_job(pool);
}

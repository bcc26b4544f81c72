/* The pool of threads: every iteration once, whatever the number of threads. Runs under the thread
 * sanitizer too: meson setup -Db_sanitize=thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alloc.h"
#include "parallel.h"

/* The linker sends the pool's pthread_create here: see meson.build. */
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument);

static int g_threads_left = -1; /* that may be created; below 0: any number */
static int g_threads_made;

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument)
{
    if (g_threads_left == 0)
        return EAGAIN;
    if (g_threads_left > 0)
        g_threads_left--;
    g_threads_made++;
    return __real_pthread_create(thread, attributes, start, argument);
}

static parallel *create(size_t threads)
{
    parallel *pool = NULL;
    fb_error err = {0};
    if (parallel_create(threads, &pool, &err))
        fail_msg("%s", err.text);
    return pool;
}

/* ---- every index once ------------------------------------------------------------------------ */

enum { MAX_COUNT = 1000 };

/* Not atomic: each iteration has its own, and the sanitizer would see if two threads shared one,
 * or if the caller read it too early. */
static void count_call(void *context, size_t index)
{
    ((unsigned *)context)[index]++;
}

static void test_every_index_once(void **state)
{
    (void)state;
    static const size_t threads[] = {1, 2, 3, 8}, counts[] = {0, 1, 2, 3, 17, MAX_COUNT};
    for (size_t t = 0; t < 4; t++) {
        parallel *pool = create(threads[t]);
        for (size_t c = 0; c < 6; c++) {
            unsigned calls[MAX_COUNT + 1] = {0};
            for (unsigned run = 1; run <= 20; run++) {
                parallel_run(pool, counts[c], count_call, calls);
                for (size_t i = 0; i <= MAX_COUNT; i++)
                    assert_int_equal(calls[i], i < counts[c] ? run : 0);
            }
        }
        parallel_destroy(pool);
    }
}

/* Short jobs, one after the other, so that threads come late, or find the next job open. */
static void test_many_short_runs(void **state)
{
    (void)state;
    parallel *pool = create(4);
    unsigned calls[5] = {0};
    for (unsigned run = 1; run <= 20000; run++) {
        parallel_run(pool, 2 + run % 4, count_call, calls);
        assert_int_equal(calls[0], run);
    }
    assert_int_equal(calls[1] + calls[2] + calls[3] + calls[4], 20000 + 15000 + 10000 + 5000);
    parallel_destroy(pool);
}

static void test_pools_come_and_go(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 200; i++) {
        unsigned calls[3] = {0};
        parallel *pool = create(3);
        if (i % 2)
            parallel_run(pool, 3, count_call, calls);
        parallel_destroy(pool);
        assert_int_equal(calls[0] + calls[1] + calls[2], i % 2 ? 3 : 0);
    }
}

/* ---- who does it ----------------------------------------------------------------------------- */

typedef struct sequence {
    pthread_t thread;
    size_t next;
} sequence;

static void follow(void *context, size_t index)
{
    sequence *s = context;
    assert_true(pthread_equal(pthread_self(), s->thread));
    assert_int_equal(index, s->next++);
}

static void test_one_thread_runs_inline(void **state)
{
    (void)state;
    g_threads_made = 0;
    parallel *pool = create(1);
    sequence s = {.thread = pthread_self()};
    parallel_run(pool, 50, follow, &s);
    assert_int_equal(s.next, 50);
    assert_int_equal(g_threads_made, 0);
    parallel_destroy(pool);
    parallel_destroy(NULL);
}

/* Ends only when as many threads as there are iterations have come. */
static void meet(void *context, size_t index)
{
    (void)index;
    _Atomic size_t *missing = context;
    atomic_fetch_sub(missing, 1);
    while (atomic_load(missing) > 0)
        sched_yield();
}

static void test_all_threads_work(void **state)
{
    (void)state;
    for (size_t threads = 2; threads <= 5; threads++) {
        g_threads_made = 0;
        parallel *pool = create(threads);
        assert_int_equal(g_threads_made, threads - 1);
        for (size_t run = 0; run < 20; run++) {
            _Atomic size_t missing = threads;
            parallel_run(pool, threads, meet, &missing);
        }
        parallel_destroy(pool);
    }
}

typedef struct late {
    pthread_t caller;
    _Atomic bool has_come;
    bool has_ended; /* not atomic: the end of the run makes it visible */
} late;

/* The caller's iteration ends as soon as the other one has begun. */
static void come_late(void *context, size_t index)
{
    (void)index;
    late *l = context;
    if (pthread_equal(pthread_self(), l->caller)) {
        while (!atomic_load(&l->has_come))
            sched_yield();
        return;
    }
    atomic_store(&l->has_come, true);
    for (volatile size_t i = 0; i < 200000; i++) { /* busy, and not yielding: on a full machine
                                                      thousands of yields take minutes */
    }
    l->has_ended = true;
}

static void test_the_last_one_is_waited_for(void **state)
{
    (void)state;
    parallel *pool = create(2);
    for (size_t run = 0; run < 20; run++) {
        late l = {.caller = pthread_self()};
        parallel_run(pool, 2, come_late, &l);
        assert_true(l.has_ended);
    }
    parallel_destroy(pool);
}

static void note_mask(void *context, size_t index)
{
    sigset_t mask;
    _Atomic size_t *missing = context;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    if (!sigismember(&mask, SIGTERM))
        atomic_fetch_add(&missing[1], 1);
    meet(context, index);
}

static void test_signals_stay_with_the_caller(void **state)
{
    (void)state;
    _Atomic size_t missing_and_open[2] = {3, 0};
    parallel *pool = create(3);
    parallel_run(pool, 3, note_mask, missing_and_open);
    assert_int_equal(missing_and_open[1], 1);
    parallel_destroy(pool);
}

/* ---- failures -------------------------------------------------------------------------------- */

static void test_refused(void **state)
{
    (void)state;
    static const size_t wrong[] = {0, 257};
    for (size_t i = 0; i < 2; i++) {
        parallel *pool = (parallel *)&pool;
        fb_error err = {0};
        assert_int_equal(parallel_create(wrong[i], &pool, &err), FB_EINVAL);
        assert_non_null(strstr(err.text, "1 to 256"));
        assert_ptr_equal(pool, &pool);
    }
}

static void test_no_thread_to_be_had(void **state)
{
    (void)state;
    for (int left = 0; left < 3; left++) {
        parallel *pool = NULL;
        fb_error err = {0};
        g_threads_left = left;
        int rc = parallel_create(4, &pool, &err);
        g_threads_left = -1;
        assert_int_equal(rc, FB_EIO);
        assert_null(pool);
        assert_non_null(strstr(err.text, left == 0 ? "thread 2 of 4" : "of 4"));
    }
}

static void test_out_of_memory(void **state)
{
    (void)state;
    for (uint64_t n = 1; n <= 2; n++) {
        parallel *pool = NULL;
        fb_alloc_fail_at(n);
        int rc = parallel_create(4, &pool, NULL);
        fb_alloc_fail_at(0);
        assert_int_equal(rc, FB_ENOMEM);
        assert_null(pool);
    }
}

/* A child has none of its parent's threads: it may destroy their pool, and make its own. */
static void test_fork(void **state)
{
    (void)state;
    unsigned calls[4] = {0};
    int status = -1;
    parallel *pool = create(4);
    parallel_run(pool, 4, count_call, calls);
    pid_t child = fork();
    if (child == 0) {
        parallel_destroy(pool);
        _exit(7);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    parallel_run(pool, 4, count_call, calls);
    assert_int_equal(calls[3], 2);
    parallel_destroy(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_index_once),
        cmocka_unit_test(test_many_short_runs),
        cmocka_unit_test(test_pools_come_and_go),
        cmocka_unit_test(test_one_thread_runs_inline),
        cmocka_unit_test(test_the_last_one_is_waited_for),
        cmocka_unit_test(test_all_threads_work),
        cmocka_unit_test(test_signals_stay_with_the_caller),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_no_thread_to_be_had),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_fork),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

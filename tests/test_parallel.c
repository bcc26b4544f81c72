#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdatomic.h>
#include <string.h>

#include "parallel.h"

enum { MOST = 1000 };

/* What the tasks of a loop have done: how often each index was called, and what it wrote. */
typedef struct tally {
    atomic_uint calls[MOST + 1];
    size_t squares[MOST];
} tally;

static void count_and_square(void *context, size_t index)
{
    tally *t = context;
    if (index >= MOST) {
        atomic_fetch_add(&t->calls[MOST], 1);
        return;
    }
    atomic_fetch_add(&t->calls[index], 1);
    t->squares[index] = index * index; /* not atomic: must be seen by the caller all the same */
}

static void check_loop(parallel *pool, tally *t, size_t count)
{
    memset(t, 0, sizeof *t);
    parallel_run(pool, count, count_and_square, t);
    for (size_t i = 0; i < MOST; i++) {
        assert_int_equal(atomic_load(&t->calls[i]), i < count);
        assert_int_equal(t->squares[i], i < count ? i * i : 0);
    }
    assert_int_equal(atomic_load(&t->calls[MOST]), 0);
}

static void every_index_is_called_once(void **state)
{
    (void)state;
    static const size_t counts[] = {0, 1, 2, 3, 7, 64, MOST};
    static tally t;
    for (size_t threads = 1; threads <= 8; threads++) {
        parallel *pool = NULL;
        assert_int_equal(parallel_create(threads, &pool, NULL), 0);
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
            check_loop(pool, &t, counts[i]);
        parallel_destroy(pool);
    }
}

static void add_one(void *context, size_t index)
{
    size_t *numbers = context;
    numbers[index]++;
}

/* Loops so short that the next begins while threads are still leaving the last one. */
static void short_loops_follow_each_other(void **state)
{
    (void)state;
    enum { LOOPS = 20000, THREADS = 4 };
    size_t numbers[THREADS] = {0};
    parallel *pool = NULL;
    assert_int_equal(parallel_create(THREADS, &pool, NULL), 0);
    for (size_t i = 0; i < LOOPS; i++)
        parallel_run(pool, THREADS, add_one, numbers);
    parallel_destroy(pool);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(numbers[i], LOOPS);
}

static void impossible_pools_are_refused(void **state)
{
    (void)state;
    static const size_t wrong[] = {0, 257, SIZE_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        fb_error err = {0};
        parallel *pool = NULL;
        assert_int_equal(parallel_create(wrong[i], &pool, &err), FB_EINVAL);
        assert_non_null(strstr(err.text, "1 to 256"));
        assert_null(pool);
    }
    parallel_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_index_is_called_once),
        cmocka_unit_test(short_loops_follow_each_other),
        cmocka_unit_test(impossible_pools_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

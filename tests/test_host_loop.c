#include <fenv.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fpmode.h"
#include "host_loop.h"
#include "kernels.h"
#include "probe.h"

static void assert_says(const fb_error *err, const char *part)
{
    if (!strstr(err->text, part))
        fail_msg("\"%s\" does not say \"%s\"", err->text, part);
}

static parallel *make_pool(size_t threads)
{
    parallel *pool = NULL;
    fb_error err = {0};
    if (threads > 0 && parallel_create(threads, &pool, &err) != FB_OK)
        fail_msg("%s", err.text);
    return pool;
}

static const size_t thread_counts[] = {0, 1, 2, 3, 7}; /* 0: no pool */
enum { POOLS = sizeof thread_counts / sizeof *thread_counts };

/* ---- how a loop is cut ---------------------------------------------------------------------- */

enum { MOST_ITEMS = 1000 };

typedef struct seen_items {
    unsigned char times[MOST_ITEMS]; /* each item's place is its own */
    size_t items;
    size_t grain;
    _Atomic size_t pieces, too_short, outside;
} seen_items;

static void see(void *argument, size_t first, size_t count)
{
    seen_items *seen = argument;
    atomic_fetch_add(&seen->pieces, 1);
    if (count < seen->grain && count < seen->items)
        atomic_fetch_add(&seen->too_short, 1);
    if (count == 0 || first >= seen->items || count > seen->items - first) {
        atomic_fetch_add(&seen->outside, 1);
        return;
    }
    for (size_t i = first; i < first + count; i++)
        seen->times[i]++;
}

static void check_cut(host_loop *loop, size_t items, size_t grain)
{
    seen_items seen = {.items = items, .grain = grain};
    host_loop_run(loop, items, grain, see, &seen);
    assert_int_equal(seen.too_short, 0);
    assert_int_equal(seen.outside, 0);
    for (size_t i = 0; i < items; i++)
        assert_int_equal(seen.times[i], 1);
    if (items == 0)
        assert_int_equal(seen.pieces, 0);
    else if (!loop->pool)
        assert_int_equal(seen.pieces, 1);
    else if (items == MOST_ITEMS && grain <= 1)
        assert_true(seen.pieces >= parallel_threads(loop->pool));
}

static void every_item_has_its_turn(void **state)
{
    (void)state;
    static const size_t items[] = {0, 1, 2, 7, 64, 999, MOST_ITEMS};
    static const size_t grains[] = {0, 1, 3, 100, 999, MOST_ITEMS, SIZE_MAX};
    for (size_t p = 0; p < POOLS; p++) {
        host_loop loop = {.pool = make_pool(thread_counts[p]), .fp_mode = fpmode_get()};
        for (size_t i = 0; i < sizeof items / sizeof *items; i++)
            for (size_t g = 0; g < sizeof grains / sizeof *grains; g++)
                check_cut(&loop, items[i], grains[g]);
        assert_null(loop.fault);
        parallel_destroy(loop.pool);
    }
}

/* ---- loops of a strategy -------------------------------------------------------------------- */

/* A product of matrices and some random numbers for each item: the kernels' scratch and the host's
 * random callbacks on several threads. */
enum { ITEMS = 97, SIDE = 24 };

typedef struct item {
    float product[SIDE * SIDE];
    float normals[5];
    double uniform;
    uint32_t bits[3];
} item;

typedef struct work {
    const fb_host *host;
    item *items; /* (ITEMS) */
} work;

static void do_items(void *argument, size_t first, size_t count)
{
    const work *w = argument;
    for (size_t i = first; i < first + count; i++) {
        item *own = &w->items[i];
        float factor[SIDE * SIDE];
        w->host->random_normal(w->host, 1, (uint32_t)i, 0, SIDE * SIDE, factor);
        w->host->random_normal(w->host, 2, 0, 5 * i, 5, own->normals);
        w->host->random_uniform(w->host, 3, 0, i, 1, &own->uniform);
        w->host->random_bits(w->host, 4, 0, 3 * i, 3, own->bits);
        if (kernels_gemm(false, true, SIDE, SIDE, SIDE, factor, SIDE, factor, SIDE, 0, own->product,
                         SIDE) != 0)
            own->product[0] = NAN;
    }
}

/* probe_body: writes into the argument, an array of ITEMS. */
static int do_work(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    work w = {.host = host, .items = argument};
    for (size_t again = 0; again < 20; again++)
        host->parallel_for(host, ITEMS, 1, do_items, &w);
    return 0;
}

static void one_thread_gives_what_many_give(void **state)
{
    (void)state;
    static item alone[ITEMS], shared[ITEMS];
    for (size_t p = 0; p < POOLS; p++) {
        parallel *pool = make_pool(thread_counts[p]);
        fb_error err = {0};
        memset(shared, 0, sizeof shared);
        probe_use_pool(pool);
        int rc = probe_run(do_work, shared, 4, 7, NULL, NULL, &err);
        probe_use_pool(NULL);
        parallel_destroy(pool);
        if (rc != FB_OK)
            fail_msg("%s", err.text);
        if (p == 0)
            memcpy(alone, shared, sizeof alone);
        assert_memory_equal(shared, alone, sizeof alone);
    }
    assert_true(isfinite(alone[ITEMS - 1].product[0]) && alone[ITEMS - 1].bits[0] != 0);
}

/* ---- what a body must not do ---------------------------------------------------------------- */

enum misdeed { GET, ALLOC, PARALLEL_FOR, RECORD, LOG, CANCELLED, FAIL, MODE, MODE_BEFORE, MISDEEDS };

static const char *const faults[MISDEEDS] = {
    "called get in the body", "called alloc in the body", "called parallel_for in the body",
    "called record in the body", "called log in the body", "called cancelled in the body",
    "called fail in the body", "floating-point mode in the body",
    "floating-point mode before it called parallel_for"};

typedef struct culprit {
    const fb_host *host;
    enum misdeed misdeed;
} culprit;

static void nothing(void *argument, size_t first, size_t count)
{
    (void)argument;
    (void)first;
    (void)count;
}

static void misbehave(void *argument, size_t first, size_t count)
{
    const culprit *c = argument;
    const fb_host *host = c->host;
    fb_request request = {.struct_size = sizeof request, .name = "embeddings"};
    fb_array array;
    if (first + count < 8) /* the last piece only: mostly another thread's */
        return;
    if (c->misdeed == GET)
        host->get(host, &request, &array);
    else if (c->misdeed == ALLOC)
        host->alloc(host, 1, 1);
    else if (c->misdeed == PARALLEL_FOR)
        host->parallel_for(host, 3, 1, nothing, NULL);
    else if (c->misdeed == RECORD)
        host->record(host, "a", 1);
    else if (c->misdeed == LOG)
        host->log(host, "a");
    else if (c->misdeed == CANCELLED)
        host->cancelled(host);
    else if (c->misdeed == FAIL)
        (host->fail)(host, FB_PLUGIN_EINVAL, "a"); /* cmocka has a macro of that name */
    else if (c->misdeed == MODE)
        fesetround(FE_UPWARD);
}

static void expect_nearest(void *argument, size_t first, size_t count)
{
    bool *wrong = argument;
    for (size_t i = first; i < first + count; i++)
        wrong[i] = fegetround() != FE_TONEAREST;
}

static int run_misdeed(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    culprit c = {.host = host, .misdeed = *(const enum misdeed *)argument};
    bool wrong[64] = {false};
    if (c.misdeed == MODE_BEFORE)
        fesetround(FE_UPWARD);
    host->parallel_for(host, 8, 1, misbehave, &c);
    host->parallel_for(host, 64, 1, expect_nearest, wrong); /* what follows is not the worse */
    for (size_t i = 0; i < 64; i++)
        assert_false(wrong[i]);
    return 0;
}

static void a_body_that_does_what_it_must_not_is_refused(void **state)
{
    (void)state;
    for (size_t threads = 0; threads <= 3; threads += 3) {
        parallel *pool = make_pool(threads);
        probe_use_pool(pool);
        for (enum misdeed misdeed = GET; misdeed < MISDEEDS; misdeed++) {
            fb_error err = {0};
            assert_int_equal(probe_run(run_misdeed, &misdeed, 4, 1, NULL, NULL, &err), FB_EPLUGIN);
            assert_says(&err, faults[misdeed]);
            assert_int_equal(fegetround(), FE_TONEAREST);
        }
        probe_use_pool(NULL);
        parallel_destroy(pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_item_has_its_turn),
        cmocka_unit_test(one_thread_gives_what_many_give),
        cmocka_unit_test(a_body_that_does_what_it_must_not_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Memory: how it grows with the sub-pool, and whether it comes back. */
#include <malloc.h>
#include <stdio.h>
#include <sys/resource.h>

#include "checks.h"
#include "sanitized.h"

#if HAS_ADDRESS_SANITIZER
size_t __sanitizer_get_current_allocated_bytes(void); /* gcc ships no header that declares it */
#endif

/* ---- growth --------------------------------------------------------------------------------- */

enum { SIZES = 3 };
static const size_t sizes[SIZES] = {1000, 2000, 4000};

/* From 2000 to 4000 samples memory may grow this many times as much as from 1000 to 2000: twice
 * when it is proportional to n, four times when it is to n squared. Beyond that a little for what
 * the system rounds up. */
#define GROWTH_LIMIT 3.0
#define ARENA_SLACK 65536.0
#define PROCESS_SLACK 2097152.0

static double peak_bytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss * 1024;
}

static bool grows_too_fast(const double *bytes, double slack)
{
    return bytes[2] - bytes[1] > GROWTH_LIMIT * (bytes[1] - bytes[0]) + slack;
}

static void say_growth(const char *what, const double *bytes, verdict *v)
{
    verdict_say(v, CHECK_FAILED,
                "%s takes %.1f, %.1f and %.1f MB for %zu, %zu and %zu samples; expected no more "
                "than in proportion to their number (at most %g times as much growth from step to "
                "step)",
                what, bytes[0] / 1e6, bytes[1] / 1e6, bytes[2] / 1e6, sizes[0], sizes[1], sizes[2],
                GROWTH_LIMIT);
}

/* The peak of the process includes what a plugin takes from malloc. It only ever rises, and so do
 * the sizes. The address sanitizer keeps what is freed, so that it says nothing there. */
void check_memory(check_subject *s, verdict *v)
{
    double arena[SIZES], process[SIZES], before = 0;
    for (size_t i = 0; i <= SIZES; i++) { /* the first one warms up */
        trial t = trial_make(s->strategy, s->values);
        host_answer answer = {0};
        trial_facts facts;
        fb_error err = {0};
        t.services = (synthetic_options){.width = 4, .classes = 3, .labeled = 12};
        t.services.n = i ? sizes[i - 1] : 100;
        verdict_doing(v, "with a sub-pool of %zu samples", t.services.n);
        int rc = trial_run(&t, &answer, &facts, &err);
        host_answer_finish(&answer);
        if (rc) {
            verdict_say(v, CHECK_FAILED, "%s", err.text);
            return;
        }
        if (i == 0) {
            before = peak_bytes();
        } else {
            arena[i - 1] = (double)facts.arena_bytes;
            process[i - 1] = peak_bytes() - before;
        }
    }
    verdict_doing(v, "%s", "");
    if (grows_too_fast(arena, ARENA_SLACK))
        say_growth("host->alloc", arena, v);
    else if (!HAS_ADDRESS_SANITIZER && grows_too_fast(process, PROCESS_SLACK))
        say_growth("the process", process, v);
}

/* ---- leaks ---------------------------------------------------------------------------------- */

/* Bytes that malloc has given out and not got back. */
static size_t heap_in_use(void)
{
#if HAS_ADDRESS_SANITIZER
    return __sanitizer_get_current_allocated_bytes();
#else
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
#endif
}

static bool select_times(const check_subject *s, size_t times, verdict *v)
{
    trial t = trial_make(s->strategy, s->values);
    for (size_t i = 0; i < times; i++)
        if (!subject_try(&t, false, v, NULL))
            return false;
    return true;
}

/* A leak goes on. What is made once for the first selections is none, nor what malloc puts aside
 * until it finds its way, which is why one series without growth is enough. */
void check_leaks(check_subject *s, verdict *v)
{
    enum { SERIES = 12, TIMES = 8, SMALLEST = 16 };
    size_t grown = 0;
    for (size_t i = 0; i < SERIES; i++) {
        size_t before = heap_in_use();
        if (!select_times(s, TIMES, v))
            return;
        size_t after = heap_in_use();
        if (after < before + TIMES * SMALLEST)
            return;
        grown = after - before;
    }
    verdict_say(v, CHECK_FAILED,
                "%zu bytes of malloc do not come back from a selection; free them in destroy, or "
                "take them from host->alloc",
                grown / TIMES);
}

#include "bench_turns.h"

#include <stdio.h>
#include <stdlib.h>

#include "alloc.h"
#include "clock.h"

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int bench_measure(bench_turn *turn, void *context, double seconds, bench_times *ret_times,
                  fb_error *err)
{
    enum { MOST = 100000 };
    bench_times times = {.seconds = fb_calloc(MOST, sizeof *times.seconds)};
    if (!times.seconds)
        return fb_fail_memory(err, MOST, sizeof *times.seconds, "measurements");
    double begin = fb_clock_seconds(), last = begin;
    do {
        int rc = turn(context, err);
        if (rc) {
            bench_times_finish(&times);
            return rc;
        }
        double now = fb_clock_seconds();
        times.seconds[times.count++] = now - last;
        last = now;
    } while (last - begin < seconds && times.count < MOST);
    qsort(times.seconds, times.count, sizeof *times.seconds, by_value);
    *ret_times = times;
    return FB_OK;
}

void bench_times_finish(bench_times *times)
{
    fb_free(times->seconds);
    *times = (bench_times){0};
}

double bench_median(const bench_times *times)
{
    return times->seconds[times->count / 2];
}

int bench_print(json_t *object, fb_error *err)
{
    char *text = object ? json_dumps(object, 0) : NULL;
    json_decref(object);
    if (!text)
        return fb_fail(err, FB_ENOMEM, "out of memory for the answer");
    puts(text);
    free(text);
    return FB_OK;
}

int bench_decimals(double value)
{
    int decimals = 3;
    for (; value >= 10 && decimals > 0; value /= 10)
        decimals--;
    for (; value > 0 && value < 1 && decimals < 9; value *= 10)
        decimals++;
    return decimals;
}

/* bench_turns.h - timing one piece of work turn by turn, for `flipbench bench`. */
#ifndef FB_BENCH_TURNS_H
#define FB_BENCH_TURNS_H

#include <jansson.h>
#include <stddef.h>

#include "status.h"

/* One turn of the work that is measured. */
typedef int bench_turn(void *context, fb_error *err);

/* Seconds of each turn, ascending. */
typedef struct bench_times {
    double *seconds;
    size_t count;
} bench_times;

/* Takes turns until `seconds` are over, one at least. After a failure there are no times. */
int bench_measure(bench_turn *turn, void *context, double seconds, bench_times *ret_times,
                  fb_error *err);

/* Takes a zeroed struct. */
void bench_times_finish(bench_times *times);

/* The median, which of an even number of turns is the slower one in the middle. */
double bench_median(const bench_times *times);

/* Prints an object on a line of stdout and releases it; NULL is FB_ENOMEM. */
int bench_print(json_t *object, fb_error *err);

/* Decimals that show about four digits of a value, for "%.*f". */
int bench_decimals(double value);

#endif

/* average.h - the mean of what was seen: numbers that are not there are passed over. */
#ifndef FB_REPORTS_AVERAGE_H
#define FB_REPORTS_AVERAGE_H

#include <stddef.h>

/* Starts zeroed. */
typedef struct average {
    double sum;
    size_t count;
} average;

/* Adds a number; NaN adds nothing. */
void average_add(average *seen, double value);

/* NaN when nothing was seen. */
double average_mean(average seen);

#endif

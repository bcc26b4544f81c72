/* axis.h - round numbers for an axis. */
#ifndef FB_REPORTS_AXIS_H
#define FB_REPORTS_AXIS_H

typedef struct axis {
    double low, high; /* the ends, low < high */
    double step;      /* between ticks, its multiples: 1, 2 or 5 times a power of ten */
} axis;

/* An axis over low .. high (finite; when they are equal, a little around them) with at most
 * `ticks` steps (>= 1). */
axis axis_make(double low, double high, int ticks);

/* The first tick at or above axis.low, as a multiple of the step. */
long axis_first(axis a);

/* The last tick at or below axis.high, as a multiple of the step. */
long axis_last(axis a);

#endif

/* draws.h - random numbers one after the other, for the generators of synthetic data.
 *
 * A cursor walks along the elements of one draw of a stream. Each sample has its own draw, so
 * that it may use as many numbers as it needs and changes no other sample. Only + - * / and
 * comparisons are used: the numbers are the same on every machine. */
#ifndef FB_DRAWS_H
#define FB_DRAWS_H

#include <stddef.h>
#include <stdint.h>

#include "stream.h"

typedef struct draw_cursor {
    fb_stream stream;
    uint64_t draw;
    uint64_t next; /* the element that comes next */
} draw_cursor;

/* A double in [0, 1), and one in [low, high). */
double draws_uniform(draw_cursor *draws);
double draws_between(draw_cursor *draws, double low, double high);

/* An integer in [0, bound), bound > 0. */
size_t draws_below(draw_cursor *draws, size_t bound);

/* A standard normal number: exactly normal but for the 53 bits of its fraction (algorithm N of
 * Karney, "Sampling exactly from the normal distribution", ACM TOMS 42, 2016), which needs no
 * logarithm. About ten uniform numbers each. */
double draws_normal(draw_cursor *draws);

/* The index i with probability weights[i] / sum of weights; weights are >= 0, and not all 0. */
size_t draws_weighted(draw_cursor *draws, const double *weights, size_t count);

#endif

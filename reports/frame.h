/* frame.h - the part of the plane that a line plot shows, for SVG and LaTeX alike. */
#ifndef FB_REPORTS_FRAME_H
#define FB_REPORTS_FRAME_H

#include <stdbool.h>

#include "axis.h"
#include "svg.h"

typedef struct frame {
    axis x, y;       /* x is log2 where the scale is */
    svg_scale scale; /* of x */
} frame;

/* Chooses the axes, with at most so many steps, for all points and their bands. A band may be far
 * wider than what the lines do (two trials have t = 12.7): it stretches the axis by no more than
 * the lines' own range, and is to be cut there. False when there is no point. */
bool frame_init(const svg_plot *plot, int x_ticks, int y_ticks, frame *ret_frame);

/* The number at a tick of the x axis, and of the y axis, as text. Returns `out`. */
const char *frame_text_x(const frame *f, long tick, char out[32]);
const char *frame_text_y(const frame *f, long tick, char out[32]);

/* Whether every point of a series has a band, and there are two or more. */
bool frame_has_band(const svg_series *series);

/* How opaque a band is: less where many lie on top of each other. */
double frame_band_opacity(const svg_plot *plot);

/* The points from one marker on a line to the next when it has about so many; *ret_first has the
 * first, which differs between series, so that they do not lie on top of each other. */
size_t frame_marker_step(const svg_series *series, size_t markers, size_t *ret_first);

#endif

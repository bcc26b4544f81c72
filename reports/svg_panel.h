/* svg_panel.h - a line plot inside its axes, anywhere in a drawing: a plot is one (svg_lines.c), a
 * grid of small ones has many (svg_grid.c). */
#ifndef FB_REPORTS_SVG_PANEL_H
#define FB_REPORTS_SVG_PANEL_H

#include "frame.h"

typedef struct svg_panel {
    int left, right, top, bottom; /* in the drawing, in user units */
    size_t markers;               /* on a line, about */
    frame frame;
} svg_panel;

/* Places in the drawing for values of x and y. */
double svg_panel_x(const svg_panel *p, double x);
double svg_panel_y(const svg_panel *p, double y);

/* Draws grid, numbers at the axes, ceiling and series: everything but titles and names. */
void svg_panel_draw(const svg_plot *plot, const svg_panel *p, fb_strbuf *out);

#endif

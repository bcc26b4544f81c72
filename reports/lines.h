/* lines.h - strategies as lines of a plot, filled in point by point. Like an fb_strbuf, they
 * remember a failed allocation. */
#ifndef FB_REPORTS_LINES_H
#define FB_REPORTS_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "grid.h"
#include "svg.h"

typedef struct lines {
    svg_series *series; /* (count) one a strategy, in the spec's order */
    svg_point *points;  /* (strategies, most) */
    size_t count, most;
    bool failed;
} lines;

/* A line without points for every strategy, with room for `most` points each. */
lines lines_create(const grid *g, size_t most);

/* Adds the next point of a strategy's line; a NaN in y adds nothing. */
void lines_add(lines *l, size_t strategy, svg_point point);

/* Takes a zeroed struct. */
void lines_finish(lines *l);

#endif

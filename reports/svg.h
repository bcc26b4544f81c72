/* svg.h - line plots as inline SVG. Colours and dashes are classes of the page's style sheet
 * (style.h), so that a plot follows the reader's light or dark mode. */
#ifndef FB_REPORTS_SVG_H
#define FB_REPORTS_SVG_H

#include <stdbool.h>
#include <stddef.h>

#include "strbuf.h"

typedef struct svg_point {
    double x, y;
    double low, high; /* the band; NaN where there is none */
} svg_point;

typedef struct svg_series {
    const char *name;
    const svg_point *points; /* (count) ascending in x */
    size_t count;            /* 0: nothing to draw, but in the legend */
    bool reference;          /* what the others are compared with: drawn in the text's colour */
} svg_series;

typedef struct svg_plot {
    const char *id;          /* unique on the page */
    const char *title, *description; /* for those who do not see it */
    const char *x_label, *y_label;
    double y_least, y_most;  /* what y can be; the axis stays inside */
    const svg_series *series;
    size_t series_count;
} svg_plot;

/* Adds the <svg> element. Nothing is added when no series has a point. */
void svg_lines(const svg_plot *plot, fb_strbuf *out);

/* Adds the plot's legend as HTML; its boxes show and hide series without a script. */
void svg_legend(const svg_plot *plot, fb_strbuf *out);

/* Adds the style rules that make the legends' boxes work for up to `count` series. */
void svg_legend_rules(size_t count, fb_strbuf *out);

#endif

/* svg.h - figures as inline SVG: the elements they share, and line plots (svg_lines.c) and matrices
 * (svg_matrix.c). What is drawn is complete by its attributes; see palette.h. */
#ifndef FB_REPORTS_SVG_H
#define FB_REPORTS_SVG_H

#include <stdbool.h>
#include <stddef.h>

#include "palette.h"
#include "strbuf.h"

/* ---- elements -------------------------------------------------------------------------------- */

/* The image and how it is announced to those who do not see it. */
typedef struct svg_image {
    const char *id; /* unique on the page */
    const char *title, *description;
    int width, height;  /* in user units, about a pixel on a wide screen */
    const char *detail; /* further attributes of the <svg> element; NULL: none */
} svg_image;

/* Opens the <svg> element; svg_close ends it. */
void svg_open(const svg_image *image, fb_strbuf *out);
void svg_close(fb_strbuf *out);

/* Adds one line of text at a place; `anchor` is start, middle or end. What is wider than `width` is
 * cut (0: nothing is). */
void svg_text(double x, double y, const char *anchor, const char *text, double width,
              fb_strbuf *out);

/* About how wide a text is, and at most `limit`. */
double svg_text_width(const char *text, double limit);

/* The same for numbers: hyphens that begin one become minus signs. */
void svg_number(double x, double y, const char *anchor, const char *text, fb_strbuf *out);

/* Opens a group of things that are no strategy's; `what` is the class: grid (lines), ticks (numbers
 * at an axis), axis (labels), rule (strong lines), over (on a dark cell). Ends with svg_end. */
void svg_group(const char *what, fb_strbuf *out);
void svg_end(fb_strbuf *out);

/* ---- line plots ------------------------------------------------------------------------------ */

typedef struct svg_point {
    double x, y;
    double low, high; /* the band; NaN where there is none */
} svg_point;

typedef struct svg_series {
    const char *name;
    palette_look look;
    const svg_point *points; /* (count) ascending in x */
    size_t count;            /* 0: nothing to draw */
} svg_series;

typedef enum svg_scale {
    SVG_LINEAR,
    SVG_LOG2 /* x > 0; a tick at every power of two */
} svg_scale;

typedef struct svg_plot {
    const char *id;          /* unique on the page */
    const char *title, *description; /* for those who do not see it */
    const char *x_label, *y_label;
    svg_scale scale;         /* of x */
    double y_least, y_most;  /* what y can be; the axis stays inside */
    double ceiling;          /* a line across, or NaN */
    const char *ceiling_label;
    const svg_series *series;
    size_t series_count;
} svg_plot;

/* Adds the <svg> element. Nothing is added when no series has a point. */
void svg_lines(const svg_plot *plot, fb_strbuf *out);

/* Adds an <svg> element with several plots of the same series, three in a row, and a legend
 * (svg_grid.c). The image's width and height are chosen here. count: at least one. */
void svg_grid(const svg_image *image, const svg_plot *plots, size_t count, fb_strbuf *out);

/* ---- matrices -------------------------------------------------------------------------------- */

/* Rows and columns are the same things; shade says how large a value is. */
typedef struct svg_matrix {
    const char *id;
    const char *title, *description;
    const char *const *names; /* (count) */
    const double *values;     /* (count, count); NaN: nothing */
    size_t count;
    double least, most;       /* the values of no shade and of full shade */
    int digits;               /* decimals */
    const double *footer;     /* (count) a row below, apart; NULL: none */
    const char *footer_name;
} svg_matrix;

/* More columns than these are too small to read on half a wide screen. */
enum { SVG_MATRIX_COLUMNS = 12 };

void svg_draw_matrix(const svg_matrix *matrix, fb_strbuf *out);

#endif

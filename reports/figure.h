/* figure.h - a figure of a report in every form it is needed in: a drawing, its numbers as a table,
 * and its numbers in full as CSV. Which figures there are stands in figures.h. */
#ifndef FB_REPORTS_FIGURE_H
#define FB_REPORTS_FIGURE_H

#include <stdbool.h>
#include <stddef.h>

#include "strbuf.h"
#include "table.h"

typedef struct figure {
    char id[48];       /* unique; letters, digits and hyphens: an anchor and a file's name */
    fb_strbuf title;   /* plain text, as `caption` and `description` */
    fb_strbuf caption; /* what is to be seen, and how it was worked out */
    fb_strbuf description; /* what a reader would take from the drawing */
    fb_strbuf svg;     /* the <svg> element as it stands in a page; "" when nothing can be drawn */
    fb_strbuf latex;   /* the same drawing for LaTeX (pgf.h), without title and caption */
    fb_strbuf csv;     /* a header and a row a number or two, full precision */
    table numbers;
    bool wide;         /* cannot shrink to a narrow screen, so that it scrolls there */
    bool large;        /* needs the whole width of a wide one */
    bool lines;        /* strategies can be chosen in it; the first column of `numbers` is x */
    ptrdiff_t setting; /* the one it is about, or GRID_NONE */
} figure;

#define FIGURE_INIT                                                                              \
    ((figure){.title = FB_STRBUF_INIT, .caption = FB_STRBUF_INIT,                                \
              .description = FB_STRBUF_INIT, .svg = FB_STRBUF_INIT,                              \
              .latex = FB_STRBUF_INIT, .csv = FB_STRBUF_INIT, .numbers = TABLE_INIT, .setting = -1})

/* Whether memory ran short while the figure was built. */
bool figure_failed(const figure *f);

/* Takes NULL and a zeroed struct. */
void figure_finish(figure *f);

/* Adds the drawing as an SVG file of its own, on white paper with a margin; nothing when there is
 * no drawing. */
void figure_file(const figure *f, fb_strbuf *out);

/* Adds a <figure> with title, drawing, caption, links to save it by, and its numbers to unfold. */
void figure_html(const figure *f, fb_strbuf *out);

#endif

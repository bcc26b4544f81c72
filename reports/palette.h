/* palette.h - how a strategy looks: colour, dashes and marker, the same in every figure of a
 * report, and told apart by any one of them as far as possible.
 *
 * Elements carry their look twice: as attributes, so that a figure is complete in a file of its
 * own, and as classes, by which the page's style sheet (page.css) adapts them to dark mode. */
#ifndef FB_REPORTS_PALETTE_H
#define FB_REPORTS_PALETTE_H

#include <stddef.h>

#include "grid.h"
#include "strbuf.h"

/* Colours of everything else; see :root in page.css. */
#define PALETTE_TEXT "#1c2126"
#define PALETTE_SOFT "#5b6570"
#define PALETTE_LINE "#dfe3e7"
#define PALETTE_SHADE "#0072b2"

/* The period of each is different, so that hundreds of strategies differ in one of them. The
 * baseline is drawn in the text's colour, without dashes. */
enum { PALETTE_COLOURS = 7, PALETTE_DASHES = 6, PALETTE_MARKERS = 5 };

typedef struct palette_look {
    size_t number;       /* the strategy's, for the class s<number> */
    size_t colour, dash, marker;
    bool reference;      /* the baseline: colour and dash say nothing */
} palette_look;

palette_look palette_of(const grid *g, size_t strategy);

/* The colour in light mode, "#rrggbb". */
const char *palette_colour(palette_look look);

/* The dashes as the attribute stroke-dasharray has them; "none" for a line without. */
const char *palette_dashes(palette_look look);

/* Adds class, stroke and fill for the group that draws the strategy. */
void palette_attributes(palette_look look, fb_strbuf *out);

/* Adds the strategy's marker around (x, y) to the data of a path. */
void palette_marker(palette_look look, double x, double y, fb_strbuf *out);

#endif

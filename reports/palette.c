#include "palette.h"

palette_look palette_of(const grid *g, size_t strategy)
{
    size_t n = strategy;
    bool reference = g->baseline != GRID_NONE && (size_t)g->baseline == strategy;
    if (g->baseline != GRID_NONE && (size_t)g->baseline < strategy)
        n--;
    return (palette_look){.number = strategy,
                          .colour = n % PALETTE_COLOURS,
                          .dash = reference ? 0 : n % PALETTE_DASHES,
                          .marker = reference ? 0 : n % PALETTE_MARKERS,
                          .reference = reference};
}

/* Okabe and Ito's palette, which people with any colour vision can tell apart: blue, vermillion,
 * bluish green, reddish purple, orange, sky blue, yellow; its black is the text's colour. Yellow
 * and sky blue are a shade darker than theirs, for contrast on white. */
const char *palette_colour(palette_look look)
{
    static const char *const colours[PALETTE_COLOURS] = {
        "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#3a9fdb", "#b5a800"};
    return look.reference ? PALETTE_TEXT : colours[look.colour];
}

const char *palette_dashes(palette_look look)
{
    static const char *const dashes[PALETTE_DASHES] = {
        "none", "8 3", "2.5 2.5", "9 3 2 3", "14 4", "12 2.5 2 2.5 2 2.5"};
    return dashes[look.dash];
}

void palette_attributes(palette_look look, fb_strbuf *out)
{
    const char *colour = palette_colour(look);
    if (look.reference)
        fb_strbuf_printf(out, "class=\"s%zu ref\"", look.number);
    else
        fb_strbuf_printf(out, "class=\"s%zu c%zu\"", look.number, look.colour);
    fb_strbuf_printf(out, " stroke=\"%s\" fill=\"%s\"", colour, colour);
}

void palette_marker(palette_look look, double x, double y, fb_strbuf *out)
{
    static const char *const shapes[PALETTE_MARKERS] = {
        "m-3.1 0a3.1 3.1 0 1 0 6.2 0a3.1 3.1 0 1 0-6.2 0z", /* a disc */
        "m-2.8-2.8h5.6v5.6h-5.6z",                           /* a square */
        "m0-3.7l3.6 6.2h-7.2z",                              /* a triangle */
        "m0-4l4 4l-4 4l-4-4z",                               /* a diamond */
        "m0 3.7l3.6-6.2h-7.2z",                              /* a triangle on its tip */
    };
    fb_strbuf_printf(out, "M%.1f %.1f%s", x, y, shapes[look.marker]);
}

#include <math.h>
#include <stdio.h>

#include "svg.h"
#include "text.h"

/* In user units. Column names stand slanted above their columns. */
enum {
    LEFT = 128, TOP = 88, RIGHT = 72, GAP = 10, /* GAP: above the footer */
    CELL_HEIGHT = 28, CELL_WIDEST = 56, CELL_NARROWEST = 38, WIDTH = 640,
    NAME_WIDTH = 116,
};

/* Text is white where the shade is stronger: there it has more contrast than dark text. */
static const double DARK = 0.85;

static int cell_width(size_t count)
{
    int fitting = (WIDTH - LEFT - RIGHT) / (int)(count ? count : 1);
    if (fitting > CELL_WIDEST)
        return CELL_WIDEST;
    return fitting < CELL_NARROWEST ? CELL_NARROWEST : fitting;
}

static double shade_of(const svg_matrix *m, double value)
{
    if (isnan(value) || !(m->most > m->least))
        return 0;
    return fmin(fmax((value - m->least) / (m->most - m->least), 0), 1);
}

/* The text of a cell; a dash for nothing. */
static void format_value(char *out, size_t size, double value, int digits)
{
    if (isnan(value))
        snprintf(out, size, "\u2013");
    else
        snprintf(out, size, "%.*f", digits, fabs(value) < 0.5 * pow(10, -digits) ? 0 : value);
}

/* Where a value of row r (count: the footer) and column c stands. */
static int row_y(const svg_matrix *m, size_t r)
{
    return TOP + (int)r * CELL_HEIGHT + (r == m->count ? GAP : 0);
}

static double value_at(const svg_matrix *m, size_t r, size_t c)
{
    return r == m->count ? m->footer[c] : m->values[r * m->count + c];
}

static void draw_shades(const svg_matrix *m, int width, fb_strbuf *out)
{
    fb_strbuf_add(out, "<g class=\"shade\" fill=\"" PALETTE_SHADE "\" stroke=\"none\">");
    for (size_t r = 0; r < m->count; r++)
        for (size_t c = 0; c < m->count; c++) {
            double shade = shade_of(m, value_at(m, r, c));
            if (shade > 0)
                fb_strbuf_printf(out, "<path fill-opacity=\"%.3f\" d=\"M%d %dh%dv%dh-%dz\"/>",
                                 shade, LEFT + (int)c * width, row_y(m, r), width - 2,
                                 CELL_HEIGHT - 2, width - 2);
        }
    svg_end(out);
}

/* The numbers, those on dark cells in a group of their own. */
static void draw_numbers(const svg_matrix *m, int width, bool dark, fb_strbuf *out)
{
    char text[64];
    svg_group(dark ? "over" : "numbers", out);
    for (size_t r = 0; r < m->count + (m->footer ? 1 : 0); r++)
        for (size_t c = 0; c < m->count; c++) {
            double value = value_at(m, r, c);
            bool on_dark = r < m->count && shade_of(m, value) > DARK;
            if (on_dark != dark)
                continue;
            format_value(text, sizeof text, value, m->digits);
            svg_number(LEFT + (int)c * width + width / 2.0 - 1,
                       row_y(m, r) + CELL_HEIGHT / 2.0 + 3.5, "middle", text, out);
        }
    svg_end(out);
}

static void draw_names(const svg_matrix *m, int width, fb_strbuf *out)
{
    svg_group("axis", out);
    for (size_t i = 0; i < m->count; i++)
        svg_text(LEFT - 10, row_y(m, i) + CELL_HEIGHT / 2.0 + 3.5, "end", m->names[i],
                 NAME_WIDTH, out);
    if (m->footer)
        svg_text(LEFT - 10, row_y(m, m->count) + CELL_HEIGHT / 2.0 + 3.5, "end", m->footer_name,
                 NAME_WIDTH, out);
    for (size_t i = 0; i < m->count; i++) {
        fb_strbuf_printf(out, "<g transform=\"translate(%.1f %d) rotate(-38)\">",
                         LEFT + (int)i * width + width / 2.0, TOP - 8);
        svg_text(0, 0, "start", m->names[i], NAME_WIDTH, out);
        fb_strbuf_add(out, "</g>");
    }
    svg_end(out);
}

void svg_draw_matrix(const svg_matrix *m, fb_strbuf *out)
{
    int width = cell_width(m->count);
    int height = row_y(m, m->count) + (m->footer ? CELL_HEIGHT : -GAP);
    int columns = LEFT + (int)m->count * width + RIGHT;
    svg_open(&(svg_image){m->id, m->title, m->description, columns > WIDTH ? columns : WIDTH,
                          height, NULL}, out);
    draw_shades(m, width, out);
    draw_numbers(m, width, false, out);
    draw_numbers(m, width, true, out);
    draw_names(m, width, out);
    svg_close(out);
}

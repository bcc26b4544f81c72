#include <math.h>

#include "pgf.h"
#include "table.h"
#include "text.h"

/* Lengths in parts of \linewidth, and of 1 mm. */
static const double CELLS_WIDTH = 0.74, CELL_WIDEST = 0.075, NUMBERS_NARROWEST = 0.028,
                    SMALL_NARROWEST = 0.055;
static const double CELLS_HEIGHT = 190, CELL_HIGHEST = 5;

enum { NAME_CHARACTERS = 18 };

/* Text is white where the shade is stronger. */
static const double DARK = 0.55;

static double shade_of(const svg_matrix *m, double value)
{
    if (isnan(value) || !(m->most > m->least))
        return 0;
    return fmin(fmax((value - m->least) / (m->most - m->least), 0), 1);
}

static void add_number(const svg_matrix *m, double x, double y, double value, bool dark,
                       fb_strbuf *out)
{
    char text[64];
    fb_strbuf_printf(out, "\\node%s at (%.6g,%.6g) {", dark ? "[white]" : "", x, y);
    if (isnan(value))
        fb_strbuf_add(out, "\u2013");
    else
        text_add_latex_number(out, table_format(text, value, m->digits));
    fb_strbuf_add(out, "};\n");
}

static void add_cells(const svg_matrix *m, bool numbers, fb_strbuf *out)
{
    for (size_t i = 0; i < m->count * m->count; i++) {
        double x = (double)(i % m->count), y = (double)(i / m->count);
        double shade = shade_of(m, m->values[i]);
        if (shade > 0)
            fb_strbuf_printf(out, "\\fill[flipbenchshade!%.1f] (%g,%g) rectangle +(.96,.95);\n",
                             100 * shade, x, y);
        if (numbers)
            add_number(m, x + 0.48, y + 0.475, m->values[i], shade > DARK, out);
    }
    for (size_t c = 0; m->footer && numbers && c < m->count; c++)
        add_number(m, (double)c + 0.48, (double)m->count + 0.7, m->footer[c], false, out);
}

static void add_name(const char *options, double x, double y, const char *name, fb_strbuf *out)
{
    fb_strbuf_printf(out, "\\node[flipbench name,%s] at (%g,%g) {", options, x, y);
    text_add_latex_short(out, name, NAME_CHARACTERS);
    fb_strbuf_add(out, "};\n");
}

void pgf_matrix(const svg_matrix *m, fb_strbuf *out)
{
    double width = fmin(CELLS_WIDTH / (double)m->count, CELL_WIDEST);
    double height = fmin(CELLS_HEIGHT / (double)m->count, CELL_HIGHEST);
    bool numbers = width >= NUMBERS_NARROWEST;
    fb_strbuf_printf(out, "\\begin{tikzpicture}[x=%.4f\\linewidth,y=-%.3fmm,"
                          "every node/.append style={font=\\%s,inner sep=1pt}]\n", width, height,
                     width < SMALL_NARROWEST ? "tiny" : "scriptsize");
    add_cells(m, numbers, out);
    for (size_t i = 0; i < m->count; i++) {
        add_name("anchor=east", -0.1, (double)i + 0.475, m->names[i], out);
        add_name("anchor=west,rotate=40", (double)i + 0.4, -0.3, m->names[i], out);
    }
    if (m->footer && numbers)
        add_name("anchor=east", -0.1, (double)m->count + 0.7, m->footer_name, out);
    fb_strbuf_add(out, "\\end{tikzpicture}\n");
}

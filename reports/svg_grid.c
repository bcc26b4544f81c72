#include <math.h>

#include "svg_panel.h"
#include "text.h"

/* In user units: panels in rows, and below them a legend in columns. */
enum {
    COLUMNS = 3, PANEL_WIDTH = 320, PANEL_HEIGHT = 276, WIDTH_LEAST = 640,
    LEFT = 44, RIGHT = 16, TOP = 62, BOTTOM = 50, MARKERS = 4,
    KEY = 34, ENTRY = 190, ENTRY_HEIGHT = 20, NAME_WIDTH = ENTRY - KEY - 20,
};

static size_t count_columns(size_t count)
{
    return count < COLUMNS ? count : COLUMNS;
}

static int grid_width(size_t count)
{
    int width = PANEL_WIDTH * (int)count_columns(count);
    return width > WIDTH_LEAST ? width : WIDTH_LEAST;
}

static size_t count_rows(size_t count)
{
    return (count + COLUMNS - 1) / COLUMNS;
}

/* A panel with its title; empty when no series has a point. */
static void draw_panel(const svg_plot *plot, int left, int top, int width, fb_strbuf *out)
{
    svg_panel p = {.left = left + LEFT, .right = left + width - RIGHT, .top = top + TOP,
                   .bottom = top + PANEL_HEIGHT - BOTTOM, .markers = MARKERS};
    svg_text(left + LEFT, top + 16, "start", plot->title, width - LEFT - RIGHT, out);
    if (!frame_init(plot, 5, 5, &p.frame)) {
        svg_group("axis", out);
        svg_text(left + LEFT, top + TOP + 20, "start", "no results", 0, out);
        svg_end(out);
        return;
    }
    svg_panel_draw(plot, &p, out);
    svg_group("axis", out);
    svg_text(left + LEFT, top + 36, "start", plot->y_label, 0, out);
    svg_text((p.left + p.right) / 2.0, p.bottom + 38, "middle", plot->x_label, 0, out);
    svg_end(out);
}

static void draw_key(const svg_series *series, int x, int y, fb_strbuf *out)
{
    fb_strbuf_add(out, "<g ");
    palette_attributes(series->look, out);
    fb_strbuf_printf(out, "><path fill=\"none\" stroke-width=\"2\" stroke-dasharray=\"%s\" "
                          "d=\"M%d %dh%d\"/><path stroke=\"none\" d=\"",
                     palette_dashes(series->look), x, y, KEY);
    palette_marker(series->look, x + KEY / 2.0, y, out);
    fb_strbuf_add(out, "\"/></g>");
    svg_text(x + KEY + 6, y + 4.5, "start", series->name, NAME_WIDTH, out);
    fb_strbuf_add(out, "\n");
}

void svg_grid(const svg_image *image, const svg_plot *plots, size_t count, fb_strbuf *out)
{
    int width = grid_width(count), panel = width / (int)count_columns(count);
    int top = PANEL_HEIGHT * (int)count_rows(count);
    size_t each = (size_t)(width - LEFT) / ENTRY, series = plots[0].series_count;
    svg_image whole = *image;
    whole.width = width;
    whole.height = top + ENTRY_HEIGHT * (int)((series + each - 1) / each) + 12;
    svg_open(&whole, out);
    for (size_t i = 0; i < count; i++)
        draw_panel(&plots[i], panel * (int)(i % COLUMNS), PANEL_HEIGHT * (int)(i / COLUMNS), panel,
                   out);
    for (size_t s = 0; s < series; s++)
        draw_key(&plots[0].series[s], LEFT + ENTRY * (int)(s % each),
                 top + ENTRY_HEIGHT * (int)(s / each) + 10, out);
    svg_close(out);
}

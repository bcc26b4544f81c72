#include "svg_panel.h"

#include <math.h>
#include <stdio.h>

#include "text.h"

/* A place for a value of the x axis itself, which is log2 where the scale is. */
static double axis_x(const svg_panel *p, double value)
{
    const axis *x = &p->frame.x;
    return p->left + (value - x->low) / (x->high - x->low) * (p->right - p->left);
}

double svg_panel_x(const svg_panel *p, double x)
{
    return axis_x(p, p->frame.scale == SVG_LOG2 ? log2(x) : x);
}

double svg_panel_y(const svg_panel *p, double y)
{
    const axis *a = &p->frame.y;
    return p->bottom - (y - a->low) / (a->high - a->low) * (p->bottom - p->top);
}

static double tick_x(const svg_panel *p, long tick)
{
    return axis_x(p, (double)tick * p->frame.x.step);
}

static double tick_y(const svg_panel *p, long tick)
{
    return svg_panel_y(p, (double)tick * p->frame.y.step);
}

static void draw_grid(const svg_panel *p, fb_strbuf *out)
{
    const frame *f = &p->frame;
    svg_group("grid", out);
    for (long k = axis_first(f->y); k <= axis_last(f->y); k++)
        fb_strbuf_printf(out, "<path d=\"M%d %.1fH%d\"/>", p->left, tick_y(p, k), p->right);
    svg_end(out);
    svg_group("rule", out);
    fb_strbuf_printf(out, "<path d=\"M%d %dH%d", p->left, p->bottom, p->right);
    for (long k = axis_first(f->x); k <= axis_last(f->x); k++)
        fb_strbuf_printf(out, "M%.1f %dv5", tick_x(p, k), p->bottom);
    fb_strbuf_add(out, "\"/>");
    svg_end(out);
}

static void draw_ticks(const svg_panel *p, fb_strbuf *out)
{
    const frame *f = &p->frame;
    char text[32];
    svg_group("ticks", out);
    for (long k = axis_first(f->y); k <= axis_last(f->y); k++)
        svg_number(p->left - 8, tick_y(p, k) + 4.5, "end", frame_text_y(f, k, text), out);
    for (long k = axis_first(f->x); k <= axis_last(f->x); k++)
        svg_number(tick_x(p, k), p->bottom + 20, "middle", frame_text_x(f, k, text), out);
    svg_end(out);
}

/* The line that no curve is expected to pass, with its name above it; or where it is, when that is
 * far above the lines. */
static void draw_ceiling(const svg_plot *plot, const svg_panel *p, fb_strbuf *out)
{
    char above[64];
    if (isnan(plot->ceiling))
        return;
    double y = svg_panel_y(p, plot->ceiling);
    if (y < p->top) {
        snprintf(above, sizeof above, "\u2191 %s: %.1f", plot->ceiling_label, plot->ceiling);
        svg_group("axis", out);
        svg_text(p->left + 4, p->top - 5, "start", above, 0, out);
        svg_end(out);
        return;
    }
    svg_group("rule", out);
    fb_strbuf_printf(out, "<path stroke-dasharray=\"1 4\" stroke-linecap=\"round\" "
                          "stroke-width=\"1.6\" d=\"M%d %.1fH%d\"/>", p->left, y, p->right);
    svg_end(out);
    svg_group("axis", out);
    svg_text(p->left + 4, y - 5, "start", plot->ceiling_label, 0, out);
    svg_end(out);
}

static void draw_band(const svg_series *series, double opacity, const svg_panel *p,
                      fb_strbuf *out)
{
    if (!frame_has_band(series))
        return;
    fb_strbuf_printf(out, "<path class=\"band\" stroke=\"none\" fill-opacity=\"%.3g\" d=\"",
                     opacity);
    for (size_t i = 0; i < series->count; i++)
        fb_strbuf_printf(out, "%c%.1f %.1f", i ? 'L' : 'M', svg_panel_x(p, series->points[i].x),
                         svg_panel_y(p, series->points[i].high));
    for (size_t i = series->count; i-- > 0;)
        fb_strbuf_printf(out, "L%.1f %.1f", svg_panel_x(p, series->points[i].x),
                         svg_panel_y(p, series->points[i].low));
    fb_strbuf_add(out, "Z\"/>");
}

static void draw_line(const svg_series *series, const svg_panel *p, fb_strbuf *out)
{
    fb_strbuf_printf(out, "<path class=\"line\" fill=\"none\" stroke-width=\"2\" "
                          "stroke-linejoin=\"round\" stroke-dasharray=\"%s\" d=\"",
                     palette_dashes(series->look));
    for (size_t i = 0; i < series->count; i++)
        fb_strbuf_printf(out, "%c%.1f %.1f", i ? 'L' : 'M', svg_panel_x(p, series->points[i].x),
                         svg_panel_y(p, series->points[i].y));
    size_t first, step = frame_marker_step(series, p->markers, &first);
    fb_strbuf_add(out, "\"/><path class=\"mark\" stroke=\"none\" d=\"");
    for (size_t i = first; i < series->count; i += step)
        palette_marker(series->look, svg_panel_x(p, series->points[i].x),
                       svg_panel_y(p, series->points[i].y), out);
    fb_strbuf_add(out, "\"/>");
}

static void draw_series(const svg_plot *plot, const svg_panel *p, fb_strbuf *out)
{
    fb_strbuf_printf(out, "<clipPath id=\"%s-clip\"><path d=\"M%d %dH%dV%dH%dZ\"/></clipPath>\n"
                          "<g clip-path=\"url(#%s-clip)\">\n", plot->id, p->left - 4, p->top - 3,
                     p->right + 4, p->bottom + 3, p->left - 4, plot->id);
    for (size_t s = 0; s < plot->series_count; s++) {
        const svg_series *series = &plot->series[s];
        if (series->count == 0)
            continue;
        fb_strbuf_add(out, "<g ");
        palette_attributes(series->look, out);
        fb_strbuf_add(out, "><title>");
        text_add_html(out, series->name);
        fb_strbuf_add(out, "</title>");
        draw_band(series, frame_band_opacity(plot), p, out);
        draw_line(series, p, out);
        fb_strbuf_add(out, "</g>\n");
    }
    fb_strbuf_add(out, "</g>\n");
}

void svg_panel_draw(const svg_plot *plot, const svg_panel *p, fb_strbuf *out)
{
    draw_grid(p, out);
    draw_ticks(p, out);
    draw_ceiling(plot, p, out);
    draw_series(plot, p, out);
}

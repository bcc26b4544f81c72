#include "frame.h"

#include <math.h>
#include <stdio.h>

static double scaled(svg_scale scale, double x)
{
    return scale == SVG_LOG2 ? log2(x) : x;
}

/* Least and most of what is shown. */
typedef struct range {
    double low, high;
} range;

static void extend(range *r, double value)
{
    r->low = fmin(r->low, value); /* fmin and fmax pass over NaN */
    r->high = fmax(r->high, value);
}

static axis make_x(svg_scale scale, range x, int ticks)
{
    double length = x.high - x.low;
    axis made = axis_make(x.low, x.high, ticks);
    if (scale == SVG_LOG2) /* ticks at powers, over a short range at roots */
        made.step = length > 2 ? fmax(1, ceil(made.step)) : length > 1 ? 0.5 : 0.25;
    return made;
}

static axis make_y(const svg_plot *plot, range lines, range bands, int ticks)
{
    if (plot->ceiling - lines.high <= lines.high - lines.low)
        extend(&lines, plot->ceiling); /* further up it would press the lines together */
    double room = fmax(lines.high - lines.low, 0.02 * (plot->y_most - plot->y_least));
    double low = fmax(fmin(bands.low, lines.low), fmax(lines.low - room, plot->y_least));
    double high = fmin(fmax(bands.high, lines.high), fmin(lines.high + room, plot->y_most));
    double padding = high > low ? 0.04 * (high - low) : room / 2;
    return axis_make(fmax(low - padding, plot->y_least), fmin(high + padding, plot->y_most),
                     ticks);
}

bool frame_init(const svg_plot *plot, int x_ticks, int y_ticks, frame *ret_frame)
{
    const range nothing = {(double)INFINITY, (double)-INFINITY};
    range x = nothing, lines = nothing, bands = nothing;
    for (size_t s = 0; s < plot->series_count; s++)
        for (size_t i = 0; i < plot->series[s].count; i++) {
            svg_point p = plot->series[s].points[i];
            extend(&x, scaled(plot->scale, p.x));
            extend(&lines, p.y);
            extend(&bands, p.low);
            extend(&bands, p.high);
        }
    if (!(x.high >= x.low))
        return false;
    *ret_frame = (frame){.x = make_x(plot->scale, x, x_ticks),
                         .y = make_y(plot, lines, bands, y_ticks), .scale = plot->scale};
    return true;
}

const char *frame_text_x(const frame *f, long tick, char out[32])
{
    double value = (double)tick * f->x.step;
    if (f->scale == SVG_LOG2)
        snprintf(out, 32, "%.3g", exp2(value));
    else
        snprintf(out, 32, "%.10g", value);
    return out;
}

const char *frame_text_y(const frame *f, long tick, char out[32])
{
    snprintf(out, 32, "%.10g", (double)tick * f->y.step);
    return out;
}

bool frame_has_band(const svg_series *series)
{
    size_t n = 0;
    for (size_t i = 0; i < series->count; i++)
        n += isfinite(series->points[i].low) && isfinite(series->points[i].high);
    return n > 1 && n == series->count;
}

double frame_band_opacity(const svg_plot *plot)
{
    return fmin(0.12, 1.2 / (double)plot->series_count);
}

size_t frame_marker_step(const svg_series *series, size_t markers, size_t *ret_first)
{
    size_t step = series->count > markers ? (series->count + markers - 1) / markers : 1;
    *ret_first = series->look.number % step;
    return step;
}

#include "lines.h"

#include <math.h>

#include "alloc.h"

lines lines_create(const grid *g, size_t most)
{
    size_t count = g->data->strategy_count;
    lines l = {.series = fb_calloc(count, sizeof *l.series),
               .points = fb_calloc(count, most * sizeof *l.points),
               .count = count,
               .most = most};
    l.failed = !l.series || !l.points;
    for (size_t s = 0; !l.failed && s < count; s++)
        l.series[s] = (svg_series){.name = g->strategy_names[s], .look = palette_of(g, s),
                                   .points = l.points + s * most};
    return l;
}

void lines_add(lines *l, size_t strategy, svg_point point)
{
    if (l->failed || isnan(point.y))
        return;
    svg_series *series = &l->series[strategy];
    FB_CHECK(series->count < l->most);
    l->points[strategy * l->most + series->count++] = point;
}

void lines_finish(lines *l)
{
    fb_free(l->series);
    fb_free(l->points);
    *l = (lines){0};
}

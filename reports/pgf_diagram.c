#include <math.h>

#include "pgf.h"
#include "pgf_figures.h"
#include "text.h"

/* In TikZ's units: x from 0 to 1 is the axis, y goes down in millimetres. */
static const double BAR_TOP = 3.4, BAR_ROW = 2.2, NAME_ROW = 4.6, RULER = -9;

static double at_x(const diagram *d, double rank)
{
    return (rank - 1) / (double)(d->count - 1);
}

static void add_axis(const diagram *d, double alpha, fb_strbuf *out)
{
    double length = d->nemenyi_cd / (double)(d->count - 1);
    fb_strbuf_add(out, "\\draw[flipbench rule] (0,0) -- (1,0);\n");
    for (size_t k = 1; k <= d->count; k++)
        fb_strbuf_printf(out, "\\draw[flipbench rule] (%.5f,0) -- +(0,-1.2) node[flipbench name,"
                              "anchor=south] {%zu};\n", at_x(d, (double)k), k);
    if (d->verdict && length <= 1)
        fb_strbuf_printf(out, "\\draw[flipbench rule,|-|] (0,%g) -- (%.5f,%g) node[flipbench name,"
                              "anchor=west,xshift=4pt] {Nemenyi\u2019s CD %.2f at %g};\n",
                         RULER, length, RULER, d->nemenyi_cd, alpha);
}

/* A bar over a group's members; see figure_diagram.c for those with gaps. */
static void add_bar(const diagram *d, friedman_group group, double y, fb_strbuf *out)
{
    size_t first = diagram_first(group), last = diagram_last(group);
    if (diagram_is_bar(group)) {
        fb_strbuf_printf(out, "\\draw[flipbench bar,shorten <=-2pt,shorten >=-2pt] (%.5f,%g) -- "
                              "(%.5f,%g);\n", at_x(d, d->mean_ranks[first]), y,
                         at_x(d, d->mean_ranks[last]), y);
        return;
    }
    for (size_t i = first; i < last; i++)
        if (diagram_has(group, i) && diagram_has(group, i + 1))
            fb_strbuf_printf(out, "\\draw[flipbench bar] (%.5f,%g) -- (%.5f,%g);\n",
                             at_x(d, d->mean_ranks[i]), y, at_x(d, d->mean_ranks[i + 1]), y);
    fb_strbuf_printf(out, "\\draw[flipbench gap] (%.5f,%g) -- (%.5f,%g);\n",
                     at_x(d, d->mean_ranks[first]), y, at_x(d, d->mean_ranks[last]), y);
    for (size_t i = first; i <= last; i++)
        if (diagram_has(group, i))
            fb_strbuf_printf(out, "\\fill[flipbenchtext] (%.5f,%g) circle[radius=1.5pt];\n",
                             at_x(d, d->mean_ranks[i]), y);
}

/* The better half's names stand at the left, the others' at the right, best and worst on top. */
static void add_member(const analysis *a, size_t member, double top, fb_strbuf *out)
{
    const diagram *d = &a->diagram;
    bool left = member < (d->count + 1) / 2;
    double y = top + NAME_ROW * (double)(left ? member : d->count - 1 - member);
    double x = at_x(d, d->mean_ranks[member]);
    fb_strbuf_add(out, "\\draw[");
    pgf_style(palette_of(a->grid, d->members[member]), out);
    fb_strbuf_printf(out, ",solid,mark indices=1] plot coordinates {(%.5f,0) (%.5f,%g) (%g,%g)} "
                          "node[flipbench name,text=flipbenchtext,anchor=%s] {",
                     x, x, y, left ? -0.05 : 1.05, y, left ? "east" : "west");
    if (!left)
        fb_strbuf_printf(out, "\\textcolor{flipbenchsoft}{%.2f} ", d->mean_ranks[member]);
    text_add_latex_short(out, a->grid->strategy_names[d->members[member]], PGF_NAME);
    if (left)
        fb_strbuf_printf(out, " \\textcolor{flipbenchsoft}{%.2f}", d->mean_ranks[member]);
    fb_strbuf_add(out, "};\n");
}

void pgf_diagram(const analysis *a, fb_strbuf *out)
{
    const diagram *d = &a->diagram;
    size_t rows[DIAGRAM_GROUPS];
    size_t bar_rows = diagram_rows(d, rows);
    double top = BAR_TOP + BAR_ROW * (double)bar_rows + NAME_ROW / 2;
    fb_strbuf_add(out, "\\begin{tikzpicture}[x=0.42\\linewidth,y=-1mm]\n");
    for (size_t m = 0; m < d->count; m++)
        add_member(a, m, top, out);
    add_axis(d, a->grid->data->alpha, out);
    for (size_t g = 0; g < d->group_count; g++)
        if (rows[g] < DIAGRAM_ROWS)
            add_bar(d, d->groups[g], BAR_TOP + BAR_ROW * (double)rows[g], out);
    fb_strbuf_add(out, "\\end{tikzpicture}\n");
}

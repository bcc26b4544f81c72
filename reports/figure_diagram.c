#include <math.h>
#include <stdio.h>

#include "csv.h"
#include "figures.h"
#include "pgf_figures.h"
#include "svg.h"

/* In user units. Names stand to the left for the better half, to the right for the other, and lines
 * lead from them to their mean ranks on the axis. */
enum {
    WIDTH = 640, LEFT = 190, RIGHT = 450, AXIS = 62, AXIS_ALONE = 30,
    BAR_TOP = 15, BAR_ROW = 10, NAME_ROW = 22,
    NUMBER_GAP = 20, NUMBER = 50, NAME_WIDTH = LEFT - 16 - NUMBER,
};

size_t figure_diagram_count(const analysis *a)
{
    return a->diagram.count >= 2 && a->diagram.datasets >= 2;
}

static double at_x(const diagram *d, double rank)
{
    return LEFT + (rank - 1) / (double)(d->count - 1) * (RIGHT - LEFT);
}

/* Where the axis stands: below the ruler for the critical difference, where there is one. */
static int axis_y(const diagram *d)
{
    return d->verdict ? AXIS : AXIS_ALONE;
}

/* ---- bars ------------------------------------------------------------------------------------ */

/* A bar over the group's members. Where a strategy between them does not belong to the group, the
 * bar is a thin dotted line, and discs say who does. */
static void draw_bar(const diagram *d, friedman_group group, double y, fb_strbuf *out)
{
    size_t first = diagram_first(group), last = diagram_last(group);
    bool plain = diagram_is_bar(group);
    double room = plain ? 3 : 0;
    fb_strbuf_add(out, "<path stroke-width=\"4\" stroke-linecap=\"round\" d=\"");
    for (size_t i = first; i < last; i++)
        if (diagram_has(group, i) && diagram_has(group, i + 1))
            fb_strbuf_printf(out, "M%.1f %.1fH%.1f", at_x(d, d->mean_ranks[i]) - room, y,
                             at_x(d, d->mean_ranks[i + 1]) + room);
    fb_strbuf_add(out, "\"/>");
    if (plain)
        return;
    fb_strbuf_printf(out, "<path stroke-width=\"1.2\" stroke-dasharray=\"1.5 2.5\" d=\"M%.1f "
                          "%.1fH%.1f\"/>", at_x(d, d->mean_ranks[first]), y,
                     at_x(d, d->mean_ranks[last]));
    for (size_t i = first; i <= last; i++)
        if (diagram_has(group, i))
            fb_strbuf_printf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.6\" fill=\"" PALETTE_TEXT
                                  "\" stroke=\"none\"/>", at_x(d, d->mean_ranks[i]), y);
}

static void draw_bars(const diagram *d, const size_t *rows, fb_strbuf *out)
{
    fb_strbuf_add(out, "<g class=\"bars\" stroke=\"" PALETTE_TEXT "\" fill=\"none\">");
    for (size_t g = 0; g < d->group_count; g++)
        if (rows[g] < DIAGRAM_ROWS)
            draw_bar(d, d->groups[g], axis_y(d) + BAR_TOP + BAR_ROW * (double)rows[g], out);
    svg_end(out);
}

/* ---- the rest -------------------------------------------------------------------------------- */

/* Ranks have numbers where those do not touch: 1, and then every second, fifth, tenth, ... */
static size_t number_every(const diagram *d)
{
    static const size_t factors[] = {2, 5, 10};
    size_t every = 1, unit = 1;
    for (size_t i = 0; at_x(d, 1 + (double)every) - at_x(d, 1) < NUMBER_GAP; i++) {
        every = factors[i % 3] * unit;
        unit = i % 3 == 2 ? every : unit;
    }
    return every;
}

static void draw_axis(const diagram *d, double alpha, fb_strbuf *out)
{
    char text[64];
    double length = d->nemenyi_cd / (double)(d->count - 1) * (RIGHT - LEFT);
    size_t every = number_every(d);
    bool ruler = d->verdict && length <= RIGHT - LEFT;
    svg_group("rule", out);
    fb_strbuf_printf(out, "<path d=\"M%d %dH%d", LEFT, axis_y(d), RIGHT);
    for (size_t k = 1; k <= d->count; k++)
        fb_strbuf_printf(out, "M%.1f %dv-6", at_x(d, (double)k), axis_y(d));
    if (ruler)
        fb_strbuf_printf(out, "M%d 16v6m0-3h%.1fm0-3v6", LEFT, length);
    fb_strbuf_add(out, "\"/>");
    svg_end(out);
    svg_group("ticks", out);
    for (size_t k = 1; k <= d->count; k++) {
        if (k > 1 && (k % every != 0 || k - 1 < every))
            continue;
        snprintf(text, sizeof text, "%zu", k);
        svg_number(at_x(d, (double)k), axis_y(d) - 11, "middle", text, out);
    }
    snprintf(text, sizeof text, "Nemenyi\u2019s CD %.2f at %g", d->nemenyi_cd, alpha);
    if (ruler)
        svg_number(LEFT + length + 8, 23.5, "start", text, out);
    svg_end(out);
}

static void draw_number(double x, double y, bool left, double value, fb_strbuf *out)
{
    char text[32];
    snprintf(text, sizeof text, "%.2f", value);
    svg_group("ticks", out);
    svg_number(x, y, left ? "end" : "start", text, out);
    svg_end(out);
}

static void draw_member(const analysis *a, const diagram *d, size_t member, double top,
                        fb_strbuf *out)
{
    size_t half = (d->count + 1) / 2;
    bool left = member < half;
    double y = top + NAME_ROW * (double)(left ? member : d->count - 1 - member);
    double x = at_x(d, d->mean_ranks[member]), end = left ? LEFT - 16 : RIGHT + 16;
    palette_look look = palette_of(a->grid, d->members[member]);
    fb_strbuf_add(out, "<g ");
    palette_attributes(look, out);
    fb_strbuf_printf(out, "><path fill=\"none\" stroke-width=\"1.5\" d=\"M%.1f %dV%.1fH%.1f\"/>"
                          "<path stroke=\"none\" d=\"", x, axis_y(d), y, end);
    palette_marker(look, x, axis_y(d), out);
    fb_strbuf_add(out, "\"/></g>");
    svg_text(left ? end - NUMBER : end + NUMBER, y + 4.5, left ? "end" : "start",
             a->grid->strategy_names[d->members[member]], NAME_WIDTH, out);
    draw_number(left ? end - 6 : end + 6, y + 4.5, left, d->mean_ranks[member], out);
}

static void draw(const analysis *a, figure *f)
{
    const diagram *d = &a->diagram;
    size_t rows[DIAGRAM_GROUPS];
    size_t bar_rows = diagram_rows(d, rows), half = (d->count + 1) / 2;
    double top = axis_y(d) + BAR_TOP + BAR_ROW * (double)bar_rows + NAME_ROW / 2.0;
    int height = (int)(top + NAME_ROW * (double)half - 6);
    svg_open(&(svg_image){f->id, f->title.text, f->description.text, WIDTH, height, NULL}, &f->svg);
    for (size_t m = 0; m < d->count; m++)
        draw_member(a, d, m, top, &f->svg);
    draw_axis(d, a->grid->data->alpha, &f->svg);
    draw_bars(d, rows, &f->svg);
    svg_close(&f->svg);
    pgf_diagram(a, &f->latex);
}

static void caption_tests(const diagram *d, fb_strbuf *out)
{
    fb_strbuf_printf(out, " Friedman: \u03c7\u00b2 = %.3f, p = %.4g", d->test.plain,
                     d->test.plain_p);
    if (!isnan(d->test.corrected))
        fb_strbuf_printf(out, " (corrected for ties %.3f, p = %.4g)", d->test.corrected,
                         d->test.corrected_p);
    if (isfinite(d->test.f))
        fb_strbuf_printf(out, "; Iman-Davenport: F = %.3f, p = %.4g.", d->test.f, d->test.f_p);
    else
        fb_strbuf_add(out, "; the ranks are the same on every data set.");
}

static void caption(const analysis *a, fb_strbuf *out)
{
    const diagram *d = &a->diagram;
    size_t all_pairs = d->count * (d->count - 1) / 2;
    double smallest = stat_sign_flip_smallest(d->datasets);
    fb_strbuf_printf(out, "Mean ranks by AUBC over N = %zu data sets, 1 is best.", d->datasets);
    if (!d->verdict && d->datasets < DIAGRAM_DATASETS) {
        fb_strbuf_printf(out, " With fewer than %d data sets no verdict is given: nothing is "
                              "joined, and no order is claimed.", DIAGRAM_DATASETS);
    } else if (!d->verdict) {
        fb_strbuf_printf(out, " With more than %d strategies none are joined.",
                         FRIEDMAN_MEMBERS_MAX);
    } else {
        fb_strbuf_printf(out, " Bars join groups in which no two differ: Wilcoxon\u2019s signed "
                              "ranks over data sets, two-sided, Holm over all %zu pairs, level %g. "
                              "A dotted bar passes over strategies that do not belong to it. "
                              "Nemenyi\u2019s critical difference is drawn for comparison.",
                         all_pairs, a->grid->data->alpha);
        if (smallest * (double)all_pairs > a->grid->data->alpha)
            fb_strbuf_printf(out, " %zu data sets cannot tell any two of so many apart: the "
                                  "smallest p is %.4g, and Holm asks for %.4g; a bar shows too few "
                                  "data sets and not that nothing differs.", d->datasets, smallest,
                             a->grid->data->alpha / (double)all_pairs);
        caption_tests(d, out);
    }
    if (d->groups_dropped)
        fb_strbuf_printf(out, " There are more than the %d groups that are drawn.", DIAGRAM_GROUPS);
    if (d->count < a->grid->data->strategy_count)
        fb_strbuf_printf(out, " %zu strateg%s a data set and %s left out.",
                         a->grid->data->strategy_count - d->count,
                         a->grid->data->strategy_count - d->count == 1 ? "y lacks" : "ies lack",
                         a->grid->data->strategy_count - d->count == 1 ? "is" : "are");
}

/* The table: ranks, and the p values of all pairs where there is a verdict. */
static void fill_numbers(const analysis *a, figure *f)
{
    const diagram *d = &a->diagram;
    char **names = a->grid->strategy_names;
    table_column(&f->numbers, TABLE_HEAD, "Strategy");
    table_column(&f->numbers, TABLE_NUMBER, "Mean rank");
    if (d->practical) {
        table_caption(&f->numbers, "Better, level, worse: Bayesian signed ranks against %s, one "
                                   "difference of AUBC a data set, rope %g points; share of %d "
                                   "draws. ", names[a->grid->baseline], 100 * DIAGRAM_ROPE,
                      DIAGRAM_DRAWS);
        table_column(&f->numbers, TABLE_NUMBER, "Better");
        table_column(&f->numbers, TABLE_NUMBER, "Level");
        table_column(&f->numbers, TABLE_NUMBER, "Worse");
    }
    if (d->verdict)
        table_caption(&f->numbers, "Further columns: p of Wilcoxon\u2019s test, corrected by "
                                   "Holm.");
    for (size_t m = 0; d->verdict && m < d->count; m++)
        table_column(&f->numbers, TABLE_NUMBER, names[d->members[m]]);
    fb_strbuf_add(&f->csv, "strategy,mean_rank,better,level,worse\n");
    for (size_t m = 0; m < d->count; m++) {
        const robust_signed_rank none = {(double)NAN, (double)NAN, (double)NAN};
        robust_signed_rank p = d->practical ? d->practical[d->members[m]] : none;
        table_cell(&f->numbers, 0, "%s", names[d->members[m]]);
        table_number(&f->numbers, 0, d->mean_ranks[m], 3);
        for (size_t k = 0; d->practical && k < 3; k++)
            table_number(&f->numbers, 0, k == 0 ? p.right : k == 1 ? p.rope : p.left, 3);
        for (size_t k = 0; d->verdict && k < d->count; k++)
            table_p(&f->numbers, 0, d->p[m * d->count + k]);
        csv_field(&f->csv, names[d->members[m]]);
        csv_number(&f->csv, d->mean_ranks[m]);
        csv_number(&f->csv, p.right);
        csv_number(&f->csv, p.rope);
        csv_number(&f->csv, p.left);
        fb_strbuf_add(&f->csv, "\n");
    }
}

void figure_diagram(const analysis *a, size_t index, figure *f)
{
    const diagram *d = &a->diagram;
    (void)index;
    snprintf(f->id, sizeof f->id, "ranks");
    f->wide = true;
    fb_strbuf_add(&f->title, d->verdict ? "Critical differences" : "Ranks over data sets");
    caption(a, &f->caption);
    fb_strbuf_add(&f->description, "Mean ranks from best to worst: ");
    for (size_t m = 0; m < d->count; m++)
        fb_strbuf_printf(&f->description, "%s%s %.2f", m ? "; " : "",
                         a->grid->strategy_names[d->members[m]], d->mean_ranks[m]);
    fb_strbuf_printf(&f->description, ". %zu groups are joined.", d->group_count);
    draw(a, f);
    fill_numbers(a, f);
}

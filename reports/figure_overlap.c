#include <math.h>
#include <stdio.h>

#include "csv.h"
#include "figures.h"
#include "pgf.h"
#include "svg.h"

/* One of the matrices: overlap of the first queries, of all queries, correlation of scores. */
typedef struct view {
    const char *id, *title, *measure;
    const char *when;             /* which queries the overlap is about */
    const double *values;
    const overlap_table *overlap; /* NULL for scores */
} view;

enum { VIEWS = 3 };

static view view_of(const analysis *a, size_t index)
{
    const selections *s = &a->selections;
    const view views[VIEWS] = {
        {"overlap-first", "Overlap of the first query", "jaccard",
         "in the first query, when all have the same network", s->first.between, &s->first},
        {"overlap-all", "Overlap of all queries", "jaccard", "over all rounds that both have",
         s->all.between, &s->all},
        {"scores", "Agreement of scores", "spearman", "", s->scores.spearman, NULL}};
    return views[index];
}

size_t figure_overlap_count(const analysis *a)
{
    if (!a->selections.known || a->selections.strategies < 2)
        return 0;
    return a->selections.scored ? VIEWS : VIEWS - 1;
}

static void caption(const view *v, figure *f)
{
    if (!v->overlap) {
        fb_strbuf_add(&f->caption, "Spearman\u2019s rank correlation of the scores that two "
                                   "strategies give the pool of the first query, mean over trials, "
                                   "then over settings. Below 0: what one scores high the other "
                                   "scores low, which may be a matter of sign. Kendall\u2019s "
                                   "tau-b is in the table.");
        return;
    }
    fb_strbuf_printf(&f->caption, "Jaccard\u2019s index of what two strategies ask for in the same "
                                  "trial %s, mean over trials, then over settings. ", v->when);
    if (isnan(v->overlap->chance))
        fb_strbuf_add(&f->caption, "What chance gives is not known.");
    else
        fb_strbuf_printf(&f->caption, "Two that draw at random would have %.4f.",
                         v->overlap->chance);
    fb_strbuf_add(&f->caption, " The last row: one strategy\u2019s different trials.");
}

/* The two that agree most. */
static void describe(const analysis *a, const view *v, fb_strbuf *out)
{
    size_t k = a->selections.strategies, best = 0;
    for (size_t i = 0; i < k * k; i++)
        if (!isnan(v->values[i]) && !(v->values[best] >= v->values[i]))
            best = i;
    if (isnan(v->values[best]))
        fb_strbuf_add(out, "No two strategies have a trial in common.");
    else
        fb_strbuf_printf(out, "Closest to each other: %s and %s, with %.3f.",
                         a->grid->strategy_names[best / k], a->grid->strategy_names[best % k],
                         v->values[best]);
}

static double largest_of(const double *values, size_t count)
{
    double largest = 0;
    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, values[i]);
    return largest;
}

static void fill_table(const analysis *a, const view *v, table *t)
{
    size_t k = a->selections.strategies;
    char **names = a->grid->strategy_names;
    if (!v->overlap)
        table_caption(t, "Spearman\u2019s rho; in brackets Kendall\u2019s tau-b.");
    table_column(t, TABLE_HEAD, "Strategy");
    for (size_t c = 0; c < k; c++)
        table_column(t, TABLE_NUMBER, names[c]);
    for (size_t r = 0; r < k; r++) {
        table_cell(t, 0, "%s", names[r]);
        for (size_t c = 0; c < k; c++) {
            table_number(t, 0, v->values[r * k + c], 3);
            if (!v->overlap && !isnan(v->values[r * k + c]))
                table_append(t, " (%.3f)", a->selections.scores.kendall[r * k + c]);
        }
    }
    if (!v->overlap)
        return;
    table_cell(t, 0, "Between trials");
    for (size_t c = 0; c < k; c++)
        table_number(t, 0, v->overlap->trials[c], 3);
}

static void fill_csv(const analysis *a, const view *v, fb_strbuf *csv)
{
    size_t k = a->selections.strategies;
    fb_strbuf_printf(csv, "first,second,%s%s\n", v->measure, v->overlap ? "" : ",kendall");
    for (size_t i = 0; i < k * k; i++) {
        if (i / k == i % k && !v->overlap)
            continue;
        csv_field(csv, a->grid->strategy_names[i / k]);
        fb_strbuf_add(csv, ",");
        csv_field(csv, a->grid->strategy_names[i % k]);
        csv_number(csv, i / k == i % k ? v->overlap->trials[i / k] : v->values[i]);
        if (!v->overlap)
            csv_number(csv, a->selections.scores.kendall[i]);
        fb_strbuf_add(csv, "\n");
    }
}

void figure_overlap(const analysis *a, size_t index, figure *f)
{
    view v = view_of(a, index);
    size_t k = a->selections.strategies;
    snprintf(f->id, sizeof f->id, "%s", v.id);
    f->wide = true;
    f->large = k > SVG_MATRIX_COLUMNS;
    fb_strbuf_add(&f->title, v.title);
    caption(&v, f);
    describe(a, &v, &f->description);
    double most = v.overlap ? largest_of(v.values, k * k) : 1;
    const svg_matrix matrix = {.id = f->id, .title = f->title.text,
                               .description = f->description.text,
                               .names = (const char *const *)a->grid->strategy_names,
                               .values = v.values, .count = k, .least = 0, .most = most,
                               .digits = most < 0.1 ? 3 : 2,
                               .footer = v.overlap ? v.overlap->trials : NULL,
                               .footer_name = "between trials"};
    svg_draw_matrix(&matrix, &f->svg);
    pgf_matrix(&matrix, &f->latex);
    fill_table(a, &v, &f->numbers);
    fill_csv(a, &v, &f->csv);
}

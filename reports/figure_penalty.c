#include <math.h>
#include <stdio.h>

#include "csv.h"
#include "figures.h"
#include "pgf.h"
#include "svg.h"
#include "text.h"

size_t figure_penalty_count(const analysis *a)
{
    if (a->grid->data->strategy_count < 2)
        return 0;
    return analysis_has_baseline(a) ? 2 : 1;
}

/* "24", "23 to 24": counted steps in the settings that have any. */
static void add_steps(const penalty *p, size_t settings, fb_strbuf *out)
{
    size_t least = 0, most = 0;
    for (size_t i = 0; i < settings; i++) {
        if (p->steps[i] == 0)
            continue;
        least = least == 0 || p->steps[i] < least ? p->steps[i] : least;
        most = p->steps[i] > most ? p->steps[i] : most;
    }
    text_add_range(out, least, most);
}

/* Pairs of strategies at counted steps. */
static size_t count_comparisons(const penalty *p, size_t settings)
{
    size_t steps = 0;
    for (size_t i = 0; i < settings; i++)
        steps += p->steps[i];
    return steps * p->strategies * (p->strategies - 1) / 2;
}

static void caption(const analysis *a, size_t rule, figure *f)
{
    const penalty *p = &a->penalties[rule];
    fb_strbuf_add(&f->caption, "How often the column\u2019s strategy is significantly worse than "
                               "the row\u2019s: paired t test of the accuracies at each step over "
                               "common trials, two-sided, ");
    fb_strbuf_printf(&f->caption, "level %g, uncorrected; shares of steps, summed over %zu "
                                  "setting%s. Smaller column means are better. ",
                     a->grid->data->alpha, p->settings, p->settings == 1 ? "" : "s");
    if (rule == PENALTY_ALL)
        fb_strbuf_printf(&f->caption, "Steps: %s (", grid_steps_text(a->grid));
    else
        fb_strbuf_printf(&f->caption, "Steps: %slabels that double, while %s has at most 0.99 of "
                                      "its final accuracy (",
                         a->grid->data->include_initial ? "the initial labels and " : "",
                         a->grid->strategy_names[a->grid->baseline]);
    add_steps(p, a->grid->data->setting_count, &f->caption);
    fb_strbuf_printf(&f->caption, " a setting). If no strategy differed, an entry would be %.3f on "
                                  "average.", p->expected);
    if (p->untested)
        fb_strbuf_printf(&f->caption, " %zu comparisons had fewer than two common trials and give "
                                      "no penalty to either side.", p->untested);
}

static void fill_table(const analysis *a, const penalty *p, table *t)
{
    size_t k = p->strategies;
    char **names = a->grid->strategy_names;
    table_column(t, TABLE_HEAD, "Row beats column");
    for (size_t c = 0; c < k; c++)
        table_column(t, TABLE_NUMBER, names[c]);
    for (size_t r = 0; r < k; r++) {
        table_cell(t, 0, "%s", names[r]);
        for (size_t c = 0; c < k; c++)
            table_number(t, r == c ? TABLE_QUIET : 0, p->matrix[r * k + c], 3);
    }
    table_cell(t, 0, "Column mean");
    for (size_t c = 0; c < k; c++)
        table_number(t, TABLE_BOLD, p->column_means[c], 3);
}

static void fill_csv(const analysis *a, const penalty *p, fb_strbuf *csv)
{
    size_t k = p->strategies;
    fb_strbuf_add(csv, "row,column,penalty\n");
    for (size_t i = 0; i < k * k; i++) {
        csv_field(csv, a->grid->strategy_names[i / k]);
        fb_strbuf_add(csv, ",");
        csv_field(csv, a->grid->strategy_names[i % k]);
        csv_number(csv, p->matrix[i]);
        fb_strbuf_add(csv, "\n");
    }
}

static size_t best_column(const penalty *p)
{
    size_t best = 0;
    for (size_t c = 1; c < p->strategies; c++)
        best = p->column_means[c] < p->column_means[best] ? c : best;
    return best;
}

void figure_penalty(const analysis *a, size_t rule, figure *f)
{
    const penalty *p = &a->penalties[rule];
    snprintf(f->id, sizeof f->id, "penalty-%s", rule == PENALTY_ALL ? "all" : "doubling");
    f->wide = true;
    f->large = p->strategies > SVG_MATRIX_COLUMNS;
    fb_strbuf_add(&f->title, rule == PENALTY_ALL ? "All steps (LDM paper)"
                                                 : "Doubling steps (BADGE paper)");
    if (p->untested == count_comparisons(p, a->grid->data->setting_count)) {
        fb_strbuf_add(&f->caption, p->settings ? "No test could be made: it needs two trials of "
                                                 "both strategies."
                                               : "No setting has such a step.");
        return;
    }
    caption(a, rule, f);
    fb_strbuf_printf(&f->description, "Matrix of penalties. Least often beaten: %s, with a column "
                                      "mean of %.3f.", a->grid->strategy_names[best_column(p)],
                     p->column_means[best_column(p)]);
    const svg_matrix matrix = {.id = f->id, .title = f->title.text,
                               .description = f->description.text,
                               .names = (const char *const *)a->grid->strategy_names,
                               .values = p->matrix, .count = p->strategies, .least = 0,
                               .most = (double)p->settings, .digits = 2,
                               .footer = p->column_means, .footer_name = "column mean"};
    svg_draw_matrix(&matrix, &f->svg);
    pgf_matrix(&matrix, &f->latex);
    fill_table(a, p, &f->numbers);
    fill_csv(a, p, &f->csv);
}

#include "figures.h"

#include <string.h>

#include "paper.h"

const figure_sort figures_sorts[] = {
    {"answer", figure_gains_count, figure_gains},
    {"answer", figure_diagram_count, figure_diagram},
    {"curves", figure_curves_count, figure_curves},
    {"penalty", figure_penalty_count, figure_penalty},
    {"profiles", figure_profiles_count, figure_profiles},
    {"cost", figure_costs_count, figure_costs},
    {"selections", figure_overlap_count, figure_overlap},
    {"selections", figure_balance_count, figure_balance},
};
const size_t figures_sort_count = sizeof figures_sorts / sizeof *figures_sorts;

const figure_chapter figures_chapters[FIGURES_CHAPTERS] = {
    {"curves", "Learning curves", true, true},
    {"penalty", "Penalty matrix", false, false},
    {"profiles", "Performance profiles", true, false},
    {"cost", "Cost against gain", false, false},
    {"selections", "Selections", true, true},
};

size_t figures_count(const analysis *a, const char *section)
{
    size_t count = 0;
    for (size_t i = 0; i < figures_sort_count; i++)
        if (strcmp(figures_sorts[i].section, section) == 0)
            count += figures_sorts[i].count(a);
    return count;
}

static int each_of(const analysis *a, size_t count,
                   void (*build)(const analysis *a, size_t index, figure *ret_figure),
                   figures_take *take, void *context, fb_error *err)
{
    int rc = FB_OK;
    for (size_t i = 0; !rc && i < count; i++) {
        figure f = FIGURE_INIT;
        build(a, i, &f);
        rc = take(context, &f, err);
        figure_finish(&f);
    }
    return rc;
}

int figures_each(const analysis *a, figures_take *take, void *context, fb_error *err)
{
    int rc = FB_OK;
    if (a->grid->data->style == REPORT_PAPER)
        for (size_t i = 0; !rc && i < PAPER_ITEMS; i++)
            rc = each_of(a, paper_figures(a, &paper_items[i]), paper_items[i].figure, take, context,
                         err);
    else
        for (size_t i = 0; !rc && i < figures_sort_count; i++)
            rc = each_of(a, figures_sorts[i].count(a), figures_sorts[i].build, take, context, err);
    return rc;
}

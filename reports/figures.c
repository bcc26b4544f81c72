#include "figures.h"

#include <string.h>

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

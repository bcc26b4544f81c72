#include "figures.h"

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

/* grid.h - the results laid out by setting, strategy and trial, whatever order they came in.
 * Everything that is counted is read from here, so that pairs are made by trial id and never by
 * row order. */
#ifndef FB_REPORTS_GRID_H
#define FB_REPORTS_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reports.h"
#include "strbuf.h"

enum { GRID_NONE = -1 };

/* One cell as a learning curve. */
typedef struct grid_cell {
    const report_cell *source; /* NULL: the results have no such cell */
    const double *labeled;     /* (count) */
    const double *accuracy;    /* (count) */
    size_t count; /* rounds from 0 on with a finite accuracy and more labels than the one before */
    bool apart; /* most of the setting's cells have another fingerprint, or most of the strategy's
                   cells there another version of it */
} grid_cell;

typedef struct grid {
    const report_data *data;
    char **setting_names;  /* unique, for display */
    char **strategy_names; /* unique, for display */
    ptrdiff_t baseline;    /* a strategy's index, or GRID_NONE */
    uint32_t *trials;      /* (trial_count) ascending, over all settings */
    size_t trial_count;
    grid_cell *cells;      /* (settings, strategies, trials) */
    double *numbers;       /* what the curves point to */
} grid;

/* Lays out `data`, which must outlive the grid. FB_EINVAL when an index is out of range, when a
 * cell is there twice, or when there is no cell. */
int grid_init(const report_data *data, grid *ret_grid, fb_error *err);

/* Takes NULL and a zeroed struct. */
void grid_finish(grid *g);

/* `trial` is an index into grid->trials. */
const grid_cell *grid_at(const grid *g, size_t setting, size_t strategy, size_t trial);

/* Sets cells apart by the fingerprints of their setting and the versions of their strategy, for
 * grid_init. FB_ENOMEM. */
int grid_set_apart(grid *g, fb_error *err);

/* The cell as comparisons see it: without a round when it is set apart. Everything that puts cells
 * beside each other reads it through this; `report_data.mix` sets no cell apart. */
grid_cell grid_compared(const grid *g, size_t setting, size_t strategy, size_t trial);

/* Cells that are set apart. */
size_t grid_apart(const grid *g);

/* Whether a network trained on everything is not like the cells of its setting that are compared:
 * then it is no ceiling for them. And its accuracy, NaN when it has none or is set apart. */
bool grid_reference_is_apart(const grid *g, const report_reference *reference);
double grid_reference_accuracy(const grid *g, const report_reference *reference);

/* Networks trained on everything that are set apart. */
size_t grid_references_apart(const grid *g);

/* Whether any strategy has a cell in this setting's trial: then all of them should. */
bool grid_expected(const grid *g, size_t setting, size_t trial);

/* The first round that counts as a step: round 0 is the same for all strategies, so that it does
 * only when it was asked for. And the counted steps in words, "the steps after the first query". */
size_t grid_first_step(const grid *g);
const char *grid_steps_text(const grid *g);

/* Trials expected in a setting. */
size_t grid_setting_trials(const grid *g, size_t setting);

/* Why a cell does not count in full, as a state of one or two words and a cause (which may be "");
 * both NULL when it does. */
typedef struct grid_gap {
    const char *state, *cause;
} grid_gap;

grid_gap grid_gap_of(const grid_cell *cell);

/* Whether any cell has a finished round. */
bool grid_has_rounds(const grid *g);

/* Networks that should have been trained on everything and were not: missing or failed. */
size_t grid_missing_references(const grid *g);

/* Cells that are missing, failed or unfinished, and how many were expected. */
size_t grid_gaps(const grid *g, size_t *ret_expected);

#endif

/* figures.h - which figures a report has. */
#ifndef FB_REPORTS_FIGURES_H
#define FB_REPORTS_FIGURES_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis.h"
#include "figure.h"
#include "folder.h"

/* Figures of one sort: one, none, or one for each setting. */
typedef struct figure_sort {
    const char *section;                 /* where they stand: "answer", "curves", "penalty", ... */
    size_t (*count)(const analysis *a);
    /* Fills `ret_figure`, which is FIGURE_INIT; figure_failed tells whether memory ran short. */
    void (*build)(const analysis *a, size_t index, figure *ret_figure);
} figure_sort;

extern const figure_sort figures_sorts[]; /* in the page's order */
extern const size_t figures_sort_count;

/* Hands on every figure of a report in its style, in order. A non-zero return of `take` stops and
 * is passed on. */
typedef int figures_take(void *context, const figure *f, fb_error *err);
int figures_each(const analysis *a, figures_take *take, void *context, fb_error *err);

/* Adds all of them as files: figures/ID.svg, ID.csv and, where pdf_available, ID.pdf
 * (figure_files.c). */
int figures_write(const analysis *a, folder *out, fb_error *err);

/* Figures in a section. */
size_t figures_count(const analysis *a, const char *section);

/* The sections of figures after the answer, in the page's order. */
typedef struct figure_chapter {
    const char *id, *title;
    bool strategies, setting; /* can be chosen in it */
} figure_chapter;

enum { FIGURES_CHAPTERS = 5 };
extern const figure_chapter figures_chapters[FIGURES_CHAPTERS];

/* ---- the sorts, one file each ---------------------------------------------------------------- */

/* Gains on the baseline with intervals, a row a strategy; none without one (figure_gains.c). */
size_t figure_gains_count(const analysis *a);
void figure_gains(const analysis *a, size_t index, figure *ret_figure);

/* The critical-difference diagram; none with one data set or one strategy (figure_diagram.c). */
size_t figure_diagram_count(const analysis *a);
void figure_diagram(const analysis *a, size_t index, figure *ret_figure);

/* Learning curves, one figure a setting (figure_curves.c). */
size_t figure_curves_count(const analysis *a);
void figure_curves(const analysis *a, size_t setting, figure *ret_figure);

/* The same, small and beside each other, several settings a figure, those on a data set together
 * (figure_grid.c). */
size_t figure_grid_count(const analysis *a);
void figure_grid(const analysis *a, size_t index, figure *ret_figure);

/* Penalty matrices, one for each rule of steps (figure_penalty.c). */
size_t figure_penalty_count(const analysis *a);
void figure_penalty(const analysis *a, size_t rule, figure *ret_figure);

/* Performance profiles: gap, and ratio where there is a target (figure_profiles.c). */
size_t figure_profiles_count(const analysis *a);
void figure_profiles(const analysis *a, size_t index, figure *ret_figure);

/* Seconds a query against gain, for two strategies or more (figure_costs.c). */
size_t figure_costs_count(const analysis *a);
void figure_costs(const analysis *a, size_t index, figure *ret_figure);

/* Overlap of first queries, of all queries, and correlation of scores (figure_overlap.c). */
size_t figure_overlap_count(const analysis *a);
void figure_overlap(const analysis *a, size_t index, figure *ret_figure);

/* Class balance over rounds, one figure a setting; none without queries (figure_balance.c). */
size_t figure_balance_count(const analysis *a);
void figure_balance(const analysis *a, size_t setting, figure *ret_figure);

#endif

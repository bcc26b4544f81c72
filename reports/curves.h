/* curves.h - learning curves: mean accuracy over trials at each number of labels, with its
 * interval. */
#ifndef FB_REPORTS_CURVES_H
#define FB_REPORTS_CURVES_H

#include <stddef.h>

#include "analysis.h"
#include "strbuf.h"
#include "table.h"

/* The level of every interval in a report. */
#define CURVES_LEVEL 0.95

/* One strategy in one setting, over the trials and rounds of its summary. */
typedef struct curve {
    size_t trials, count;
    double *labeled;  /* (count) mean over trials, ascending */
    double *accuracy; /* (count) mean over trials */
    double *half;     /* (count) half the width of Student's interval; NaN with one trial */
} curve;

/* FB_ENOMEM. */
int curve_init(const analysis *a, size_t setting, size_t strategy, curve *ret_curve,
               fb_error *err);

/* Takes NULL and a zeroed struct. */
void curve_finish(curve *c);

/* All strategies of a setting, (strategies); released with curves_destroy. FB_ENOMEM. */
int curves_create(const analysis *a, size_t setting, curve **ret_curves, fb_error *err);

/* Takes NULL. */
void curves_destroy(curve *curves, size_t count);

/* The setting's curves as numbers: a row for each number of labels. */
void curves_table(const analysis *a, size_t setting, const curve *curves, table *t);

/* The setting's curves as the content of a <figure class="plot">: caption, drawing, legend. */
void curves_figure(const analysis *a, size_t setting, const curve *curves, fb_strbuf *out);

#endif

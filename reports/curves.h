/* curves.h - learning curves: mean accuracy over trials at each number of labels, with its
 * interval. */
#ifndef FB_REPORTS_CURVES_H
#define FB_REPORTS_CURVES_H

#include <stddef.h>

#include "analysis.h"
#include "lines.h"
#include "strbuf.h"
#include "table.h"

enum { CURVES_REPLICATES = 2000 };

/* One strategy in one setting, over the trials and rounds of its summary. */
typedef struct curve {
    size_t trials, count;
    double *labeled;   /* (count) mean over trials, ascending */
    double *accuracy;  /* (count) mean over trials */
    double *low, *high; /* (count) interval of the mean at GAINS_LEVEL; NaN with one trial */
    bool bootstrap;    /* percentile bootstrap over trials; otherwise Student's t, because there are
                          fewer than GAINS_BOOTSTRAP_TRIALS */
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

/* The mean accuracy of networks trained on everything in a setting; NaN when there is none. */
double curves_ceiling(const analysis *a, size_t setting, size_t *ret_trials);

/* The curves as lines of a plot whose text is the caller's; released with lines_finish. */
lines curves_lines(const analysis *a, const curve *curves);

/* A setting's plot of those lines; `id` and `description` are the caller's. */
svg_plot curves_plot(const analysis *a, size_t setting, const lines *l);

/* The setting's curves as numbers: a row for each number of labels. */
void curves_table(const analysis *a, size_t setting, const curve *curves, table *t);

/* The same for several settings: columns, then each setting's rows. */
void curves_columns(const analysis *a, table *t);
void curves_rows(const analysis *a, size_t setting, const curve *curves, table *t);

/* The same in full: setting, strategy, labels, mean, interval, trials. */
void curves_csv_header(fb_strbuf *out);
void curves_csv(const analysis *a, size_t setting, const curve *curves, fb_strbuf *out);

#endif

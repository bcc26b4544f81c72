/* statistic_rows.h - what an analysis states, a number a row: it is written down here and worked
 * out nowhere. */
#ifndef FB_REPORTS_STATISTIC_ROWS_H
#define FB_REPORTS_STATISTIC_ROWS_H

#include "analysis.h"

/* Where rows go. Like an fb_strbuf, it remembers that a row was refused: hand on many, check once.
 */
typedef struct statistic_rows {
    const analysis *analysis;
    report_take_statistic take;
    void *context;
    fb_error *err;
    int rc; /* of the first row that was refused; no further one is handed on */
} statistic_rows;

/* Hands on all rows of an analysis in a fixed order, none when no cell has a round. The first
 * non-zero return of `take`, or FB_ENOMEM. */
int statistic_rows_all(const analysis *a, report_take_statistic take, void *context, fb_error *err);

/* The same as CSV text with a header. FB_ENOMEM. */
int statistic_rows_csv(const analysis *a, fb_strbuf *out, fb_error *err);

/* ---- for the files that make rows ------------------------------------------------------------ */

/* A row without numbers; NULL for no setting, no strategy. */
report_statistic statistic_blank(const report_setting *setting, const report_strategy *strategy);

/* Hands on a row. */
void statistic_hand_on(statistic_rows *rows, const report_statistic *row);

/* Fills in a number and hands on: alone; a mean with its spread and Student's interval; a mean with
 * the paired t test of whether it is 0. */
void statistic_number(statistic_rows *rows, report_statistic row, const char *measure,
                      double value);
void statistic_mean(statistic_rows *rows, report_statistic row, const char *measure,
                    stat_moments moments);
void statistic_difference(statistic_rows *rows, report_statistic row, const char *measure,
                          stat_moments moments, stat_test test);

/* Names the test behind a row, with its p value, at the report's level and uncorrected. */
void statistic_test(const statistic_rows *rows, report_statistic *row, const char *test,
                    const char *sided, double p);

/* Names of tests and sides that several rows share. */
extern const char *const statistic_paired_t, *const statistic_two_sided;

/* What Wilcoxon's test is called, exact or by approximation. */
const char *statistic_wilcoxon(bool exact);

/* Seconds and memory: a row a number (statistic_rows.c). */
struct cost;
void statistic_costs(statistic_rows *rows, report_statistic row, const struct cost *c);

/* The rows over all settings (statistic_totals.c). */
void statistic_totals(statistic_rows *rows);

#endif

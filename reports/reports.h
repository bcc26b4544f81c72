/* reports.h - from results to tables, figures and a page. Knows nothing of the store: the harness
 * fills these structs from one results folder or several. */
#ifndef FB_REPORTS_H
#define FB_REPORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

/* One finished round of a cell. NaN where there is no number. */
typedef struct report_round {
    uint32_t round;
    uint32_t labeled;
    double accuracy, balanced_accuracy, macro_f1, loss, validation_accuracy;
    double train_seconds, query_seconds, service_seconds, evaluate_seconds;
    uint64_t peak_rss_bytes;
    char selected_sha256[65]; /* of the queried ids in order; "" in a cell's last round */
    const uint32_t *queried;  /* (query_count) sample ids in order of rank; NULL: not loaded */
    const uint32_t *labels;   /* (query_count) that were revealed */
    size_t query_count;
    const uint32_t *score_ids; /* (score_count) the sub-pool, ascending; NULL: none stored */
    const double *scores;      /* (score_count) the strategy's, whatever its order */
    size_t score_count;
} report_round;

typedef struct report_cell {
    size_t setting, strategy; /* indices below */
    uint32_t trial;
    report_round *rounds;     /* ascending, from round 0, without a gap */
    size_t round_count;
    size_t planned_rounds;    /* how many there are when the cell is complete */
    const char *failure;      /* the cause when the last attempt failed; NULL otherwise */
    /* What must agree for cells of a setting to be compared, whatever their strategies: digests of
     * data and network, recipe, budget, seed, numerics_version, engine and, where its bits depend
     * on it, the machine. Canonical JSON; equal ones are one pointer. NULL: not known. */
    const char *fingerprint;
    uint32_t algo_version;    /* the strategy's; must agree among its own cells. 0: not known */
} report_cell;

/* One network trained on everything (`reference: full`): the ceiling of a setting's trial. */
typedef struct report_reference {
    size_t setting;
    uint32_t trial;
    double accuracy;           /* NaN while there is none: not run yet, or failed */
    size_t labeled;
    const report_round *round; /* all of its numbers; NULL while there are none */
    const char *failure;       /* the cause when it failed; NULL otherwise */
    const char *fingerprint;   /* as a cell's */
} report_reference;

typedef struct report_setting {
    const char *name, *dataset, *network;
    size_t validation_labels;
    size_t class_count, pool_count; /* pool: unlabelled at the start; 0: not known */
    size_t subpool;                 /* samples offered in a round; 0: the whole pool */
} report_setting;

typedef struct report_strategy {
    const char *label, *id, *params; /* params: canonical JSON; tells equal labels apart */
} report_strategy;

typedef struct report_fact {
    const char *name, *value;
} report_fact;

typedef enum report_style {
    REPORT_FULL,
    REPORT_PAPER /* the figures and tables of the LDM-Seeding paper, and nothing else (paper.h) */
} report_style;

typedef struct report_data {
    const char *name; /* the experiment's, or whatever the report is to be headed */
    report_setting *settings;     size_t setting_count;    /* in the spec's order */
    report_strategy *strategies;  size_t strategy_count;   /* in the spec's order */
    report_cell *cells;           size_t cell_count;       /* any order; also those not begun */
    report_reference *references; size_t reference_count;  /* by setting, then trial */
    report_strategy reference;    /* what references are called in rows; zeroed without them */
    const char *baseline;         /* a strategy's label or id */
    double alpha;
    const char *correction;       /* "holm" (also when NULL) or "none" */
    bool mix;       /* cells with different fingerprints are compared all the same */
    bool include_initial; /* counted steps begin with round 0, and not after the first query */
    bool all_pairs; /* every two strategies are tested, not only each against the baseline */
    const char *resolved_spec;    /* YAML text */
    const report_fact *provenance; size_t provenance_count; /* version, CPU, compiler, dates */
    report_style style;
    unsigned parts; /* of report_write, as report_parse_parts gives them; 0: all */
} report_data;

/* Parts of a report from their names, separated by commas: html (index.html, self-contained),
 * tables (tables.md), csv (rounds.csv, statistics.csv), figures (figures/ID.svg, .pdf and .csv),
 * latex (latex/report.tex and what it inputs). FB_EINVAL for a name that is none; the sentence
 * lists them. */
int report_parse_parts(const char *list, unsigned *ret_parts, fb_error *err);

/* A style from its name, full or paper. FB_EINVAL for another; the sentence lists both. */
int report_parse_style(const char *name, report_style *ret_style, fb_error *err);

/* Writes the parts of a report that data->parts asks for into the folder `out`, which is created.
 * Files of other parts stay as they are. Figures that a former report wrote there and this one does
 * not have are removed, unless they have been changed since. What is missing or failed is shown,
 * never dropped. FB_EINVAL when there is no cell, finished or not. */
int report_write(const report_data *data, const char *out, fb_error *err);

/* Whether figures are written as PDF too: whether librsvg is there. */
bool report_writes_pdf(void);

/* The columns of rounds.csv and of `flipbench export --what rounds`, and one row of it. */
struct fb_strbuf;
void report_csv_header(struct fb_strbuf *out);
void report_csv_row(const report_data *data, const report_cell *cell, const report_round *round,
                    struct fb_strbuf *out);

/* The row of a finished reference. */
void report_csv_reference(const report_data *data, const report_reference *reference,
                          struct fb_strbuf *out);

/* A row of `flipbench export --what statistics`: one number about a strategy, or two, in one
 * setting or over all. Accuracies and areas are between 0 and 1. NaN, NULL and REPORT_NO_COUNT where there
 * is nothing. docs/results.md explains the measures. */
#define REPORT_NO_COUNT SIZE_MAX

typedef struct report_statistic {
    const report_setting *setting;   /* NULL: over all settings */
    const report_strategy *strategy; /* NULL: over all strategies */
    const report_strategy *against;  /* the number is about both; NULL: none */
    const char *measure;
    double value;
    double sd;              /* over trials */
    double low, high;       /* 95 % interval */
    const char *interval;   /* its kind: "student", "percentile" or "bca" */
    const char *test;       /* behind p, or behind the value; NULL: none */
    const char *sided;      /* "two-sided" or "one-sided" */
    double alpha;           /* the test's level */
    double p, p_corrected;
    const char *correction; /* "holm"; NULL: none */
    size_t trials, trials_expected; /* used, and those that there should be */
    size_t rounds;          /* evaluations that the number is made of, round 0 among them */
    size_t settings, datasets; /* that the number is made of */
} report_statistic;

/* A row's fields in the order of the columns, for every format alike. */
typedef enum report_field_kind {
    REPORT_NOTHING, /* missing */
    REPORT_TEXT,
    REPORT_NUMBER,
    REPORT_COUNT
} report_field_kind;

typedef struct report_field {
    const char *name; /* the column's */
    report_field_kind kind;
    const char *text;
    double number;
    size_t count;
} report_field;

enum { REPORT_FIELDS = 24 };

void report_statistic_fields(const report_statistic *row, report_field ret_fields[REPORT_FIELDS]);

/* Hands on every statistic in a fixed order; a non-zero return of `take` stops and is passed on. No
 * row when not one round is finished. FB_EINVAL and FB_ENOMEM as report_write. */
typedef int (*report_take_statistic)(void *context, const report_statistic *row, fb_error *err);
int report_statistics(const report_data *data, report_take_statistic take, void *context,
                      fb_error *err);

#endif

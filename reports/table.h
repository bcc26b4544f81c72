/* table.h - a table as plain text and styles. What a table says is decided once (tables.c); how it
 * looks is each writer's business (html.c, markdown.c).
 *
 * Like an fb_strbuf, a table remembers a failed allocation: build with many calls, check once. */
#ifndef FB_REPORTS_TABLE_H
#define FB_REPORTS_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "statistics.h"
#include "strbuf.h"

enum table_style {
    TABLE_PLAIN = 0,
    TABLE_BOLD = 1,
    TABLE_UNDERLINE = 2,
    TABLE_QUIET = 4,  /* there for completeness: nothing to see */
    TABLE_GOOD = 8,
    TABLE_BAD = 16,
    TABLE_NUMBER = 32, /* of a column: aligned as numbers */
    TABLE_HEAD = 64,   /* of a column: it names the row */
};

/* Stands where there is no number. */
#define TABLE_NOTHING "\u2013"

typedef struct table_entry {
    size_t offset; /* of its text */
    unsigned style;
} table_entry;

typedef struct table {
    fb_strbuf text;       /* the entries' texts, each with its NUL */
    fb_strbuf caption;    /* what the table shows: one sentence or a few */
    table_entry *entries; /* the column titles, then the rows */
    size_t count, capacity;
    size_t columns;
    bool failed;
} table;

#define TABLE_INIT ((table){.text = FB_STRBUF_INIT, .caption = FB_STRBUF_INIT})

/* Adds a column; all columns come before the first cell. */
void table_column(table *t, unsigned style, const char *title);

/* Adds the next cell, row by row from left to right. */
void table_cell(table *t, unsigned style, const char *format, ...) FB_PRINTF(3, 4);

/* A finite number with so many decimals; what rounds to zero has no sign, what is huge no
 * decimals. Returns `out`. */
const char *table_format(char out[64], double value, int digits);

/* Adds a cell with a number, or with a dash for one that is not finite. */
void table_number(table *t, unsigned style, double value, int digits);

/* Adds "mean ± sd" of values times `scale`; without an sd the mean alone, without a mean a
 * dash. */
void table_spread(table *t, unsigned style, stat_moments moments, double scale, int digits);

/* Adds to the text of the last cell. */
void table_append(table *t, const char *format, ...) FB_PRINTF(2, 3);

/* Adds a p value: "0.0123", "< 0.0001" or a dash. */
void table_p(table *t, unsigned style, double p);

/* Adds to the caption. */
void table_caption(table *t, const char *format, ...) FB_PRINTF(2, 3);

/* Fills `out`, which is TABLE_INIT, with rows as columns of numbers and columns as rows: for tables
 * whose first column alone names the row. The first column has no title any more. */
void table_transpose(const table *t, table *out);

/* Rows below the titles. */
size_t table_rows(const table *t);

/* Row 0 holds the titles. */
const char *table_text(const table *t, size_t row, size_t column);
unsigned table_style_of(const table *t, size_t row, size_t column);

/* Whether memory ran short while the table was built. */
bool table_failed(const table *t);

/* Takes NULL and a zeroed struct. */
void table_finish(table *t);

#endif

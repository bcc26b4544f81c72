/* sections.h - a report's tables in the order in which they stand, for every format alike. */
#ifndef FB_REPORTS_SECTIONS_H
#define FB_REPORTS_SECTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis.h"
#include "table.h"

typedef struct section {
    const char *id;    /* of its place on the page */
    const char *title;
    void (*build)(const analysis *a, table *t);
    bool (*present)(const analysis *a); /* NULL: always */
    bool by_setting; /* the page has a table for each setting instead (tables_setting) */
} section;

extern const section sections_results[]; /* after the answer and the curves */
extern const size_t sections_result_count;
extern const section sections_run[];     /* after the notes on method */
extern const size_t sections_run_count;

#endif

/* queries.h - what a cell asked for, as a set. */
#ifndef FB_REPORTS_QUERIES_H
#define FB_REPORTS_QUERIES_H

#include <stddef.h>
#include <stdint.h>

#include "reports.h"

typedef struct queried {
    uint32_t id, round;
} queried;

typedef struct queries {
    const report_cell *cell; /* NULL: no such cell */
    queried *list;           /* (count) ascending by id */
    size_t count, rounds;    /* rounds: that asked for something, from 0 on without a gap */
} queries;

/* How many samples a cell (or NULL) asked for, in how many rounds. */
size_t queries_count(const report_cell *cell, size_t *ret_rounds);

/* FB_ENOMEM. */
int queries_init(const report_cell *cell, queries *ret_queries, fb_error *err);

/* Takes NULL and a zeroed struct. */
void queries_finish(queries *q);

/* The ids asked for in the first `rounds` rounds, ascending, at most q->count; how many. */
size_t queries_ids(const queries *q, size_t rounds, uint32_t *ret_ids);

#endif

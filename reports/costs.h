/* costs.h - what a strategy costs: seconds a round by what they were spent on, and memory. */
#ifndef FB_REPORTS_COSTS_H
#define FB_REPORTS_COSTS_H

#include <stddef.h>
#include <stdint.h>

#include "grid.h"

/* Means over finished rounds, those of unfinished cells too; NaN when nothing was seen. */
typedef struct cost {
    double train, evaluate;
    double services, own;  /* of rounds that asked for labels; a cell's last round does not */
    uint64_t peak_bytes;   /* the largest resident set of a cell; 0: not known */
    double cell_seconds;   /* of a complete cell, all of it; NaN when there is none */
    size_t trials, complete; /* cells with a finished round, and complete ones */
} cost;

/* One strategy in one setting, over its trials. */
cost cost_of(const grid *g, size_t setting, size_t strategy);

/* One strategy over all settings: the mean of the settings' means (the largest memory). */
cost cost_overall(const grid *g, size_t strategy);

/* Seconds that a query takes: services and the strategy's own time. */
double cost_query(const cost *c);

#endif

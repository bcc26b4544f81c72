/* SPDX-License-Identifier: 0BSD
 *
 * trace.h - a file of recorded queries: what `flipbench export --what traces` writes, or any CSV with
 * a header and the columns trial, round and id (or sample). Of its further columns, `rank` gives the
 * place in the batch, from 0 (without it, the order of the lines does), and `setting`, `strategy` and
 * `params` tell experiments apart. */
#ifndef FB_REPLAY_TRACE_H
#define FB_REPLAY_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "flipbench/strategy.h"

typedef struct trace_row {
    const char *setting, *strategy, *params; /* "" without such a column */
    uint32_t trial, round, rank, id;
    size_t line;
} trace_row;

typedef struct trace {
    const char *file;
    trace_row *rows; /* in the order of the lines */
    size_t count;
    int ranked;      /* whether there is a column `rank` */
} trace;

/* Reads a file. Fails with its name, the line, and what is wrong with it. */
int trace_read(const fb_host *host, const char *file, trace *ret_trace);

/* Leaves the rows of one experiment: those of the setting and the strategy that are named, or of
 * the only ones there are where a name is "". Fails with a list of what there is. */
int trace_choose(const fb_host *host, const char *setting, const char *strategy, trace *t);

/* Writes the round's ids in order of their rank. Fails unless these are as many as the batch,
 * different, and in the sub-pool. */
int trace_pick(const fb_host *host, const trace *t, const fb_round *round, uint32_t *ret_ids);

#endif

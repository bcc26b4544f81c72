/* SPDX-License-Identifier: 0BSD
 *
 * The ids of one round. */
#include <inttypes.h>
#include <stdbool.h>

#include "kit.h"
#include "trace.h"

/* What has been taken so far. */
typedef struct picking {
    const fb_host *host;
    const trace *trace;
    const fb_round *round;
    uint32_t *ids;   /* (batch) */
    size_t *at_rank; /* (batch) the line from which the rank was taken; 0: not yet */
    size_t *at_row;  /* (pool_count) the same for a sample of the sub-pool */
    size_t count;
} picking;

static bool is_of_round(const trace_row *row, const fb_round *round)
{
    return row->trial == round->trial && row->round == round->round;
}

/* The position of a sample in the sub-pool, whose ids ascend; pool_count when it is not there. */
static size_t find_sample(const fb_round *round, uint32_t id)
{
    size_t low = 0, high = round->pool_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (round->pool_ids[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < round->pool_count && round->pool_ids[low] == id ? low : round->pool_count;
}

static int take(picking *p, const trace_row *row)
{
    const fb_round *round = p->round;
    const char *file = p->trace->file;
    const size_t rank = p->trace->ranked ? row->rank : p->count;
    const size_t at = find_sample(round, row->id);
    if (rank >= round->batch)
        return p->host->fail(p->host, FB_PLUGIN_EINVAL,
                             "%s:%zu: sample %" PRIu32 " has rank %zu in trial %" PRIu32
                             ", round %" PRIu32 ", too many for a batch of %zu",
                             file, row->line, row->id, rank, row->trial, row->round, round->batch);
    if (p->at_rank[rank])
        return p->host->fail(p->host, FB_PLUGIN_EINVAL,
                             "%s:%zu: rank %zu of trial %" PRIu32 ", round %" PRIu32
                             " is there a second time, first in line %zu",
                             file, row->line, rank, row->trial, row->round, p->at_rank[rank]);
    if (at == round->pool_count)
        return p->host->fail(p->host, FB_PLUGIN_EINVAL,
                             "%s:%zu: sample %" PRIu32 " of trial %" PRIu32 ", round %" PRIu32
                             " is not in this round's sub-pool: it was asked for before, or is not "
                             "offered; seed, data, initial labels and `subpool` must be those of "
                             "the recorded run, or `subpool` 0",
                             file, row->line, row->id, row->trial, row->round);
    if (p->at_row[at])
        return p->host->fail(p->host, FB_PLUGIN_EINVAL,
                             "%s:%zu: sample %" PRIu32 " of trial %" PRIu32 ", round %" PRIu32
                             " is there a second time, first in line %zu",
                             file, row->line, row->id, row->trial, row->round, p->at_row[at]);
    p->at_rank[rank] = p->at_row[at] = row->line;
    p->ids[rank] = row->id;
    p->count++;
    return FB_PLUGIN_OK;
}

int trace_pick(const fb_host *host, const trace *t, const fb_round *round, uint32_t *ret_ids)
{
    picking p = {.host = host, .trace = t, .round = round, .ids = ret_ids};
    p.at_rank = host->alloc(host, round->batch, sizeof *p.at_rank);
    p.at_row = host->alloc(host, round->pool_count, sizeof *p.at_row);
    if (!p.at_rank || !p.at_row)
        return kit_fail_memory(host, "a batch");
    int rc = FB_PLUGIN_OK;
    size_t last = 0;
    for (size_t i = 0; !rc && i < t->count; i++)
        if (is_of_round(&t->rows[i], round)) {
            rc = take(&p, &t->rows[i]);
            last = t->rows[i].line;
        }
    if (!rc && p.count == 0)
        rc = host->fail(host, FB_PLUGIN_EINVAL,
                        "%s lists nothing for trial %" PRIu32 ", round %" PRIu32
                        "; run no more trials and rounds than were recorded",
                        t->file, round->trial, round->round);
    else if (!rc && p.count < round->batch)
        rc = host->fail(host, FB_PLUGIN_EINVAL,
                        "%s:%zu: trial %" PRIu32 ", round %" PRIu32 " ends here after %zu samples, "
                        "too few for a batch of %zu",
                        t->file, last, round->trial, round->round, p.count, round->batch);
    return rc;
}

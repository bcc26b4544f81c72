#include "queries.h"

#include <stdlib.h>

#include "alloc.h"

static int by_id(const void *a, const void *b)
{
    const queried *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

size_t queries_count(const report_cell *cell, size_t *ret_rounds)
{
    size_t count = 0, round = 0;
    for (; cell && round < cell->round_count; round++) {
        const report_round *r = &cell->rounds[round];
        if (!r->queried || r->query_count == 0)
            break;
        count += r->query_count;
    }
    *ret_rounds = round;
    return count;
}

int queries_init(const report_cell *cell, queries *ret_queries, fb_error *err)
{
    queries q = {.cell = cell};
    size_t total = queries_count(cell, &q.rounds);
    q.list = fb_calloc(total, sizeof *q.list);
    if (!q.list)
        return fb_fail_memory(err, total, sizeof *q.list, "queries");
    for (size_t r = 0; r < q.rounds; r++)
        for (size_t i = 0; i < cell->rounds[r].query_count; i++)
            q.list[q.count++] = (queried){cell->rounds[r].queried[i], (uint32_t)r};
    qsort(q.list, q.count, sizeof *q.list, by_id);
    *ret_queries = q;
    return FB_OK;
}

void queries_finish(queries *q)
{
    if (!q)
        return;
    fb_free(q->list);
    *q = (queries){0};
}

size_t queries_ids(const queries *q, size_t rounds, uint32_t *ret_ids)
{
    size_t count = 0;
    for (size_t i = 0; i < q->count; i++)
        if (q->list[i].round < rounds)
            ret_ids[count++] = q->list[i].id;
    return count;
}

/* Nothing is broken: records into how many pieces a loop was cut. */
#include "working.h"

enum { ITEMS = 1000 };

/* Where a piece begins; each is written by one call. */
typedef struct pieces {
    unsigned char begins[ITEMS];
} pieces;

static void mark(void *argument, size_t first, size_t count)
{
    (void)count;
    ((pieces *)argument)->begins[first] = 1;
}

static int select_in_pieces(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    const fb_host *host = instance;
    pieces cut = {{0}};
    double count = 0;
    host->parallel_for(host, ITEMS, 10, mark, &cut);
    for (size_t i = 0; i < ITEMS; i++)
        count += cut.begins[i];
    host->record(host, "pieces", count);
    return working_select(instance, round, ret_ids);
}

static const fb_strategy strategy = {
    WORKING("loop"),
    .select = select_in_pieces,
};

FB_PLUGIN_ONE(strategy);

/* Its answer depends on how parallel_for cuts its range: it skips as many samples as
 * there are pieces. */
#include "working.h"

static void note_piece(void *argument, size_t first, size_t count)
{
    (void)count;
    ((char *)argument)[first] = 1;
}

static int select_wrong(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    const fb_host *host = instance;
    char *starts = host->alloc(host, round->pool_count, 1);
    size_t pieces = 0;
    if (!starts)
        return FB_PLUGIN_ENOMEM;
    host->parallel_for(host, round->pool_count, 1, note_piece, starts);
    for (size_t i = 0; i < round->pool_count; i++)
        pieces += (size_t)starts[i];
    for (size_t i = 0; i < round->batch; i++)
        ret_ids[i] = round->pool_ids[(pieces + i) % round->pool_count];
    return FB_PLUGIN_OK;
}

static const fb_strategy strategy = {
    WORKING("counts-pieces"),
    .select = select_wrong,
};

FB_PLUGIN_ONE(strategy);

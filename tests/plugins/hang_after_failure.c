/* Fails with a sentence that is no UTF-8, and then its process never ends. */
#include "working.h"

static const fb_host *g_host;

static int create(const fb_host *host, const fb_value *values, void **ret_instance)
{
    g_host = host;
    return working_create(host, values, ret_instance);
}

static int select_wrong(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    (void)instance;
    (void)round;
    (void)ret_ids;
    return g_host->fail(g_host, FB_PLUGIN_EINVAL, "K\xf6nig is not here\n");
}

static void deinit(void)
{
    for (volatile int forever = g_host != NULL; forever;) /* not when it is only described */
        continue;
}

static const fb_strategy strategy = {
    WORKING("hang-after-failure"),
    .create = create,
    .select = select_wrong,
};

static size_t count(void)
{
    return 1;
}

static const fb_strategy *get(size_t index)
{
    return index == 0 ? &strategy : NULL;
}

FB_EXPORT const fb_plugin flipbench_plugin = {
    FLIPBENCH_MAGIC, FLIPBENCH_ABI_MAJOR, FLIPBENCH_ABI_MINOR, sizeof(fb_plugin), NULL, count, get,
    deinit};

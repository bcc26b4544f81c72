/* Takes four bytes for each pair of samples from malloc, and gives them back. */
#include <stdlib.h>

#include "working.h"

static int select_wrong(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    size_t size = round->pool_count * round->pool_count * 4;
    volatile char *memory = malloc(size);
    if (!memory)
        return FB_PLUGIN_ENOMEM;
    for (size_t i = 0; i < size; i += 4096)
        memory[i] = 1;
    free((void *)(uintptr_t)memory);
    return working_select(instance, round, ret_ids);
}

static const fb_strategy strategy = {
    WORKING("square-heap"),
    .select = select_wrong,
};

FB_PLUGIN_ONE(strategy);

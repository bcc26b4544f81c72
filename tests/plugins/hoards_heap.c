/* Takes 10 GB from malloc, writes to all of it, and never asks whether there was any. */
#include <stdlib.h>

#include "working.h"

static int select_wrong(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    size_t size = (size_t)10 * 1000 * 1000 * 1000;
    volatile char *memory = malloc(size);
    for (size_t i = 0; i < size; i += 4096)
        memory[i] = 1;
    free((void *)(uintptr_t)memory);
    return working_select(instance, round, ret_ids);
}

static const fb_strategy strategy = {
    WORKING("hoards-heap"),
    .select = select_wrong,
};

FB_PLUGIN_ONE(strategy);

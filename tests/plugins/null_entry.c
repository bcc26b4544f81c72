/* Says that it has a strategy and gives none. */
#include "working.h"

static const fb_strategy strategy = {WORKING("null-entry")};

static size_t count(void)
{
    return 1;
}

static const fb_strategy *get(size_t index)
{
    (void)index;
    return strategy.id ? NULL : &strategy;
}

FB_EXPORT const fb_plugin flipbench_plugin = {
    .magic = FLIPBENCH_MAGIC,
    .abi_major = FLIPBENCH_ABI_MAJOR,
    .abi_minor = FLIPBENCH_ABI_MINOR,
    .struct_size = sizeof(fb_plugin),
    .count = count,
    .get = get,
};

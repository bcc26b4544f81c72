/* Its fb_plugin is smaller than ABI 1.0's. */
#include "working.h"

static const fb_strategy strategy = {WORKING("short-struct")};

static size_t count(void)
{
    return 1;
}

static const fb_strategy *get(size_t index)
{
    (void)index;
    return &strategy;
}

FB_EXPORT const fb_plugin flipbench_plugin = {
    .magic = FLIPBENCH_MAGIC,
    .abi_major = FLIPBENCH_ABI_MAJOR,
    .abi_minor = FLIPBENCH_ABI_MINOR,
    .struct_size = sizeof(fb_plugin),
    .count = count,
    .get = get,
    .struct_size = sizeof(fb_plugin) - 8,
};

/* Its entry lacks the function get. */
#include "working.h"

static const fb_strategy strategy = {WORKING("null-get")};

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
    .get = NULL,
};

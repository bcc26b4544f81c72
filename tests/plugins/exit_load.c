/* Ends the process while it is initialised. */
#include <stdlib.h>

#include "working.h"

static const fb_strategy strategy = {WORKING("exit-load")};

static int start(void)
{
    exit(0);
}

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
    .init = start,
};

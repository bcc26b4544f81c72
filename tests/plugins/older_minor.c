/* Nothing is broken: built for ABI 1.1, whose strategies end before `services`. What comes behind
 * is not the host's to read. */
#include "working.h"

static const fb_strategy strategy = {
    WORKING("older-minor"),
    .struct_size = offsetof(fb_strategy, services),
    .services = (const char *const *)(uintptr_t)1,
};

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
    .abi_minor = 1,
    .struct_size = sizeof(fb_plugin),
    .count = count,
    .get = get,
};

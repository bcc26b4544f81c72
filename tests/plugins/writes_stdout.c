/* Prints to stdout when it is loaded and when it selects. */
#include <stdio.h>

#include "working.h"

__attribute__((constructor)) static void loaded(void)
{
    puts("noise from a constructor");
}

static int select_noisy(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    puts("noise from select");
    return working_select(instance, round, ret_ids);
}

static const fb_strategy strategy = {
    WORKING("writes-stdout"),
    .select = select_noisy,
};

FB_PLUGIN_ONE(strategy);

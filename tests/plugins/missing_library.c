/* Needs a library that is not there (absent.c). */
#include "working.h"

extern int fb_function_of_a_missing_library(void);

static int select_missing(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    return fb_function_of_a_missing_library() ? FB_PLUGIN_EINVAL
                                              : working_select(instance, round, ret_ids);
}

static const fb_strategy strategy = {
    WORKING("missing-library"),
    .select = select_missing,
};

FB_PLUGIN_ONE(strategy);

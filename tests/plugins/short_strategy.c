/* Its strategy is smaller than ABI 1.0's. */
#include "working.h"

static const fb_strategy strategy = {
    WORKING("short-strategy"),
    .struct_size = sizeof(fb_strategy) - 8,
};

FB_PLUGIN_ONE(strategy);

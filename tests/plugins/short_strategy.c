/* Its strategy is smaller than ABI 1.0's. */
#include "working.h"

static const fb_strategy strategy = {
    WORKING("short-strategy"),
    .struct_size = offsetof(fb_strategy, services) - 8,
};

FB_PLUGIN_ONE(strategy);

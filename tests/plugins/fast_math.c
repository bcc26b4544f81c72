/* Built and linked with -Ofast, whose start-up code flushes tiny numbers to zero. */
#include "working.h"

static const fb_strategy strategy = {
    WORKING("fast-math"),
};

FB_PLUGIN_ONE(strategy);

/* Lacks its select function. */
#include "working.h"

static const fb_strategy strategy = {
    WORKING("no-select"),
    .select = NULL,
};

FB_PLUGIN_ONE(strategy);

/* Nothing is broken: what the tests compare with. */
#include "working.h"

static const fb_strategy strategy = {
    WORKING("works"),
};

FB_PLUGIN_ONE(strategy);

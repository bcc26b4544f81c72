/* Has an id with a capital and a space. */
#include "working.h"

static const fb_strategy strategy = {
    WORKING("bad-id"),
    .id = "Bad Id",
};

FB_PLUGIN_ONE(strategy);

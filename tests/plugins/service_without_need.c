/* Declares dropout passes, but not that they need a network with dropout. */
#include "working.h"

static const char *const services[] = {"mc_probabilities", NULL};
static const fb_strategy strategy = {
    WORKING("service-without-need"),
    .services = services,
};

FB_PLUGIN_ONE(strategy);

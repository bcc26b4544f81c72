/* Declares a service that does not exist. */
#include "working.h"

static const char *const services[] = {"probabilities", "horoscope", NULL};
static const fb_strategy strategy = {
    WORKING("bad-service"),
    .services = services,
};

FB_PLUGIN_ONE(strategy);

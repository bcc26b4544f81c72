/* descriptor.h - what a plugin says about its strategies, checked before anybody believes it. */
#ifndef FB_DESCRIPTOR_H
#define FB_DESCRIPTOR_H

#include "flipbench/strategy.h"
#include "status.h"

/* Sizes, texts, functions and parameters (their presets lie in their ranges) of one strategy.
 * FB_EPLUGIN with what is wrong; the caller puts the file in front. */
int descriptor_check(const fb_strategy *strategy, fb_error *err);

#endif

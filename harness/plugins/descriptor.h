/* descriptor.h - what a plugin says about its strategies, checked before anybody believes it. */
#ifndef FB_DESCRIPTOR_H
#define FB_DESCRIPTOR_H

#include <jansson.h>
#include <stdbool.h>

#include "flipbench/strategy.h"
#include "status.h"

/* Characters of an id or of a parameter's name, at most. */
enum { DESCRIPTOR_LONGEST_NAME = 63 };

/* Whether a text can be a strategy's id: lower-case letters, digits and hyphens, a letter first. */
bool descriptor_is_id(const char *text);

/* Sizes, texts (UTF-8), functions and parameters (their presets lie in their ranges) of one
 * strategy. FB_EPLUGIN with what is wrong; the caller puts the file in front. */
int descriptor_check(const fb_strategy *strategy, fb_error *err);

/* A strategy that has passed descriptor_check as describe.h describes it: a new reference, NULL
 * when memory is short. */
json_t *descriptor_json(const fb_strategy *strategy);

/* The services that a strategy declares, up to a NULL; NULL where it does not say, or was built
 * before ABI 1.2. */
const char *const *descriptor_services(const fb_strategy *strategy);

/* Whether a strategy that declares these services may ask for this one. */
bool descriptor_allows(const char *const *services, const char *name);

#endif

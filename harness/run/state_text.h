/* state_text.h - a network's state (nn_get_state) as text that a message can carry: base64 of its
 * bytes. */
#ifndef FB_STATE_TEXT_H
#define FB_STATE_TEXT_H

#include <jansson.h>
#include <stddef.h>

#include "status.h"

/* A new reference; NULL when memory is short. */
json_t *state_text(const float *state, size_t count);

/* Reads `count` floats; *ret_state is released with fb_free. FB_EFORMAT when the text is not that
 * of as many. */
int state_read(const json_t *text, size_t count, float **ret_state, fb_error *err);

#endif

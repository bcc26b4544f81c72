/* json_text.h - JSON as text, whole or not at all.
 *
 * When memory is short, jansson takes a text for malformed, or leaves a part of it out. */
#ifndef FB_JSON_TEXT_H
#define FB_JSON_TEXT_H

#include <jansson.h>

#include "status.h"

/* Reads one JSON array or object of `length` bytes. *ret_json is a new reference, or NULL when the
 * text is no JSON, which is for the caller to complain about. FB_ENOMEM otherwise. */
int json_text_read(const char *text, size_t length, json_t **ret_json, fb_error *err);

/* JSON as text with jansson's flags, released with free; NULL when memory is short. */
char *json_text_write(const json_t *json, size_t flags);

#endif

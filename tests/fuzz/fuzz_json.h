/* fuzz_json.h - fuzz_note of JSON. */
#ifndef FB_FUZZ_JSON_H
#define FB_FUZZ_JSON_H

#include <jansson.h>

/* Notes every key and value, in order, without memory of its own. NULL is a value too. */
void fuzz_note_json(const json_t *json);

#endif

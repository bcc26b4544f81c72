/* utf8.h - whether bytes are a text that JSON, YAML and a terminal can take. */
#ifndef FB_UTF8_H
#define FB_UTF8_H

#include <stdbool.h>

/* Whether a NUL-terminated text is UTF-8 as Unicode defines it (table 3-7): no overlong forms, no
 * surrogates, nothing beyond U+10FFFF. */
bool fb_utf8_valid(const char *text);

#endif

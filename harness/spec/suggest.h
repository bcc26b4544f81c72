/* suggest.h - what to say about a name that is not one of the known ones. */
#ifndef FB_SUGGEST_H
#define FB_SUGGEST_H

#include <stddef.h>

#include "strbuf.h"

/* The known name that `word` is most likely a slip for: the smallest number of letters inserted,
 * deleted, replaced or swapped with their neighbour (optimal string alignment), the earliest on a
 * tie; NULL when even that is more than 1 + a quarter of the word. */
const char *suggest_name(const char *word, const char *const *names, size_t count);

/* Appends "a, b, c". */
void suggest_list(const char *const *names, size_t count, fb_strbuf *out);

/* Appends "; did you mean 'b'?" when suggest_name has an answer. */
void suggest_add(const char *word, const char *const *names, size_t count, fb_strbuf *out);

#endif

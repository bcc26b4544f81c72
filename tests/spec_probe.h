/* spec_probe.h - what the tests of the spec share. Texts are named t.yaml. */
#ifndef FB_SPEC_PROBE_H
#define FB_SPEC_PROBE_H

#include <stdbool.h>

#include "spec.h"

/* Reads a text that must be right. */
struct spec probe_parse(const char *text);

/* The text with `from`, which must occur, replaced; released with fb_free. */
char *probe_replaced(const char *text, const char *from, const char *to);

/* Whether the text, with overrides, is refused with a sentence that begins with `start` and goes on
 * with `words`; prints what came otherwise. */
bool probe_is_refused(const char *text, const char *const *overrides, size_t count,
                      const char *start, const char *words);

/* A mistake made in a right text: a part of it and what stands there instead, "LINE:COLUMN" of the
 * refusal, and words of its sentence. */
struct probe_mistake {
    const char *from, *to, *place, *words;
};

/* Fails unless each mistake is refused at its place. */
void probe_mistakes(const char *text, const struct probe_mistake *mistakes, size_t count);

/* Fails unless the resolved text of a spec reads back as the same resolved text. */
void probe_reads_back(const char *text);

/* Fails unless the text, read while memory runs short at each allocation in turn, is FB_ENOMEM and
 * in the end fine. */
void probe_short_memory(const char *text, const char *const *overrides, size_t count);

/* Reads each damaged variant of a text, cut or with a bit flipped: an error or a spec, no crash. */
void probe_damage(const char *text);

#endif

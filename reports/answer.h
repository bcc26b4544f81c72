/* answer.h - a report in words: what came out, what to beware of, how it was worked out. Plain
 * text; the writers escape it. */
#ifndef FB_REPORTS_ANSWER_H
#define FB_REPORTS_ANSWER_H

#include "analysis.h"
#include "strbuf.h"

/* One sentence that answers which strategy is best, and by how much. */
void answer_sentence(const analysis *a, fb_strbuf *out);

/* What weakens the answer (missing cells, too few trials, ...): sentences, "" when nothing
 * does. */
void answer_caveats(const analysis *a, fb_strbuf *out);

/* How the numbers are made: tests, trials, sidedness, correction, missing cells. A note a line
 * (method.c). */
void answer_method(const analysis *a, fb_strbuf *out);

#endif

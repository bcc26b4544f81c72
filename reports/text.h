/* text.h - text for people and machines: safe in HTML, Markdown and LaTeX, short where space is
 * short.
 *
 * Labels, causes of failures and specs hold whatever their authors wrote. Bytes that are not
 * UTF-8, control characters (but for tabs and newlines) and those that turn the direction of
 * writing, and with it the digits of numbers that follow, become U+FFFD. */
#ifndef FB_REPORTS_TEXT_H
#define FB_REPORTS_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "strbuf.h"

/* Decodes the character at *cursor, which must not be at the end, and moves behind it. */
uint32_t text_next(const char **cursor);

/* Adds one character as it is. */
void text_add_utf8(fb_strbuf *out, uint32_t c);

/* Adds one character; & < > " ' as entities. */
void text_add_html_char(fb_strbuf *out, uint32_t c);

/* Adds the text with & < > " ' as entities: good for content and for quoted attributes. */
void text_add_html(fb_strbuf *out, const char *text);

/* The same for numbers as they should be set: a hyphen that begins one is a minus sign. */
void text_add_html_number(fb_strbuf *out, const char *text);

/* Adds the text for one line of Markdown, table cells included: what means something there, and
 * HTML, is escaped, and newlines become spaces. */
void text_add_markdown(fb_strbuf *out, const char *text);

/* About how wide the text is when it is set in a wide sans-serif such as DejaVu Sans, in sizes of
 * the font. Most other fonts take less. */
double text_width(const char *text);

/* Adds HTML of as much of the text as is not wider than `limit` in text_width; of a longer one
 * the middle is left out for an ellipsis, because names that are alike differ at their ends. */
void text_add_html_short(fb_strbuf *out, const char *text, double limit);

/* Adds one character for LaTeX: what means something there is escaped, Latin letters stay UTF-8,
 * Greek and a few signs are mathematics, and \flipbenchchar{4E2D} stands for all others, which the
 * report's preamble defines (text_latex.c). Good for T1 and Unicode fonts. */
void text_add_latex_char(fb_strbuf *out, uint32_t c);

/* Adds the text for LaTeX. Newlines become spaces; long words and names get places to break. */
void text_add_latex(fb_strbuf *out, const char *text);

/* The same for numbers: a hyphen that begins one is a minus sign, and lines do not break. */
void text_add_latex_number(fb_strbuf *out, const char *text);

/* Adds LaTeX of at most `limit` characters of the text; of a longer one the middle is left out for
 * an ellipsis. */
void text_add_latex_short(fb_strbuf *out, const char *text, size_t limit);

/* Characters in the text. */
size_t text_length(const char *text);

/* Adds "5", or "4 to 5" when they differ. */
void text_add_range(fb_strbuf *out, size_t least, size_t most);

#endif

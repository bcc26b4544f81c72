/* text.h - text for people and machines: safe in HTML and Markdown, short where space is short.
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

/* Adds one character; & < > " ' as entities. */
void text_add_html_char(fb_strbuf *out, uint32_t c);

/* Adds the text with & < > " ' as entities: good for content and for quoted attributes. */
void text_add_html(fb_strbuf *out, const char *text);

/* The same for numbers as they should be set: a hyphen that begins one is a minus sign. */
void text_add_html_number(fb_strbuf *out, const char *text);

/* Adds the text for one line of Markdown, table cells included: what means something there, and
 * HTML, is escaped, and newlines become spaces. */
void text_add_markdown(fb_strbuf *out, const char *text);

/* Adds HTML of at most `limit` characters of the text; a longer one ends in an ellipsis. */
void text_add_html_short(fb_strbuf *out, const char *text, size_t limit);

/* Adds "5", or "4 to 5" when they differ. */
void text_add_range(fb_strbuf *out, size_t least, size_t most);

/* Characters in the text, as shown. */
size_t text_length(const char *text);

#endif

/* html.h - tables as HTML, and the page index.html (page.c). */
#ifndef FB_REPORTS_HTML_H
#define FB_REPORTS_HTML_H

#include "analysis.h"
#include "strbuf.h"
#include "table.h"

/* Adds the table with its caption, in a wrapper that scrolls sideways. `name` is for those who
 * hear the page. */
void html_table(const table *t, const char *name, fb_strbuf *out);

/* Adds what a page begins with, up to its <body>, and what it ends with, from </main> on. */
void html_begin(const analysis *a, fb_strbuf *out);
void html_end(fb_strbuf *out);

/* Adds boxes that show and hide strategies in a section's line plots, without a script too. */
void html_legend(const analysis *a, fb_strbuf *out);

/* Adds the whole page: one file with its style sheet (page.css) and script (page.js), nothing from
 * the network, complete without the script. */
void html_page(const analysis *a, fb_strbuf *out);

#endif

/* markdown.h - the report as tables.md: GitHub's Markdown, the page's words and tables without its
 * figures. */
#ifndef FB_REPORTS_MARKDOWN_H
#define FB_REPORTS_MARKDOWN_H

#include "analysis.h"
#include "strbuf.h"
#include "table.h"

/* Adds the table, with its caption as a paragraph above it. */
void markdown_table(const table *t, fb_strbuf *out);

/* Adds the whole document. */
void markdown_report(const analysis *a, fb_strbuf *out);

#endif

/* paper.h - the figures and tables that the LDM-Seeding paper shows (Cho et al. 2024), in its
 * order: the report's style "paper", as a page, as Markdown and as LaTeX. */
#ifndef FB_REPORTS_PAPER_H
#define FB_REPORTS_PAPER_H

#include <stdbool.h>

#include "analysis.h"
#include "figure.h"
#include "strbuf.h"
#include "table.h"

/* A table, or figures of one sort. */
typedef struct paper_item {
    const char *id, *title;
    void (*table)(const analysis *a, table *out);
    size_t (*count)(const analysis *a);
    void (*figure)(const analysis *a, size_t index, figure *ret_figure); /* as in figures.h */
    size_t most; /* figures beyond these are none of the paper's */
    bool legend; /* they are line plots whose strategies can be chosen on the page */
} paper_item;

enum { PAPER_ITEMS = 5 };
extern const paper_item paper_items[PAPER_ITEMS];

/* Figures of an item; 0 for a table. */
size_t paper_figures(const analysis *a, const paper_item *item);

/* Adds the page, and the same as Markdown. */
void paper_page(const analysis *a, fb_strbuf *out);
void paper_markdown(const analysis *a, fb_strbuf *out);

#endif

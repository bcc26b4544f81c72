#include "paper.h"

#include <stdint.h>

#include "figures.h"
#include "html.h"
#include "markdown.h"
#include "tables.h"
#include "text.h"

const paper_item paper_items[PAPER_ITEMS] = {
    {"differences", "Differences to the baseline", tables_differences, NULL, NULL, 0, false},
    {"penalty", "Penalty matrix", NULL, figure_penalty_count, figure_penalty, 1, false},
    {"profiles", "Gap profile", NULL, figure_profiles_count, figure_profiles, 1, true},
    {"curves", "Learning curves", NULL, figure_grid_count, figure_grid, SIZE_MAX, false},
    {"times", "Run times", tables_times, NULL, NULL, 0, false},
};

size_t paper_figures(const analysis *a, const paper_item *item)
{
    size_t count = item->count ? item->count(a) : 0;
    return count < item->most ? count : item->most;
}

static void add_figures(const analysis *a, const paper_item *item, fb_strbuf *out)
{
    if (item->legend)
        html_legend(a, out);
    fb_strbuf_add(out, "<div class=\"plots\">\n");
    for (size_t i = 0; i < paper_figures(a, item); i++) {
        figure f = FIGURE_INIT;
        item->figure(a, i, &f);
        figure_html(&f, out);
        figure_finish(&f);
    }
    fb_strbuf_add(out, "</div>\n");
}

static void add_table(const analysis *a, const paper_item *item, fb_strbuf *out)
{
    table t = TABLE_INIT;
    item->table(a, &t);
    html_table(&t, item->title, out);
    table_finish(&t);
}

void paper_page(const analysis *a, fb_strbuf *out)
{
    html_begin(a, out);
    fb_strbuf_add(out, "<header>\n<h1>");
    text_add_html(out, a->grid->data->name);
    fb_strbuf_add(out, "</h1>\n</header>\n<main>\n");
    for (size_t i = 0; i < PAPER_ITEMS; i++) {
        const paper_item *item = &paper_items[i];
        if (!item->table && paper_figures(a, item) == 0)
            continue;
        fb_strbuf_printf(out, "<section id=\"%s\">\n<h2>%s</h2>\n", item->id, item->title);
        (item->table ? add_table : add_figures)(a, item, out);
        fb_strbuf_add(out, "</section>\n");
    }
    html_end(out);
}

/* The numbers of a figure, below what there is to say of it. */
static void add_numbers(const figure *f, fb_strbuf *out)
{
    text_add_markdown(out, f->caption.text);
    fb_strbuf_add(out, "\n\n");
    if (f->numbers.columns)
        markdown_table(&f->numbers, out);
    out->failed = out->failed || figure_failed(f);
}

void paper_markdown(const analysis *a, fb_strbuf *out)
{
    fb_strbuf_add(out, "# ");
    text_add_markdown(out, a->grid->data->name);
    fb_strbuf_add(out, "\n\n");
    for (size_t i = 0; i < PAPER_ITEMS; i++) {
        const paper_item *item = &paper_items[i];
        table t = TABLE_INIT;
        if (item->table || paper_figures(a, item))
            fb_strbuf_printf(out, "## %s\n\n", item->title);
        if (item->table) {
            item->table(a, &t);
            markdown_table(&t, out);
        }
        for (size_t k = 0; k < paper_figures(a, item); k++) {
            figure f = FIGURE_INIT;
            item->figure(a, k, &f);
            add_numbers(&f, out);
            figure_finish(&f);
        }
        table_finish(&t);
    }
}

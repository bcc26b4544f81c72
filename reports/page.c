#include <string.h>

#include "answer.h"
#include "curves.h"
#include "html.h"
#include "sections.h"
#include "svg.h"
#include "tables.h"
#include "text.h"

static void add_head(const analysis *a, fb_strbuf *out)
{
    fb_strbuf_add(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                       "<title>");
    text_add_html(out, a->grid->data->name);
    fb_strbuf_add(out, " \u2013 flipbench report</title>\n<style>\n");
    html_style(out);
    svg_legend_rules(a->grid->data->strategy_count, out);
    fb_strbuf_add(out, "</style>\n</head>\n");
}

/* The answer comes first: a sentence, what weakens it, and the ranking. */
static void add_answer(const analysis *a, fb_strbuf *out)
{
    fb_strbuf words = FB_STRBUF_INIT;
    table ranking = TABLE_INIT;
    fb_strbuf_add(out, "<header>\n<h1>");
    text_add_html(out, a->grid->data->name);
    fb_strbuf_add(out, "</h1>\n<p class=\"answer\">");
    answer_sentence(a, &words);
    text_add_html(out, words.text);
    fb_strbuf_add(out, "</p>\n");
    out->failed = out->failed || words.failed;
    fb_strbuf_reset(&words);
    answer_caveats(a, &words);
    if (words.length) {
        fb_strbuf_add(out, "<p class=\"caveat\">");
        text_add_html(out, words.text);
        fb_strbuf_add(out, "</p>\n");
    }
    out->failed = out->failed || words.failed;
    fb_strbuf_add(out, "</header>\n<section id=\"ranking\" aria-label=\"Ranking\">\n");
    tables_ranking(a, &ranking);
    html_table(&ranking, "Ranking", out);
    fb_strbuf_add(out, "</section>\n");
    table_finish(&ranking);
    fb_strbuf_finish(&words);
}

static void add_links(const section *list, size_t count, fb_strbuf *out)
{
    for (size_t i = 0; i < count; i++)
        fb_strbuf_printf(out, "<a href=\"#%s\">%s</a>\n", list[i].id, list[i].title);
}

static void add_navigation(const analysis *a, fb_strbuf *out)
{
    fb_strbuf_add(out, "<nav aria-label=\"Contents\">\n<a href=\"#curves\">Learning curves</a>\n");
    add_links(sections_results, sections_result_count, out);
    fb_strbuf_add(out, "<a href=\"#method\">Method</a>\n");
    add_links(sections_run, sections_run_count, out);
    if (a->grid->data->resolved_spec)
        fb_strbuf_add(out, "<a href=\"#spec\">Resolved spec</a>\n");
    fb_strbuf_add(out, "</nav>\n");
}

/* One setting's figure, with its numbers as a table to unfold. */
static void add_plot(const analysis *a, size_t setting, fb_strbuf *out)
{
    table numbers = TABLE_INIT;
    curve *curves = NULL;
    if (curves_create(a, setting, &curves, NULL) < 0) {
        out->failed = true;
        return;
    }
    fb_strbuf_add(out, "<figure class=\"plot\">\n");
    curves_figure(a, setting, curves, out);
    fb_strbuf_add(out, "<details><summary>Numbers of this figure</summary>\n");
    curves_table(a, setting, curves, &numbers);
    html_table(&numbers, a->grid->setting_names[setting], out);
    fb_strbuf_add(out, "</details>\n</figure>\n");
    table_finish(&numbers);
    curves_destroy(curves, a->grid->data->strategy_count);
}

static void add_curves(const analysis *a, fb_strbuf *out)
{
    fb_strbuf_add(out, "<section id=\"curves\">\n<h2>Learning curves</h2>\n"
                       "<div class=\"plots\">\n");
    for (size_t i = 0; i < a->grid->data->setting_count; i++)
        add_plot(a, i, out);
    fb_strbuf_add(out, "</div>\n</section>\n");
}

static void add_sections(const analysis *a, const section *list, size_t count, fb_strbuf *out)
{
    for (size_t i = 0; i < count; i++) {
        table t = TABLE_INIT;
        fb_strbuf_printf(out, "<section id=\"%s\">\n<h2>%s</h2>\n", list[i].id, list[i].title);
        list[i].build(a, &t);
        html_table(&t, list[i].title, out);
        fb_strbuf_add(out, "</section>\n");
        table_finish(&t);
    }
}

static void add_method(const analysis *a, fb_strbuf *out)
{
    fb_strbuf notes = FB_STRBUF_INIT;
    answer_method(a, &notes);
    fb_strbuf_add(out, "<section id=\"method\">\n<h2>Method</h2>\n<ul>\n");
    char *note = notes.text;
    for (char *end; (end = strchr(note, '\n')); note = end + 1) {
        *end = '\0';
        fb_strbuf_add(out, "<li>");
        text_add_html(out, note);
        fb_strbuf_add(out, "</li>\n");
    }
    fb_strbuf_add(out, "</ul>\n</section>\n");
    out->failed = out->failed || notes.failed;
    fb_strbuf_finish(&notes);
}

static void add_spec(const analysis *a, fb_strbuf *out)
{
    if (!a->grid->data->resolved_spec)
        return;
    fb_strbuf_add(out, "<section id=\"spec\">\n<h2>Resolved spec</h2>\n"
                       "<p class=\"note\">The experiment with every default written out.</p>\n"
                       "<pre tabindex=\"0\">");
    text_add_html(out, a->grid->data->resolved_spec);
    fb_strbuf_add(out, "</pre>\n</section>\n");
}

void html_page(const analysis *a, fb_strbuf *out)
{
    add_head(a, out);
    fb_strbuf_add(out, "<body>\n");
    add_answer(a, out);
    add_navigation(a, out);
    fb_strbuf_add(out, "<main>\n");
    add_curves(a, out);
    add_sections(a, sections_results, sections_result_count, out);
    add_method(a, out);
    add_sections(a, sections_run, sections_run_count, out);
    add_spec(a, out);
    fb_strbuf_add(out, "</main>\n<footer>Written by flipbench report. Beside this page: tables.md "
                       "and rounds.csv, one row for each round of each cell.</footer>\n</body>\n"
                       "</html>\n");
}

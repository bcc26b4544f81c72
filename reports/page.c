#include <string.h>

#include "answer.h"
#include "assets.h"
#include "figures.h"
#include "html.h"
#include "palette.h"
#include "sections.h"
#include "tables.h"
#include "text.h"

static void add_asset(const char *name, fb_strbuf *out)
{
    const report_asset *asset = report_assets;
    while (strcmp(asset->name, name) != 0)
        asset++;
    fb_strbuf_add(out, asset->text);
}

/* What is not checked in a section's legend is not drawn in its figures. */
static void add_legend_rules(const analysis *a, fb_strbuf *out)
{
    for (size_t s = 0; s < a->grid->data->strategy_count; s++)
        fb_strbuf_printf(out, "section:has(.t%zu:not(:checked)) .lines g.s%zu{display:none}\n",
                         s, s);
}

/* The policy lets a browser fetch nothing, whatever the page says. */
static void add_head(const analysis *a, fb_strbuf *out)
{
    fb_strbuf_add(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                       "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                       "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
                       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                       "<title>");
    text_add_html(out, a->grid->data->name);
    fb_strbuf_add(out, " \u2013 flipbench report</title>\n<style>\n");
    add_asset("page.css", out);
    add_legend_rules(a, out);
    fb_strbuf_add(out, "</style>\n</head>\n");
}

/* ---- figures --------------------------------------------------------------------------------- */

/* Adds all figures of a sort. */
static void add_sort(const analysis *a, const figure_sort *sort, fb_strbuf *out)
{
    for (size_t i = 0; i < sort->count(a); i++) {
        figure f = FIGURE_INIT;
        sort->build(a, i, &f);
        figure_html(&f, out);
        figure_finish(&f);
    }
}

static void add_figures(const analysis *a, const char *chapter_id, fb_strbuf *out)
{
    fb_strbuf_add(out, "<div class=\"plots\">\n");
    for (size_t i = 0; i < figures_sort_count; i++)
        if (strcmp(figures_sorts[i].section, chapter_id) == 0)
            add_sort(a, &figures_sorts[i], out);
    fb_strbuf_add(out, "</div>\n");
}

/* A strategy's line as the figures draw it. */
static void add_key(palette_look look, fb_strbuf *out)
{
    fb_strbuf_add(out, "<svg class=\"key\" viewBox=\"0 0 34 12\" aria-hidden=\"true\"><g ");
    palette_attributes(look, out);
    fb_strbuf_printf(out, "><path fill=\"none\" stroke-width=\"2\" stroke-dasharray=\"%s\" "
                          "d=\"M0 6H34\"/><path stroke=\"none\" d=\"", palette_dashes(look));
    palette_marker(look, 17, 6, out);
    fb_strbuf_add(out, "\"/></g></svg>");
}

static bool has_results(const analysis *a, size_t strategy)
{
    for (size_t i = 0; i < a->grid->data->setting_count; i++)
        if (analysis_at(a, i, strategy)->summary.used.rounds > 0)
            return true;
    return false;
}

void html_legend(const analysis *a, fb_strbuf *out)
{
    fb_strbuf_add(out, "<div class=\"legend\" role=\"group\" aria-label=\"Strategies\">\n");
    for (size_t s = 0; s < a->grid->data->strategy_count; s++) {
        fb_strbuf_printf(out, "<label><input type=\"checkbox\" class=\"t%zu\" "
                              "data-strategy=\"%zu\" checked>", s, s);
        add_key(palette_of(a->grid, s), out);
        fb_strbuf_add(out, "<span>");
        text_add_html(out, a->grid->strategy_names[s]);
        fb_strbuf_printf(out, "%s</span></label>\n", has_results(a, s) ? "" : " (no results)");
    }
    fb_strbuf_add(out, "<button type=\"button\" class=\"every\">all</button>\n"
                       "<button type=\"button\" class=\"none\">none</button>\n</div>\n");
}

/* A choice of one setting, for every part of the page that is about one. */
static void add_setting_choice(const analysis *a, fb_strbuf *out)
{
    if (a->grid->data->setting_count < 2)
        return;
    fb_strbuf_add(out, "<p class=\"choose\"><label>Setting <select>\n"
                       "<option value=\"\">all</option>\n");
    for (size_t i = 0; i < a->grid->data->setting_count; i++) {
        fb_strbuf_printf(out, "<option value=\"%zu\">", i);
        text_add_html(out, a->grid->setting_names[i]);
        fb_strbuf_add(out, "</option>\n");
    }
    fb_strbuf_add(out, "</select></label></p>\n");
}

/* ---- sections -------------------------------------------------------------------------------- */

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
    fb_strbuf_add(out, "</header>\n<section id=\"ranking\" aria-label=\"Ranking\">\n"
                       "<div class=\"table\">\n");
    tables_ranking(a, &ranking);
    html_table(&ranking, "Ranking", out);
    fb_strbuf_add(out, "</div>\n");
    if (figures_count(a, "answer"))
        add_figures(a, "answer", out);
    fb_strbuf_add(out, "</section>\n");
    table_finish(&ranking);
    fb_strbuf_finish(&words);
}

static void add_chapters(const analysis *a, fb_strbuf *out)
{
    for (size_t i = 0; i < FIGURES_CHAPTERS; i++) {
        if (figures_count(a, figures_chapters[i].id) == 0)
            continue;
        fb_strbuf_printf(out, "<section id=\"%s\">\n<h2>%s</h2>\n", figures_chapters[i].id,
                         figures_chapters[i].title);
        if (figures_chapters[i].setting)
            add_setting_choice(a, out);
        if (figures_chapters[i].strategies)
            html_legend(a, out);
        add_figures(a, figures_chapters[i].id, out);
        fb_strbuf_add(out, "</section>\n");
    }
}

static void add_links(const analysis *a, const section *list, size_t count, fb_strbuf *out)
{
    for (size_t i = 0; i < count; i++)
        if (!list[i].by_setting && (!list[i].present || list[i].present(a)))
            fb_strbuf_printf(out, "<a href=\"#%s\">%s</a>\n", list[i].id, list[i].title);
}

static void add_navigation(const analysis *a, fb_strbuf *out)
{
    fb_strbuf_add(out, "<nav aria-label=\"Contents\">\n");
    for (size_t i = 0; i < FIGURES_CHAPTERS; i++)
        if (figures_count(a, figures_chapters[i].id))
            fb_strbuf_printf(out, "<a href=\"#%s\">%s</a>\n", figures_chapters[i].id,
                             figures_chapters[i].title);
    fb_strbuf_add(out, "<a href=\"#results\">Results by setting</a>\n");
    add_links(a, sections_results, sections_result_count, out);
    fb_strbuf_add(out, "<a href=\"#method\">Method</a>\n");
    add_links(a, sections_run, sections_run_count, out);
    if (a->grid->data->resolved_spec)
        fb_strbuf_add(out, "<a href=\"#spec\">Resolved spec</a>\n");
    fb_strbuf_add(out, "</nav>\n");
}

static void add_results(const analysis *a, fb_strbuf *out)
{
    fb_strbuf_add(out, "<section id=\"results\">\n<h2>Results by setting</h2>\n");
    add_setting_choice(a, out);
    for (size_t i = 0; i < a->grid->data->setting_count; i++) {
        table t = TABLE_INIT;
        fb_strbuf_printf(out, "<div data-setting=\"%zu\">\n<h3>", i);
        text_add_html(out, a->grid->setting_names[i]);
        fb_strbuf_add(out, "</h3>\n");
        tables_setting(a, i, &t);
        html_table(&t, a->grid->setting_names[i], out);
        fb_strbuf_add(out, "</div>\n");
        table_finish(&t);
    }
    fb_strbuf_add(out, "</section>\n");
}

static void add_sections(const analysis *a, const section *list, size_t count, fb_strbuf *out)
{
    for (size_t i = 0; i < count; i++) {
        table t = TABLE_INIT;
        if (list[i].by_setting || (list[i].present && !list[i].present(a)))
            continue;
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

void html_begin(const analysis *a, fb_strbuf *out)
{
    add_head(a, out);
    fb_strbuf_add(out, "<body>\n");
}

void html_end(fb_strbuf *out)
{
    fb_strbuf_add(out, "</main>\n<footer>Written by flipbench report. The rest of a report: "
                       "tables.md, statistics.csv and rounds.csv with all numbers in full, the "
                       "figures in the folder figures, and all of it for LaTeX in the folder "
                       "latex.</footer>\n<script>\n");
    add_asset("page.js", out);
    fb_strbuf_add(out, "</script>\n</body>\n</html>\n");
}

void html_page(const analysis *a, fb_strbuf *out)
{
    html_begin(a, out);
    add_answer(a, out);
    add_navigation(a, out);
    fb_strbuf_add(out, "<main>\n");
    add_chapters(a, out);
    add_results(a, out);
    add_sections(a, sections_results, sections_result_count, out);
    add_method(a, out);
    add_sections(a, sections_run, sections_run_count, out);
    add_spec(a, out);
    html_end(out);
}

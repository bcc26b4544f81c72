#include "latex.h"

#include <stdio.h>
#include <string.h>

#include "answer.h"
#include "figures.h"
#include "paper.h"
#include "sections.h"
#include "tables.h"
#include "text.h"

static const char beginning[] =
    "% The report's tables and figures, one file each. Debian's packages texlive-pictures and\n"
    "% lmodern have all it takes; run pdflatex, or lualatex, twice.\n"
    "\\documentclass[10pt,a4paper]{article}\n"
    "\\usepackage{iftex}\n"
    "\\ifPDFTeX\n\\usepackage[T1]{fontenc}\n\\usepackage{lmodern}\n\\fi\n"
    "\\usepackage[margin=22mm]{geometry}\n"
    "\\usepackage[font=small]{caption}\n"
    "\\usepackage{float}\n"
    "\\floatplacement{figure}{H}\n"
    "\\floatplacement{table}{H}\n"
    "\\input{preamble}\n"
    "\\setlength{\\parindent}{0pt}\n"
    "\\setlength{\\parskip}{4pt}\n"
    "\\emergencystretch=4em\n"
    "\\begin{document}\n"
    "\\raggedbottom\n";

/* The files and the document that inputs them, while they grow. */
typedef struct writer {
    const analysis *a;
    folder *out;
    fb_strbuf document, numbers; /* numbers: the tables behind the figures, which come last, or
                                    are only there to be input elsewhere */
    int rc;
    fb_error *err;
} writer;

/* ---- elements -------------------------------------------------------------------------------- */

void latex_paragraph(const char *title, const char *text, fb_strbuf *out)
{
    fb_strbuf_add(out, "\\par\\noindent\\textbf{");
    text_add_latex(out, title);
    fb_strbuf_add(out, ".} ");
    text_add_latex(out, text);
    fb_strbuf_add(out, "\\par\n");
}

void latex_figure(const figure *f, fb_strbuf *out)
{
    if (figure_failed(f)) {
        out->failed = true;
        return;
    }
    if (f->latex.length == 0) {
        latex_paragraph(f->title.text, f->caption.text, out);
        return;
    }
    fb_strbuf_add(out, "\\begin{figure}\n\\centering\n");
    fb_strbuf_add(out, f->latex.text);
    fb_strbuf_add(out, "\\caption{\\textbf{");
    text_add_latex(out, f->title.text);
    fb_strbuf_add(out, ".} ");
    text_add_latex(out, f->caption.text);
    fb_strbuf_printf(out, "}\n\\label{fig:%s}\n\\end{figure}\n", f->id);
}

static void add_heading(writer *w, const char *title)
{
    fb_strbuf_add(&w->document, "\\section*{");
    text_add_latex(&w->document, title);
    fb_strbuf_add(&w->document, "}\n");
}

/* Adds the file latex/<stem>.tex and, to `list`, that it is input. */
static void add_file(writer *w, const char *stem, fb_strbuf *content, fb_strbuf *list)
{
    char name[96];
    snprintf(name, sizeof name, "latex/%s.tex", stem);
    fb_strbuf_printf(list, "\\input{%s}\n", stem);
    if (!w->rc)
        w->rc = folder_add(w->out, name, content, w->err);
    fb_strbuf_finish(content);
}

static void add_table(writer *w, const char *id, const char *title, const table *t)
{
    char stem[64];
    fb_strbuf content = FB_STRBUF_INIT;
    latex_table(t, id, title, &content);
    snprintf(stem, sizeof stem, "table-%s", id);
    add_file(w, stem, &content, &w->document);
}

/* The numbers of a figure, which may have the id of a table. */
static void add_numbers(writer *w, const figure *f)
{
    char stem[64];
    fb_strbuf content = FB_STRBUF_INIT;
    snprintf(stem, sizeof stem, "numbers-%s", f->id);
    latex_table(&f->numbers, stem, f->title.text, &content);
    add_file(w, stem, &content, &w->numbers);
}

static void add_figure(writer *w, const figure *f)
{
    char stem[64];
    fb_strbuf content = FB_STRBUF_INIT;
    latex_figure(f, &content);
    snprintf(stem, sizeof stem, "figure-%s", f->id);
    add_file(w, stem, &content, &w->document);
    if (f->numbers.columns)
        add_numbers(w, f);
}

/* Adds the notes, one a line. */
static void add_notes(writer *w, fb_strbuf *notes)
{
    char *note = notes->text;
    fb_strbuf_add(&w->document, "\\begin{itemize}\n");
    for (char *end; (end = strchr(note, '\n')); note = end + 1) {
        *end = '\0';
        fb_strbuf_add(&w->document, "\\item ");
        text_add_latex(&w->document, note);
        fb_strbuf_add(&w->document, "\n");
    }
    fb_strbuf_add(&w->document, "\\end{itemize}\n");
}

/* ---- the whole report ------------------------------------------------------------------------ */

static void add_words(writer *w, void (*say)(const analysis *a, fb_strbuf *out))
{
    fb_strbuf words = FB_STRBUF_INIT;
    say(w->a, &words);
    text_add_latex(&w->document, words.text);
    fb_strbuf_add(&w->document, "\n\n");
    w->document.failed = w->document.failed || words.failed;
    fb_strbuf_finish(&words);
}

static void add_figures(writer *w, const char *chapter)
{
    for (size_t i = 0; i < figures_sort_count; i++) {
        const figure_sort *sort = &figures_sorts[i];
        for (size_t k = 0; strcmp(sort->section, chapter) == 0 && k < sort->count(w->a); k++) {
            figure f = FIGURE_INIT;
            sort->build(w->a, k, &f);
            add_figure(w, &f);
            figure_finish(&f);
        }
    }
}

static void add_answer(writer *w)
{
    table ranking = TABLE_INIT;
    add_words(w, answer_sentence);
    add_words(w, answer_caveats);
    tables_ranking(w->a, &ranking);
    add_table(w, "ranking", "Ranking", &ranking);
    add_figures(w, "answer");
    table_finish(&ranking);
}

static void add_settings(writer *w)
{
    add_heading(w, "Results by setting");
    for (size_t i = 0; i < w->a->grid->data->setting_count; i++) {
        char id[32];
        table t = TABLE_INIT;
        snprintf(id, sizeof id, "setting-%zu", i);
        tables_setting(w->a, i, &t);
        add_table(w, id, w->a->grid->setting_names[i], &t);
        table_finish(&t);
    }
}

static void add_sections(writer *w, const section *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        table t = TABLE_INIT;
        if (list[i].present && !list[i].present(w->a))
            continue;
        list[i].build(w->a, &t);
        add_table(w, list[i].id, list[i].title, &t);
        table_finish(&t);
    }
}

static void add_method(writer *w)
{
    fb_strbuf notes = FB_STRBUF_INIT;
    answer_method(w->a, &notes);
    add_heading(w, "Method");
    add_notes(w, &notes);
    w->document.failed = w->document.failed || notes.failed;
    fb_strbuf_finish(&notes);
}

static void add_everything(writer *w)
{
    add_answer(w);
    for (size_t i = 0; i < FIGURES_CHAPTERS; i++) {
        if (figures_count(w->a, figures_chapters[i].id) == 0)
            continue;
        add_heading(w, figures_chapters[i].title);
        add_figures(w, figures_chapters[i].id);
    }
    add_settings(w);
    add_heading(w, "Tables");
    add_sections(w, sections_results, sections_result_count);
    add_method(w);
    add_heading(w, "Where the results come from");
    add_sections(w, sections_run, sections_run_count);
    if (w->numbers.length)
        add_heading(w, "Numbers of the figures");
    fb_strbuf_add(&w->document, w->numbers.text);
}

/* ---- the paper's style ----------------------------------------------------------------------- */

static void add_paper(writer *w)
{
    for (size_t i = 0; i < PAPER_ITEMS; i++) {
        const paper_item *item = &paper_items[i];
        table t = TABLE_INIT;
        if (item->table) {
            item->table(w->a, &t);
            add_table(w, item->id, item->title, &t);
        }
        for (size_t k = 0; k < paper_figures(w->a, item); k++) {
            figure f = FIGURE_INIT;
            item->figure(w->a, k, &f);
            add_figure(w, &f);
            figure_finish(&f);
        }
        table_finish(&t);
    }
}

/* ---- both ------------------------------------------------------------------------------------ */

int latex_report(const analysis *a, folder *out, fb_error *err)
{
    writer w = {.a = a, .out = out, .document = FB_STRBUF_INIT, .numbers = FB_STRBUF_INIT,
                .err = err};
    fb_strbuf preamble = FB_STRBUF_INIT;
    folder_replace(out, "latex/");
    latex_preamble(a, &preamble);
    w.rc = folder_add(out, "latex/preamble.tex", &preamble, err);
    fb_strbuf_add(&w.document, beginning);
    fb_strbuf_add(&w.document, "{\\LARGE\\bfseries\\raggedright ");
    text_add_latex(&w.document, a->grid->data->name);
    fb_strbuf_add(&w.document, "\\par}\n\\medskip\n");
    if (a->grid->data->style == REPORT_PAPER)
        add_paper(&w);
    else
        add_everything(&w);
    fb_strbuf_add(&w.document, "\\end{document}\n");
    w.document.failed = w.document.failed || w.numbers.failed;
    if (!w.rc)
        w.rc = folder_add(out, "latex/report.tex", &w.document, err);
    fb_strbuf_finish(&w.document);
    fb_strbuf_finish(&w.numbers);
    return w.rc;
}

#include "markdown.h"

#include <string.h>

#include "answer.h"
#include "curves.h"
#include "sections.h"
#include "tables.h"
#include "text.h"

static void add_entry(const table *t, size_t row, size_t column, fb_strbuf *out)
{
    unsigned style = row ? table_style_of(t, row, column) : 0;
    const char *around = style & TABLE_BOLD ? "**" : "";
    fb_strbuf_printf(out, " %s%s", around, style & TABLE_UNDERLINE ? "<u>" : "");
    text_add_markdown(out, table_text(t, row, column));
    fb_strbuf_printf(out, "%s%s |", style & TABLE_UNDERLINE ? "</u>" : "", around);
}

void markdown_table(const table *t, fb_strbuf *out)
{
    if (table_failed(t)) {
        out->failed = true;
        return;
    }
    text_add_markdown(out, t->caption.text);
    fb_strbuf_add(out, "\n\n");
    for (size_t row = 0; t->columns && row <= table_rows(t); row++) {
        fb_strbuf_add(out, "|");
        for (size_t c = 0; c < t->columns; c++)
            add_entry(t, row, c, out);
        fb_strbuf_add(out, "\n");
        if (row > 0)
            continue;
        fb_strbuf_add(out, "|");
        for (size_t c = 0; c < t->columns; c++)
            fb_strbuf_add(out, table_style_of(t, 0, c) & TABLE_NUMBER ? " ---: |" : " --- |");
        fb_strbuf_add(out, "\n");
    }
    if (t->columns)
        fb_strbuf_add(out, "\n");
}

static void add_sections(const analysis *a, const section *list, size_t count, fb_strbuf *out)
{
    for (size_t i = 0; i < count; i++) {
        table t = TABLE_INIT;
        if (list[i].present && !list[i].present(a))
            continue;
        list[i].build(a, &t);
        fb_strbuf_printf(out, "## %s\n\n", list[i].title);
        markdown_table(&t, out);
        table_finish(&t);
    }
}

static void add_curves(const analysis *a, fb_strbuf *out)
{
    fb_strbuf_add(out, "## Learning curves\n\n");
    for (size_t i = 0; i < a->grid->data->setting_count; i++) {
        table t = TABLE_INIT;
        curve *curves = NULL;
        if (curves_create(a, i, &curves, NULL) < 0) {
            out->failed = true;
            return;
        }
        curves_table(a, i, curves, &t);
        markdown_table(&t, out);
        table_finish(&t);
        curves_destroy(curves, a->grid->data->strategy_count);
    }
}

static void add_answer(const analysis *a, fb_strbuf *out)
{
    fb_strbuf words = FB_STRBUF_INIT;
    table t = TABLE_INIT;
    fb_strbuf_add(out, "# ");
    text_add_markdown(out, a->grid->data->name);
    fb_strbuf_add(out, "\n\n");
    answer_sentence(a, &words);
    fb_strbuf_add(&words, " ");
    answer_caveats(a, &words);
    text_add_markdown(out, words.text);
    fb_strbuf_add(out, "\n\n");
    tables_ranking(a, &t);
    markdown_table(&t, out);
    out->failed = out->failed || words.failed;
    table_finish(&t);
    fb_strbuf_finish(&words);
}

static void add_method(const analysis *a, fb_strbuf *out)
{
    fb_strbuf notes = FB_STRBUF_INIT;
    answer_method(a, &notes);
    fb_strbuf_add(out, "## Method\n\n");
    char *note = notes.text;
    for (char *end; (end = strchr(note, '\n')); note = end + 1) {
        *end = '\0';
        fb_strbuf_add(out, "- ");
        text_add_markdown(out, note);
        fb_strbuf_add(out, "\n");
    }
    fb_strbuf_add(out, "\n");
    out->failed = out->failed || notes.failed;
    fb_strbuf_finish(&notes);
}

void markdown_report(const analysis *a, fb_strbuf *out)
{
    add_answer(a, out);
    add_curves(a, out);
    add_sections(a, sections_results, sections_result_count, out);
    add_method(a, out);
    add_sections(a, sections_run, sections_run_count, out);
}

#include "html.h"

#include "text.h"

/* The classes of a style, as an attribute, or nothing. */
static void add_class(unsigned style, fb_strbuf *out)
{
    static const struct {
        unsigned bit;
        const char *name;
    } classes[] = {{TABLE_BOLD, "best"}, {TABLE_UNDERLINE, "near"}, {TABLE_QUIET, "quiet"},
                   {TABLE_GOOD, "good"}, {TABLE_BAD, "bad"},        {TABLE_NUMBER, "num"}};
    bool open = false;
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (style & classes[i].bit) {
            fb_strbuf_printf(out, "%s%s", open ? " " : " class=\"", classes[i].name);
            open = true;
        }
    if (open)
        fb_strbuf_add(out, "\"");
}

static void add_row(const table *t, size_t row, fb_strbuf *out)
{
    fb_strbuf_add(out, "<tr>");
    for (size_t c = 0; c < t->columns; c++) {
        unsigned column = table_style_of(t, 0, c);
        unsigned style = row == 0 ? column : table_style_of(t, row, c);
        bool head = row == 0 || (column & TABLE_HEAD);
        const char *scope = row == 0 ? " scope=\"col\"" : " scope=\"row\"";
        fb_strbuf_printf(out, "<t%c%s", head ? 'h' : 'd', head ? scope : "");
        add_class(style | (column & TABLE_NUMBER), out);
        fb_strbuf_add(out, ">");
        if (row > 0 && (column & TABLE_NUMBER))
            text_add_html_number(out, table_text(t, row, c));
        else
            text_add_html(out, table_text(t, row, c));
        fb_strbuf_printf(out, "</t%c>", head ? 'h' : 'd');
    }
    fb_strbuf_add(out, "</tr>\n");
}

void html_table(const table *t, const char *name, fb_strbuf *out)
{
    if (table_failed(t)) {
        out->failed = true;
        return;
    }
    if (t->caption.length) {
        fb_strbuf_add(out, "<p class=\"note\">");
        text_add_html(out, t->caption.text);
        fb_strbuf_add(out, "</p>\n");
    }
    if (t->columns == 0)
        return;
    fb_strbuf_add(out, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"");
    text_add_html(out, name);
    fb_strbuf_add(out, "\"><table>\n<thead>\n");
    add_row(t, 0, out);
    fb_strbuf_add(out, "</thead>\n<tbody>\n");
    for (size_t row = 1; row <= table_rows(t); row++)
        add_row(t, row, out);
    fb_strbuf_add(out, "</tbody>\n</table></div>\n");
}

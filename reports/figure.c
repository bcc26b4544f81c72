#include "figure.h"

#include <stdio.h>
#include <string.h>

#include "html.h"
#include "text.h"

bool figure_failed(const figure *f)
{
    return f->title.failed || f->caption.failed || f->description.failed || f->svg.failed ||
           f->latex.failed || f->csv.failed || table_failed(&f->numbers);
}

void figure_finish(figure *f)
{
    if (!f)
        return;
    fb_strbuf_finish(&f->title);
    fb_strbuf_finish(&f->caption);
    fb_strbuf_finish(&f->description);
    fb_strbuf_finish(&f->svg);
    fb_strbuf_finish(&f->latex);
    fb_strbuf_finish(&f->csv);
    table_finish(&f->numbers);
    *f = FIGURE_INIT;
}

enum { MARGIN = 8 }; /* around a drawing in a file, in user units */

void figure_file(const figure *f, fb_strbuf *out)
{
    const char *svg = f->svg.text;
    int width = 0, height = 0, done = 0;
    if (f->svg.length == 0)
        return;
    FB_CHECK(sscanf(svg, "<svg viewBox=\"0 0 %d %d\"%n", &width, &height, &done) == 2 && done);
    width += 2 * MARGIN;
    height += 2 * MARGIN;
    const char *content = strchr(svg, '>') + 1; /* of the <svg> element */
    fb_strbuf_printf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                          "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
                          "viewBox=\"%d %d %d %d\"", width, height, -MARGIN, -MARGIN, width,
                     height);
    fb_strbuf_add_bytes(out, svg + done, (size_t)(content - svg - done));
    fb_strbuf_printf(out, "<path fill=\"#fff\" d=\"M%d %dh%dv%dh%dz\"/>", -MARGIN, -MARGIN, width,
                     height, -width);
    fb_strbuf_add(out, content);
}

/* Bytes as a URI may hold them. */
static void add_uri(const char *text, fb_strbuf *out)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789-_.~,";
    while (*text) {
        size_t n = strspn(text, plain);
        fb_strbuf_add_bytes(out, text, n);
        text += n;
        if (*text)
            fb_strbuf_printf(out, "%%%02X", (unsigned char)*text++);
    }
}

/* The drawing is saved by the script, the numbers without it. */
static void add_links(const figure *f, fb_strbuf *out)
{
    fb_strbuf_printf(out, "<p class=\"save\">Save as <button type=\"button\" class=\"svg\" "
                          "data-file=\"%s.svg\">SVG</button> <a download=\"%s.csv\" "
                          "href=\"data:text/csv;charset=utf-8,", f->id, f->id);
    add_uri(f->csv.text, out);
    fb_strbuf_add(out, "\">CSV</a></p>\n");
}

void figure_html(const figure *f, fb_strbuf *out)
{
    if (figure_failed(f)) {
        out->failed = true;
        return;
    }
    fb_strbuf_printf(out, "<figure class=\"plot%s%s%s\" id=\"%s\"", f->wide ? " wide" : "",
                     f->large ? " large" : "", f->lines ? " lines" : "", f->id);
    if (f->setting >= 0)
        fb_strbuf_printf(out, " data-setting=\"%td\"", f->setting);
    fb_strbuf_add(out, ">\n<figcaption><b>");
    text_add_html(out, f->title.text);
    fb_strbuf_add(out, "</b> ");
    text_add_html(out, f->caption.text);
    fb_strbuf_add(out, "</figcaption>\n");
    if (f->svg.length) {
        fb_strbuf_printf(out, "<div class=\"crop\"%s>", f->wide ? " tabindex=\"0\"" : "");
        fb_strbuf_add(out, f->svg.text);
        fb_strbuf_add(out, "</div>\n");
        add_links(f, out);
    }
    if (f->numbers.columns) {
        fb_strbuf_add(out, "<details><summary>Numbers of this figure</summary>\n");
        html_table(&f->numbers, f->title.text, out);
        fb_strbuf_add(out, "</details>\n");
    }
    fb_strbuf_add(out, "</figure>\n");
}

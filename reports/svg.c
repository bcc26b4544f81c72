#include "svg.h"

#include <math.h>
#include <string.h>

#include "text.h"

enum { FONT_SIZE = 13 };

void svg_open(const svg_image *image, fb_strbuf *out)
{
    fb_strbuf_printf(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"%s-title "
                          "%s-desc\" fill=\"" PALETTE_TEXT "\" font-family=\"system-ui,sans-serif"
                          "\" font-size=\"%d\"%s%s>\n<title id=\"%s-title\">",
                     image->width, image->height, image->id, image->id, FONT_SIZE,
                     image->detail ? " " : "", image->detail ? image->detail : "", image->id);
    text_add_html(out, image->title);
    fb_strbuf_printf(out, "</title>\n<desc id=\"%s-desc\">", image->id);
    text_add_html(out, image->description);
    fb_strbuf_add(out, "</desc>\n");
}

void svg_close(fb_strbuf *out)
{
    fb_strbuf_add(out, "</svg>\n");
}

/* What comes before a text. */
static void begin_text(double x, double y, const char *anchor, fb_strbuf *out)
{
    fb_strbuf_printf(out, "<text x=\"%.1f\" y=\"%.1f\"", x, y);
    if (strcmp(anchor, "start") != 0)
        fb_strbuf_printf(out, " text-anchor=\"%s\"", anchor);
    fb_strbuf_add(out, " stroke=\"none\">");
}

void svg_text(double x, double y, const char *anchor, const char *text, double width,
              fb_strbuf *out)
{
    begin_text(x, y, anchor, out);
    if (width > 0)
        text_add_html_short(out, text, width / FONT_SIZE);
    else
        text_add_html(out, text);
    fb_strbuf_add(out, "</text>");
}

double svg_text_width(const char *text, double limit)
{
    return fmin(FONT_SIZE * text_width(text), limit);
}

void svg_number(double x, double y, const char *anchor, const char *text, fb_strbuf *out)
{
    begin_text(x, y, anchor, out);
    text_add_html_number(out, text);
    fb_strbuf_add(out, "</text>");
}

void svg_group(const char *what, fb_strbuf *out)
{
    static const struct {
        const char *what, *attributes;
    } groups[] = {{"grid", "stroke=\"" PALETTE_LINE "\" fill=\"none\""},
                  {"ticks", "fill=\"" PALETTE_SOFT "\" stroke=\"none\""},
                  {"axis", "fill=\"" PALETTE_SOFT "\" stroke=\"none\""},
                  {"rule", "stroke=\"" PALETTE_SOFT "\" fill=\"none\""},
                  {"over", "fill=\"#fff\" stroke=\"none\""}};
    fb_strbuf_printf(out, "<g class=\"%s\"", what);
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (strcmp(groups[i].what, what) == 0)
            fb_strbuf_printf(out, " %s", groups[i].attributes);
    fb_strbuf_add(out, ">");
}

void svg_end(fb_strbuf *out)
{
    fb_strbuf_add(out, "</g>\n");
}

#include "text.h"

#include <stdbool.h>
#include <string.h>

enum { REPLACEMENT = 0xFFFD, ELLIPSIS = 0x2026 };

/* Bytes in the sequence that a lead byte starts, and the lead's share of the bits; 0: no lead
 * byte. */
static size_t sequence_length(unsigned char lead, uint32_t *ret_bits)
{
    if (lead < 0x80) {
        *ret_bits = lead;
        return 1;
    }
    for (size_t n = 2; n <= 4; n++) {
        unsigned marker = 0xFF00u >> n & 0xFF, mask = 0xFFu >> (n + 1);
        if ((lead & ~mask & 0xFF) == marker) {
            *ret_bits = lead & mask;
            return n;
        }
    }
    return 0;
}

static bool is_shown(uint32_t c)
{
    bool control = (c < 0x20 && c != '\t' && c != '\n') || (c >= 0x7F && c < 0xA0);
    bool surrogate = c >= 0xD800 && c < 0xE000;
    bool noncharacter = (c & 0xFFFE) == 0xFFFE || (c >= 0xFDD0 && c < 0xFDF0);
    bool turning = (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
    return !control && !surrogate && !noncharacter && !turning && c < 0x110000;
}

uint32_t text_next(const char **cursor)
{
    static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *p = (const unsigned char *)*cursor;
    uint32_t c = 0;
    size_t n = sequence_length(p[0], &c);
    (*cursor)++;
    if (n == 0)
        return REPLACEMENT;
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return REPLACEMENT;
        c = c << 6 | (p[i] & 0x3Fu);
    }
    *cursor += n - 1;
    return c >= smallest[n] && is_shown(c) ? c : REPLACEMENT;
}

void text_add_utf8(fb_strbuf *out, uint32_t c)
{
    char bytes[4];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 1; c >>= 6)
        bytes[i] = (char)(0x80 | (c & 0x3F));
    bytes[0] = (char)(n == 1 ? c : (0xF00u >> n & 0xFF) | c);
    fb_strbuf_add_bytes(out, bytes, n);
}

void text_add_html_char(fb_strbuf *out, uint32_t c)
{
    switch (c) {
    case '&': fb_strbuf_add(out, "&amp;"); break;
    case '<': fb_strbuf_add(out, "&lt;"); break;
    case '>': fb_strbuf_add(out, "&gt;"); break;
    case '"': fb_strbuf_add(out, "&quot;"); break;
    case '\'': fb_strbuf_add(out, "&#39;"); break;
    default: text_add_utf8(out, c);
    }
}

void text_add_html(fb_strbuf *out, const char *text)
{
    while (*text)
        text_add_html_char(out, text_next(&text));
}

void text_add_html_number(fb_strbuf *out, const char *text)
{
    bool starts = true;
    while (*text) {
        bool minus = starts && text[0] == '-' && text[1] >= '0' && text[1] <= '9';
        starts = *text == ' ' || *text == '[' || *text == '(';
        uint32_t c = text_next(&text);
        text_add_html_char(out, minus ? 0x2212 : c);
    }
}

void text_add_markdown(fb_strbuf *out, const char *text)
{
    while (*text) {
        uint32_t c = text_next(&text);
        if (c == '\n' || c == '\t')
            fb_strbuf_add(out, " ");
        else if (c == '&' || c == '<' || c == '>')
            text_add_html_char(out, c);
        else if (c < 0x80 && strchr("\\`*_[]~|#$", (int)c))
            fb_strbuf_printf(out, "\\%c", (int)c);
        else
            text_add_utf8(out, c);
    }
}

static double character_width(uint32_t c)
{
    static const struct {
        const char *characters;
        double width;
    } groups[] = {{" '!,.:;I|ijl", .35}, {"\"()-/[\\]frt{}", .45}, {"?FJLaceksvxyz", .6},
                  {"#%&+<=>ABCDGHKNOPQRUVXYZw~", .8}, {"@MWm", 1}};
    for (size_t i = 0; c < 0x80 && i < sizeof groups / sizeof *groups; i++)
        if (strchr(groups[i].characters, (int)c))
            return groups[i].width;
    if (c >= 0x300 && c < 0x370) /* set on the character before */
        return 0;
    bool square = (c >= 0x1100 && c < 0x1200) || c >= 0x2E80 || c == ELLIPSIS;
    return square ? 1 : .65;
}

double text_width(const char *text)
{
    double width = 0;
    while (*text)
        width += character_width(text_next(&text));
    return width;
}

void text_add_html_short(fb_strbuf *out, const char *text, double limit)
{
    if (text_width(text) <= limit) {
        text_add_html(out, text);
        return;
    }
    double room = limit - character_width(ELLIPSIS), head = 0.6 * room, tail = room - head;
    bool cut = false;
    for (double before = 0, rest = text_width(text), width; *text; before += width, rest -= width) {
        uint32_t c = text_next(&text);
        width = character_width(c);
        if (rest <= tail || (!cut && before + width <= head))
            text_add_html_char(out, c);
        else if (!cut) {
            text_add_html_char(out, ELLIPSIS);
            cut = true;
        }
    }
}

void text_add_range(fb_strbuf *out, size_t least, size_t most)
{
    if (least < most)
        fb_strbuf_printf(out, "%zu to ", least);
    fb_strbuf_printf(out, "%zu", most);
}

size_t text_length(const char *text)
{
    size_t length = 0;
    for (; *text; length++)
        text_next(&text);
    return length;
}

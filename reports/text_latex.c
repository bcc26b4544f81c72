#include "text.h"

#include <stdbool.h>
#include <string.h>

/* What means something to TeX, forms a ligature or, at the start of a table's row, an argument. */
static const char *ascii_latex(uint32_t c)
{
    switch (c) {
    case '\n': case '\t': return " ";
    case '\\': return "\\textbackslash{}";
    case '{': return "\\{";
    case '}': return "\\}";
    case '&': return "\\&";
    case '%': return "\\%";
    case '#': return "\\#";
    case '$': return "\\$";
    case '_': return "\\_";
    case '^': return "\\textasciicircum{}";
    case '~': return "\\textasciitilde{}";
    case '<': return "\\textless{}";
    case '>': return "\\textgreater{}";
    case '|': return "\\textbar{}";
    case '"': return "\\symbol{34}";
    case '\'': return "\\textquotesingle{}";
    case '`': return "\\textasciigrave{}";
    case '-': return "-{}";
    case ',': return ",{}";
    case '[': return "{[}";
    case ']': return "{]}";
    case '*': return "{*}";
    default: return NULL;
    }
}

/* Characters that no text font of pdfLaTeX has, but its mathematics. */
static const char *symbol_latex(uint32_t c)
{
    static const struct {
        uint32_t c;
        const char *latex;
    } symbols[] = {
        {0x2010, "-{}"}, {0x2011, "-{}"}, {0x2032, "$'$"}, {0x2200, "$\\forall$"},
        {0x2202, "$\\partial$"}, {0x2203, "$\\exists$"}, {0x2206, "$\\Delta$"},
        {0x2207, "$\\nabla$"}, {0x2208, "$\\in$"}, {0x2211, "$\\sum$"}, {0x2212, "$-$"},
        {0x221A, "$\\surd$"}, {0x221E, "$\\infty$"}, {0x2248, "$\\approx$"}, {0x2260, "$\\neq$"},
        {0x2264, "$\\leq$"}, {0x2265, "$\\geq$"}, {0x226A, "$\\ll$"}, {0x226B, "$\\gg$"},
        {0x22C5, "$\\cdot$"},
    };
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++)
        if (symbols[i].c == c)
            return symbols[i].latex;
    return NULL;
}

/* Greek as mathematics; capitals that look Latin are set so. */
static const char *greek_latex(uint32_t c)
{
    static const char *const capitals[] = {
        "A", "B", "\\Gamma", "\\Delta", "E", "Z", "H", "\\Theta", "I", "K", "\\Lambda", "M", "N",
        "\\Xi", "O", "\\Pi", "P", NULL, "\\Sigma", "T", "\\Upsilon", "\\Phi", "X", "\\Psi",
        "\\Omega"};
    static const char *const letters[] = {
        "\\alpha", "\\beta", "\\gamma", "\\delta", "\\varepsilon", "\\zeta", "\\eta", "\\theta",
        "\\iota", "\\kappa", "\\lambda", "\\mu", "\\nu", "\\xi", "o", "\\pi", "\\rho",
        "\\varsigma", "\\sigma", "\\tau", "\\upsilon", "\\varphi", "\\chi", "\\psi", "\\omega"};
    if (c >= 0x391 && c <= 0x3A9)
        return capitals[c - 0x391];
    return c >= 0x3B1 && c <= 0x3C9 ? letters[c - 0x3B1] : NULL;
}

/* What inputenc, T1 and TS1 set from UTF-8: Latin letters with accents and common signs. */
static bool is_direct(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {{0xA0, 0x125}, {0x128, 0x137}, {0x139, 0x13E}, {0x141, 0x148}, {0x14A, 0x165},
                  {0x168, 0x17E}, {0x192, 0x192}, {0x2013, 0x2014}, {0x2018, 0x201A},
                  {0x201C, 0x201E}, {0x2020, 0x2022}, {0x2026, 0x2026}, {0x2030, 0x2030},
                  {0x20AC, 0x20AC}, {0x2122, 0x2122}, {0x2190, 0x2193}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

void text_add_latex_char(fb_strbuf *out, uint32_t c)
{
    const char *latex = c < 0x80 ? ascii_latex(c) : symbol_latex(c);
    if (latex)
        fb_strbuf_add(out, latex);
    else if (greek_latex(c))
        fb_strbuf_printf(out, "\\ensuremath{%s%s}", *greek_latex(c) == '\\' ? "" : "\\mathrm ",
                         greek_latex(c));
    else if (c < 0x80 || is_direct(c))
        text_add_utf8(out, c);
    else
        fb_strbuf_printf(out, "\\flipbenchchar{%04X}", (unsigned)c);
}

/* Characters up to the next space, at most `limit`. */
static size_t word_length(const char *text, size_t limit)
{
    size_t length = 0;
    for (; length < limit && *text && *text != ' '; length++)
        text_next(&text);
    return length;
}

/* Whether a line may break after the n-th character of a word: where a name may be parted, and now
 * and then in what is too long for a column. */
static bool is_break(uint32_t c, char next, size_t n, bool long_word)
{
    enum { SHORTEST = 5, PIECE = 8 };
    bool number = next >= '0' && next <= '9' && c != '_' && c != '-';
    if (c == ' ' || next == ' ' || next == '\0')
        return false;
    return (long_word && n >= PIECE) ||
           (n >= SHORTEST && !number && c < 0x80 && strchr("_/-.:,;=)", (int)c));
}

/* Adds `count` characters, with places to break, and moves behind them. */
static void add_characters(fb_strbuf *out, const char **text, size_t count)
{
    enum { LONG = 16 };
    bool long_word = word_length(*text, count) > LONG;
    size_t n = 0; /* characters since the word began, or since it could break */
    for (size_t i = 0; i < count; i++) {
        uint32_t c = text_next(text);
        text_add_latex_char(out, c);
        n++;
        if (c == ' ') {
            n = 0;
            long_word = word_length(*text, count - i - 1) > LONG;
        } else if (i + 1 < count && is_break(c, **text, n, long_word)) {
            fb_strbuf_add(out, "\\allowbreak{}");
            n = 0;
        }
    }
}

void text_add_latex(fb_strbuf *out, const char *text)
{
    add_characters(out, &text, text_length(text));
}

void text_add_latex_short(fb_strbuf *out, const char *text, size_t limit)
{
    size_t length = text_length(text), end = (limit - 1) / 2;
    if (length <= limit) {
        text_add_latex(out, text);
        return;
    }
    add_characters(out, &text, limit - 1 - end);
    fb_strbuf_add(out, "\u2026\\allowbreak{}");
    for (size_t i = limit - 1 - end; i < length - end; i++)
        text_next(&text);
    add_characters(out, &text, end);
}

void text_add_latex_number(fb_strbuf *out, const char *text)
{
    bool starts = true;
    while (*text) {
        bool minus = starts && text[0] == '-' && text[1] >= '0' && text[1] <= '9';
        starts = *text == ' ' || *text == '[' || *text == '(';
        uint32_t c = text_next(&text);
        text_add_latex_char(out, minus ? 0x2212 : c);
    }
}

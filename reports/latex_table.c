#include "latex.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "alloc.h"
#include "text.h"

enum {
    HEAD_CHARACTERS = 40, /* of a column's title; the rows of other tables have names in full */
    FLOAT_LINES = 44,     /* more lines than these do not fit on a page with their caption */
};
static const double HEAD_WIDTH = 6;   /* em; wider titles are broken */
static const double COLUMN_GAP = 6;   /* points, twice \tabcolsep */

/* A way to set a table, tried in this order. */
static const struct way {
    const char *size;
    double points;    /* of an em, about */
    double wrap;      /* em; wider columns of text are broken */
} ways[] = {{"small", 9.25, (double)INFINITY},
            {"footnotesize", 8.5, (double)INFINITY},
            {"footnotesize", 8.5, 24},
            {"footnotesize", 8.5, 14},
            {"scriptsize", 8, 14}};
enum { WAYS = sizeof ways / sizeof *ways, SPLIT_WAY = 3 };

typedef struct layout {
    const table *t;
    struct way way;
    double *widths;  /* (columns) em */
    bool *broken;    /* (columns) its text is wrapped to the width */
    size_t heads;    /* columns that name the row, which every part repeats */
    size_t parts;    /* side by side they would be the table */
    size_t each;     /* columns of a part, besides the heads */
} layout;

/* ---- widths ---------------------------------------------------------------------------------- */

/* About how wide the text is in Latin Modern, in em. */
static double latex_width(const char *text, size_t limit)
{
    double width = 0;
    for (size_t i = 0; *text && i < limit; i++) {
        uint32_t c = text_next(&text);
        if (c >= 0x180 && (c < 0x2010 || c > 0x22FF))
            width += 3.2; /* U+4E2D */
        else if (c == 0xB1 || c == 0x2212 || c == '%' || c == '@' || c == 'm' || c == 'W')
            width += 0.83;
        else if (c >= 'A' && c <= 'Z')
            width += 0.7;
        else if (c == ' ' || c == '.' || c == ',' || c == 'i' || c == 'l' || c == '[' || c == '(')
            width += 0.33;
        else
            width += 0.51;
    }
    return width;
}

static bool is_number(const table *t, size_t column)
{
    return table_style_of(t, 0, column) & TABLE_NUMBER;
}

static double body_width(const table *t, size_t column)
{
    double width = 0;
    for (size_t row = 1; row <= table_rows(t); row++)
        width = fmax(width, latex_width(table_text(t, row, column), SIZE_MAX));
    return width;
}

/* A column without one entry, such as that of remarks, has no width and is left out. */
static void measure(layout *l)
{
    for (size_t c = 0; c < l->t->columns; c++) {
        double body = body_width(l->t, c);
        l->widths[c] = 0;
        if (body <= 0 && table_rows(l->t) > 0)
            continue;
        double head = latex_width(table_text(l->t, 0, c), HEAD_CHARACTERS);
        l->broken[c] = !is_number(l->t, c) && body > l->way.wrap;
        l->widths[c] = fmax(l->broken[c] ? l->way.wrap : body, fmin(head, HEAD_WIDTH));
    }
}

static double gap_width(const layout *l)
{
    return COLUMN_GAP / l->way.points;
}

/* The width of columns first .. last - 1, in em. */
static double span(const layout *l, size_t first, size_t last)
{
    double width = 0;
    for (size_t c = first; c < last; c++)
        width += l->widths[c] > 0 ? l->widths[c] + gap_width(l) : 0;
    return width;
}

/* Columns in the widest part that fits; at least one. */
static size_t fitting(const layout *l)
{
    double room = LATEX_WIDTH / l->way.points - span(l, 0, l->heads);
    size_t most = l->t->columns - l->heads;
    for (size_t first = l->heads; first < l->t->columns;) {
        size_t n = 1;
        while (first + n < l->t->columns && span(l, first, first + n + 1) <= room)
            n++;
        if (first + n < l->t->columns)
            most = n < most ? n : most;
        first += n;
    }
    return most;
}

static size_t count_heads(const table *t)
{
    size_t heads = 0;
    for (size_t c = 0; c < t->columns; c++)
        heads = table_style_of(t, 0, c) & TABLE_HEAD ? c + 1 : heads;
    return heads;
}

/* The first way in which the table fits; otherwise it is split into parts of about equal size. */
static void arrange(layout *l)
{
    for (size_t i = 0; i < WAYS; i++) {
        l->way = ways[i];
        measure(l);
        if (span(l, 0, l->t->columns) * l->way.points <= LATEX_WIDTH)
            return;
    }
    l->way = ways[SPLIT_WAY];
    measure(l);
    size_t columns = l->t->columns - l->heads, most = fitting(l);
    if (columns == 0)
        return;
    l->parts = (columns + most - 1) / most;
    l->each = (columns + l->parts - 1) / l->parts;
}

/* Lines of the body, of all parts. */
static size_t count_lines(const layout *l)
{
    size_t lines = 0;
    for (size_t row = 1; row <= table_rows(l->t); row++) {
        double most = 1;
        for (size_t c = 0; c < l->t->columns; c++)
            if (l->broken[c])
                most = fmax(most, ceil(latex_width(table_text(l->t, row, c), SIZE_MAX) /
                                       l->widths[c] * 1.15));
        lines += (size_t)most;
    }
    return lines * l->parts + 4 * (l->parts - 1);
}

/* ---- cells ----------------------------------------------------------------------------------- */

static void add_cell(const table *t, size_t row, size_t column, fb_strbuf *out)
{
    unsigned style = table_style_of(t, row, column);
    size_t open = 0;
    if (style & TABLE_BOLD && ++open)
        fb_strbuf_add(out, "\\textbf{");
    if (style & TABLE_UNDERLINE && ++open)
        fb_strbuf_add(out, "\\underline{");
    if (style & TABLE_QUIET && ++open)
        fb_strbuf_add(out, "\\textcolor{flipbenchsoft}{");
    if (is_number(t, column))
        text_add_latex_number(out, table_text(t, row, column));
    else
        text_add_latex(out, table_text(t, row, column));
    for (; open > 0; open--)
        fb_strbuf_add(out, "}");
}

/* The title of a column, broken where it is wider than the column. */
static void add_head(const layout *l, size_t column, fb_strbuf *out)
{
    const char *title = table_text(l->t, 0, column);
    bool broken = latex_width(title, HEAD_CHARACTERS) > l->widths[column];
    if (broken)
        fb_strbuf_printf(out, "\\flipbenchhead{%.2fem}{%s}{", l->widths[column],
                         is_number(l->t, column) ? "\\raggedleft" : "\\raggedright");
    text_add_latex_short(out, title, HEAD_CHARACTERS);
    if (broken)
        fb_strbuf_add(out, "}");
}

/* A part of a table: the columns that name the row, then those from `first` on. */
typedef struct part {
    size_t first, last;
} part;

static bool is_in(const layout *l, part p, size_t column)
{
    return l->widths[column] > 0 &&
           (column < l->heads || (column >= p.first && column < p.last));
}

static void add_row(const layout *l, size_t row, part p, fb_strbuf *out)
{
    const char *separator = "";
    for (size_t c = 0; c < l->t->columns; c++) {
        if (!is_in(l, p, c))
            continue;
        fb_strbuf_add(out, separator);
        separator = " & ";
        if (row == 0)
            add_head(l, c, out);
        else
            add_cell(l->t, row, c, out);
    }
    fb_strbuf_add(out, " \\\\\n");
}

static void add_columns(const layout *l, part p, fb_strbuf *out)
{
    for (size_t c = 0; c < l->t->columns; c++)
        if (is_in(l, p, c) && l->broken[c])
            fb_strbuf_printf(out, ">{\\raggedright\\arraybackslash}p{%.2fem}", l->widths[c]);
        else if (is_in(l, p, c))
            fb_strbuf_add(out, is_number(l->t, c) ? "r" : "l");
}

/* Whether a row repeats the first entry of the one before it: rows of one thing. */
static bool continues(const table *t, size_t row)
{
    return table_style_of(t, row, 0) & TABLE_QUIET && row > 1 &&
           strcmp(table_text(t, row, 0), table_text(t, row - 1, 0)) == 0;
}

static void add_rows(const layout *l, part p, fb_strbuf *out)
{
    for (size_t row = 1; row <= table_rows(l->t); row++) {
        if (row > 1 && continues(l->t, row - 1) && !continues(l->t, row))
            fb_strbuf_add(out, "\\addlinespace\n");
        add_row(l, row, p, out);
    }
}

/* ---- tables ---------------------------------------------------------------------------------- */

static void add_caption(const table *t, const char *title, fb_strbuf *out)
{
    fb_strbuf_add(out, "\\caption{\\textbf{");
    text_add_latex(out, title);
    fb_strbuf_add(out, ".} ");
    text_add_latex(out, t->caption.text);
    fb_strbuf_add(out, "}");
}

static part part_of(const layout *l, size_t i)
{
    size_t first = l->heads + i * l->each, last = first + l->each;
    return (part){first, last < l->t->columns ? last : l->t->columns};
}

static void add_float(const layout *l, const char *id, const char *title, fb_strbuf *out)
{
    fb_strbuf_add(out, "\\begin{table}\n\\centering\n");
    add_caption(l->t, title, out);
    fb_strbuf_printf(out, "\n\\label{tab:%s}\n\\%s\\setlength{\\tabcolsep}{3pt}\n", id,
                     l->way.size);
    for (size_t i = 0; i < l->parts; i++) {
        part p = part_of(l, i);
        fb_strbuf_printf(out, "%s\\begin{tabular}{", i ? "\\par\\medskip\n" : "");
        add_columns(l, p, out);
        fb_strbuf_add(out, "}\n\\toprule\n");
        add_row(l, 0, p, out);
        fb_strbuf_add(out, "\\midrule\n");
        add_rows(l, p, out);
        fb_strbuf_add(out, "\\bottomrule\n\\end{tabular}\n");
    }
    fb_strbuf_add(out, "\\end{table}\n");
}

static void add_long_part(const layout *l, size_t i, const char *id, const char *title,
                          fb_strbuf *out)
{
    part p = part_of(l, i);
    if (i > 0)
        fb_strbuf_add(out, "\\addtocounter{table}{-1}\n");
    fb_strbuf_add(out, "\\begin{longtable}{");
    add_columns(l, p, out);
    fb_strbuf_add(out, "}\n");
    if (i == 0) {
        add_caption(l->t, title, out);
        fb_strbuf_printf(out, "\\label{tab:%s}", id);
    } else {
        fb_strbuf_add(out, "\\caption[]{(further columns)}");
    }
    fb_strbuf_add(out, "\\\\\n\\toprule\n");
    add_row(l, 0, p, out);
    fb_strbuf_add(out, "\\midrule\n\\endfirsthead\n\\caption[]{(continued)}\\\\\n\\toprule\n");
    add_row(l, 0, p, out);
    fb_strbuf_add(out, "\\midrule\n\\endhead\n\\bottomrule\n\\endfoot\n");
    add_rows(l, p, out);
    fb_strbuf_add(out, "\\end{longtable}\n");
}

static void add_long(const layout *l, const char *id, const char *title, fb_strbuf *out)
{
    fb_strbuf_printf(out, "\\begingroup\n\\%s\\setlength{\\tabcolsep}{3pt}"
                          "\\setlength{\\LTcapwidth}{\\linewidth}\n", l->way.size);
    for (size_t i = 0; i < l->parts; i++)
        add_long_part(l, i, id, title, out);
    fb_strbuf_add(out, "\\endgroup\n");
}

static void add_laid_out(const layout *l, const char *id, const char *title, fb_strbuf *out)
{
    (count_lines(l) > FLOAT_LINES ? add_long : add_float)(l, id, title, out);
}

/* Arranges a table; false when memory ran short. Released with layout_finish. */
static bool layout_init(const table *t, layout *ret_layout)
{
    layout l = {.t = t, .heads = count_heads(t), .parts = 1};
    l.each = t->columns - l.heads;
    l.widths = fb_calloc(t->columns, sizeof *l.widths);
    l.broken = fb_calloc(t->columns, sizeof *l.broken);
    *ret_layout = l;
    if (!l.widths || !l.broken)
        return false;
    arrange(ret_layout);
    return true;
}

static void layout_finish(layout *l)
{
    fb_free(l->widths);
    fb_free(l->broken);
}

/* Whether one column names the row, all others are numbers, and there are more of them than rows:
 * such a table is as good the other way round. */
static bool can_turn(const table *t)
{
    for (size_t c = 1; c < t->columns; c++)
        if (!is_number(t, c))
            return false;
    return count_heads(t) == 1 && !is_number(t, 0) && table_rows(t) < t->columns - 1;
}

/* Adds a table that fits when it is turned; returns whether it does. */
static bool add_turned(const table *t, const char *id, const char *title, fb_strbuf *out)
{
    table turned = TABLE_INIT;
    layout l = {0};
    table_transpose(t, &turned);
    bool ready = !table_failed(&turned) && layout_init(&turned, &l), fits = ready && l.parts == 1;
    if (fits)
        add_laid_out(&l, id, title, out);
    out->failed = out->failed || !ready;
    layout_finish(&l);
    table_finish(&turned);
    return fits;
}

void latex_table(const table *t, const char *id, const char *title, fb_strbuf *out)
{
    layout l = {0};
    if (table_failed(t))
        out->failed = true;
    else if (t->columns == 0)
        latex_paragraph(title, t->caption.text, out);
    else if (!layout_init(t, &l))
        out->failed = true;
    else if (l.parts == 1 || !can_turn(t) || !add_turned(t, id, title, out))
        add_laid_out(&l, id, title, out);
    layout_finish(&l);
}

#include "table.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "alloc.h"

FB_PRINTF(3, 0)
static void add_entry(table *t, unsigned style, const char *format, va_list args)
{
    if (t->count == t->capacity) {
        size_t capacity = t->capacity ? 2 * t->capacity : 64;
        table_entry *grown = fb_grow(t->entries, t->count, capacity, sizeof *grown);
        if (!grown) {
            t->failed = true;
            return;
        }
        t->entries = grown;
        t->capacity = capacity;
    }
    t->entries[t->count++] = (table_entry){.offset = t->text.length, .style = style};
    fb_strbuf_vprintf(&t->text, format, args);
    fb_strbuf_add_bytes(&t->text, "", 1);
}

void table_cell(table *t, unsigned style, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_entry(t, style, format, args);
    va_end(args);
}

void table_append(table *t, const char *format, ...)
{
    if (table_failed(t))
        return;
    va_list args;
    va_start(args, format);
    t->text.length--; /* the NUL that ended the cell */
    fb_strbuf_vprintf(&t->text, format, args);
    fb_strbuf_add_bytes(&t->text, "", 1);
    va_end(args);
}

void table_column(table *t, unsigned style, const char *title)
{
    FB_CHECK(t->failed || t->count == t->columns);
    table_cell(t, style, "%s", title);
    t->columns++;
}

const char *table_format(char out[64], double value, int digits)
{
    if (!(fabs(value) < 1e15)) {
        snprintf(out, 64, "%.3g", value);
        return out;
    }
    snprintf(out, 64, "%.*f", digits, value);
    if (out[0] == '-' && out[strspn(out, "-0.")] == '\0')
        memmove(out, out + 1, strlen(out));
    return out;
}

void table_number(table *t, unsigned style, double value, int digits)
{
    char text[64];
    if (!isfinite(value)) {
        table_cell(t, style | TABLE_QUIET, TABLE_NOTHING);
        return;
    }
    table_format(text, value, digits);
    table_cell(t, style, "%s", text);
}

void table_spread(table *t, unsigned style, stat_moments moments, double scale, int digits)
{
    char mean[64], sd[64];
    if (!isfinite(moments.mean) || !isfinite(moments.sd)) {
        table_number(t, style, moments.mean * scale, digits);
        return;
    }
    table_format(mean, moments.mean * scale, digits);
    table_format(sd, moments.sd * scale, digits);
    table_cell(t, style, "%s \u00b1 %s", mean, sd);
}

void table_p(table *t, unsigned style, double p)
{
    if (p < 0.0001)
        table_cell(t, style, "< 0.0001");
    else
        table_number(t, style, p, 4);
}

void table_caption(table *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fb_strbuf_vprintf(&t->caption, format, args);
    va_end(args);
}

void table_transpose(const table *t, table *out)
{
    fb_strbuf_add_bytes(&out->caption, t->caption.text, t->caption.length);
    table_column(out, TABLE_HEAD, "");
    for (size_t row = 1; row <= table_rows(t); row++)
        table_column(out, TABLE_NUMBER, table_text(t, row, 0));
    for (size_t c = 1; c < t->columns; c++) {
        table_cell(out, 0, "%s", table_text(t, 0, c));
        for (size_t row = 1; row <= table_rows(t); row++)
            table_cell(out, table_style_of(t, row, c), "%s", table_text(t, row, c));
    }
}

size_t table_rows(const table *t)
{
    return t->columns ? t->count / t->columns - 1 : 0;
}

const char *table_text(const table *t, size_t row, size_t column)
{
    return t->text.text + t->entries[row * t->columns + column].offset;
}

unsigned table_style_of(const table *t, size_t row, size_t column)
{
    return t->entries[row * t->columns + column].style;
}

bool table_failed(const table *t)
{
    return t->failed || t->text.failed || t->caption.failed;
}

void table_finish(table *t)
{
    if (!t)
        return;
    fb_strbuf_finish(&t->text);
    fb_strbuf_finish(&t->caption);
    fb_free(t->entries);
    *t = TABLE_INIT;
}

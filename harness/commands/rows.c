#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_text.h"

static void csv_text(fb_strbuf *line, const char *text)
{
    if (!strpbrk(text, "\",\r\n")) {
        fb_strbuf_add(line, text);
        return;
    }
    fb_strbuf_add(line, "\"");
    for (; *text; text++)
        fb_strbuf_add_bytes(line, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
    fb_strbuf_add(line, "\"");
}

static void csv_value(fb_strbuf *line, const json_t *value)
{
    if (json_is_string(value))
        csv_text(line, json_string_value(value));
    else if (json_is_integer(value))
        fb_strbuf_printf(line, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        fb_strbuf_add_double(line, json_real_value(value));
}

static int put_line(row_writer *writer, fb_error *err)
{
    int rc = fb_strbuf_check(&writer->line, "a row", err);
    if (!rc)
        puts(writer->line.text);
    fb_strbuf_reset(&writer->line);
    return rc;
}

int rows_begin(row_writer *writer, const json_t *names, fb_error *err)
{
    size_t i;
    json_t *name;
    if (writer->json)
        return FB_OK;
    json_array_foreach (names, i, name) {
        fb_strbuf_add(&writer->line, i ? "," : "");
        csv_value(&writer->line, name);
    }
    return put_line(writer, err);
}

static int write_json(const json_t *row, fb_error *err)
{
    char *text = json_text_write(row, JSON_COMPACT | JSON_REAL_PRECISION(17));
    if (!text)
        return fb_fail(err, FB_ENOMEM, "out of memory for a row");
    puts(text);
    free(text);
    return FB_OK;
}

int rows_write(void *context, const json_t *row, fb_error *err)
{
    row_writer *writer = context;
    const char *name, *separator = "";
    json_t *value;
    if (writer->json)
        return write_json(row, err);
    json_object_foreach ((json_t *)row, name, value) {
        fb_strbuf_add(&writer->line, separator);
        csv_value(&writer->line, value);
        separator = ",";
    }
    return put_line(writer, err);
}

void rows_finish(row_writer *writer)
{
    fb_strbuf_finish(&writer->line);
}

/* rows.h - rows on standard output, as CSV (RFC 4180) or as a JSON object a line. */
#ifndef FB_ROWS_H
#define FB_ROWS_H

#include <jansson.h>
#include <stdbool.h>

#include "status.h"
#include "strbuf.h"

typedef struct row_writer {
    bool json;
    fb_strbuf line; /* FB_STRBUF_INIT to begin with */
} row_writer;

/* Writes the header, which CSV has also when no row follows. `names` is an array of texts. */
int rows_begin(row_writer *writer, const json_t *names, fb_error *err);

/* Writes a row, a JSON object whose members are the columns in order; its first argument is a
 * row_writer, so that it can be a store_row. What is null is an empty field in CSV. Numbers read
 * back as the same ones. */
int rows_write(void *writer, const json_t *row, fb_error *err);

void rows_finish(row_writer *writer);

#endif

/* SPDX-License-Identifier: 0BSD
 *
 * csv.h - comma-separated values (RFC 4180), taken apart in place, record after record. */
#ifndef FB_REPLAY_CSV_H
#define FB_REPLAY_CSV_H

#include <stdbool.h>
#include <stddef.h>

enum { CSV_FIELDS_MAX = 32 };

typedef struct csv_reader {
    char *at;    /* where the next record begins in a text that ends with NUL */
    size_t line; /* its line, from 1 */
} csv_reader;

typedef struct csv_record {
    char *fields[CSV_FIELDS_MAX]; /* parts of the text, without their quotes */
    size_t count;
    size_t line;       /* where it begins */
    const char *fault; /* what is wrong with it, or NULL; the reader cannot go on then */
} csv_record;

/* A reader of `text`, which it changes; a byte order mark is passed over. */
csv_reader csv_open(char *text);

/* Takes the next record; false at the end. Lines without anything are passed over. */
bool csv_next(csv_reader *reader, csv_record *ret_record);

#endif

/* SPDX-License-Identifier: 0BSD */
#include "csv.h"

#include <string.h>

csv_reader csv_open(char *text)
{
    static const char mark[] = "\xef\xbb\xbf";
    const bool marked = strncmp(text, mark, strlen(mark)) == 0;
    return (csv_reader){.at = marked ? text + strlen(mark) : text, .line = 1};
}

/* Passes over the end of a line, when one is here. */
static bool take_line_end(csv_reader *reader)
{
    const size_t length = reader->at[0] == '\r' && reader->at[1] == '\n' ? 2 : 1;
    if (length == 1 && reader->at[0] != '\n')
        return false;
    reader->at += length;
    reader->line++;
    return true;
}

/* What is between quotes, moved to where the first quote was; `at` ends behind the last one.
 * False when that is missing. */
static bool take_quoted(csv_reader *reader)
{
    char *to = reader->at, *from = reader->at + 1;
    for (; *from; from++) {
        if (*from == '"' && from[1] != '"') {
            *to = '\0';
            reader->at = from + 1;
            return true;
        }
        from += *from == '"'; /* of two quotes, one stays */
        reader->line += *from == '\n';
        *to++ = *from;
    }
    return false;
}

/* Takes a field and what ends it; sets *ret_last when that is the end of the record. */
static const char *take_field(csv_reader *reader, char **ret_field, bool *ret_last)
{
    *ret_field = reader->at;
    if (*reader->at == '"') {
        if (!take_quoted(reader))
            return "a quote is not closed";
    } else {
        reader->at += strcspn(reader->at, ",\n\"");
        if (reader->at > *ret_field && reader->at[-1] == '\r' && *reader->at == '\n')
            reader->at--;
    }
    char *const end = reader->at;
    *ret_last = *end != ',';
    if (*end == ',')
        reader->at++;
    else if (*end && !take_line_end(reader))
        return "there is a quote inside a field, or something behind one";
    *end = '\0';
    return NULL;
}

bool csv_next(csv_reader *reader, csv_record *ret_record)
{
    while (take_line_end(reader))
        continue;
    if (!*reader->at)
        return false;
    csv_record record = {.line = reader->line};
    for (bool last = false; !last && !record.fault;) {
        if (record.count == CSV_FIELDS_MAX)
            record.fault = "there are more than 32 fields";
        else
            record.fault = take_field(reader, &record.fields[record.count++], &last);
    }
    *ret_record = record;
    return true;
}

/* SPDX-License-Identifier: 0BSD
 *
 * From the bytes of a file to the rows of a trace. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "csv.h"
#include "kit.h"
#include "trace.h"

/* ---- the bytes ------------------------------------------------------------------------------- */

/* Reads the whole file into the round's memory, with a NUL behind it. */
static int read_bytes(const fb_host *host, const char *path, FILE *file, char **ret_text)
{
    bool unreadable = fgetc(file) == EOF && ferror(file); /* a directory has a size */
    long size = !unreadable && fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    if (size < 0 || fseek(file, 0, SEEK_SET) != 0)
        return host->fail(host, FB_PLUGIN_EINVAL, "cannot read %s: %s", path, strerror(errno));
    char *text = host->alloc(host, (size_t)size + 1, 1);
    if (!text)
        return kit_fail_memory(host, path);
    if (fread(text, 1, (size_t)size, file) != (size_t)size)
        return host->fail(host, FB_PLUGIN_EINVAL, "cannot read %s to its end", path);
    if (strlen(text) != (size_t)size)
        return host->fail(host, FB_PLUGIN_EINVAL,
                          "%s holds a NUL byte; expected the text of a CSV file", path);
    *ret_text = text;
    return FB_PLUGIN_OK;
}

static int read_text(const fb_host *host, const char *path, char **ret_text)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return host->fail(host, FB_PLUGIN_ENOENT, "cannot open %s: %s", path, strerror(errno));
    int rc = read_bytes(host, path, file, ret_text);
    fclose(file);
    return rc;
}

/* ---- the header ------------------------------------------------------------------------------ */

/* Where the columns are in a record; MISSING for one that the file has not. */
enum { TRIAL, ROUND, ID, RANK, SETTING, STRATEGY, PARAMS, COLUMNS };
static const size_t MISSING = SIZE_MAX;

typedef struct header {
    size_t at[COLUMNS];
    size_t count; /* fields of a record */
} header;

static int read_header(const fb_host *host, const char *path, const csv_record *record,
                       header *ret_header)
{
    static const struct {
        const char *name;
        int column;
    } names[] = {{"trial", TRIAL}, {"round", ROUND},     {"id", ID},
                 {"sample", ID},   {"rank", RANK},       {"setting", SETTING},
                 {"params", PARAMS}, {"strategy", STRATEGY}};
    header h = {.count = record->count};
    for (size_t c = 0; c < COLUMNS; c++)
        h.at[c] = MISSING;
    for (size_t i = 0; i < record->count; i++)
        for (size_t n = 0; n < sizeof names / sizeof *names; n++)
            if (strcmp(record->fields[i], names[n].name) == 0) {
                size_t *at = &h.at[names[n].column];
                if (*at != MISSING)
                    return host->fail(host, FB_PLUGIN_EINVAL, "%s:%zu: there are two columns '%s'",
                                      path, record->line, names[n].name);
                *at = i;
            }
    for (int c = TRIAL; c <= ID; c++)
        if (h.at[c] == MISSING)
            return host->fail(host, FB_PLUGIN_EINVAL,
                              "%s:%zu: the header lacks the column '%s'; expected trial,round,id or "
                              "what 'flipbench export --what traces' writes",
                              path, record->line, names[c].name);
    *ret_header = h;
    return FB_PLUGIN_OK;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static bool parse_number(const char *text, uint32_t *ret)
{
    uint64_t value = 0;
    const char *digit = text;
    for (; *digit >= '0' && *digit <= '9' && value <= UINT32_MAX; digit++)
        value = 10 * value + (uint64_t)(*digit - '0');
    *ret = (uint32_t)value;
    return digit > text && !*digit && value <= UINT32_MAX;
}

static const char *text_of(const header *h, const csv_record *record, int column)
{
    return h->at[column] == MISSING ? "" : record->fields[h->at[column]];
}

static int read_row(const fb_host *host, const char *path, const header *h,
                    const csv_record *record, trace_row *ret_row)
{
    static const char *const names[] = {"trial", "round", "sample", "rank"};
    uint32_t numbers[RANK + 1] = {0};
    if (record->count != h->count)
        return host->fail(host, FB_PLUGIN_EINVAL,
                          "%s:%zu: a line of %zu fields; expected %zu, as in the header", path,
                          record->line, record->count, h->count);
    for (int c = TRIAL; c <= RANK; c++)
        if (h->at[c] != MISSING && !parse_number(text_of(h, record, c), &numbers[c]))
            return host->fail(host, FB_PLUGIN_EINVAL,
                              "%s:%zu: '%.40s' is no number of a %s; expected an integer from 0",
                              path, record->line, text_of(h, record, c), names[c]);
    *ret_row = (trace_row){
        .setting = text_of(h, record, SETTING),
        .strategy = text_of(h, record, STRATEGY),
        .params = text_of(h, record, PARAMS),
        .trial = numbers[TRIAL],
        .round = numbers[ROUND],
        .rank = numbers[RANK],
        .id = numbers[ID],
        .line = record->line,
    };
    return FB_PLUGIN_OK;
}

/* At least as many as there are records. */
static size_t count_lines(const char *text)
{
    size_t lines = 1;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

static int next_record(const fb_host *host, const char *path, csv_reader *reader,
                       csv_record *record, bool *ret_more)
{
    *ret_more = csv_next(reader, record);
    if (*ret_more && record->fault)
        return host->fail(host, FB_PLUGIN_EINVAL, "%s:%zu: %s", path, record->line, record->fault);
    return FB_PLUGIN_OK;
}

int trace_read(const fb_host *host, const char *file, trace *ret_trace)
{
    char *text = NULL;
    int rc = read_text(host, file, &text);
    if (rc)
        return rc;
    trace t = {.file = file, .rows = host->alloc(host, count_lines(text), sizeof *t.rows)};
    if (!t.rows)
        return kit_fail_memory(host, file);
    csv_reader reader = csv_open(text);
    csv_record record;
    header h = {.count = 0};
    bool more = false;
    rc = next_record(host, file, &reader, &record, &more);
    if (!rc && !more)
        rc = host->fail(host, FB_PLUGIN_EINVAL, "%s is empty; expected a header and lines", file);
    if (!rc)
        rc = read_header(host, file, &record, &h);
    while (!rc && (rc = next_record(host, file, &reader, &record, &more)) == 0 && more)
        rc = read_row(host, file, &h, &record, &t.rows[t.count++]);
    if (rc)
        return rc;
    t.ranked = h.at[RANK] != MISSING;
    *ret_trace = t;
    return FB_PLUGIN_OK;
}
